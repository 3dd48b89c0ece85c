"""Wake-ups between processes on PostgreSQL: who commits what wakes whom, also where connections break."""

import asyncio
from collections.abc import Awaitable, Callable

import psycopg
import pytest

from fadearena.adapters.memory.wakeups import MemoryWakeups
from fadearena.adapters.sql.database import PostgresDatabase
from fadearena.adapters.sql.journal.store import open_journal
from fadearena.adapters.sql.migrations import upgrade
from fadearena.adapters.sql.read_store import ReadDatabase, open_read_store
from fadearena.adapters.sql.wakeups import PostgresWakeups, open_listener
from fadearena.kit.clock import SystemClock
from fadearena.model.event import Kill
from fadearena.ports.journal import JournalWriter
from fadearena.ports.wakeups import Topic
from tests.support.journals import entry
from tests.support.wakeups import heard, listening

_LONG_MS = 60_000
_PATIENCE_S = 20
LISTENERS = "SELECT pid FROM pg_stat_activity WHERE application_name = 'fadearena-listener'"


def tell(
    database: PostgresDatabase, story: Callable[[PostgresWakeups, JournalWriter, ReadDatabase], Awaitable[None]]
) -> None:
    """Tell a story between one process that listens and another that writes."""
    for tree in ("journal", "read"):
        upgrade(database, tree)

    async def told() -> None:
        async with (
            open_listener(database, MemoryWakeups(SystemClock())) as wakeups,
            open_journal(database) as store,
            open_read_store(database) as read,
        ):
            assert await store.lease.acquire("worker")
            await listening(wakeups)
            await story(wakeups, store.journal, read)

    asyncio.run(told())


def test_each_commit_wakes_those_who_wait_for_it(pg_schemas: PostgresDatabase) -> None:
    """Entries, their projection and commands of people are told, each on its own; what changes nothing is not."""

    async def story(wakeups: PostgresWakeups, journal: JournalWriter, read: ReadDatabase) -> None:
        entries = [entry(1), entry(2)]
        assert await heard(wakeups, lambda: _append(journal, 1)) == {Topic.JOURNAL}
        assert await heard(wakeups, lambda: _append(journal, 2)) == {Topic.JOURNAL}
        assert await heard(wakeups, lambda: read.records.project(entries)) == {Topic.RECORDS}
        assert await heard(wakeups, lambda: read.control.put("ann", Kill())) == {Topic.CONTROL}

        async def nothing_new() -> None:
            await read.records.project(entries)
            await _append(journal, 3)

        assert await heard(wakeups, nothing_new) == {Topic.JOURNAL}

    tell(pg_schemas, story)


async def _append(journal: JournalWriter, seq: int) -> None:
    await journal.append(entry(seq))


def test_a_mode_hears_nothing_of_the_other(pg_url: str) -> None:
    """Simulation and live lie in one database, in schemas of their own: each is told on channels of its own."""
    live = PostgresDatabase(pg_url, suffix="_live")
    upgrade(live, "read")

    async def story(wakeups: PostgresWakeups, journal: JournalWriter, read: ReadDatabase) -> None:
        async with open_read_store(live) as other:

            async def both() -> None:
                await other.control.put("ann", Kill())
                await _append(journal, 1)

            assert await heard(wakeups, both) == {Topic.JOURNAL}

    tell(PostgresDatabase(pg_url), story)


def test_a_listener_whose_connection_was_cut_listens_again(pg_url: str) -> None:
    """Meanwhile nobody waits longer than he asked for; afterwards everybody is woken once, and hears as before."""

    async def story(wakeups: PostgresWakeups, journal: JournalWriter, read: ReadDatabase) -> None:
        for topic in Topic:
            await wakeups.wait(topic, 0)
        waiting = asyncio.create_task(wakeups.wait(Topic.RECORDS, _LONG_MS))
        await asyncio.sleep(0)
        with psycopg.connect(pg_url, autocommit=True) as connection:
            for (pid,) in connection.execute(LISTENERS.encode()).fetchall():
                connection.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
        async with asyncio.timeout(_PATIENCE_S):
            await waiting
        assert wakeups.is_listening
        assert await heard(wakeups, lambda: _append(journal, 1)) == {Topic.JOURNAL}

    tell(PostgresDatabase(pg_url), story)


@pytest.mark.parametrize("url", ["postgresql://nobody@127.0.0.1:1/none", "postgresql://nobody@/none?host=/nowhere"])
def test_without_a_server_everybody_looks_by_himself(url: str) -> None:
    """A wait lasts as long as it may, and a wake-up inside the process still comes."""

    async def story() -> None:
        async with open_listener(PostgresDatabase(url), MemoryWakeups(SystemClock())) as wakeups:
            await wakeups.wait(Topic.RECORDS, 1)
            waiting = asyncio.create_task(wakeups.wait(Topic.RECORDS, _LONG_MS))
            await asyncio.sleep(0)
            wakeups.wake(Topic.RECORDS)
            async with asyncio.timeout(_PATIENCE_S):
                await waiting
            assert not wakeups.is_listening

    asyncio.run(story())
