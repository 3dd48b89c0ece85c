"""`GET /api/latencies`."""

import math
from collections.abc import Iterator
from typing import Final

from fastapi import APIRouter, Request, Response

from fadearena.api.answers import answer
from fadearena.api.callers import Viewer
from fadearena.api.doors import Doors, Windows
from fadearena.api.errors import declared
from fadearena.api.schemas.latencies import BucketShape, LatenciesShape, StepShape
from fadearena.kit.exposition import parsed
from fadearena.kit.histograms import Distribution, distributions
from fadearena.ports.heartbeat import worker_of

router = APIRouter(tags=["operations"])
_MS: Final = 1_000
_DETECTION: Final = "fadearena_detection_seconds"
_STEPS: Final = "fadearena_order_step_seconds"
_WHOLE: Final = {"fadearena_reaction_seconds": "reaction", "fadearena_projection_seconds": "projection"}
_ORDER: Final = ("detection", "queue", "decide", "commit", "dispatch", "reaction", "answer", "fill", "projection")


@router.get(
    "/api/latencies",
    operation_id="getLatencies",
    summary="How long each step takes from a bot's fill to ours, as histograms",
    response_model=LatenciesShape,
    responses=declared(),
)
async def get_latencies(request: Request, _caller: Viewer, doors: Windows) -> Response:
    """Read what the worker told with its last heartbeat, and what this process measured itself."""
    worker = worker_of(await doors.heartbeats.beats())
    if worker is None:
        return answer(request, LatenciesShape(as_of=None, is_current=False, steps=[]))
    steps = sorted(_steps(doors, worker.metrics), key=lambda step: (_ORDER.index(step.step), step.feed or ""))
    is_current = worker.is_alive(doors.clock.now_ms())
    return answer(request, LatenciesShape(as_of=worker.time, is_current=is_current, steps=steps))


def _steps(doors: Doors, text: str) -> Iterator[StepShape]:
    for one in distributions([*parsed(text), *doors.registry.collect()]):
        if one.name == _DETECTION:
            yield _shape(one, "detection", one.labels.get("feed"))
        elif one.name == _STEPS and one.labels.get("step") in _ORDER:
            yield _shape(one, one.labels["step"])
        elif one.name in _WHOLE:
            yield _shape(one, _WHOLE[one.name])


def _shape(found: Distribution, step: str, feed: str | None = None) -> StepShape:
    p50, p95, p99 = (_ms(found.quantile(share)) for share in (0.5, 0.95, 0.99))
    return StepShape(
        step=step,
        feed=feed,
        count=found.count,
        mean_ms=_ms(found.mean),
        p50_ms=p50,
        p95_ms=p95,
        p99_ms=p99,
        buckets=[
            BucketShape(le_ms=None if math.isinf(bucket.bound) else _ms(bucket.bound), count=bucket.count)
            for bucket in found.buckets
        ],
    )


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * _MS, 3)
