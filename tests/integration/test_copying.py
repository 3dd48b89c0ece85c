"""An installation that moves between databases with `fadearena db copy`: whole, compared, into what is empty only."""

import asyncio
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from fadearena.adapters.sql import copying, tables
from fadearena.adapters.sql.copying import Home
from fadearena.adapters.sql.database import PostgresDatabase, SqliteFile, Tree
from fadearena.adapters.sql.engine import engine_of
from fadearena.adapters.sql.journal.store import no_worker
from fadearena.adapters.sql.read_store import open_read_store
from fadearena.cli.exit_codes import ExitCode
from fadearena.model.error import StorageOutdated, StorageUnavailable
from fadearena.model.event import Kill
from fadearena.model.record import Alert
from fadearena.ports.heartbeat import Beat
from tests.support.command import fadearena as run


def home_in(directory: Path) -> Home:
    """Return where a simulation's databases are in a data directory."""
    home = directory / "simulation"
    return {"journal": SqliteFile(home / "journal.db"), "read": SqliteFile(home / "read.db")}


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """A data directory with settings, a command that waits, an alert on its way, and signs of life that ended."""
    directory = tmp_path / "origin"
    assert run("db", "seed", "--data-dir", directory).code == ExitCode.OK
    asyncio.run(fill(home_in(directory)))
    return directory


async def fill(home: Home) -> None:
    """Leave something behind that no journal brings back."""
    async with open_read_store(home["read"]) as read:
        await read.control.put("ann", Kill())
        for number in range(3):
            alert = Alert(level="warning", category="c", subject="s", text=f"ünïcode {number} \u2603")
            assert await read.outbox.put(f"test:{number}", alert, number)
        await read.heartbeats.beat(Beat(process="worker", pid=1, time=1, status="running", mode="x", journal_seq=1))


def count(home: Home, tree: Tree, table: sa.Table) -> int:
    """Return how many rows a table has."""
    engine = engine_of(home[tree], tree)
    with engine.begin() as connection:
        found = connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
    engine.dispose()
    return int(found)


def test_there_and_back_again(origin: Path, pg_url: str, tmp_path: Path) -> None:
    """From SQLite to PostgreSQL and back into another directory: the same checksums, and numbers go on."""
    there = run("db", "copy", origin, pg_url, "--data-dir", origin, "--json")
    assert there.code == ExitCode.OK, there.err
    back = run("db", "copy", pg_url, f"file://{tmp_path}/back", "--data-dir", origin, "--json")
    assert back.code == ExitCode.OK, back.err
    assert back.report["modes"] == there.report["modes"]
    (mode,) = there.report["modes"]
    rows = {one["table"]: one["rows"] for one in mode["tables"]}
    assert (rows["journal.entry"], rows["read.control"], rows["read.alert_outbox"]) == (mode["journalSeq"], 1, 3)
    assert "read.heartbeat" not in rows
    assert "FADEARENA_DATABASE_URL" in there.report["next"][0]
    homes: tuple[Home, ...] = ({"read": PostgresDatabase(pg_url)}, home_in(tmp_path / "back"))
    for home in homes:
        assert count(home, "read", tables.heartbeat) == 0
        assert asyncio.run(put_one(home)) == 4
    for settings in ({"FADEARENA_DATABASE_URL": pg_url}, {}):
        directory = origin if settings else tmp_path / "back"
        assert run("journal", "verify", "--data-dir", directory, settings=settings).code == ExitCode.OK
        assert run("status", "--data-dir", directory, settings=settings).code == ExitCode.OK


async def put_one(home: Home) -> int:
    """Queue another alert, and return its number."""
    async with open_read_store(home["read"]) as read:
        assert await read.outbox.put("later", Alert(level="info", category="c", subject="s", text="t"), 9)
        return max(row.id for row in await read.outbox.rows(10))


