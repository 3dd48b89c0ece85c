"""The tables of the read store: what is projected into them, and what happens when their database fails."""

import asyncio
import sqlite3
import time
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import get_args

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from fadearena.adapters.sql import tables
from fadearena.adapters.sql.database import Location, PostgresDatabase, SqliteFile
from fadearena.adapters.sql.engine import engine_of
from fadearena.adapters.sql.migrations import downgrade
from fadearena.adapters.sql.read_store import ReadDatabase, open_read_store
from fadearena.adapters.sql.read_store.projection import PROJECTIONS
from fadearena.model.error import InvalidInput, StorageOutdated, StorageUnavailable
from fadearena.model.event import Kill
from fadearena.model.record import Alert, Record
from fadearena.ports.heartbeat import Beat
from fadearena.ports.journal import JournalEntry
from tests.support.entries import Writer, golden
from tests.support.postgres import Server
from tests.support.read_stores import read_location
from tests.support.read_tables import Dump, dump
from tests.support.shown import bot_policy, latch, letter, one_of_each, order, performance, settings, sleeve
from tests.support.tables import lay

__all__ = ["read_location"]
ALERT = Alert(level="critical", category="c", subject="s", text="t")


def project(location: Location, entries: Sequence[JournalEntry], size: int = 500) -> Dump:
    """Take entries in, `size` at a time, and return what stands in the tables."""

    async def story() -> None:
        async with open_read_store(location, inline=True) as store:
            for start in range(0, len(entries), size):
                await store.records.project(entries[start : start + size])

    asyncio.run(story())
    return dump(location)


def stories() -> list[JournalEntry]:
    """Return the golden journal, and after it settings, latches and records of every other kind."""
    entries = golden()
    writer = Writer(entries[-1].seq, entries[-1].record_seq)
    first = settings(bot_policy("a", 1), bot_policy("b", 2), accounts=("main", "alt"))
    second = settings(bot_policy("b", 3), version=2)
    made = [
        writer.entry(*one_of_each(), first, sleeve("a", size="1"), sleeve("b", size="1"), performance("b"), at=7),
        writer.entry(latch("all", "kill", "halted"), latch("bot:a", "pause", "reducing"), order("0x1"), at=8),
        writer.entry(latch("all", "kill", "active", is_set=False), letter("x"), letter("x", "retried"), at=9),
        writer.entry(second, sleeve("b", size="2"), letter("x"), *one_of_each(), at=10),
    ]
    return entries + made


def test_the_migrations_make_the_tables_that_the_program_declares(read_location: Location) -> None:
    """Columns, types, keys and indexes: nothing is missing in the database, and nothing is left over."""
    engine = engine_of(read_location, "read")
    with engine.begin() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, tables.metadata) == []
    engine.dispose()


def test_every_kind_of_record_has_a_projection() -> None:
    """A new record breaks this until somebody has an opinion on what it changes."""
    assert set(PROJECTIONS) == set(get_args(Record))


def test_every_table_is_projected_or_owned() -> None:
    """A rebuild empties the one kind and never the other."""
    assert set(tables.PROJECTED) | set(tables.OWNED) == set(tables.metadata.sorted_tables)
    assert not set(tables.PROJECTED) & set(tables.OWNED)


def test_the_stories_fill_every_table(tmp_path: Path) -> None:
    """What the tests below compare is not empty."""
    location = SqliteFile(tmp_path / "read.db")
    lay(location, "read")
    assert [name for name, rows in project(location, stories()).items() if not rows] == []


def test_rows_do_not_depend_on_how_entries_come(read_location: Location, tmp_path: Path) -> None:
    """One at a time, in groups or at once, on SQLite or on PostgreSQL: row by row the same."""
    other = SqliteFile(tmp_path / "other.db")
    lay(other, "read")
    entries = stories()[-150:]
    head = stories()[:-150]
    project(read_location, head, 333)
    project(other, head, 2_000)
    assert project(read_location, entries, 1) == project(other, entries, 2_000)


def test_a_rebuild_makes_every_row_as_it_was(read_location: Location) -> None:
    """Forgotten and projected again: row by row the same, and what is owned was not touched."""
    before = project(read_location, stories())

    async def story() -> None:
        async with open_read_store(read_location, inline=True) as store:
            entry = await store.control.put("ann", Kill())
            await store.records.clear()
            assert all(not rows for name, rows in dump(read_location).items() if name != "projection")
            assert await store.control.get(entry.id) == entry

    asyncio.run(story())
    assert project(read_location, stories(), 97) == before


