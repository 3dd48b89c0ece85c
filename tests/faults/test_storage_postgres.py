"""
PostgreSQL that fails: connections that are cut, servers that go away, locks of others.

Each story ends the same way: the fault is mended, the journal reopened, and every durable entry is there exactly once.
"""

import asyncio
import signal
from contextlib import closing
from typing import cast
from urllib.parse import urlsplit

import psycopg
import pytest

from fadearena.adapters.memory.wakeups import MemoryWakeups
from fadearena.adapters.sql.connecting import open_session
from fadearena.adapters.sql.database import PostgresDatabase
from fadearena.adapters.sql.journal.locks import AdvisoryLock
from fadearena.adapters.sql.journal.store import open_journal, open_journal_reader
from fadearena.adapters.sql.migrations import upgrade
from fadearena.adapters.sql.read_store import open_read_store
from fadearena.adapters.sql.session import Session
from fadearena.adapters.sql.wakeups import open_listener
from fadearena.kit.clock import SystemClock
from fadearena.model.error import LeaseLost, StorageUnavailable
from fadearena.ports.read_store import Position
from fadearena.ports.wakeups import Topic
from tests.support.journals import SqlStorage, entries, entry, goes_on, kept, numbers, refused, session_of, working
from tests.support.postgres import Server

WORKERS = "SELECT pid FROM pg_stat_activity WHERE application_name = 'fadearena-worker'"


@pytest.fixture(params=["threaded", "inline"])
def in_postgres(request: pytest.FixtureRequest, pg_url: str) -> SqlStorage:
    """An empty journal on a server."""
    return SqlStorage(PostgresDatabase(pg_url), inline=request.param == "inline")


def end_workers(url: str) -> None:
    """Cut the connections of all workers, as an administrator or a network would."""
    with psycopg.connect(url, autocommit=True) as connection:
        for (pid,) in connection.execute(WORKERS.encode()).fetchall():
            connection.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))


def test_a_connection_that_was_cut_between_commits(in_postgres: SqlStorage, pg_url: str) -> None:
    """The next append fails with nothing kept; a new connection takes the lease again, and goes on."""

    async def story() -> None:
        async with working(in_postgres) as worker:
            await worker.journal.append(*entries(1, 3))
            end_workers(pg_url)
            await refused(worker, 4, "wait for it|the connection is gone")
            await goes_on(worker, 3)

    asyncio.run(story())


def test_a_connection_that_was_cut_during_a_commit(pg_url: str) -> None:
    """An append that waits inside the server when its connection is cut is not kept, and is not tried again."""
    storage = SqlStorage(PostgresDatabase(pg_url), inline=False)

    async def story() -> None:
        async with working(storage) as worker:
            await worker.journal.append(*entries(1, 3))
            with psycopg.connect(pg_url) as other:
                other.execute("LOCK TABLE journal.entry IN ACCESS EXCLUSIVE MODE")
                waiting = asyncio.ensure_future(worker.journal.append(entry(4)))
                behind = asyncio.ensure_future(worker.journal.append(entry(5)))
                await asyncio.to_thread(wait_for_lock, pg_url)
                end_workers(pg_url)
                for task in (waiting, behind):
                    with pytest.raises(StorageUnavailable):
                        await task
            await goes_on(worker, 3)

    asyncio.run(story())


def wait_for_lock(url: str) -> None:
    """Return once a worker waits for a lock; the server is asked again and again."""
    with psycopg.connect(url, autocommit=True) as connection:
        while not connection.execute(f"{WORKERS} AND wait_event_type = 'Lock'".encode()).fetchall():
            pass


def test_another_session_that_holds_a_lock(in_postgres: SqlStorage, pg_url: str) -> None:
    """Nothing waits for ever: the append fails, and says what stands in its way."""

    async def story() -> None:
        async with working(in_postgres) as worker:
            await worker.journal.append(*entries(1, 2))
            session_of(worker).change("SET lock_timeout = '50ms'")
            with psycopg.connect(pg_url) as other:
                other.execute("LOCK TABLE journal.entry IN ACCESS EXCLUSIVE MODE")
                await refused(worker, 3, "another session holds a lock")
            await goes_on(worker, 2)

    asyncio.run(story())