def test_a_target_that_holds_something_is_refused(origin: Path, tmp_path: Path) -> None:
    """Nothing is overwritten, and both stay as they were."""
    other = tmp_path / "other"
    assert run("db", "seed", "--data-dir", other).code == ExitCode.OK
    refused = run("db", "copy", origin, other, "--data-dir", origin)
    assert refused.code == ExitCode.UNUSABLE_INPUT
    assert "holds something already" in refused.err
    assert run("journal", "verify", "--data-dir", other).code == ExitCode.OK
    same = run("db", "copy", origin, origin, "--data-dir", origin)
    assert "the same place" in same.err


@pytest.mark.parametrize("last", ["prepared", "copied", "half finished"])
def test_an_interrupted_copy_cannot_be_used_and_can_be_repeated(origin: Path, tmp_path: Path, last: str) -> None:
    """However far it came: commands say that the copy was not finished, and a second one begins from nothing."""
    target = tmp_path / "target"
    home = home_in(target)
    copying.prepare(home_in(origin), home)
    if last != "prepared":
        copying.copy(home_in(origin), home)
    if last == "half finished":
        copying.finish({"journal": home["journal"]})
    for command in ("status", "worker", "kill"):
        refused = run(command, "--data-dir", target)
        assert (refused.code, "repeat `fadearena db copy`" in refused.err) == (ExitCode.STORAGE_OUTDATED, True), command
    upgraded = run("db", "upgrade", "--no-backup", "--data-dir", target)
    assert "repeat `fadearena db copy`" in upgraded.err
    assert run("db", "copy", origin, target, "--data-dir", origin).code == ExitCode.OK
    assert run("status", "--data-dir", target).code == ExitCode.OK


def test_what_does_not_read_back_is_not_kept(origin: Path, tmp_path: Path) -> None:
    """A database that loses a row on its way fails the copy, and what was written goes."""
    target = tmp_path / "target"
    home = home_in(target)
    copying.prepare(home_in(origin), home)
    engine = engine_of(home["read"], "read")
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "CREATE TRIGGER lossy AFTER INSERT ON alert_outbox BEGIN DELETE FROM alert_outbox WHERE id = 2; END"
            )
        )
    engine.dispose()
    with pytest.raises(StorageUnavailable, match=r"alert_outbox does not read back .* \(2 of 3 rows\)"):
        copying.copy(home_in(origin), home)
    assert count(home, "read", tables.control) == 0


def test_nothing_may_run_meanwhile(origin: Path, tmp_path: Path) -> None:
    """A worker that holds the lease, or an API process that beats, has to end first."""
    with no_worker(home_in(origin)["journal"]) as is_free:
        assert is_free
        refused = run("db", "copy", origin, tmp_path / "target", "--data-dir", origin)
        assert (refused.code, "end it first" in refused.err) == (ExitCode.LEASE_LOST, True)
    asyncio.run(beat(home_in(origin)))
    refused = run("db", "copy", origin, tmp_path / "target", "--data-dir", origin)
    assert (refused.code, "api:7 is running (process 7)" in refused.err) == (ExitCode.UNUSABLE_INPUT, True)


async def beat(home: Home) -> None:
    """Have a process say that it lives right now."""
    async with open_read_store(home["read"]) as read:
        now = time.time_ns() // 1_000_000 + 60_000
        await read.heartbeats.beat(Beat(process="api:7", pid=7, time=now, status="running", mode="x", journal_seq=1))


def test_places_that_cannot_be(origin: Path, tmp_path: Path) -> None:
    """An empty source, another kind of database, tables of another version: each says what to do."""
    nothing = run("db", "copy", tmp_path / "nowhere", tmp_path / "target", "--data-dir", origin)
    assert (nothing.code, "there is nothing to copy" in nothing.err) == (ExitCode.UNUSABLE_INPUT, True)
    other = run("db", "copy", "mysql://host/name", tmp_path / "target", "--data-dir", origin)
    assert (other.code, "no place that we know" in other.err) == (ExitCode.UNUSABLE_INPUT, True)
    home = home_in(origin)
    copying.prepare(home, home_in(tmp_path / "target"))
    with pytest.raises(StorageOutdated, match="repeat"):
        copying.prepare(home_in(tmp_path / "target"), home_in(tmp_path / "third"))
