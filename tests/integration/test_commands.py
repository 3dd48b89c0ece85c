"""The command line on an installation where nothing runs: tables, settings, queued stops, journal, backups."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from fadearena.cli.exit_codes import ExitCode
from tests.support.command import Ended
from tests.support.command import fadearena as run


class Place:
    """A data directory on which commands are run."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def __call__(self, *arguments: object) -> Ended:
        """Run a command."""
        return run(*arguments, "--data-dir", self.directory)

    def json(self, *arguments: object) -> dict[str, Any]:
        """Return what a command prints with `--json`; it has to succeed."""
        ended = self(*arguments, "--json")
        assert ended.code == ExitCode.OK, ended.err
        return ended.report


@pytest.fixture
def empty(tmp_path: Path) -> Place:
    """Return a directory that is not there yet."""
    return Place(tmp_path / "data")


@pytest.fixture
def seeded(empty: Place) -> Place:
    """Return an installation with the default settings."""
    assert empty("db", "seed").code == ExitCode.OK
    return empty


def test_nothing_is_there_at_first(empty: Place) -> None:
    """Without tables every command says how they are made, and makes nothing."""
    for command in (["status"], ["kill"], ["bots", "list"], ["journal", "list"]):
        ended = empty(*command)
        assert ended.code == ExitCode.STORAGE_OUTDATED
        assert "fadearena db upgrade" in ended.err
    assert not empty.directory.exists()
    report = empty("doctor", "--json")
    assert report.code == ExitCode.FAILED
    assert report.report["level"] == "fail"


def test_tables_go_up_and_down(empty: Place) -> None:
    """Going up twice changes nothing; going down to nothing makes them go away."""
    assert empty.json("db", "upgrade") == empty.json("db", "upgrade")
    assert "there are no settings yet" in empty("settings", "show").err
    assert empty("db", "downgrade", "read", "base").code == ExitCode.OK
    assert empty("status").code == ExitCode.STORAGE_OUTDATED
    assert empty("db", "upgrade").code == ExitCode.OK
    assert empty("status").code == ExitCode.OK
    assert empty("db", "downgrade", "bogus", "base").code == ExitCode.UNUSABLE_INPUT


def test_a_journal_with_entries_is_not_dropped_by_accident(seeded: Place) -> None:
    """The tables of a journal go only with `--lose-data`."""
    ended = seeded("db", "downgrade", "journal", "base")
    assert ended.code == ExitCode.UNUSABLE_INPUT
    assert "--lose-data" in ended.err
    assert seeded("db", "downgrade", "journal", "base", "--lose-data").code == ExitCode.OK


def test_seeding_again_changes_nothing(seeded: Place) -> None:
    """The journal has one entry, by the seed; the settings are shown; a second seed says that it did nothing."""
    assert seeded.json("db", "seed") == {"seeded": False}
    (entry,) = seeded.json("journal", "list")["entries"]
    assert (entry["event"]["actor"], entry["event"]["action"]["type"]) == ("seed", "set-policy")
    assert seeded.json("settings", "show")["actor"] == "seed"
    assert len(seeded.json("bots", "list")["bots"]) == 12
    (change,) = seeded.json("settings", "history")["history"]
    assert (change["version"], change["actor"]) == (1, "seed")


def test_without_a_worker_a_change_is_withdrawn_and_a_stop_stays(seeded: Place) -> None:
    """The exit codes tell the two apart, and so do the sentences."""
    change = seeded("settings", "set", "dailyLossLimit=100", "--json")
    assert (change.code, change.report["state"]) == (ExitCode.NO_WORKER, "withdrawn")
    assert "nothing was changed" in change.err
    stop = seeded("kill", "--json")
    assert stop.code == ExitCode.UNCONFIRMED
    assert (stop.report["state"], stop.report["confirmed"]) == ("queued", False)
    assert "NOT confirmed" in stop.err
    assert seeded.json("settings", "show")["version"] == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["settings", "set", "dailyLossLmit=1"], "the nearest field is dailyLossLimit"),
        (["settings", "set", "maxDrawdown=2"], "maxDrawdown must be > 0 and < 1"),
        (["bots", "set", "grok-5", "enabled=true"], "there is no bot grok-5"),
        (["bots", "set", "grok-4"], "nothing to change"),
        (["bots", "set", "grok-4", "leverageMultiplier=11"], "leverageMultiplier must be > 0 and <= 10"),
        (["bots", "add", "grok-4", "--wallet", "0x" + "1" * 40], "there is a bot grok-4 already"),
        (["bots", "add", "x", "--wallet", "0x12"], "is not an address"),
        (["bots", "remove", "x"], "there is no bot x"),
        (["journal", "show", "9"], "there is no journal entry 9"),
        (["journal", "skip", "1", "--reason", "x"], "nothing to leave out"),
        (["db", "restore", "/nonexistent"], "/nonexistent"),
        (["journal", "import", "/nonexistent"], "import into an empty one"),
    ],
)
def test_what_cannot_be_done_is_told(seeded: Place, arguments: list[str], sentence: str) -> None:
    """A sentence says what is wrong, and nothing is done."""
    ended = seeded(*arguments)
    assert ended.code == ExitCode.UNUSABLE_INPUT
    assert sentence in ended.err


