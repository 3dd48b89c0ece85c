"""`GET /api/latencies`: what the worker timed, step by step, with estimates."""

from typing import Any

from fadearena.runtime.metrics import Metrics
from tests.support.api import ApiRoom, in_room


def told(metrics: Metrics | None, *, after_ms: int = 0) -> Any:
    """Return the answer, a while after a worker told its metrics, if there is one."""

    async def story(room: ApiRoom) -> Any:
        if metrics is not None:
            await room.beat(metrics=metrics.text())
        room.clock.move_by(after_ms)
        answer = await room.get("/api/latencies")
        assert answer.status == 200
        return answer.json

    return in_room(story)


def timed() -> Metrics:
    """Return the metrics of a worker that reacted three times."""
    metrics = Metrics()
    histograms = {each.name: each for each in metrics.registry.collect()}
    assert "fadearena_reaction_seconds" in histograms
    for seconds in (0.0015, 0.0025, 7.0):
        metrics.stopwatch.reaction.observe(seconds)
    metrics.stopwatch.detection.labels("tape").observe(0.15)
    return metrics


def test_each_step_is_there_in_its_order() -> None:
    """Also those that were never timed, of which nothing is known."""
    answer = told(timed())
    assert [step["step"] for step in answer["steps"]] == [
        "detection",
        "queue",
        "decide",
        "commit",
        "dispatch",
        "reaction",
        "answer",
        "fill",
    ]
    queue = answer["steps"][1]
    assert (queue["count"], queue["meanMs"], queue["p50Ms"], queue["p99Ms"]) == (0, None, None, None)
    assert (answer["isCurrent"], answer["steps"][0]["feed"]) == (True, "tape")


def test_estimates_lie_in_their_buckets() -> None:
    """What lies beyond the last bound is not known, and not said to be the bound."""
    (reaction,) = [step for step in told(timed())["steps"] if step["step"] == "reaction"]
    assert reaction["count"] == 3
    assert 2 < reaction["p50Ms"] <= 3
    assert reaction["p95Ms"] is None
    assert reaction["buckets"][-1] == {"leMs": None, "count": 3}
    assert reaction["buckets"][2] == {"leMs": 2.0, "count": 1}


def test_a_worker_that_is_silent_is_not_current() -> None:
    """What it timed is shown with its age."""
    answer = told(timed(), after_ms=60_000)
    assert answer["isCurrent"] is False
    assert answer["asOf"] is not None
    assert len(answer["steps"]) == 8


def test_without_a_worker_there_are_no_steps() -> None:
    """Nothing was timed, by nobody."""
    assert told(None) == {"asOf": None, "isCurrent": False, "steps": []}
