"""What it costs to show a record: a recorded journal projected in groups of entries, on every kind of read store."""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path

from benchmarks.timing import Cost, Work
from fadearena.adapters.memory.read_store import MemoryReadStore
from fadearena.adapters.sql.database import Location, PostgresDatabase, SqliteFile
from fadearena.adapters.sql.migrations import upgrade
from fadearena.adapters.sql.read_store import open_read_store
from fadearena.ports.journal import JournalEntry
from fadearena.ports.read_store import ReadStore
from tests.support.entries import golden

_GROUP = 500

OpenRecords = Callable[[], AbstractAsyncContextManager[ReadStore]]


def projections(postgres_url: str | None) -> dict[str, Work]:
    """
    Return the works: seconds on the wall for each record.

    Args:
        postgres_url: An empty database; None where there is no server.
    """
    entries = golden()
    works: dict[str, OpenRecords] = {"in memory": _in_memory, "SQLite": _in_sqlite}
    if postgres_url is not None:
        works["PostgreSQL"] = partial(_in_database, PostgresDatabase(postgres_url))
    return {name: partial(_measured, opened, entries) for name, opened in works.items()}


def _measured(opened: OpenRecords, entries: Sequence[JournalEntry]) -> dict[str, Cost]:
    async def projected() -> float:
        async with opened() as records:
            await records.clear()
            begin = time.perf_counter()
            for start in range(0, len(entries), _GROUP):
                await records.project(entries[start : start + _GROUP])
            return time.perf_counter() - begin

    return {"record": Cost(seconds=asyncio.run(projected()), count=entries[-1].record_seq)}


@asynccontextmanager
async def _in_memory() -> AsyncIterator[ReadStore]:
    yield MemoryReadStore()


@asynccontextmanager
async def _in_sqlite() -> AsyncIterator[ReadStore]:
    with tempfile.TemporaryDirectory(prefix="fadearena-bench-") as home:
        async with _in_database(SqliteFile(Path(home, "read.db"))) as records:
            yield records


@asynccontextmanager
async def _in_database(location: Location) -> AsyncIterator[ReadStore]:
    upgrade(location, "read")
    async with open_read_store(location) as store:
        yield store.records