def test_a_lease_that_went_to_another_while_the_connection_was_cut(in_postgres: SqlStorage, pg_url: str) -> None:
    """The server gave the lock away: the first worker cannot come back, and nothing of it is kept."""

    async def story() -> None:
        async with working(in_postgres) as first:
            await first.journal.append(entry(1))
            end_workers(pg_url)
            async with working(in_postgres, "worker 2") as second:
                await second.journal.append(entry(2, "second"))
                with pytest.raises(StorageUnavailable):
                    await first.journal.append(entry(2, "first"))
                with pytest.raises(LeaseLost, match="worker 2"):
                    await first.journal.reopen()
                assert not await first.lease.acquire("worker 1")
                assert await kept(second.journal) == [entry(1), entry(2, "second")]

    asyncio.run(story())


def test_a_worker_whose_lease_is_gone_stands_by(in_postgres: SqlStorage, pg_url: str) -> None:
    """It asks for the lease like any other, also over a connection that was cut, and gets it when the other ends."""

    async def story() -> None:
        async with working(in_postgres) as first:
            end_workers(pg_url)
            async with working(in_postgres, "worker 2") as second:
                await second.journal.append(entry(1))
                with pytest.raises(StorageUnavailable):
                    await first.journal.append(entry(1))
                assert not await first.lease.acquire("worker 1")
                end_workers(pg_url)
                with pytest.raises(StorageUnavailable):
                    await first.lease.acquire("worker 1")
            assert await first.lease.acquire("worker 1")
            await first.journal.append(entry(2))
            assert await numbers(first.journal) == [1, 2]

    asyncio.run(story())


def test_nobody_takes_the_lease_during_a_commit(pg_url: str) -> None:
    """The epoch cannot grow while a statement that was made under it is not committed yet."""
    storage = SqlStorage(PostgresDatabase(pg_url), inline=True)

    async def story() -> None:
        async with working(storage) as worker:
            session = session_of(worker)
            with session.transaction():
                await worker.journal.append(entry(1))
                with (
                    psycopg.connect(pg_url, options="-c lock_timeout=50ms") as other,
                    pytest.raises(psycopg.errors.LockNotAvailable),
                ):
                    other.execute("UPDATE journal.lease SET epoch = epoch + 1")
            assert await numbers(worker.journal) == [1]

    asyncio.run(story())


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["in good order", "at once"])
def test_a_server_that_is_restarted(own_pg_server: Server, how: signal.Signals) -> None:
    """While it is down every attempt fails and says so; once it is up all that was acknowledged is there."""
    storage = SqlStorage(PostgresDatabase(own_pg_server.url), inline=False)

    async def story() -> None:
        async with working(storage) as worker:
            await worker.journal.append(*entries(1, 3))
            await asyncio.to_thread(own_pg_server.stop, how)
            await refused(worker, 4, "wait for it|the connection is gone")
            for _ in range(2):
                with pytest.raises(StorageUnavailable, match="check the network and that the server runs"):
                    await worker.journal.reopen()
            with pytest.raises(StorageUnavailable):
                await numbers(worker.journal)
            await asyncio.to_thread(own_pg_server.start)
            await goes_on(worker, 3)

    asyncio.run(story())


def test_a_server_that_is_not_there() -> None:
    """Opening says what to check, and does not show the password."""
    location = PostgresDatabase("postgresql://ann:s3cret@localhost:1/fade")

    async def story() -> None:
        async with open_journal_reader(location):
            pass

    with pytest.raises(StorageUnavailable, match="check the network and that the server runs") as caught:
        asyncio.run(story())
    assert "s3cret" not in str(caught.value) + repr(location)


def test_a_session_that_the_server_believes_alive(pg_url: str) -> None:
    """Where the network broke and the server has not noticed, the old session of ours is ended by the new one."""
    location = PostgresDatabase(pg_url)
    upgrade(location, "journal")

    async def story() -> None:
        async with open_journal(location, inline=True) as store:
            assert await store.lease.acquire("worker 1")
            await store.journal.append(entry(1))
            keeper = store.journal._keeper
            old, keeper.session = keeper.session, cast("Session", Cut())
            with pytest.raises(StorageUnavailable, match="the network is gone"):
                await store.journal.append(entry(2))
            await store.journal.reopen()
            await store.journal.append(entry(2))
            assert await numbers(store.journal) == [1, 2]
            with pytest.raises(StorageUnavailable):
                old.rows("SELECT 1")
            old.close()

    asyncio.run(story())


