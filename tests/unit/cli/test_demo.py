"""The demo's story, played as fast as it can; what its report says, and what its live view draws."""

import asyncio
import io
import math
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from fadearena.adapters.sql.read_store import open_read_store
from fadearena.bootstrap.demo import Demo, Holdings, demo_on
from fadearena.bootstrap.report import Pace, Reckoning, reckon
from fadearena.cli.demo import DemoReport, DemoRequest, Stage, lasts, new_scene, report_of, summary_of, take_in
from fadearena.cli.view import Scene, Where, frame
from fadearena.model.units import MINUTE_MS, SECOND_MS
from tests.support.command import nowhere
from tests.support.sandbox_play import play

D = Decimal
START_USD = Decimal(10_000)
SPEED = Decimal(20)


async def scene_of(made: Demo) -> Scene:
    """Return what the live view has seen once everything was shown."""
    async with open_read_store(made.places.read, inline=True) as read:
        scene = await new_scene(made, read.records)
        assert scene is not None
        await take_in(scene, read.records, 0)
        return scene


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Demo, Holdings]]:
    """Play four minutes on a sandbox."""
    with nowhere(), demo_on(tmp_path_factory.mktemp("demo"), 3, SPEED) as made:
        yield made, play(made, 4 * MINUTE_MS)


@pytest.fixture
def played(story: tuple[Demo, Holdings]) -> Demo:
    """Return a demo that was played."""
    return story[0]


@pytest.fixture
def truth(story: tuple[Demo, Holdings]) -> Holdings:
    """Return what its wallets held at the end."""
    return story[1]


def test_a_story_decides_and_adds_up(played: Demo, truth: Holdings) -> None:
    """It executes and skips, has no drift, breaks no invariant, replays identically, and believes what is true."""
    report = report_of(asyncio.run(reckon(played)), truth, played)
    assert report.decisions.execute > 20
    assert report.decisions.skip > 0
    assert report.orders >= report.fills > 20
    assert (report.drift, report.invariants, report.replay_identical) == (0, "ok", True)
    assert report.tracked_equals_truth
    assert Decimal(report.tracking_error) < Decimal("0.05")
    assert 9_000 < Decimal(report.equity) < 11_000
    assert not report.resumed


@pytest.mark.slow
def test_of_a_long_run_the_newest_part_is_stepped_again(tmp_path: Path) -> None:
    """However long it was, stepped are as few segments as hold so many events; everything is counted."""
    least, segment = 60, 40

    def reckoned(folder: str, lasts_ms: int) -> tuple[Reckoning, Reckoning, DemoReport]:
        with nowhere(), demo_on(tmp_path / folder, 3, SPEED) as made:
            settings = {"segment_every_events": segment, "snapshot_every_events": segment}
            short = msgspec.structs.replace(made, config=made.config.model_copy(update=settings))
            truth = play(short, lasts_ms)
            part = asyncio.run(reckon(short, stepped=least))
            return part, asyncio.run(reckon(short)), report_of(part, truth, short)

    (one, *_), (part, whole, report) = reckoned("a", MINUTE_MS), reckoned("b", 3 * MINUTE_MS)
    assert part.entries > 1.5 * one.entries > 3 * least
    for found in (one, part):
        assert least <= found.checked == found.stepped < least + 2 * segment
    assert whole.checked == whole.stepped == whole.entries == part.entries
    assert (part.tally, part.journal_hash) == (whole.tally, whole.journal_hash)
    assert (part.equity, part.bots_equity, part.drift) == (whole.equity, whole.bots_equity, whole.drift)
    assert f"replay of its last {part.stepped} events is identical" in summary_of(report)[2]


def test_a_check_goes_through_no_more_orders_per_event_the_more_there_are() -> None:
    """With few every event is followed by one, with many every so many."""
    few, many = Pace(), Pace()
    assert all(few.is_due(orders) for orders in range(1_000))
    checked = [orders for orders in range(20_000) if many.is_due(orders)]
    assert len(checked) > 20_000 / 20
    assert sum(checked) <= 1_000 * 20_000


