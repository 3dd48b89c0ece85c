"""Where a worker that is measured keeps its journal and its commands: in memory, in SQLite, in PostgreSQL."""

import atexit
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fadearena.adapters.memory.control import MemoryControl
from fadearena.adapters.memory.heartbeat import MemoryHeartbeats
from fadearena.adapters.memory.journal import MemoryJournal
from fadearena.adapters.memory.lease import MemoryLease
from fadearena.adapters.memory.snapshots import MemorySnapshots
from fadearena.adapters.memory.storage import JournalMemory
from fadearena.adapters.sql.database import Location, PostgresDatabase, SqliteFile, Tree
from fadearena.adapters.sql.journal.store import open_journal
from fadearena.adapters.sql.migrations import downgrade, upgrade
from fadearena.adapters.sql.read_store import open_read_store
from fadearena.ports.control import Control
from fadearena.ports.heartbeat import Heartbeats
from fadearena.ports.journal import Journal
from fadearena.ports.lease import Lease
from fadearena.ports.snapshots import Snapshots
from tests.support.postgres import Server, find_binaries


@dataclass(frozen=True, kw_only=True)
class Storage:
    """What a worker stores things in."""

    journal: Journal
    snapshots: Snapshots
    lease: Lease
    control: Control
    heartbeats: Heartbeats


TREES: tuple[Tree, ...] = ("journal", "read")
OpenStorage = Callable[[], AbstractAsyncContextManager[Storage]]


@asynccontextmanager
async def in_memory() -> AsyncIterator[Storage]:
    """Keep everything in this process."""
    memory = JournalMemory()
    lease = MemoryLease(memory)
    yield Storage(
        journal=MemoryJournal(memory, lease),
        snapshots=MemorySnapshots(memory, lease),
        lease=lease,
        control=MemoryControl(),
        heartbeats=MemoryHeartbeats(),
    )


@asynccontextmanager
async def in_sqlite() -> AsyncIterator[Storage]:
    """Keep everything in a directory of its own, as durably as in earnest."""
    with tempfile.TemporaryDirectory(prefix="fadearena-bench-") as home:
        async with _in_databases(SqliteFile(Path(home, "journal.db")), SqliteFile(Path(home, "read.db"))) as storage:
            yield storage


def has_postgres() -> bool:
    """Tell whether there are binaries of PostgreSQL."""
    return find_binaries() is not None


@asynccontextmanager
async def in_postgres() -> AsyncIterator[Storage]:
    """Keep everything on the server of `postgres_url`."""
    database = PostgresDatabase(postgres_url(), suffix="_worker")
    try:
        async with _in_databases(database, database) as storage:
            yield storage
    finally:
        for tree in TREES:
            downgrade(database, tree, "base")


@cache
def postgres_url() -> str:
    """
    Return where a server is that waits for its disk, as one does in earnest: started for the benchmarks.

    Raises:
        FileNotFoundError: There are no binaries of PostgreSQL on this machine.
    """
    binaries = find_binaries()
    if binaries is None:
        raise FileNotFoundError("there is no PostgreSQL on this machine")
    server = Server(binaries, settings=())
    atexit.register(server.remove)
    server.start()
    return server.url


@asynccontextmanager
async def _in_databases(journal: Location, read: Location) -> AsyncIterator[Storage]:
    upgrade(journal, "journal")
    upgrade(read, "read")
    async with open_journal(journal) as store, open_read_store(read) as shown:
        yield Storage(
            journal=store.journal,
            snapshots=store.snapshots,
            lease=store.lease,
            control=shown.control,
            heartbeats=shown.heartbeats,
        )
