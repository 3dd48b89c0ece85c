"""
The door to snapshots: the state as it was after one entry, so that recovery need not step everything.

1. A snapshot is a set of parts, each under a key. It is written in slices, between other commits, and counts only
   once it is sealed. Parts that did not change since the last snapshot of the segment are not written again.
2. A full one, with every part, opens a segment: the entries after it.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from fadearena.model.units import EpochMs


class Part(msgspec.Struct, frozen=True):
    """One part of the state; `payload` is None where the part is gone."""

    key: str
    payload: bytes | None


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of the journal: from `first_seq` to where the next begins. `record_seq` is the last one before it."""

    first_seq: int
    rules_version: int
    opened: EpochMs
    record_seq: int


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """The state after entry `seq` (0: before the first), with the number of the last record up to there."""

    seq: int
    record_seq: int
    parts: Mapping[str, bytes]


class Snapshots(Protocol):
    """Keeps snapshots and the list of segments."""

    async def segments(self) -> tuple[Segment, ...]:
        """Return the segments, oldest first."""
        ...

    async def load(self) -> Snapshot | None:
        """
        Return the newest sealed snapshot; None while there is none.

        Raises:
            JournalCorrupt: A part's checksum does not fit.
            StorageUnavailable: The database cannot be read.
        """
        ...

    async def load_opening(self, segment: Segment) -> Snapshot:
        """
        Return the full snapshot that opened a segment.

        Raises:
            InvalidInput: There is no such segment.
            JournalCorrupt: A part's checksum does not fit.
        """
        ...

    async def write(self, seq: int, parts: Sequence[Part]) -> None:
        """
        Keep a slice of the snapshot after entry `seq`; it counts once it is sealed.

        Raises:
            LeaseLost: Another process holds the lease.
            StorageUnavailable: The commit failed, or nobody knows.
        """
        ...

    async def seal(self, seq: int, record_seq: int) -> None:
        """
        End a snapshot of changed parts: from now on it is the newest. What it replaces may be removed.

        Raises:
            LeaseLost: Another process holds the lease.
            StorageUnavailable: The commit failed, or nobody knows.
        """
        ...

    async def open_segment(self, seq: int, segment: Segment) -> None:
        """
        End a full snapshot after entry `seq`, and open a segment with it.

        Raises:
            LeaseLost: Another process holds the lease.
            StorageUnavailable: The commit failed, or nobody knows.
        """
        ...

    async def discard(self) -> None:
        """Remove slices that were never sealed."""
        ...

    async def prune(self, before: Segment) -> int:
        """
        Delete the segments before this one with their snapshots; return how many entries went.

        Entries of `KEPT_KINDS` stay.

        Raises:
            InvalidInput: Fewer than two full snapshots would be left.
            LeaseLost: Another process holds the lease.
        """
        ...
