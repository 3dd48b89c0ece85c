"""kill -9 of the worker at each point between inbox and projector: afterwards everything is as if nothing had been."""

from collections.abc import Iterator

import pytest

from tests.support.crash import Death
from tests.support.crash_runs import LONG, SHORT, Stage, Told, moments

CALLS = (
    "lease.acquire",
    "journal.reopen",
    "journal.skipped",
    "journal.append",
    "snapshots.load",
    "snapshots.discard",
    "snapshots.open_segment",
    "snapshots.write",
    "snapshots.seal",
    "control.take",
    "heartbeats.beat",
    "wallets.read",
    "records.position",
    "records.project",
)
POINTS = (
    *(f"{when} {call}" for call in CALLS for when in ("before", "after")),
    "wallets told",
    "venue.leaves",
    "venue.arrived",
    "venue.answers",
    "venue.tells",
    "venue.pushes",
)
OFTEN = {
    "after lease.acquire",
    "after control.take",
    "before journal.append",
    "after journal.append",
    "before snapshots.seal",
    "before records.project",
    "venue.arrived",
    "venue.answers",
}
"""The points that are tried in the quick form, too."""
BATCHES, EACH = 4, 10


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """Return a place for stories."""
    stage = Stage()
    yield stage
    stage.close()


@pytest.fixture(scope="module")
def short(stage: Stage) -> Told:
    """Return the short story as it is without a death."""
    return stage.tell(SHORT)


@pytest.fixture(scope="module")
def long(stage: Stage) -> Told:
    """Return the long story as it is without a death."""
    return stage.tell(LONG)


def test_every_point_is_known(short: Told) -> None:
    """A story without a death has nothing wrong with it, and passes every point that is tried below."""
    assert short.ending.problems == ()
    assert set(short.passes) == set(POINTS)


@pytest.mark.parametrize(
    "point", [one if one in OFTEN else pytest.param(one, marks=pytest.mark.slow) for one in POINTS]
)
def test_death_at_a_point(stage: Stage, short: Told, point: str) -> None:
    """Whoever dies in the middle of it goes on as if nothing had been."""
    told = stage.tell(SHORT, [Death(point=point, nth=short.passes[point] // 2 + 1)])
    assert told.deaths == 1
    assert told.differences(short) == []


def test_death_after_death(stage: Stage, short: Told) -> None:
    """Whoever dies while he recovers, again and again, goes on as if nothing had been."""
    recovery = ("snapshots.load", "journal.skipped", "snapshots.discard", "control.take", "journal.append")
    first = Death(point="venue.arrived", nth=short.passes["venue.arrived"] // 2)
    deaths = [first, *(Death(point=f"{when} {call}", nth=1) for call in recovery for when in ("before", "after"))]
    told = stage.tell(SHORT, deaths)
    assert told.deaths == len(deaths)
    assert told.differences(short) == []


@pytest.mark.slow
@pytest.mark.parametrize("batch", range(BATCHES))
def test_death_at_random_moments(stage: Stage, long: Told, batch: int) -> None:
    """Whoever dies at any moment, often more than once, goes on as if nothing had been."""
    for seed in range(batch * EACH, (batch + 1) * EACH):
        deaths = moments(seed, sum(long.passes.values()))
        told = stage.tell(LONG, deaths)
        assert told.deaths >= 1
        assert told.differences(long) == [], f"seed {seed}: {', '.join(map(str, deaths))}"
