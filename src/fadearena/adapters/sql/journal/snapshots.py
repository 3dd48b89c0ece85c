"""Snapshots and segments, as their port has them."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from fadearena.adapters.sql.journal import entries, parts
from fadearena.adapters.sql.journal.reader import Reader
from fadearena.adapters.sql.journal.writer import Writer
from fadearena.adapters.sql.session import Session
from fadearena.ports.snapshots import Part, Segment, Snapshot

T = TypeVar("T")
_PRUNED = 2_000


class SqlSnapshots:
    """Keeps snapshots; whatever is large is done in pieces, so that appends come through in between."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        self._writer = writer
        self._reader = reader
        self._seq: int | None = None

    async def segments(self) -> tuple[Segment, ...]:
        """Return the segments, oldest first."""
        return await self._reader.call(parts.segments)

    async def load(self) -> Snapshot | None:
        """
        Return the newest sealed snapshot; None while there is none.

        Raises:
            JournalCorrupt: A part's checksum does not fit.
            StorageUnavailable: The database cannot be read.
        """
        return await self._reader.call(parts.load)

    async def load_opening(self, segment: Segment) -> Snapshot:
        """
        Return the full snapshot that opened a segment.

        Raises:
            InvalidInput: There is no such segment.
            JournalCorrupt: A part's checksum does not fit.
        """
        return await self._reader.call(partial(parts.load_opening, segment=segment))

    async def write(self, seq: int, parts_: Sequence[Part]) -> None:
        """
        Keep a slice of the snapshot after entry `seq`; slices of another one that was never sealed go.

        Raises:
            LeaseLost: Another process holds the lease.
            StorageUnavailable: The commit failed, or nobody knows.
        """
        if seq != self._seq:
            await self.discard()
        self._seq = seq
        await self._write(partial(parts.write, seq=seq, parts=parts_))

    async def seal(self, seq: int, record_seq: int) -> None:
        """
        End a snapshot of changed parts: from now on it is the newest.

        Raises:
            InvalidInput: No segment is open yet, or the journal does not go as far.
            LeaseLost: Another process holds the lease.
            StorageUnavailable: The commit failed, or nobody knows.
        """
        await self._write(partial(parts.seal, seq=seq, record_seq=record_seq))
        self._seq = None

    async def open_segment(self, seq: int, segment: Segment) -> None:
        """
        End a full snapshot after entry `seq`, and open a segment with it.

        Raises:
            InvalidInput: The segment does not begin right after it, or the journal does not go as far.
            LeaseLost: Another process holds the lease.
            StorageUnavailable: The commit failed, or nobody knows.
        """
        await self._write(partial(parts.open_segment, seq=seq, segment=segment))
        self._seq = None
        await self._until_done(parts.sweep)

    async def discard(self) -> None:
        """Remove slices that were never sealed."""
        await self._until_done(parts.discard)
        self._seq = None

    async def prune(self, before: Segment) -> int:
        """
        Delete the segments before this one with their snapshots; return how many entries went.

        Raises:
            InvalidInput: There is no such segment, or fewer than two full snapshots would be left.
            LeaseLost: Another process holds the lease.
        """
        low = await self._write(partial(entries.begin_prune, before=before))
        gone = 0
        for start in range(low, before.first_seq, _PRUNED):
            high = min(start + _PRUNED, before.first_seq)
            gone += await self._write(partial(entries.prune, low=start, high=high))
        await self._until_done(parts.sweep)
        return gone

    async def _write(self, work: Callable[[Session, int], T]) -> T:
        return await self._writer.call(lambda keeper: keeper.write(work))

    async def _until_done(self, work: Callable[[Session, int], bool]) -> None:
        while await self._write(work):
            pass
