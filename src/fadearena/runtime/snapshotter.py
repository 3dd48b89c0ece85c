"""
Takes snapshots while the worker goes on: bit by bit, between turns, so that nobody waits for them.

A snapshot begins right after a commit, when state and journal agree. Slices are written as they are encoded; only once
it is sealed does the snapshot count. One that could not be finished is dropped, and another begins later.
"""

import asyncio

import structlog

from fadearena.core.state import Cut, Parts
from fadearena.kit.clock import Clock
from fadearena.model.error import LeaseLost, StorageError
from fadearena.ports.snapshots import Part, Segment, Snapshots
from fadearena.runtime.engine import Engine
from fadearena.runtime.metrics import Metrics
from fadearena.runtime.recovery import Recovered

log = structlog.get_logger(__name__)
_SLICE = 200


class Snapshotter:
    """
    Decides when a snapshot is due, and takes it.

    A full one opens a segment: where there is none, where the rules are others than the segment's, and after
    `segment_every` entries. In between one of what changed is taken every `snapshot_every` entries; one that failed is
    tried again after as many.
    """

    def __init__(
        self,
        recovered: Recovered,
        snapshots: Snapshots,
        engine: Engine,
        clock: Clock,
        metrics: Metrics,
        *,
        snapshot_every: int,
        segment_every: int,
    ) -> None:
        self._parts: Parts = recovered.parts
        self._segment = recovered.segment
        self._last_seq = recovered.snapshot_seq
        self._snapshots = snapshots
        self._rules_version = engine.rules_version
        self._clock = clock
        self._metrics = metrics
        self._snapshot_every = snapshot_every
        self._segment_every = segment_every
        self._begun: tuple[Cut, int, bool] | None = None
        self._work = asyncio.Event()

    @property
    def is_busy(self) -> bool:
        """Whether a snapshot is being taken."""
        return self._begun is not None

    def look(self, seq: int, record_seq: int) -> None:
        """Begin a snapshot if one is due: to be called when the state is as the journal has it, up to `seq`."""
        if self._begun is None and seq - self._last_seq >= self._snapshot_every:
            is_full = self._needs_segment(seq)
            self._begun = (self._parts.begin(full=is_full), record_seq, is_full)
            self._work.set()

    async def open_segment(self, seq: int, record_seq: int) -> None:
        """
        Before the first turn: remove what was never sealed, and open a segment where one is needed.

        Raises:
            LeaseLost: Another process holds the lease.
            StorageUnavailable: It could not be written.
        """
        await self._snapshots.discard()
        if self._needs_segment(seq):
            cut = self._parts.begin(full=True)
            await self._write(cut, record_seq, is_full=True)
            self._end(cut, is_done=True)

    async def run(self) -> None:
        """Take the snapshots that were begun, for ever."""
        while True:
            await self._work.wait()
            self._work.clear()
            if self._begun is not None:
                await self._finish(*self._begun)

    def _needs_segment(self, seq: int) -> bool:
        segment = self._segment
        if segment is None or segment.rules_version != self._rules_version:
            return True
        return seq - segment.first_seq + 1 >= self._segment_every

    async def _finish(self, cut: Cut, record_seq: int, is_full: bool) -> None:  # noqa: FBT001 - as it was begun
        try:
            is_done = await self._write(cut, record_seq, is_full=is_full)
        except LeaseLost:
            raise
        except StorageError as error:
            is_done = False
            log.warning("snapshot_failed", seq=cut.seq, error=str(error))
        self._end(cut, is_done=is_done)

    def _end(self, cut: Cut, *, is_done: bool) -> None:
        if is_done:
            self._parts.saved(cut)
        else:
            self._parts.dropped(cut)
        self._metrics.snapshots.labels("sealed" if is_done else "dropped").inc()
        self._last_seq = cut.seq
        self._begun = None

    async def _write(self, cut: Cut, record_seq: int, *, is_full: bool) -> bool:
        """Write all slices and the seal; tell whether it came to that."""
        while slice_ := cut.take(_SLICE):
            await self._snapshots.write(cut.seq, [Part(key, payload) for key, payload in slice_])
            await asyncio.sleep(0)
        if cut.is_broken:
            return False
        if not is_full:
            await self._snapshots.seal(cut.seq, record_seq)
            return True
        segment = Segment(
            first_seq=cut.seq + 1,
            rules_version=self._rules_version,
            opened=self._clock.now_ms(),
            record_seq=record_seq,
        )
        await self._snapshots.open_segment(cut.seq, segment)
        self._segment = segment
        log.info("segment_opened", first_seq=segment.first_seq, rules_version=segment.rules_version)
        return True
