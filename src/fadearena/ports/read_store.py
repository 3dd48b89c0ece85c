"""The door to what is shown: the log of records, from which API, stream and audit trail are fed."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from fadearena.model.record import Record
from fadearena.model.units import EpochMs


class LoggedRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One record with its place. `record_seq` counts from 1, gapless; it is what clients resume from."""

    record_seq: int
    journal_seq: int
    time: EpochMs
    record: Record


class LogQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which part of the log is wanted: after `after`, at most `limit`, of `kinds` (tags) only if given."""

    after: int = 0
    limit: int = 50
    kinds: tuple[str, ...] = ()


class LogPage(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the log, oldest first. `next_after` asks for the next part; None at the end."""

    records: tuple[LoggedRecord, ...]
    next_after: int | None


class ReadStore(Protocol):
    """Keeps records and gives them out."""

    @property
    def journal_seq(self) -> int:
        """Up to which journal entry (inclusive) the records are in; 0 at first."""
        ...

    @property
    def record_seq(self) -> int:
        """The number of the newest record; 0 while there is none."""
        ...

    async def project(self, journal_seq: int, time: EpochMs, records: Sequence[Record]) -> None:
        """Keep the records of one journal entry with its number; an entry already in changes nothing."""
        ...

    async def log(self, query: LogQuery) -> LogPage:
        """
        Return a part of the log.

        Raises:
            InvalidInput: `after` is negative or `limit` is not 1 to 1,000.
        """
        ...
