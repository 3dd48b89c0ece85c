"""
What feeds missed, fetched afterwards.

1. A hole opens when nobody tells any more what a wallet does, and is told at once: from then on a snapshot that agrees
   proves nothing. It closes when feeds tell again and nothing was missed, or all of it was fetched after that.
2. What is fetched begins a minute before what is known without a hole; what is known is not told again. The end of a
   repair says from when on all is known: where nothing was fetched, from the loss on.
3. While a hole is open, snapshots that say that something moved have the fills of wallets with sleeves fetched, too:
   exits are followed without any feed. Only its end waits for one.
4. Wallets with sleeves come first. One that cannot be fetched for a minute is told as failed, for from then on
   snapshots alone have to do; it is tried until it can be, and each of these attempts is told, too.
"""

import asyncio
import heapq
from collections.abc import Callable
from itertools import count
from typing import Final

import structlog

from fadearena.adapters.hyperliquid.limits import Lane
from fadearena.adapters.hyperliquid.wallet_feed.wallet import OVERLAP_MS, Hole, Rank, Watched
from fadearena.adapters.hyperliquid.wallet_feed.watch import Watch
from fadearena.kit.tasks import either
from fadearena.model.error import VenueError
from fadearena.model.event import RepairStage, SourceRepair
from fadearena.model.units import EpochMs
from fadearena.model.wallet import Feed

log = structlog.get_logger(__name__)
_WORKERS: Final = 4
_BACKOFF_MS: Final = (1_000, 2_000, 4_000, 8_000, 15_000, 30_000, 60_000)
_ATTEMPTS: Final = 6
"""So many failures in a row, a minute apart in all, are told."""


