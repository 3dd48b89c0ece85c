"""Every kind of read store, for tests that hold for each: memory, SQLite and PostgreSQL, inline and with threads."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Protocol, TypeVar

import pytest

from fadearena.adapters.memory.access import MemoryAccess
from fadearena.adapters.memory.answers_kept import MemoryAnswers
from fadearena.adapters.memory.archive import MemoryArchive
from fadearena.adapters.memory.control import MemoryControl
from fadearena.adapters.memory.heartbeat import MemoryHeartbeats
from fadearena.adapters.memory.inquiries import MemoryInquiries
from fadearena.adapters.memory.outbox import MemoryOutbox
from fadearena.adapters.memory.read_store import MemoryReadStore
from fadearena.adapters.memory.sightings import MemorySightings
from fadearena.adapters.sql.database import Location, PostgresDatabase, SqliteFile
from fadearena.adapters.sql.read_store import open_read_store
from fadearena.ports.access import AccessStore
from fadearena.ports.answers_kept import AnswersKept
from fadearena.ports.archive import Archive
from fadearena.ports.control import Control
from fadearena.ports.heartbeat import Heartbeats
from fadearena.ports.inquiries import Inquiries
from fadearena.ports.outbox import Outbox
from fadearena.ports.read_store import ReadStore
from fadearena.ports.sightings import Sightings
from tests.support.tables import lay

Told = TypeVar("Told")


class Doors(Protocol):
    """What stands in one database."""

    @property
    def records(self) -> ReadStore:
        """What is shown."""
        ...

    @property
    def archive(self) -> Archive:
        """What happened."""
        ...

    @property
    def control(self) -> Control:
        """What people order."""
        ...

    @property
    def heartbeats(self) -> Heartbeats:
        """Who lives."""
        ...

    @property
    def outbox(self) -> Outbox:
        """What people are told."""
        ...

    @property
    def sightings(self) -> Sightings:
        """What a worker sees."""
        ...

    @property
    def answers(self) -> AnswersKept:
        """What was answered to requests with a key."""
        ...

    @property
    def inquiries(self) -> Inquiries:
        """What the worker is asked."""
        ...

    @property
    def access(self) -> AccessStore:
        """Who may do what."""
        ...


class InMemory:
    """The same doors without a database."""

    def __init__(self) -> None:
        self.control = MemoryControl()
        self.outbox = MemoryOutbox()
        self.records = MemoryReadStore(self.control, self.outbox)
        self.archive = MemoryArchive(self.records)
        self.heartbeats = MemoryHeartbeats()
        self.sightings = MemorySightings()
        self.answers = MemoryAnswers()
        self.inquiries = MemoryInquiries()
        self.access = MemoryAccess()


Opener = Callable[[], AbstractAsyncContextManager[Doors]]
"""Opens the same store each time that it is called."""


def opener_of(location: Location | None, *, inline: bool = True) -> Opener:
    """Return what opens the store of a database with tables; one in memory where there is no location."""
    kept = InMemory()

    @asynccontextmanager
    async def opened() -> AsyncIterator[Doors]:
        if location is None:
            yield kept
            return
        async with open_read_store(location, inline=inline) as store:
            yield store

    return opened


@pytest.fixture(params=["sqlite", "postgres"])
def read_location(request: pytest.FixtureRequest, tmp_path: Path) -> Location:
    """A database with the tables of a read store."""
    if request.param == "postgres":
        return PostgresDatabase(request.getfixturevalue("pg_read_url"))
    return lay(SqliteFile(tmp_path / "read.db"), "read")


@pytest.fixture(
    params=["memory", "sqlite", "sqlite-threads", "postgres-threads", pytest.param("postgres", marks=pytest.mark.slow)]
)
def opener(request: pytest.FixtureRequest, tmp_path: Path) -> Opener:
    """What opens a store of each kind."""
    kind, _, threads = request.param.partition("-")
    location: Location | None = None
    if kind == "sqlite":
        location = lay(SqliteFile(tmp_path / "read.db"), "read")
    elif kind == "postgres":
        location = PostgresDatabase(request.getfixturevalue("pg_read_url"))
    return opener_of(location, inline=not threads)


def tell(opener: Opener, story: Callable[[Doors], Awaitable[Told]]) -> Told:
    """Open a store, let a story happen, close it, and return what the story returned."""

    async def opened() -> Told:
        async with opener() as doors:
            return await story(doors)

    return asyncio.run(opened())