@pytest.mark.parametrize(
    ("seconds", "headless", "as_json", "is_terminal", "lasts_s"),
    [
        (None, False, False, True, math.inf),
        (None, True, False, True, 60),
        (None, False, True, True, 60),
        (None, False, False, False, 60),
        (7, False, False, True, 7),
        (7, True, True, False, 7),
    ],
)
def test_it_runs_until_somebody_ends_it_where_somebody_looks_on(
    seconds: int | None, headless: bool, as_json: bool, is_terminal: bool, lasts_s: float
) -> None:
    """Programs, and logs without a terminal, get a minute; who says how long gets that."""
    request = DemoRequest(seconds=seconds, seed=1, speed=SPEED, headless=headless, as_json=as_json)
    stage = Stage(console=Console(file=io.StringIO(), force_terminal=is_terminal))
    assert lasts(request, stage) == lasts_s * SECOND_MS


def test_believing_what_is_not_true_is_told(played: Demo, truth: Holdings) -> None:
    """A coin too many, a coin too few, or another size: the report says so."""
    found = asyncio.run(reckon(played))
    wallet = next(wallet for wallet, held in found.tracked.items() if held)
    coin = next(iter(found.tracked[wallet]))
    for wrong in ({}, {**truth[wallet], coin: D(7)}, {**truth[wallet], "MOON": D(1)}):
        assert not report_of(found, {**truth, wallet: wrong}, played).tracked_equals_truth


@pytest.mark.slow
def test_one_seed_is_one_story(tmp_path: Path, played: Demo) -> None:
    """The same seed gives the same journal, byte for byte, another one another."""

    def fingerprint(folder: str, seed: int) -> str:
        with nowhere(), demo_on(tmp_path / folder, seed, SPEED) as made:
            play(made, 10 * SECOND_MS)
            return asyncio.run(reckon(made)).journal_hash

    assert fingerprint("a", 5) == fingerprint("b", 5) != asyncio.run(reckon(played)).journal_hash


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
    assert {coin for _, coin in scene.theirs} <= set(scene.prices)
    bots = scene.sum_of("bot")
    assert bots is not None
    assert 55_000 < bots < 65_000
    assert any(sleeve.size for sleeve in scene.ours.values())


def test_a_scene_of_a_second_run_begins_with_how_things_stand(played: Demo) -> None:
    """What bots hold and what we hold of an earlier run is there before anything new was logged."""

    async def main() -> Scene | None:
        async with open_read_store(played.places.read, inline=True) as read:
            position = await read.records.position()
            resumed = msgspec.structs.replace(played, before=position.journal_seq)
            return await new_scene(resumed, read.records)

    scene, before = asyncio.run(main()), asyncio.run(scene_of(played))
    assert scene is not None
    assert scene.theirs == {key: size for key, size in before.theirs.items() if size}
    assert scene.ours
    assert all(sleeve == before.ours[key] for key, sleeve in scene.ours.items())
    assert scene.profits == before.profits


@pytest.mark.parametrize("password", ["", "a-new-secret"])
def test_the_view_says_where_the_page_is(password: str) -> None:
    """With the password, if one was made for this run; otherwise it asks for none."""
    drawn = io.StringIO()
    where = Where("http://127.0.0.1:54321", password)
    Console(file=drawn, width=80, height=24).print(frame(Scene((), SPEED, 0, where), START_USD, 80, 24))
    assert "page http://127.0.0.1:54321/" in drawn.getvalue()
    assert ("operator's password" in drawn.getvalue()) is bool(password)
    assert password in drawn.getvalue()


def test_an_empty_scene_can_be_drawn() -> None:
    """Before anything was read nothing is claimed: no price, no equity, no age."""
    drawn = io.StringIO()
    console = Console(file=drawn, width=80, height=24)
    console.print(frame(Scene((), SPEED), START_USD, 80, 24))
    assert len(re.findall("not read yet", drawn.getvalue())) == 2
    assert "prices none" in drawn.getvalue()
