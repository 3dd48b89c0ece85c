"""An archive whose database goes away while it is read."""

import dataclasses
from collections.abc import AsyncIterator

from fadearena.adapters.memory.archive import MemoryArchive
from fadearena.adapters.memory.read_store import MemoryReadStore
from fadearena.model.error import StorageUnavailable
from fadearena.model.record import CashBooked
from fadearena.model.units import EpochMs
from fadearena.ports.archive import LoggedCash
from tests.support.api import ApiRoom
from tests.support.shown import D


class Breaking(MemoryArchive):
    """An archive whose database goes away after some parts."""

    def __init__(self, records: MemoryReadStore, parts: int) -> None:
        super().__init__(records)
        self.parts = parts
        self.closed = False

    async def all_cash(self, since: EpochMs | None, until: EpochMs | None) -> AsyncIterator[tuple[LoggedCash, ...]]:
        """Yield parts, then fail."""
        try:
            for n in range(self.parts):
                cash = CashBooked(account="main", usd=D(n), reason="r")
                yield (LoggedCash(record_seq=n + 1, time=n, cash=cash),)
            raise StorageUnavailable("gone")
        finally:
            self.closed = True


def breaking(room: ApiRoom, parts: int) -> Breaking:
    """Put an archive that breaks into a room."""
    records = room.doors.records
    assert isinstance(records, MemoryReadStore)
    archive = Breaking(records, parts)
    room.app.state.doors = dataclasses.replace(room.doors, archive=archive)
    return archive