class Repairs:
    """Fetches what may have been missed."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._clock = watch.line.clock
        self._telling = watch.telling
        self._ready: asyncio.PriorityQueue[tuple[int, int, Watched]] = asyncio.PriorityQueue()
        self._failed: list[tuple[EpochMs, int, Watched]] = []
        self._numbers = count()
        self._has_failed = asyncio.Event()
        self.on_missed: Callable[[Watched], None] = _ignore
        self.done = 0

    async def lose(self, watched: Watched) -> None:
        """Note that nobody tells what a wallet does; until it is mended, its increases wait."""
        if not watched.rank.is_told:
            return
        if watched.hole is None:
            watched.hole = Hole(opened=self._clock.now_ms())
            await self._tell(watched, RepairStage.STARTED)
        else:
            watched.hole.losses += 1
            watched.hole.is_ready = False

    async def regain(self, watched: Watched, missed: EpochMs | None, *, looks_first: bool = False) -> None:
        """Note that feeds tell again, and from when on they missed something; None for nothing."""
        hole = watched.hole
        if hole is None:
            return
        if missed is None and hole.has_moved:
            missed = hole.opened
        if missed is not None:
            hole.looks_first = looks_first if hole.missed is None else hole.looks_first and looks_first
            hole.missed = missed if hole.missed is None else min(hole.missed, missed)
        if hole.missed is None:
            await self._close(watched, hole.opened)
        else:
            hole.is_ready = True
            self._queue(watched, hole)

    async def explain(self, watched: Watched, since: EpochMs, *, has_moved: bool) -> None:
        """
        Fetch at once what may have moved a wallet's positions unseen, or what it did unseen at all.

        Where no feed tells of it the hole stays open, however long that lasts: what a sleeve follows is fetched
        meanwhile. Where it moved and no fill says how, snapshots alone have to do.
        """
        if not watched.rank.is_told or not self._watch.has(watched):
            return
        if watched.hole is not None:
            if watched.rank is Rank.HELD and not watched.hole.is_ready:
                await self._fetch_meanwhile(watched, since, has_moved=has_moved)
            return
        watched.hole = Hole(opened=since, missed=since, is_ready=True, is_queued=True)
        await self._tell(watched, RepairStage.STARTED)
        if await self._mend(watched) and watched.is_streamed:
            self.on_missed(watched)

    async def run(self) -> None:
        """Mend what is ready, the most important first; for ever."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._retry())
            for _ in range(_WORKERS):
                group.create_task(self._work())

    async def _work(self) -> None:
        while True:
            _, _, watched = await self._ready.get()
            await self._mend(watched)

    async def _retry(self) -> None:
        """Put back in the queue what failed, once its time has come."""
        while True:
            self._has_failed.clear()
            if not self._failed:
                await self._has_failed.wait()
            elif (now := self._clock.now_ms()) < self._failed[0][0] <= now + _BACKOFF_MS[-1]:
                await either(self._clock.sleep_until(self._failed[0][0]), self._has_failed.wait())
            else:
                _, _, watched = heapq.heappop(self._failed)
                if watched.hole is not None:
                    watched.hole.is_queued = False
                    self._queue(watched, watched.hole)

    def _queue(self, watched: Watched, hole: Hole) -> None:
        if hole.is_ready and not hole.is_queued and not hole.is_mending:
            hole.is_queued = True
            self._ready.put_nowait((int(watched.rank), next(self._numbers), watched))

    async def _mend(self, watched: Watched) -> int:
        """Mend what is ready and not being mended, and return how many fills were found."""
        hole = watched.hole
        if hole is None or hole.is_mending or not self._watch.has(watched) or not watched.rank.is_told:
            return 0
        hole.is_queued = False
        if not hole.is_ready or hole.missed is None:
            return 0
        hole.is_mending = True
        try:
            found = await self._mend_from(watched, hole, min(hole.missed, watched.complete_to))
        finally:
            hole.is_mending = False
        if watched.hole is hole:  # it was lost again meanwhile
            self._queue(watched, hole)
        return found

    async def _mend_from(self, watched: Watched, hole: Hole, since: EpochMs) -> int:
        losses, found, known_from = hole.losses, 0, hole.opened
        has_moved, hole.has_moved = hole.has_moved, False
        if hole.failures > _ATTEMPTS:
            await self._tell(watched, RepairStage.STARTED)
        try:
            if not hole.looks_first or has_moved or await self._has_moved(watched):
                found, known_from = await self._fetch(watched, since), since - OVERLAP_MS
        except VenueError as error:
            hole.has_moved |= has_moved
            await self._put_off(watched, hole, error)
            return 0
        hole.failures = 0
        is_whole = hole.losses == losses and not hole.has_moved  # what was fetched may be older than what moved
        if watched.hole is hole and is_whole:
            await self._close(watched, known_from)
        return found

    async def _has_moved(self, watched: Watched) -> bool:
        """Read a wallet where it was seen, and tell whether something moved unseen."""
        snapshots = [await self._watch.reader.snapshot(watched.wallet, dex, Lane.REPAIR) for dex in tuple(watched.dexs)]
        has_moved = any(watched.unexplained(snapshot) for snapshot in snapshots)
        if not has_moved:
            for snapshot in snapshots:
                await self._watch.positions.take(watched, snapshot)
        return has_moved

    async def _fetch(self, watched: Watched, since: EpochMs) -> int:
        fills, rejected = await self._watch.reader.fills(watched.wallet, since - OVERLAP_MS, Lane.REPAIR)
        now = self._clock.now_ms()
        watched.fills_due = now + self._watch.options.fills_ms
        watched.complete(fills, now)
        await self._telling.reject(rejected)
        new = await self._telling.fills(watched, fills, Feed.POLL)
        self._watch.look_where_seen(watched)
        return new

    async def _fetch_meanwhile(self, watched: Watched, since: EpochMs, *, has_moved: bool) -> None:
        hole = watched.hole
        if has_moved:
            await self._tell(watched, RepairStage.STARTED)
        try:
            found = await self._fetch(watched, since)
            if has_moved and not found and watched.hole is hole:  # one that was closed meanwhile has not failed
                await self._tell(watched, RepairStage.FAILED)
        except VenueError as error:
            log.warning("fills_unreadable", wallet=watched.wallet, error=str(error))

    async def _put_off(self, watched: Watched, hole: Hole, error: VenueError) -> None:
        wait = _BACKOFF_MS[min(hole.failures, len(_BACKOFF_MS) - 1)]
        hole.failures += 1
        hole.is_queued = True
        heapq.heappush(self._failed, (self._clock.now_ms() + wait, next(self._numbers), watched))
        self._has_failed.set()
        log.warning("repair_failed", wallet=watched.wallet, error=str(error), again_in_ms=wait)
        if hole.failures > _ATTEMPTS:
            await self._tell(watched, RepairStage.FAILED)

    async def _close(self, watched: Watched, since: EpochMs) -> None:
        watched.hole = None
        self.done += 1
        await self._tell(watched, RepairStage.DONE, since)

    async def _tell(self, watched: Watched, stage: RepairStage, since: EpochMs | None = None) -> None:
        await self._telling.tell(SourceRepair(time=0, received=0, wallet=watched.wallet, stage=stage, since=since))


def _ignore(_watched: Watched) -> None:
    """Do nothing."""
