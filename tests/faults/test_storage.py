"""
Storage that fails: nothing is half durable, nothing that was acknowledged is lost, and the error says what to do.

Each story ends the same way: the fault is mended, the journal reopened, and every durable entry is there exactly once.
"""

import asyncio
import itertools
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fadearena.adapters.sql.database import PostgresDatabase, SqliteFile
from fadearena.adapters.sql.journal.store import LOCK_FILE, open_journal
from fadearena.adapters.sql.session import Session
from fadearena.model.error import JournalCorrupt, LeaseLost, StorageUnavailable
from fadearena.ports.snapshots import Part
from tests.support.journals import (
    Handle,
    SqlStorage,
    entries,
    entry,
    goes_on,
    kept,
    numbers,
    open_full,
    refused,
    session_of,
    working,
)


@pytest.fixture(params=["threaded", "inline"])
def in_sqlite(request: pytest.FixtureRequest, tmp_path: Path) -> SqlStorage:
    """An empty journal in a file."""
    return SqlStorage(SqliteFile(tmp_path / "journal.db"), inline=request.param == "inline")


@pytest.fixture(params=["sqlite", "postgres"])
def anywhere(request: pytest.FixtureRequest, tmp_path: Path) -> SqlStorage:
    """An empty journal in either database."""
    if request.param == "sqlite":
        return SqlStorage(SqliteFile(tmp_path / "journal.db"), inline=False)
    return SqlStorage(PostgresDatabase(request.getfixturevalue("pg_url")), inline=False)