def test_release_is_refused_while_the_file_is_there(seeded: Place) -> None:
    """The file KILL has to be removed first; status and doctor tell of it."""
    (seeded.directory / "KILL").touch()
    ended = seeded("release")
    assert ended.code == ExitCode.REFUSED
    assert "remove it" in ended.err
    assert "KILL" in seeded("status").err
    checks = {check["check"]: check["level"] for check in seeded("doctor", "--json").report["checks"]}
    assert checks["kill file"] == "warn"
    assert checks["worker"] == "fail"
    assert checks["journal"] == "ok"


def test_what_people_see(seeded: Place) -> None:
    """Without `--json` there are tables and sentences."""
    assert "no worker is running" in seeded("status").out
    assert "grok-4" in seeded("bots", "list").out
    assert "globalExposureCap" in seeded("settings", "show").out
    assert "version 1" in seeded("settings", "history").out
    assert "set-policy" in seeded("journal", "show", 1).out
    assert "operator" in seeded("journal", "list", "--kind", "operator").out
    assert "segments can be read" in seeded("journal", "verify").out
    assert "from entry" in seeded("journal", "segments").out
    assert "data directory" in seeded("doctor").out


def test_a_journal_goes_out_and_comes_back(seeded: Place, tmp_path: Path) -> None:
    """An export is JSON Lines; imported elsewhere it is the same journal, verified and shown."""
    file = tmp_path / "journal.jsonl.gz"
    assert seeded.json("journal", "export", file)["entries"] == 1
    assert json.loads(gzip.decompress(file.read_bytes()))["seq"] == 1
    assert seeded("journal", "export", file).code == ExitCode.UNUSABLE_INPUT
    other = Place(tmp_path / "other")
    assert other.json("journal", "import", file)["entries"] == 1
    assert other.json("journal", "verify") == {"entries": 1, "segments": 1, "stepped": 1, "differences": []}
    assert other.json("settings", "show")["version"] == 1
    assert other("journal", "import", file).code == ExitCode.UNUSABLE_INPUT


def test_a_backup_is_restored(seeded: Place, tmp_path: Path) -> None:
    """A backup goes into an empty installation, and the read tables are made anew."""
    file = tmp_path / "journal.backup"
    assert seeded.json("db", "backup", file)["entries"] == 1
    other = Place(tmp_path / "other")
    assert other.json("db", "restore", file)["entries"] == 1
    assert other.json("bots", "list") == seeded.json("bots", "list")
    assert other("db", "restore", file).code == ExitCode.UNUSABLE_INPUT
    rebuilt = other.json("db", "rebuild")
    assert rebuilt.pop("eventsPerSecond") > 0
    assert rebuilt == {"journalSeq": 1, "recordSeq": seeded.json("status")["recordSeq"], "events": 1}


def test_two_segments_are_kept(seeded: Place) -> None:
    """There is nothing to prune in a journal of one segment."""
    assert seeded.json("journal", "prune", "--keep", 2) == {"deleted": 0}


def test_a_directory_that_says_live_has_databases_of_its_own(seeded: Place) -> None:
    """What was simulated is not shown as live, and looking makes nothing."""
    (seeded.directory / "mode.json").write_text('{"mode": "live"}')
    ended = seeded("status")
    assert (ended.code, "live/read.db has no tables" in ended.err) == (ExitCode.STORAGE_OUTDATED, True)
    assert not (seeded.directory / "live").exists()
