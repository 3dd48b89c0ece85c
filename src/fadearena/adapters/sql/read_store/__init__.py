"""
The read store: what is shown, what people order and are told, and who lives, in one database beside the journal.

The worker takes commands from it and beats in it; the server projects into it, answers and tells from it.
"""

from functools import partial
from types import TracebackType
from typing import Protocol, Self

from fadearena.adapters.sql.access import SqlAccess
from fadearena.adapters.sql.answers_kept import SqlAnswers
from fadearena.adapters.sql.archive import SqlArchive
from fadearena.adapters.sql.control import SqlControl
from fadearena.adapters.sql.database import Location
from fadearena.adapters.sql.heartbeat import SqlHeartbeats
from fadearena.adapters.sql.inquiries import SqlInquiries
from fadearena.adapters.sql.lane import reading, writing
from fadearena.adapters.sql.migrations import require_head
from fadearena.adapters.sql.outbox import SqlOutbox
from fadearena.adapters.sql.read_store.store import SqlReadStore
from fadearena.adapters.sql.sightings import SqlSightings


class LaneTimed(Protocol):
    """Is told of each transaction, and in which lane it was."""

    def __call__(self, lane: str, seconds: float, *, failed: bool) -> None:
        """Take note of how long one took."""
        ...


class ReadDatabase:
    """The doors of one database: records, people's commands, signs of life, alerts on their way, what is in sight."""

    def __init__(self, location: Location, *, inline: bool) -> None:
        self._lanes = writing(location, inline=inline), reading(location, inline=inline)
        self.records = SqlReadStore(*self._lanes)
        self.archive = SqlArchive(self._lanes[1])
        self.control = SqlControl(*self._lanes)
        self.heartbeats = SqlHeartbeats(*self._lanes)
        self.outbox = SqlOutbox(*self._lanes)
        self.sightings = SqlSightings(*self._lanes)
        self.answers = SqlAnswers(self._lanes[0])
        self.inquiries = SqlInquiries(*self._lanes)
        self.access = SqlAccess(*self._lanes)

    def time(self, timed: LaneTimed) -> None:
        """Have somebody told how long transactions take, by lane."""
        for name, lane in zip(("write", "read"), self._lanes, strict=True):
            lane.timed = partial(timed, name)

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
