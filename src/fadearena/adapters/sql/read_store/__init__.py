"""
The read store: what is shown, what people order and are told, and who lives, in one database beside the journal.

The worker takes commands from it and beats in it; the server projects into it, answers and tells from it.
"""

from types import TracebackType
from typing import Self

from fadearena.adapters.sql.control import SqlControl
from fadearena.adapters.sql.database import Location
from fadearena.adapters.sql.heartbeat import SqlHeartbeats
from fadearena.adapters.sql.lane import reading, writing
from fadearena.adapters.sql.migrations import require_head
from fadearena.adapters.sql.outbox import SqlOutbox
from fadearena.adapters.sql.read_store.store import SqlReadStore
from fadearena.adapters.sql.sightings import SqlSightings


class ReadDatabase:
    """The doors of one database: records, people's commands, signs of life, alerts on their way, what is in sight."""

    def __init__(self, location: Location, *, inline: bool) -> None:
        self._lanes = writing(location, inline=inline), reading(location, inline=inline)
        self.records = SqlReadStore(*self._lanes)
        self.control = SqlControl(*self._lanes)
        self.heartbeats = SqlHeartbeats(*self._lanes)
        self.outbox = SqlOutbox(*self._lanes)
        self.sightings = SqlSightings(*self._lanes)

    async def close(self) -> None:
        """Finish what was begun, and close the database."""
        for lane in self._lanes:
            await lane.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


def open_read_store(location: Location, *, inline: bool = False) -> ReadDatabase:
    """
    Open a read store.

    Args:
        location: Where it is.
        inline: Whether the caller does the work himself; by default threads do.

    Raises:
        StorageOutdated: Its tables are of another version, or missing.
        StorageUnavailable: It cannot be opened.
    """
    require_head(location, "read")
    return ReadDatabase(location, inline=inline)
