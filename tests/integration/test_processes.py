"""Worker and server as real processes: started, killed, stopped, taken over."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from fadearena.adapters.sql.database import SqliteFile
from fadearena.adapters.sql.journal.store import open_journal
from fadearena.cli.exit_codes import ExitCode
from fadearena.model.event import Marks
from fadearena.ports.journal import JournalEntry
from tests.support.command import fadearena as run
from tests.support.processes import started

pytestmark = pytest.mark.slow


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Return a data directory that is not there yet."""
    return tmp_path / "data"


def test_up_works_from_nothing_and_ends_in_good_order(directory: Path) -> None:
    """On an empty directory both start, commands are confirmed, and SIGTERM ends both with 0."""
    with started(directory, "up") as up:
        up.until("serving")
        up.until("order_sent")
        ended = run("kill", "--data-dir", directory, "--json")
        assert (ended.code, ended.report["state"]) == (ExitCode.OK, "accepted")
        status = run("status", "--data-dir", directory, "--json").report
        assert status["tradingState"] == "halted"
        running = [p for p in status["processes"] if p["alive"] and p["status"] == "running"]
        assert [p["process"].partition(":")[0] for p in running] == ["api", "worker"]
        assert running[0]["url"].startswith("http://127.0.0.1:")
        up.signal(signal.SIGTERM)
        assert up.end() == ExitCode.OK
    codes = {line["process"]: line["code"] for line in up.lines if line["event"] == "process_ended"}
    assert codes == {"worker": 0, "api": 0}
    verified = run("journal", "verify", "--data-dir", directory, "--json").report
    assert verified["differences"] == []
    assert verified["entries"] == verified["stepped"] > 5


def test_a_killed_worker_comes_back_where_it_was(directory: Path) -> None:
    """After kill -9 the supervisor starts it again; it recovers, stops by SIGUSR1, and a restart stays stopped."""
    with started(directory, "up") as up:
        worker = up.until("process_started", process="worker")["pid"]
        up.until("order_sent")
        os.kill(worker, signal.SIGKILL)
        assert up.until("process_died", process="worker")["code"] == -signal.SIGKILL
        up.until("process_started", process="worker")
        assert up.until("recovered")["seq"] > 5
        up.signal(signal.SIGUSR1)
        assert up.until("stop_ordered")["actor"] == "signal:SIGUSR1"
        up.signal(signal.SIGINT)
        assert up.end() == ExitCode.OK
    with started(directory, "worker") as worker_alone:
        worker_alone.until("running")
        worker_alone.signal(signal.SIGTERM)
        assert worker_alone.end() == ExitCode.OK
    with started(directory, "api") as server:
        server.until("serving")
        server.signal(signal.SIGTERM)
        assert server.end() == ExitCode.OK
    assert run("journal", "verify", "--data-dir", directory).code == ExitCode.OK
    assert run("db", "rebuild", "--data-dir", directory).code == ExitCode.OK
    assert run("status", "--data-dir", directory, "--json").report["tradingState"] == "halted"


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> dict[str, str]:
    """Return the settings that name a database, each kind in its turn."""
    return {} if request.param == "sqlite" else {"FADEARENA_DATABASE_URL": request.getfixturevalue("pg_url")}


def test_a_queued_stop_is_the_first_thing_that_a_worker_does(directory: Path, database: dict[str, str]) -> None:
    """A kill that nobody confirmed is journaled before `Started`, and no order leaves."""
    assert run("db", "seed", "--data-dir", directory, settings=database).code == ExitCode.OK
    assert run("kill", "--data-dir", directory, settings=database).code == ExitCode.UNCONFIRMED
    with started(directory, "worker", settings=database) as worker:
        worker.until("running")
        worker.signal(signal.SIGTERM)
        assert worker.end() == ExitCode.OK
    assert [line for line in worker.lines if line["event"] == "order_sent"] == []
    listed = run("journal", "list", "--from", 1, "--data-dir", directory, "--json", settings=database)
    entries = listed.report["entries"]
    kinds = [(entry["event"]["type"], entry["event"].get("action", {}).get("type")) for entry in entries]
    assert kinds.index(("operator", "kill")) < kinds.index(("started", None))


def test_children_end_with_a_supervisor_that_was_killed(directory: Path) -> None:
    """Kill -9 of `up` ends worker and server, too: their log ends."""
    with started(directory, "up") as up:
        up.until("running")
        up.process.kill()
        assert up.end() == -signal.SIGKILL
    assert run("status", "--data-dir", directory, "--json").report["processes"][-1]["status"] == "stopped"


