"""The tables go up and down, and are what the program expects."""

import asyncio
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa

from fadearena.adapters.sql.database import Location, PostgresDatabase, SqliteFile, Tree
from fadearena.adapters.sql.engine import engine_of
from fadearena.adapters.sql.journal.tables import KEPT
from fadearena.adapters.sql.migrations import HEADS, current, downgrade, head, moving, require_head, upgrade
from fadearena.adapters.sql.read_store import open_read_store
from fadearena.model.error import InvalidInput, StorageOutdated
from fadearena.model.policy import Policy
from fadearena.model.record import Alert, EquityPoint
from fadearena.model.units import MINUTE_MS
from fadearena.ports.journal import JournalEntry
from fadearena.ports.read_store import BotView, SettingsView
from tests.support.entries import Writer
from tests.support.read_tables import dump
from tests.support.shown import bot_policy, one_of_each, settings

TREES: tuple[Tree, ...] = ("journal", "read")


@pytest.fixture(params=["sqlite", "postgres"])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> Location:
    """Where nothing is yet."""
    if request.param == "sqlite":
        return SqliteFile(tmp_path / "deep" / "data.db")
    return PostgresDatabase(request.getfixturevalue("pg_url"))


def tables(location: Location, tree: Tree) -> dict[str, list[tuple[str, str, bool]]]:
    """Return table -> its columns, their types, and whether they may be null."""
    engine = engine_of(location, tree)
    try:
        found = sa.inspect(engine)
        return {
            table: [
                (column["name"], str(column["type"]), bool(column["nullable"])) for column in found.get_columns(table)
            ]
            for table in sorted(found.get_table_names())
        }
    finally:
        engine.dispose()


@pytest.mark.parametrize("tree", TREES)
def test_a_tree_goes_up_down_and_up_again(location: Location, tree: Tree) -> None:
    """Nothing is left after the way down, and the second way up makes what the first one made."""
    assert current(location, tree) is None
    upgrade(location, tree)
    first = tables(location, tree)
    assert current(location, tree) == HEADS[tree]
    require_head(location, tree)
    downgrade(location, tree, "base")
    assert set(tables(location, tree)) <= {"alembic_version"}
    assert current(location, tree) is None
    upgrade(location, tree)
    upgrade(location, tree)
    assert tables(location, tree) == first


def test_both_trees_live_in_one_database(pg_url: str) -> None:
    """On PostgreSQL each tree has its schema and its version: one goes down, the other stays."""
    database = PostgresDatabase(pg_url)
    for tree in TREES:
        upgrade(database, tree)
    downgrade(database, "read", "base")
    assert (current(database, "journal"), current(database, "read")) == (HEADS["journal"], None)


@pytest.mark.parametrize("tree", TREES)
def test_the_program_names_the_newest_version(tree: Tree) -> None:
    """`HEADS` is what Alembic finds in the files."""
    assert moving.scripts(tree).get_current_head() == HEADS[tree] == head(tree)


def test_a_database_without_tables_is_refused(location: Location) -> None:
    """The error names the command that makes them."""
    with pytest.raises(StorageOutdated, match="fadearena db upgrade"):
        require_head(location, "journal")


@pytest.mark.parametrize(("version", "advice"), [("0000", "fadearena db upgrade"), ("9999", "install that one")])
def test_another_version_is_refused(location: Location, version: str, advice: str) -> None:
    """An older database has to be brought up to date, a newer one needs a newer program."""
    upgrade(location, "journal")
    engine = engine_of(location, "journal")
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = :version"), {"version": version})
    engine.dispose()
    with pytest.raises(StorageOutdated, match=advice):
        require_head(location, "journal")
    with pytest.raises(StorageOutdated, match="does not know"):
        upgrade(location, "journal")


def test_there_is_no_way_to_an_unknown_version(location: Location) -> None:
    """A version that never was is the caller's mistake, and changes nothing."""
    upgrade(location, "journal")
    with pytest.raises(InvalidInput, match="0815"):
        downgrade(location, "journal", "0815")
    require_head(location, "journal")


def test_the_tables_of_the_journal(location: Location) -> None:
    """They have the columns that its statements name."""
    upgrade(location, "journal")
    found = {table: tuple(name for name, _, _ in columns) for table, columns in tables(location, "journal").items()}
    found.pop("alembic_version")
    assert found.pop("lease") == ("id", "epoch", "holder", "since")
    assert found == {table.name: table.columns for table in KEPT}


def test_what_was_shown_before_there_was_an_outbox_is_not_told(location: Location) -> None:
    """After the upgrade neither the old alerts nor a rebuild of them is queued; new ones are. The way back works."""
    alert = Alert(level="warning", category="c", subject="s", text="t")
    writer = Writer()
    old, new = writer.entry(alert, at=1_000), writer.entry(alert, at=2_000)
    upgrade(location, "read")

    async def project(*entries: JournalEntry) -> list[int | None]:
        async with open_read_store(location, inline=True) as store:
            await store.records.clear()
            await store.records.project(entries)
            return [row.record_seq for row in await store.outbox.queued(10)]

    assert asyncio.run(project(old)) == [1]
    downgrade(location, "read", "0001")
    assert "alert_outbox" not in tables(location, "read")
    upgrade(location, "read")
    assert asyncio.run(project(old, new)) == [2]


def test_the_settings_of_bots_move_to_the_bots_and_back(location: Location) -> None:
    """What was shown before is shown after, in both directions; also where nothing was set yet."""
    set_then = settings(bot_policy("z", 1), bot_policy("a", 2))
    upgrade(location, "read")
    downgrade(location, "read", "0004")
    upgrade(location, "read")

    async def shown(*entries: JournalEntry) -> tuple[SettingsView | None, tuple[BotView, ...]]:
        async with open_read_store(location, inline=True) as store:
            await store.records.project(entries)
            return await store.records.settings(), await store.records.bots()

    before = asyncio.run(shown(Writer().entry(set_then, at=1_000)))
    assert before[0] is not None
    assert before[0].policy == set_then.policy
    downgrade(location, "read", "0004")
    engine = engine_of(location, "read")
    with engine.begin() as connection:
        text = connection.execute(sa.text("SELECT policy FROM settings")).scalar_one()
    engine.dispose()
    assert msgspec.json.decode(text, type=Policy) == set_then.policy
    upgrade(location, "read")
    assert asyncio.run(shown()) == before


def test_history_of_before_is_filled_into_the_new_tables(location: Location) -> None:
    """Trades, what is counted of them and how far curves fell are what a rebuild makes; the way back works."""
    writer = Writer()
    curve = [
        EquityPoint(series="bot:a", usd=None if usd is None else Decimal(usd)) for usd in ("10", None, "2.50", "4")
    ]
    entries = [writer.entry(*one_of_each(), point, at=n * MINUTE_MS) for n, point in enumerate(curve)]

    async def project() -> None:
        async with open_read_store(location, inline=True) as store:
            await store.records.project(entries)

    upgrade(location, "read")
    asyncio.run(project())
    before = dump(location)
    downgrade(location, "read", "0005")
    assert "trade_count" not in tables(location, "read")
    upgrade(location, "read")
    after = dump(location)
    assert {name for name, rows in before.items() if after[name] != rows} == set()
    assert len(after["trade"]) == 8
    assert after["equity_extent"] == [("bot:a", Decimal(10), Decimal(4), Decimal(10), Decimal("7.5"), Decimal("0.75"))]