def test_a_server_that_only_reads(in_postgres: SqlStorage) -> None:
    """The append fails, and says so; the next look is over a new connection, which leads to the primary perhaps."""

    async def story() -> None:
        async with working(in_postgres) as worker:
            await worker.journal.append(*entries(1, 2))
            session_of(worker).change("SET default_transaction_read_only = on")
            await refused(worker, 3, "connect to the primary")
            await goes_on(worker, 2)

    asyncio.run(story())


def test_a_role_that_owns_two_schemas_and_nothing_else(pg_url: str) -> None:
    """Tables, lease, appends, a lock that is taken over from a cut session, and wake-ups need no other right."""
    role = f"app_{urlsplit(pg_url).path.strip('/')}"
    with psycopg.connect(pg_url, autocommit=True) as admin:
        admin.execute(f"CREATE ROLE {role} LOGIN".encode())
        for tree in ("journal", "read"):
            admin.execute(f"CREATE SCHEMA {tree} AUTHORIZATION {role}".encode())
    location = PostgresDatabase(pg_url.replace("postgres@", f"{role}@"))
    storage = SqlStorage(location, inline=False)
    upgrade(location, "read")

    async def story() -> None:
        async with working(storage) as worker, open_listener(location, MemoryWakeups(SystemClock())) as wakeups:
            while not wakeups.is_listening:
                await wakeups.wait(Topic.JOURNAL, 5)
            await worker.journal.append(entry(1))
            end_workers(pg_url)
            await refused(worker, 2, "wait for it|the connection is gone")
            await goes_on(worker, 1)

    try:
        asyncio.run(story())
    finally:
        with psycopg.connect(pg_url, autocommit=True) as admin:
            admin.execute(f"DROP OWNED BY {role} CASCADE".encode())
            admin.execute(f"DROP ROLE {role}".encode())


def test_a_number_that_the_server_gave_again(pg_url: str) -> None:
    """After a restart another worker's session may have the number of ours: it lives on, with the lock."""
    location = PostgresDatabase(pg_url)
    upgrade(location, "journal")
    lock, theirs = AdvisoryLock("journal"), AdvisoryLock("journal")
    with closing(open_session(location, "journal")) as before, closing(open_session(location, "journal")) as other:
        assert lock.take(before)
        before.close()
        until_free(theirs, other)
        mine = cast("tuple[int, str]", lock._session)
        lock._session = (other.rows("SELECT pg_backend_pid()")[0][0], mine[1])
        with closing(open_session(location, "journal")) as after:
            assert not lock.keep(after)
            assert other.rows("SELECT 1") == [(1,)]


def until_free(lock: AdvisoryLock, session: Session) -> None:
    """Take a lock once the server has noticed that its session is gone; it is asked again and again."""
    while not lock.take(session):
        pass


@pytest.mark.slow
def test_a_server_that_stands_still(own_pg_server: Server) -> None:
    """Readers are told after a while, and nothing leaves any more; what was being appended is kept when it goes on."""
    storage = SqlStorage(PostgresDatabase(own_pg_server.url), inline=False)
    upgrade(storage.location, "read")

    async def story() -> None:
        async with working(storage) as worker, open_read_store(storage.location) as read:
            await worker.journal.append(*entries(1, 3))
            await read.records.position()
            own_pg_server.pause()
            try:
                waiting = asyncio.ensure_future(worker.journal.append(entry(4)))
                with pytest.raises(StorageUnavailable, match="did not answer for 5 s"):
                    await read.records.position()
                was_held = worker.lease.is_held
            finally:
                own_pg_server.go_on()
            await waiting
            assert not was_held
            assert worker.lease.is_held
            assert await numbers(worker.journal) == [1, 2, 3, 4]
            assert await read.records.position() == Position()

    asyncio.run(story())


class Cut:
    """A session behind a network that is gone: nothing gets through, not even the end of it."""

    for_share = ""
    is_broken = True

    def __getattr__(self, name: str) -> object:
        raise StorageUnavailable("the network is gone: mend it, then start again")

    def close(self) -> None:
        """Do nothing: the server does not hear of it."""
