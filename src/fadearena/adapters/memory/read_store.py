"""A read store in memory: the log of records with gapless numbers."""

from collections.abc import Sequence

from fadearena.model.error import InvalidInput
from fadearena.model.record import Record
from fadearena.model.units import EpochMs
from fadearena.ports.read_store import LoggedRecord, LogPage, LogQuery

_LIMIT_MAX = 1_000


class MemoryReadStore:
    """Keeps every record."""

    def __init__(self) -> None:
        self._journal_seq = 0
        self._log: list[LoggedRecord] = []

    @property
    def journal_seq(self) -> int:
        """Up to which journal entry (inclusive) the records are in; 0 at first."""
        return self._journal_seq

    @property
    def record_seq(self) -> int:
        """The number of the newest record; 0 while there is none."""
        return len(self._log)

    async def project(self, journal_seq: int, time: EpochMs, records: Sequence[Record]) -> None:
        """Keep the records of one journal entry; an entry that is already in changes nothing."""
        if journal_seq <= self._journal_seq:
            return
        self._log += [
            LoggedRecord(record_seq=number, journal_seq=journal_seq, time=time, record=record)
            for number, record in enumerate(records, len(self._log) + 1)
        ]
        self._journal_seq = journal_seq

    async def log(self, query: LogQuery) -> LogPage:
        """
        Return a part of the log.

        Raises:
            InvalidInput: `after` is negative or `limit` is not 1 to 1,000.
        """
        if query.after < 0 or not 1 <= query.limit <= _LIMIT_MAX:
            raise InvalidInput(f"log after {query.after}, limit {query.limit}: the limit is 1 to {_LIMIT_MAX}")
        found = [
            logged
            for logged in self._log[query.after :]
            if not query.kinds or logged.record.__struct_config__.tag in query.kinds
        ]
        page = tuple(found[: query.limit])
        return LogPage(records=page, next_after=page[-1].record_seq if len(found) > query.limit else None)