async def fill(worker: Handle) -> None:
    """Append large entries, one by one, until that fails."""
    for seq in itertools.count(worker.journal.last_seq + 1):
        await worker.journal.append(entry(seq, "x" * 1_000))


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Hold the write lock of a file, as another program would."""
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield
    other.rollback()
    other.close()


def test_a_full_disk(in_sqlite: SqlStorage) -> None:
    """Entries are kept until the disk is full; the one that does not fit is not there at all."""

    async def story() -> None:
        async with working(in_sqlite) as worker:
            await worker.journal.append(entry(1))
            pages = session_of(worker).rows("PRAGMA page_count")[0][0]
            session_of(worker).rows(f"PRAGMA max_page_count = {pages + 10}")
            with pytest.raises(StorageUnavailable, match="full: free some space"):
                await fill(worker)
            last = worker.journal.last_seq
            assert 3 < last < 100
            with pytest.raises(StorageUnavailable, match="full: free some space"):
                await worker.journal.append(entry(last + 1))
            await worker.journal.reopen()  # over a connection without the limit: there is space again
            assert worker.journal.last_seq == last
            await worker.journal.append(entry(last + 1))
            assert await numbers(worker.journal) == list(range(1, last + 2))

    asyncio.run(story())


def test_a_group_that_does_not_fit_is_not_kept_in_part(in_sqlite: SqlStorage) -> None:
    """A commit of many statements that fails in a late one leaves nothing of the early ones."""

    async def story() -> None:
        async with working(in_sqlite) as worker:
            await worker.journal.append(entry(1))
            pages = session_of(worker).rows("PRAGMA page_count")[0][0]
            session_of(worker).rows(f"PRAGMA max_page_count = {pages + 20}")
            with pytest.raises(StorageUnavailable, match="free some space"):
                await worker.journal.append(*(entry(seq, "x" * 500) for seq in range(2, 300)))
            await goes_on(worker, 1)

    asyncio.run(story())


def test_a_full_disk_stops_a_snapshot_but_not_the_journal(in_sqlite: SqlStorage) -> None:
    """A slice that does not fit is gone, the lease stays, and entries that fit are kept without a reopening."""

    async def story() -> None:
        async with working(in_sqlite) as worker:
            await open_full(worker, 0, {"a": b"1"})
            pages = session_of(worker).rows("PRAGMA page_count")[0][0]
            session_of(worker).rows(f"PRAGMA max_page_count = {pages + 5}")
            with pytest.raises(StorageUnavailable, match="free some space"):
                await worker.snapshots.write(0, [Part("big", b"x" * 100_000)])
            await worker.journal.append(entry(1))
            assert worker.lease.is_held
            assert await numbers(worker.journal) == [1]
            newest = await worker.snapshots.load()
            assert newest is not None
            assert newest.parts == {"a": b"1"}

    asyncio.run(story())


def test_a_locked_database(in_sqlite: SqlStorage, tmp_path: Path) -> None:
    """While another program holds the write lock nothing is kept; reading goes on."""

    async def story() -> None:
        async with working(in_sqlite) as worker:
            await worker.journal.append(entry(1))
            with locked(tmp_path / "journal.db"):
                await refused(worker, 2, "another process has locked it")
                with pytest.raises(StorageUnavailable, match="another process has locked it"):
                    await worker.journal.reopen()
                assert await numbers(worker.journal) == [1]
            await goes_on(worker, 1)

    asyncio.run(story())


def test_taking_the_lease_again_after_a_failure(in_sqlite: SqlStorage, tmp_path: Path) -> None:
    """A worker that failed still has the lock: it takes the lease up again as soon as the database can be written."""

    async def story() -> None:
        async with working(in_sqlite) as worker, in_sqlite.open() as other:
            await worker.journal.append(entry(1))
            with locked(tmp_path / "journal.db"):
                await refused(worker, 2, "another process has locked it")
                with pytest.raises(StorageUnavailable, match="another process has locked it"):
                    await worker.lease.acquire("worker 1")
                assert not await other.lease.acquire("worker 2")
            assert await worker.lease.acquire("worker 1")
            await worker.journal.append(entry(2))
            assert await numbers(worker.journal) == [1, 2]

    asyncio.run(story())


def test_a_lease_that_cannot_be_written_down_is_not_taken(in_sqlite: SqlStorage, tmp_path: Path) -> None:
    """Where the epoch cannot be raised the lock is given back, so that another may try."""

    async def story() -> None:
        async with in_sqlite.open() as first, in_sqlite.open() as second:
            with (
                locked(tmp_path / "journal.db"),
                pytest.raises(StorageUnavailable, match="another process has locked it"),
            ):
                await first.lease.acquire("worker 1")
            assert not first.lease.is_held
            assert await second.lease.acquire("worker 2")

    asyncio.run(story())


def test_a_directory_that_has_gone(tmp_path: Path) -> None:
    """The lock file cannot be made: the error says what to check."""
    storage = SqlStorage(SqliteFile(tmp_path / "deep" / "journal.db"), inline=True)

    async def story() -> None:
        async with storage.open() as worker:
            (tmp_path / "deep").rename(tmp_path / "elsewhere")
            with pytest.raises(StorageUnavailable, match=r"worker\.lock cannot be opened .* check its permissions"):
                await worker.lease.acquire("worker 1")

    asyncio.run(story())


def test_a_database_that_cannot_be_written(in_sqlite: SqlStorage) -> None:
    """The error names the permissions."""

    async def story() -> None:
        async with working(in_sqlite) as worker:
            await worker.journal.append(entry(1))
            session_of(worker).rows("PRAGMA query_only = ON")
            await refused(worker, 2, "check the permissions")
            await goes_on(worker, 1)

    asyncio.run(story())


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    """Whoever opens it is told to restore a backup, and the file is left as it is."""
    file = tmp_path / "journal.db"
    file.write_bytes(b"this is a shopping list\n" * 100)

    async def story() -> None:
        async with open_journal(SqliteFile(file)):
            pass

    with pytest.raises(StorageUnavailable, match="no SQLite database: restore a backup"):
        asyncio.run(story())
    assert file.read_bytes().startswith(b"this is a shopping list")


def test_pages_that_were_overwritten(tmp_path: Path) -> None:
    """Damage of the file is told as such when it is met."""
    storage = SqlStorage(SqliteFile(tmp_path / "journal.db"), inline=True)

    async def fill() -> None:
        async with working(storage) as worker:
            await worker.journal.append(*(entry(seq, "x" * 3_000) for seq in range(1, 100)))

    async def look() -> None:
        async with storage.open_reader() as reader:
            await numbers(reader.journal)

    asyncio.run(fill())
    with (tmp_path / "journal.db").open("r+b") as file:
        file.seek(60 * 4_096)
        file.write(b"\xff" * 40 * 4_096)
    with pytest.raises((StorageUnavailable, JournalCorrupt), match="restore a backup"):
        asyncio.run(look())


def test_a_lock_file_that_was_deleted(tmp_path: Path) -> None:
    """Two workers that both believe to be alone are told apart by the epoch: the older one cannot write."""
    storage = SqlStorage(SqliteFile(tmp_path / "journal.db"), inline=False)

    async def story() -> None:
        async with working(storage) as first:
            await first.journal.append(entry(1))
            (tmp_path / LOCK_FILE).unlink()
            async with working(storage, "worker 2") as second:
                await second.journal.append(entry(2, "second"))
                with pytest.raises(LeaseLost, match="worker 2"):
                    await first.journal.append(entry(2, "first"))
                assert not first.lease.is_held
                await second.journal.append(entry(3, "second"))
                assert [each.event for each in await kept(second.journal, 2)] == [
                    entry(2, "second").event,
                    entry(3, "second").event,
                ]

    asyncio.run(story())


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        ("UPDATE entry SET payload = commands WHERE seq = 3", "does not fit its checksum"),
        ("UPDATE entry SET received = received + 1 WHERE seq = 3", "does not fit its checksum"),
        ("UPDATE entry SET record_seq = 0 WHERE seq = 3", "does not fit its checksum"),
        ("DELETE FROM entry WHERE seq = 3", "is missing"),
    ],
)
def test_a_corrupt_entry(anywhere: SqlStorage, damage: str, says: str) -> None:
    """What was changed or taken out behind the journal's back is found, and named with what can be done."""

    async def story() -> None:
        async with working(anywhere) as worker:
            await worker.journal.append(*entries(1, 5))
            anywhere.execute(damage)
            with pytest.raises(JournalCorrupt, match=f"journal entry 3 {says}.*fadearena journal skip 3") as caught:
                await kept(worker.journal)
            assert caught.value.seq == 3
            assert await numbers(worker.journal, 4) == [4, 5]

    asyncio.run(story())


