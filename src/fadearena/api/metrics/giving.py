"""
Everything that is measured, of one installation: this process's, how things stand, and the worker's.

The worker's comes with its heartbeat, so it is a second old. Of a worker that is silent only what was counted stays:
what it said of the moment is not true any more.
"""

from collections.abc import Iterable, Sequence

from prometheus_client.core import Metric

from fadearena.api.doors import Doors
from fadearena.api.metrics.standing import Standing
from fadearena.kit.exposition import negotiated, parsed
from fadearena.model.units import EpochMs
from fadearena.ports.heartbeat import Beat


class Giving:
    """Gathers and gives out."""

    def __init__(self, doors: Doors) -> None:
        self.standing = Standing(doors)
        self._doors = doors

    async def metrics(self, accept: str) -> tuple[bytes, str]:
        """Return everything in the form that is asked for, and what it is called."""
        standing, worker = await self.standing.look()
        now = self._doors.clock.now_ms()
        return negotiated([*self._doors.registry.collect(), *standing, *of_worker(worker, now)], accept)


def of_worker(beat: Beat | None, now: EpochMs) -> Sequence[Metric]:
    """Return what a worker measured; of one that is silent what it counted."""
    if beat is None:
        return ()
    return tuple(parsed(beat.metrics) if beat.is_alive(now) else _counted(parsed(beat.metrics)))


def _counted(metrics: Iterable[Metric]) -> Iterable[Metric]:
    return (metric for metric in metrics if metric.type in {"counter", "histogram"})
