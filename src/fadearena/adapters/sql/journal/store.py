"""
Opens a journal: to write, for the one worker; to read, for everybody else, at the same time.

Nothing here makes tables: a database that is not of this program's version is refused.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import TypeVar

import msgspec

from fadearena.adapters.sql import sqlite
from fadearena.adapters.sql.connecting import open_reading_session, open_session
from fadearena.adapters.sql.database import Location, SqliteFile
from fadearena.adapters.sql.journal.journal import SqlJournal
from fadearena.adapters.sql.journal.keeper import Keeper
from fadearena.adapters.sql.journal.lease import SqlLease
from fadearena.adapters.sql.journal.locks import AdvisoryLock, FileLock, Lock, NoLock
from fadearena.adapters.sql.journal.reader import Reader, ThreadReader
from fadearena.adapters.sql.journal.snapshots import SqlSnapshots
from fadearena.adapters.sql.journal.writer import InlineWriter, ThreadWriter
from fadearena.adapters.sql.migrations import require_head
from fadearena.kit.clock import Clock, SystemClock

T = TypeVar("T")
LOCK_FILE = "worker.lock"


class JournalStore(msgspec.Struct, frozen=True, kw_only=True):
    """A journal with its snapshots and its lease, on one database."""

    journal: SqlJournal
    snapshots: SqlSnapshots
    lease: SqlLease


@asynccontextmanager
async def open_journal(
    location: Location, *, inline: bool = False, busy_ms: int = sqlite.BUSY_MS, clock: Clock | None = None
) -> AsyncIterator[JournalStore]:
    """
    Open a journal for writing: nothing can be written before the lease was acquired.

    Args:
        location: Where it is.
        inline: Everything is done in the caller, without threads: for deterministic runs.
        busy_ms: How long SQLite waits for a lock that another process holds.
        clock: What the time of taking the lease is read from; by default the machine's clock.

    Raises:
        StorageOutdated: The tables are missing, or are not of this program's version.
        StorageUnavailable: The database cannot be reached.
    """
    async with _opened(location, partial(keeper_of, location, busy_ms=busy_ms, clock=clock), inline=inline) as store:
        yield store


@asynccontextmanager
async def open_journal_reader(location: Location, *, inline: bool = False) -> AsyncIterator[JournalStore]:
    """
    Open a journal for reading, while another process may write it: the lease cannot be acquired here.

    Raises:
        StorageOutdated: The tables are missing, or are not of this program's version.
        StorageUnavailable: The database cannot be reached.
    """
    connect = partial(open_reading_session, location, "journal")
    async with _opened(location, partial(Keeper, connect, NoLock(), SystemClock()), inline=inline) as store:
        yield store


def keeper_of(location: Location, *, busy_ms: int = sqlite.BUSY_MS, clock: Clock | None = None) -> Keeper:
    """
    Connect to a journal for writing.

    Raises:
        StorageOutdated: There is no such file.
        StorageUnavailable: The database cannot be reached.
    """
    connect = partial(open_session, location, "journal", busy_ms=busy_ms, name="fadearena-worker")
    return Keeper(connect, _lock(location), clock or SystemClock())


@contextmanager
def no_worker(location: Location) -> Iterator[bool]:
    """
    Keep every worker from starting on a journal that need not be readable; yield False where one holds it already.

    Raises:
        StorageUnavailable: Nobody can tell whether one does.
    """
    if isinstance(location, SqliteFile):
        file = FileLock(location.path.with_name(LOCK_FILE))
        try:
            yield file.seize()
        finally:
            file.let_go()
        return
    session = open_session(location, "journal", name="fadearena-direct")
    try:
        yield AdvisoryLock(location.schema("journal")).take(session)
    finally:
        session.close()


@asynccontextmanager
async def _opened(location: Location, open_: Callable[[], Keeper], *, inline: bool) -> AsyncIterator[JournalStore]:
    do = _here if inline else asyncio.to_thread
    await do(require_head, location, "journal")
    keeper = await do(open_)
    writer = InlineWriter(keeper) if inline else ThreadWriter(keeper)
    read = partial(open_reading_session, location, "journal")
    reader = Reader(read) if inline else ThreadReader(read)
    try:
        yield JournalStore(
            journal=SqlJournal(keeper, writer, reader),
            snapshots=SqlSnapshots(writer, reader),
            lease=SqlLease(keeper, writer, reader),
        )
    finally:
        await writer.close()
        await reader.close()


def _lock(location: Location) -> Lock:
    if isinstance(location, SqliteFile):
        return FileLock(location.path.with_name(LOCK_FILE))
    return AdvisoryLock(location.schema("journal"))


async def _here(work: Callable[..., T], *arguments: object) -> T:
    return work(*arguments)