def test_a_second_worker_stands_by_and_takes_over(directory: Path) -> None:
    """It waits while the first one lives, and works as soon as that is gone."""
    with started(directory, "worker") as first:
        first.until("running")
        with started(directory, "worker") as second:
            second.until("standing_by")
            refused = run("db", "downgrade", "journal", "base", "--data-dir", directory)
            assert refused.code == ExitCode.LEASE_LOST
            first.process.kill()
            assert second.until("running")["epoch"] > 1
            second.signal(signal.SIGTERM)
            assert second.end() == ExitCode.OK


def test_a_damaged_database_is_told_before_anything_starts(directory: Path) -> None:
    """`up` says which file it is and what to do, and starts neither worker nor server."""
    assert run("db", "seed", "--data-dir", directory).code == ExitCode.OK
    (directory / "simulation" / "journal.db").write_bytes(b"this is no database at all" * 100)
    with started(directory, "up") as up:
        assert up.end() == ExitCode.STORAGE_UNAVAILABLE
    assert "journal.db" in up.said[-1]
    assert "restore a backup" in up.said[-1]
    assert [line for line in up.lines if line["event"] == "process_started"] == []


def test_all_of_it_works_on_postgres(directory: Path, pg_url: str, tmp_path: Path) -> None:
    """The same commands on one PostgreSQL database; the data directory holds mode and kill file only."""
    settings = {"FADEARENA_DATABASE_URL": pg_url}
    with started(directory, "up", settings=settings) as up:
        up.until("serving")
        up.until("order_sent")
        assert run("pause", "--data-dir", directory, settings=settings).code == ExitCode.OK
        checks = run("doctor", "--data-dir", directory, "--json", settings=settings).report["checks"]
        levels = {check["check"]: check["level"] for check in checks}
        assert (levels["tables of journal"], levels["tables of read"], levels["journal"]) == ("ok", "ok", "ok")
        assert levels["stops"] == "warn"
        up.signal(signal.SIGTERM)
        assert up.end() == ExitCode.OK
    assert run("journal", "verify", "--data-dir", directory, settings=settings).code == ExitCode.OK
    assert sorted(file.name for file in directory.rglob("*") if file.is_file()) == ["mode.json"]
    backup = tmp_path / "journal.backup"
    assert run("db", "backup", backup, "--data-dir", directory, settings=settings).code == ExitCode.OK
    assert run("db", "restore", backup, "--data-dir", tmp_path / "other").code == ExitCode.OK
    there = run("status", "--data-dir", directory, "--json", settings=settings).report
    here = run("status", "--data-dir", tmp_path / "other", "--json").report
    of_the_moment = {"processes": [], "lag": 0, "sight": None}
    assert {**here, **of_the_moment} == {**there, **of_the_moment}


def test_a_worker_that_cannot_get_past_an_entry_is_helped(directory: Path) -> None:
    """It ends with the number of the entry; once that is left out it starts, and says so."""
    assert run("db", "seed", "--data-dir", directory).code == ExitCode.OK
    asyncio.run(append_poison(directory))
    with started(directory, "worker") as worker:
        assert worker.end() == ExitCode.JOURNAL_CORRUPT
    assert "journal entry 2" in worker.said[-1]
    other = run("journal", "skip", 1, "--reason", "x", "--data-dir", directory)
    assert other.code == ExitCode.JOURNAL_CORRUPT
    assert run("journal", "skip", 2, "--reason", "poison", "--data-dir", directory).code == ExitCode.OK
    with started(directory, "worker") as worker:
        worker.until("running")
        worker.signal(signal.SIGTERM)
        assert worker.end() == ExitCode.OK
    segments = run("journal", "segments", "--data-dir", directory, "--json").report
    assert [(mark["seq"], mark["reason"]) for mark in segments["skipped"]] == [(2, "poison")]


async def append_poison(directory: Path) -> None:
    """Journal an event that was received before the one in front of it: the core raises on it."""
    async with open_journal(SqliteFile(directory / "simulation" / "journal.db")) as store:
        assert await store.lease.acquire("test")
        async for first in store.journal.read(1, 1):
            event = Marks(time=0, received=first.received - 1)
            await store.journal.append(JournalEntry(seq=2, event=event, record_seq=first.record_seq, rules_version=2))