def test_the_last_asked_for_entry_is_missing(anywhere: SqlStorage) -> None:
    """A hole at the end of what was asked for is found, too."""

    async def story() -> None:
        async with working(anywhere) as worker:
            await worker.journal.append(*entries(1, 5))
            anywhere.execute("DELETE FROM entry WHERE seq = 3")
            with pytest.raises(JournalCorrupt, match="journal entry 3 is missing"):
                await kept(worker.journal, 2, 3)

    asyncio.run(story())


def test_a_corrupt_part_of_a_snapshot(anywhere: SqlStorage) -> None:
    """A snapshot whose part was changed is not used."""

    async def story() -> None:
        async with working(anywhere) as worker:
            opened = await open_full(worker, 0, {"a": b"1", "b": b"2"})
            anywhere.execute("UPDATE snapshot_part SET crc = crc + 1 WHERE key = 'b'")
            for load in (worker.snapshots.load(), worker.snapshots.load_opening(opened)):
                with pytest.raises(JournalCorrupt, match="part 'b' does not fit its checksum"):
                    await load

    asyncio.run(story())


def test_entries_of_another_writer(anywhere: SqlStorage) -> None:
    """An append behind which somebody else has written fails; reopening finds what is there."""

    async def story() -> None:
        async with working(anywhere) as worker:
            await worker.journal.append(*entries(1, 3))
            anywhere.execute("DELETE FROM entry WHERE seq = 3")
            await refused(worker, 4, "ends at entry 2, not at 3: recover from there")
            await goes_on(worker, 2)

    asyncio.run(story())


class Unanswered:
    """A session whose next commit goes through, but whose answer does not come back."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._is_lost = True

    def __getattr__(self, name: str) -> object:
        return getattr(self._session, name)

    def insert(self, *arguments: object) -> int:
        """Commit, and fail the first time."""
        count = self._session.insert(*arguments)  # type: ignore[arg-type]
        if not self._is_lost:
            return count
        self._is_lost = False
        raise StorageUnavailable("no answer came: look at the network, then start again")


def test_a_commit_whose_answer_was_lost(anywhere: SqlStorage) -> None:
    """It failed for whoever waited, but it is durable: reopening finds it, and it is not there twice."""

    async def story() -> None:
        async with working(anywhere) as worker:
            await worker.journal.append(entry(1))
            worker.journal._keeper.session = Unanswered(session_of(worker))  # type: ignore[attr-defined]
            await refused(worker, 2, "no answer came")
            await goes_on(worker, 2)

    asyncio.run(story())
