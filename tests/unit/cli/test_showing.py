"""What `status` prints of an installation."""

from pathlib import Path

import msgspec
import pytest

from fadearena.bootstrap.client import Status
from fadearena.cli import showing
from fadearena.model.record import SleeveUpdate
from fadearena.ports.sightings import FeedState, FeedStatus, Sight
from tests.support.installation import START_MS, Installation
from tests.support.shown import bot_policy, settings, sleeve


def status_of(directory: Path, bots: int, *held: SleeveUpdate) -> Status:
    """Return how an installation stands with a worker, and with so many bots, every second of them followed."""
    installation = Installation(directory)
    roster = [
        msgspec.structs.replace(bot_policy(f"bot-{number}", number), enabled=number % 2 == 0) for number in range(bots)
    ]
    tape = FeedStatus(name="tape", state=FeedState.OK, heard=START_MS - 400)

    async def main() -> Status:
        await installation.beat()
        await installation.show(settings(*roster), *held)
        await installation.sightings.show(Sight(time=START_MS, now=START_MS, feeds=(tape,)), ())
        return await installation.client.status()

    return installation.play(main())


def test_processes_bots_and_feeds_are_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Bots that are followed, or that we still hold something because of, stand before those that are watched."""
    status = status_of(tmp_path, 4, sleeve("bot-3", size="1"))
    showing._show_status(status, showing.report_of(status))
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["worker:", "running", "(process", "7)"] in lines
    assert [line for line in lines if line and line[0].startswith("bot-")] == [
        ["bot-0", "active"],
        ["bot-2", "active"],
        ["bot-3", "closing"],
        ["bot-1", "watched"],
    ]
    assert ["tape", "ok", "0.4", "s"] in lines


def test_a_long_roster_is_cut(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody looks at thousands of rows; it is said where all of them are."""
    status = status_of(tmp_path, 100)
    showing._show_status(status, showing.report_of(status))
    out = capsys.readouterr().out
    assert sum(line.strip().startswith("bot-") for line in out.splitlines()) == 30
    assert "watched" not in out
    assert "and 70 more bots: `fadearena bots list` shows all" in out
    assert len(showing.report_of(status).bots) == 100


def test_an_api_process_says_where_it_listens() -> None:
    """Of several the dead ones are left out as long as one lives; where none does the last ones are named."""

    def lines(*alive: bool) -> list[str]:
        reports = [
            showing.ProcessReport(
                process=f"api:{n}@here", pid=n, status="running", alive=lives, age_ms=9_000, url="http://127.0.0.1:4800"
            )
            for n, lives in enumerate(alive)
        ]
        return list(showing._processes(reports))[1:]

    assert lines(False, True) == ["api:1@here: running at http://127.0.0.1:4800 (process 1)"]
    assert lines(False) == ["api:0@here: running, not heard of for 9 s (process 0)"]
