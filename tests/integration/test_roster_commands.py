"""The roster by the command line: lists, what is in sight, the leaderboard, and a worker that takes changes at once."""

import asyncio
import json
import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fadearena.adapters.sql.database import SqliteFile
from fadearena.adapters.sql.read_store import open_read_store
from fadearena.bootstrap.seed import SEASON_1_5
from fadearena.cli.exit_codes import ExitCode
from fadearena.kit.clock import SystemClock
from fadearena.model.units import DAY_MS, HOUR_MS, SECOND_MS
from fadearena.model.wallet import Feed, SourcePosition
from fadearena.ports.sightings import Sight, Sighting
from tests.support.command import NETWORK, Ended
from tests.support.command import fadearena as run
from tests.support.leaderboards import Served, board_of, board_row, leaderboard_served, wallet
from tests.support.processes import started
from tests.support.sandbox import options, running

GEMINI, GROK = SEASON_1_5[0][2], SEASON_1_5[1][2]


class Place:
    """A data directory on which commands are run, with a leaderboard of its own."""

    def __init__(self, directory: Path, board: Served) -> None:
        self.directory = directory
        self.board = board

    def __call__(self, *arguments: object) -> Ended:
        """Run a command."""
        settings = {"FADEARENA_LEADERBOARD_URL": self.board.url}
        return run(*arguments, "--data-dir", self.directory, settings=settings)

    def json(self, *arguments: object) -> dict[str, Any]:
        """Return what a command prints with `--json`; it has to succeed."""
        ended = self(*arguments, "--json")
        assert ended.code == ExitCode.OK, ended.err
        return ended.report

    def see(self, *sightings: Sighting) -> None:
        """Show what a worker would see at this moment."""
        now = SystemClock().now_ms()

        async def main() -> None:
            async with open_read_store(SqliteFile(self.directory / "simulation" / "read.db")) as store:
                await store.sightings.show(Sight(time=now, now=now), sightings)

        asyncio.run(main())


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a data directory with the default settings, to be copied."""
    directory = tmp_path_factory.mktemp("seeded") / "d"
    assert run("db", "seed", "--data-dir", directory).code == ExitCode.OK
    return directory


@pytest.fixture
def place(seeded: Path, tmp_path: Path) -> Iterator[Place]:
    """Return an installation with the default settings, and a leaderboard of four accounts and a bad row."""
    rows = [
        board_row(1, name="Whale [1]", week=("900.5", "0.02", "30000.0")),
        board_row(2, "900.0"),
        board_row(3, "2500000.0", week=("-1200.0", "-0.001", "12345678.9")),
        board_row(4) | {"ethAddress": GROK},
        {"junk": True},
    ]
    with leaderboard_served(board_of(*rows)) as board:
        yield Place(shutil.copytree(seeded, tmp_path / "d"), board)


def test_the_list_says_what_is_in_sight(place: Place) -> None:
    """Who trades, who has been idle for a week, and of whom nothing is known; what is next is said."""
    now = SystemClock().now_ms()
    place.see(
        Sighting(wallet=GEMINI, since=now, last_trade=now - 30 * DAY_MS),
        Sighting(wallet=GROK, since=now, last_trade=now - 3 * HOUR_MS),
    )
    shown = place("bots", "list").out
    assert "30 d, idle" in shown
    assert "3 h" in shown
    assert "12 bots: 6 followed, 6 not; 1 idle" in shown
    assert "`fadearena bots discover`" in shown
    (idle,) = place.json("bots", "list", "--idle")["bots"]
    assert (idle["id"], idle["sighting"]["isIdle"]) == ("gemini-3-pro", True)
    assert idle["sighting"]["quietMs"] >= 30 * DAY_MS


def test_the_list_has_pages_and_filters(place: Place) -> None:
    """Those that are followed come first; what is asked for and not there is told."""
    first = place("bots", "list", "--limit", 5).out
    assert "these are 1 to 5 of 12: --page 2 shows the next ones" in first
    assert "gpt-5-season-1" not in first
    assert place.json("bots", "list", "--enabled")["total"] == 6
    report = place.json("bots", "list", "--limit", 5, "--page", 3)
    assert (report["total"], len(report["bots"])) == (12, 2)
    assert "none of them is as asked for" in place("bots", "list", "--held").out
    assert "none of them is here" in place("bots", "list", "--page", 2).out


def test_a_bot_is_shown_with_the_age_of_all_that_is_known(place: Place) -> None:
    """By its id or its wallet; what nobody saw is said to be unknown."""
    assert "nothing is known of its wallet yet" in place("bots", "show", "grok-4").out
    now = SystemClock().now_ms()
    seen = Sighting(
        wallet=GROK,
        since=now,
        feed=Feed.TAPE,
        heard=now - 4 * SECOND_MS,
        read=now - HOUR_MS,
        quiet_since=now - 8 * DAY_MS,
        equity=Decimal("12345.678"),
        equity_time=now - HOUR_MS,
        positions=(SourcePosition(coin="BTC", size=Decimal("-0.5"), entry=Decimal(90_000)),),
    )
    place.see(seen)
    shown = place("bots", "show", GROK).out
    for said in ("no trade is known since", "by tape", "60 min ago", "12345.68 USD", "BTC", "-0.5", "it is idle"):
        assert said in shown
    assert "over 8 d, idle" in place("bots", "list").out
    report = place.json("bots", "show", "grok-4")
    assert (report["id"], report["sighting"]["positions"][0]["size"], report["sleeves"]) == ("grok-4", "-0.5", [])
    assert place("bots", "show", "x").code == ExitCode.UNUSABLE_INPUT


def test_the_leaderboard_is_ranked_beside_the_roster(place: Place) -> None:
    """Who is there already is named; what was left out is counted; names are shown as they are written."""
    shown = place("bots", "discover", "--by", "turnover")
    assert shown.code == ExitCode.OK, shown.err
    lines = [line.split() for line in shown.out.splitlines() if "0x" in line]
    assert [(line[0], line[1]) for line in lines] == [("1", wallet(3)), ("2", wallet(1)), ("3", GROK)]
    assert lines[0][2:] == ["2.5M", "-1.2k", "-0.1%", "12.3M"]
    assert lines[1][-2:] == ["Whale", "[1]"]
    assert lines[2][-2:] == ["grok-4,", "followed"]
    assert "5 accounts, fetched now; left out: 1 below 5,000 USD of account value, 1 unreadable" in shown.out
    assert "row 5 cannot be read" in shown.out
    report = place.json("bots", "discover", "--min-value", 0, "--limit", 1)
    assert report["leftOut"] == {"value": 0, "turnover": 0, "idle": 0, "unreadable": 1}
    (first,) = report["traders"]
    assert (first["address"], first["pnl"], first["bot"]) == (wallet(1), "900.5", None)
    assert place.board.asked == 1


def test_nothing_has_to_be_set_up_for_a_look(tmp_path: Path) -> None:
    """Without an installation nobody is in the roster; without a server the sentence says what to do."""
    with leaderboard_served(board_of(board_row(1))) as board:
        elsewhere = Place(tmp_path / "new", board)
        assert elsewhere.json("bots", "discover")["traders"][0]["bot"] is None
        assert [file.name[:12] for file in elsewhere.directory.iterdir()] == ["leaderboard-"]
    ended = Place(tmp_path / "other", board)("bots", "discover")
    assert ended.code == ExitCode.VENUE_UNAVAILABLE
    assert "try again later" in ended.err


def test_what_is_written_down_can_be_imported(place: Place, tmp_path: Path) -> None:
    """The file is never written over; wallets of the roster are counted, the others are new."""
    file = tmp_path / "found.csv"
    place.json("bots", "discover", "--out", file)
    assert file.read_text().splitlines()[1].startswith(f"{wallet(1)},Whale [1],1,50000.5,900.5,0.02,30000")
    again = place("bots", "discover", "--out", file)
    assert (again.code, "is there already" in again.err) == (ExitCode.UNUSABLE_INPUT, True)
    report = place.json("bots", "import", file, "--dry-run")
    assert (report["added"], report["left"], report["parts"], report["badLines"]) == (2, 1, [], [])


def test_a_list_without_a_worker_changes_nothing(place: Place, tmp_path: Path) -> None:
    """It says so; a list that says nothing is unusable; bad lines are named, and alone they are all that is told."""
    file = tmp_path / "bots.txt"
    file.write_text(f"{wallet(1)} One\n0x12\n")
    rehearsed = place("bots", "import", file, "--dry-run")
    assert rehearsed.code == ExitCode.PARTLY_BAD_INPUT
    assert "1 bot would be added, 0 changed; nothing was done" in rehearsed.out
    assert f"{file}:2: '0x12' is not an address" in rehearsed.err
    ended = place("bots", "import", file, "--json")
    assert (ended.code, ended.report["done"]) == (ExitCode.NO_WORKER, 0)
    assert "nothing was changed" in ended.err
    assert len(place.json("bots", "list")["bots"]) == 12
    file.write_text("0x12\nbogus\n")
    ended = place("bots", "import", file, "--json")
    assert (ended.code, len(ended.report["badLines"])) == (ExitCode.UNUSABLE_INPUT, 2)
    assert place("bots", "import", tmp_path / "away").code == ExitCode.UNUSABLE_INPUT


def test_a_mistyped_wallet_is_not_added(place: Place) -> None:
    """Upper and lower case are a checksum, on the command line, too."""
    ended = place("bots", "add", "x", "--wallet", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD")
    assert (ended.code, "is mistyped" in ended.err) == (ExitCode.UNUSABLE_INPUT, True)


@pytest.mark.slow
def test_a_sandbox_has_a_leaderboard(tmp_path: Path) -> None:
    """Everybody who trades on it is there, and none of its rows is bad."""
    with running(options()) as box:
        settings = {NETWORK: "sandbox", "FADEARENA_SANDBOX_URL": box.url}
        least = ("--min-value", 0, "--min-turnover", 0, "--with-idle", "--json")
        report = run("bots", "discover", *least, "--data-dir", tmp_path / "s", settings=settings).report
    assert (len(report["traders"]), report["leftOut"]["unreadable"]) == (12, 0)


@pytest.mark.slow
def test_a_running_worker_takes_changes_at_once(place: Place, tmp_path: Path) -> None:
    """Hundreds of bots come, some are followed, some go, all without a restart; the journal replays."""
    file = tmp_path / "bots.json"
    file.write_text(
        json.dumps([{"walletAddress": wallet(n), "leverageMultiplier": "0.1"} for n in range(1_000, 1_700)])
    )
    with started(place.directory, "up") as up:
        up.until("order_sent")
        report = place.json("bots", "import", file, "--set", "exposureCap=100")
        assert (report["added"], report["done"], len(report["parts"])) == (700, 700, 7)
        ids = [bot["id"] for bot in place.json("bots", "list")["bots"] if bot["walletAddress"] >= wallet(1_000)][-700:]
        assert place.json("bots", "enable", *ids[:3])["state"] == "accepted"
        assert place.json("bots", "remove", *ids[3:6])["state"] == "accepted"
        refused = place("bots", "disable", ids[0], "nobody")
        assert (refused.code, "there is no bot nobody" in refused.err) == (ExitCode.UNUSABLE_INPUT, True)
        assert place.json("bots", "discover", "--add", 1, "--enable")["done"] == 1
        enabled = {bot["id"] for bot in place.json("bots", "list", "--enabled")["bots"]}
        assert {*ids[:3], "whale-1"} < enabled
        assert place.json("bots", "list")["total"] == 12 + 700 - 3 + 1
        again = place("bots", "import", file)
        assert (again.code, "697 wallets are in the roster already" in again.out) == (ExitCode.OK, True)
        assert [line for line in up.lines if line["event"] == "process_died"] == []
    assert place.json("journal", "verify")["differences"] == []
