"""`fadearena demo` as fast as it can, and what its live view draws."""

import asyncio
import io
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from rich.console import Console

from fadearena.adapters.sql.read_store import open_read_store
from fadearena.bootstrap.demo import COINS, Demo, demo_on, play
from fadearena.cli.demo import new_scene, take_in
from fadearena.cli.exit_codes import ExitCode
from fadearena.cli.view import Scene, frame
from fadearena.model.units import MINUTE_MS
from tests.support.command import fadearena, nowhere

START_USD = Decimal(10_000)


async def scene_of(made: Demo) -> Scene:
    """Return what the live view has seen once everything was shown."""
    async with open_read_store(made.places.read, inline=True) as read:
        scene = await new_scene(made, read.records)
        assert scene is not None
        await take_in(scene, read.records, 0)
        return scene


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """Play four minutes of the arena."""
    with nowhere(), demo_on(tmp_path_factory.mktemp("demo"), 3, Decimal(60)) as made:
        play(made, 4 * MINUTE_MS, lambda _passed: None)
        yield made


def test_headless_demo_decides_and_adds_up() -> None:
    """It executes and skips, has no drift, breaks no invariant, and its journal replays identically."""
    ended = fadearena("demo", "--seconds", "5", "--headless", "--json")
    assert ended.code == ExitCode.OK, ended.err
    report = ended.report
    assert report["decisions"]["execute"] > 20
    assert report["decisions"]["skip"] > 0
    assert report["orders"] > 20
    assert report["fills"] > 20
    assert report["drift"] == 0
    assert report["invariants"] == "ok"
    assert report["replayIdentical"] is True
    assert Decimal(report["trackingError"]) < Decimal("0.05")
    assert 9_000 < Decimal(report["equity"]) < 11_000
    assert 55_000 < Decimal(report["botsEquity"]) < 65_000
    assert (report["dataDir"], report["resumed"]) == (None, False)


def test_seed_and_length_make_the_story() -> None:
    """One seed gives one fingerprint, another seed or length another one."""
    hashes = [
        fadearena("demo", "--headless", "--json", "--seconds", s, "--speed", x, "--seed", n).report["journalHash"]
        for s, x, n in (("2", "30", "5"), ("1", "60", "5"), ("2", "30", "6"), ("1", "45", "5"))
    ]
    assert hashes[0] == hashes[1]
    assert len(set(hashes)) == 3


def test_without_a_terminal_it_is_headless_and_plain() -> None:
    """Where stderr is no terminal there is no live view and no colour, only the result."""
    ended = fadearena("demo", "--seconds", "1")
    assert ended.code == ExitCode.OK
    assert "replay of the journal is identical" in ended.out
    assert "kept in" not in ended.out
    assert "\x1b[" not in ended.out + ended.err


def test_on_a_data_directory_it_goes_on_where_it_ended(tmp_path: Path) -> None:
    """The second run counts its own events alone, over one journal that adds up; other commands work on it, too."""
    first, second = (
        fadearena("demo", "--headless", "--json", "--seconds", "2", "--data-dir", tmp_path).report for _ in range(2)
    )
    assert (first["resumed"], second["resumed"]) == (False, True)
    assert first["dataDir"] == second["dataDir"] == str(tmp_path)
    assert first["journalHash"] != second["journalHash"]
    assert second["drift"] == 0
    assert second["replayIdentical"] is True
    listed = fadearena(
        "journal", "list", "--from", first["events"] + 1, "--limit", "1", "--data-dir", tmp_path, "--json"
    )
    assert listed.code == ExitCode.OK
    assert fadearena("journal", "verify", "--data-dir", tmp_path).code == ExitCode.OK


@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 40)])
def test_live_view_fits_its_terminal(played: Demo, width: int, height: int) -> None:
    """Bots and us, decisions, equities and ages are drawn, and no line is wider than the terminal."""
    drawn = io.StringIO()
    console = Console(file=drawn, force_terminal=True, width=width, height=height, color_system=None)
    console.print(frame(asyncio.run(scene_of(played)), START_USD, width, height))
    text = drawn.getvalue()
    for part in ("grok-4", "kimi-k2", "fade", "our PnL", "last decisions", "equity: ours", "age of data"):
        assert part in text
    assert "not read yet" not in text
    lines = [line.rstrip() for line in text.splitlines()]
    assert max(map(len, lines)) <= width
    assert len(lines) <= height


def test_a_scene_shows_what_was_logged(played: Demo) -> None:
    """Every bot that is followed has its row; what is held, executed and owned is what the log said."""
    scene = asyncio.run(scene_of(played))
    assert len(scene.bots) == 6
    assert sum(scene.counts.values()) > 10
    assert scene.events > 100
    assert scene.heard <= scene.priced <= scene.now
    assert set(scene.prices) <= set(COINS)
    bots = scene.sum_of("bot")
    assert bots is not None
    assert 55_000 < bots < 65_000
    assert any(sleeve.size for sleeve in scene.ours.values())


def test_a_scene_of_a_second_run_begins_with_how_things_stand(played: Demo) -> None:
    """What bots hold and what we hold of an earlier run is there before anything new was logged."""

    async def main() -> Scene | None:
        async with open_read_store(played.places.read, inline=True) as read:
            position = await read.records.position()
            resumed = Demo(config=played.config, places=played.places, is_temporary=False, before=position.journal_seq)
            return await new_scene(resumed, read.records)

    scene, before = asyncio.run(main()), asyncio.run(scene_of(played))
    assert scene is not None
    assert scene.theirs == {key: size for key, size in before.theirs.items() if size}
    assert scene.ours
    assert all(sleeve == before.ours[key] for key, sleeve in scene.ours.items())
    assert scene.profits == before.profits


def test_an_empty_scene_can_be_drawn() -> None:
    """Before anything was read nothing is claimed: no price, no equity, no age."""
    drawn = io.StringIO()
    console = Console(file=drawn, width=80, height=24)
    console.print(frame(Scene((), COINS, Decimal(60)), START_USD, 80, 24))
    assert len(re.findall("not read yet", drawn.getvalue())) == 2
    assert "prices none" in drawn.getvalue()
