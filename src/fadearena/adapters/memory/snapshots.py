"""Snapshots in memory."""

from collections.abc import Sequence

from fadearena.adapters.memory.lease import MemoryLease
from fadearena.adapters.memory.storage import JournalMemory
from fadearena.model.error import InvalidInput
from fadearena.ports.journal import KEPT_KINDS
from fadearena.ports.snapshots import Part, Segment, Snapshot

_FULL_KEPT = 2


class MemorySnapshots:
    """Keeps snapshots beside the entries of the same memory."""

    def __init__(self, memory: JournalMemory, lease: MemoryLease | None = None) -> None:
        self._memory = memory
        self._lease = lease
        self._seq: int | None = None

    async def segments(self) -> tuple[Segment, ...]:
        """Return the segments, oldest first."""
        return tuple(segment for _, segment in sorted(self._memory.segments.items()))

    async def load(self) -> Snapshot | None:
        """Return the newest sealed snapshot; None while there is none."""
        return self._memory.newest

    async def load_opening(self, segment: Segment) -> Snapshot:
        """
        Return the full snapshot that opened a segment.

        Raises:
            InvalidInput: There is no such segment.
        """
        try:
            return self._memory.openings[segment.first_seq]
        except KeyError:
            raise InvalidInput(f"no segment begins at entry {segment.first_seq}") from None

    async def write(self, seq: int, parts: Sequence[Part]) -> None:
        """
        Keep a slice of the snapshot after entry `seq`; slices of another one that was never sealed go.

        Raises:
            LeaseLost: Another handle holds the lease.
        """
        self._guard()
        if self._memory.unsealed is None or seq != self._seq:
            self._memory.unsealed = (seq, {})
        self._seq = seq
        self._memory.unsealed[1].update({part.key: part for part in parts})

    async def seal(self, seq: int, record_seq: int) -> None:
        """
        End a snapshot of changed parts: from now on it is the newest.

        Raises:
            InvalidInput: No segment is open yet, or the journal does not go as far.
            LeaseLost: Another handle holds the lease.
        """
        self._guard()
        if self._memory.newest is None:
            raise InvalidInput("a snapshot of changed parts needs a full one before it: open a segment first")
        self._memory.newest = self._sealed(seq, record_seq, dict(self._memory.newest.parts))

    async def open_segment(self, seq: int, segment: Segment) -> None:
        """
        End a full snapshot after entry `seq`, and open a segment with it.

        Raises:
            InvalidInput: The segment does not begin right after it, or the journal does not go as far.
            LeaseLost: Another handle holds the lease.
        """
        self._guard()
        if segment.first_seq != seq + 1:
            raise InvalidInput(f"a segment that a snapshot after entry {seq} opens begins at {seq + 1}")
        self._memory.newest = self._sealed(seq, segment.record_seq, {})
        self._memory.segments[segment.first_seq] = segment
        self._memory.openings[segment.first_seq] = self._memory.newest

    async def discard(self) -> None:
        """
        Remove slices that were never sealed.

        Raises:
            LeaseLost: Another handle holds the lease.
        """
        self._guard()
        self._memory.unsealed = self._seq = None

    async def prune(self, before: Segment) -> int:
        """
        Delete the segments before this one with their snapshots; return how many entries went.

        Raises:
            InvalidInput: There is no such segment, or fewer than two full snapshots would be left.
            LeaseLost: Another handle holds the lease.
        """
        self._guard()
        memory, first = self._memory, before.first_seq
        if first not in memory.segments:
            raise InvalidInput(f"no segment begins at entry {first}")
        if sum(segment >= first for segment in memory.segments) < _FULL_KEPT:
            raise InvalidInput("two full snapshots have to be left: keep one segment more")
        for old in [segment for segment in memory.segments if segment < first]:
            del memory.segments[old], memory.openings[old]
        memory.skipped = {seq: mark for seq, mark in memory.skipped.items() if seq >= first}
        gone = [seq for seq, entry in memory.entries.items() if seq < first and entry.kind not in KEPT_KINDS]
        for seq in gone:
            del memory.entries[seq]
        return len(gone)

    def _sealed(self, seq: int, record_seq: int, parts: dict[str, bytes]) -> Snapshot:
        if seq > self._memory.last_seq:
            raise InvalidInput(f"the journal ends at entry {self._memory.last_seq}: there is no state after {seq} yet")
        at, slices = self._memory.unsealed or (seq, {})
        for part in slices.values() if at == seq else ():
            if part.payload is None:
                parts.pop(part.key, None)
            else:
                parts[part.key] = part.payload
        self._memory.unsealed = self._seq = None
        return Snapshot(seq=seq, record_seq=record_seq, parts=parts)

    def _guard(self) -> None:
        self._memory.guard(None if self._lease is None else self._lease.epoch)