def test_decimals_come_back_as_they_went_in(read_location: Location) -> None:
    """Every digit is kept, and equal numbers have equal texts."""
    numbers = [Decimal(text) for text in ("1E-24", "-0", "1E+20", "0.10", "-1234567890123456.789012345678")]
    engine = engine_of(read_location, "read")
    with engine.begin() as connection:
        rows = [{"record_seq": n, "time": 0, "account": "a", "usd": x, "reason": ""} for n, x in enumerate(numbers)]
        connection.execute(sa.insert(tables.cash_booked), rows)
        found = list(
            connection.execute(sa.select(tables.cash_booked.c.usd).order_by(tables.cash_booked.c.record_seq)).scalars()
        )
    engine.dispose()
    assert found == numbers
    assert [str(number) for number in found[1:4]] == ["0", "100000000000000000000", "0.1"]


def test_a_store_without_its_tables_is_refused(read_location: Location, tmp_path: Path) -> None:
    """The error names the command that makes them, at opening and also later."""
    with pytest.raises(StorageOutdated, match="fadearena db upgrade"):
        open_read_store(SqliteFile(tmp_path / "nothing.db"))

    async def story() -> None:
        async with open_read_store(read_location) as store:
            downgrade(read_location, "read", "base")
            with pytest.raises((StorageOutdated, StorageUnavailable), match="system_status"):
                await store.records.system()

    asyncio.run(story())


def test_what_fails_leaves_nothing(read_location: Location) -> None:
    """A group that is refused in its middle, after settings were written, leaves every row as it was."""
    writer = Writer()
    good = [writer.entry(ALERT, settings(bot_policy("a"))), writer.entry(order("0x1"))]
    bad = [writer.entry(settings(bot_policy("b", 2), version=2), order("0x1")), Writer(9, 9).entry(ALERT)]
    before = project(read_location, good)
    with pytest.raises(InvalidInput):
        project(read_location, bad)
    assert dump(read_location) == before
    assert project(read_location, bad[:1]) != before


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    """The error says what to do."""
    location = SqliteFile(tmp_path / "read.db")
    location.path.write_bytes(b"no database at all, but long enough to be taken for one" * 40)
    with pytest.raises(StorageUnavailable, match="restore a backup"):
        open_read_store(location)


@pytest.mark.slow
def test_a_locked_database_is_an_error_that_passes(tmp_path: Path) -> None:
    """While another holds the lock nothing can be written, reading goes on; afterwards all goes on."""
    location = SqliteFile(tmp_path / "read.db")
    lay(location, "read")
    entry = Writer().entry(ALERT)

    async def story() -> None:
        async with open_read_store(location) as store:
            other = sqlite3.connect(location.path, isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StorageUnavailable, match="another process has locked it"):
                await store.records.project([entry])
            assert (await store.records.position()).journal_seq == 0
            other.execute("ROLLBACK")
            other.close()
            assert (await store.records.project([entry])).journal_seq == 1

    asyncio.run(story())


@pytest.mark.slow
def test_a_beat_gives_up_within_a_second(tmp_path: Path) -> None:
    """A process whose beat cannot be written goes on, and the next beat is written."""
    location = SqliteFile(tmp_path / "read.db")
    lay(location, "read")
    beat = Beat(process="worker", pid=1, time=1, status="running", mode="simulation", journal_seq=0)

    async def story(store: ReadDatabase) -> None:
        other = sqlite3.connect(location.path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        with pytest.raises(StorageUnavailable, match="no beat"):
            await store.heartbeats.beat(beat)
        assert 0.9 < time.monotonic() - began < 1.9
        other.execute("ROLLBACK")
        other.close()
        await store.heartbeats.beat(beat)
        assert await store.heartbeats.beats() == (beat,)

    async def opened() -> None:
        async with open_read_store(location) as store:
            await story(store)

    asyncio.run(opened())


def test_a_server_that_was_restarted_is_found_again(own_pg_server: Server) -> None:
    """While it is away everything fails and leaves nothing; once it is back everything goes on by itself."""
    location = PostgresDatabase(own_pg_server.url)
    lay(location, "read")
    writer = Writer()
    first, second = writer.entry(ALERT), writer.entry(ALERT)

    async def story() -> None:
        async with open_read_store(location) as store:
            await store.records.project([first])
            await store.records.position()
            own_pg_server.stop()
            with pytest.raises(StorageUnavailable):
                await store.records.project([second])
            with pytest.raises(StorageUnavailable):
                await store.records.position()
            own_pg_server.start()
            assert (await store.records.position()).journal_seq == 1
            assert (await store.records.project([second])).journal_seq == 2

    asyncio.run(story())
