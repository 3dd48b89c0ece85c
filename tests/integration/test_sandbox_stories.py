"""A whole worker on a sandbox in one process, on a clock that jumps: what goes wrong between them, and a restart."""

import asyncio
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest

from fadearena.adapters.sql.journal.store import open_journal_reader
from fadearena.bootstrap.demo import Demo, demo_on
from fadearena.bootstrap.report import reckon
from fadearena.cli.demo import DemoReport, report_of
from fadearena.model.error import InvalidInput
from fadearena.model.event import ClockRead, Event, Instruments, OrderSent, RepairStage, SourceEquity, SourceRepair
from fadearena.model.units import MINUTE_MS, SECOND_MS
from fadearena.runtime.worker import Worker
from fadearena.sandbox.gateway.faults import Answer, Clear, Delay, Drop, Garbage, HideDex, Refuse, Silence
from fadearena.sandbox.gateway.gateway import Gateway
from tests.support.command import nowhere
from tests.support.sandbox_play import START_MS, Meanwhile, play

AHEAD_MS = 45_000


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Demo]:
    """Return a data directory for a sandbox with seed 2."""
    with nowhere(), demo_on(tmp_path / "d", 2, Decimal(20)) as demo:
        yield demo


def story(demo: Demo, lasts_ms: int, meanwhile: Meanwhile) -> DemoReport:
    """Play a story with a clock that is ahead, and return what it came to."""
    truth = play(demo, lasts_ms, meanwhile, ahead_ms=AHEAD_MS)
    return report_of(asyncio.run(reckon(demo)), truth, demo)


def adds_up(report: DemoReport) -> None:
    """Demand that something was traded, that books and exchange agree, and that what we believe is true."""
    assert report.fills > 0
    assert (report.drift, report.invariants, report.replay_identical) == (0, "ok", True)
    assert report.tracked_equals_truth


def journal(demo: Demo) -> list[Event]:
    """Return all events of a journal."""

    async def read() -> list[Event]:
        async with open_journal_reader(demo.places.journal) as store:
            return [entry.event async for entry in store.journal.read(1)]

    return asyncio.run(read())


async def bad_minutes(gateway: Gateway, _worker: Worker) -> None:
    """Let the sockets drop, fall silent and tell garbage, and requests be refused, delayed and left unanswered."""
    clock = gateway.clock
    for fault, lasts_ms in (
        (Drop(), 20 * SECOND_MS),
        (Answer(status=429, times=5), 30 * SECOND_MS),
        (Silence(on=True), MINUTE_MS),
        (Garbage(), 5 * SECOND_MS),
        (Refuse(on=True), 10 * SECOND_MS),
        (Answer(status=502, times=10), 10 * SECOND_MS),
        (Delay(ms=2_000), 20 * SECOND_MS),
    ):
        await clock.sleep_until(clock.now_ms() + 15 * SECOND_MS)
        gateway.inflict(fault)
        await clock.sleep_until(clock.now_ms() + lasts_ms)
        gateway.inflict(Clear())


@pytest.mark.slow
def test_bad_minutes_leave_nothing_wrong(made: Demo) -> None:
    """What was missed is fetched again; in the end books and beliefs are right, and every gap was an event."""
    adds_up(story(made, 6 * MINUTE_MS, bad_minutes))
    events = journal(made)
    stages = [event.stage for event in events if isinstance(event, SourceRepair)]
    assert stages.count(RepairStage.DONE) >= 6 * 3
    assert any(isinstance(event, Instruments) for event in events)
    readings = [event for event in events if isinstance(event, ClockRead)]
    assert len(readings) >= 5
    for read in readings:
        assert read.offset_ms is not None
        assert read.spread_ms is not None
        assert abs(read.offset_ms - AHEAD_MS) <= read.spread_ms <= SECOND_MS
    assert len({event.wallet for event in events if isinstance(event, SourceEquity)}) == 6


async def away_at_first(gateway: Gateway, _worker: Worker) -> None:
    """Let nobody in for the first minute and a half."""
    gateway.inflict(Refuse())
    await gateway.clock.sleep_until(gateway.clock.now_ms() + 90 * SECOND_MS)
    gateway.inflict(Clear())


def test_a_start_needs_no_network(made: Demo) -> None:
    """Nothing is known at first, and nothing opened; once the exchange is there, everything is read and goes on."""
    adds_up(story(made, 6 * MINUTE_MS, away_at_first))
    events = journal(made)
    first_read = next(event for event in events if isinstance(event, ClockRead))
    listed, sent = (next(event for event in events if isinstance(event, kind)) for kind in (Instruments, OrderSent))
    assert (first_read.offset_ms, first_read.spread_ms) == (None, None)
    assert START_MS + 90 * SECOND_MS <= listed.received <= sent.received


def test_another_sandbox_is_refused(made: Demo) -> None:
    """A journal that ends later than the sandbox's present is of another one; the sentence says what to do."""
    play(made, 40 * SECOND_MS)
    with pytest.raises(InvalidInput, match="it is another sandbox; go on with the state file of the first one"):
        play(made, SECOND_MS)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_random_troubles_leave_nothing_wrong(tmp_path: Path, seed: int) -> None:
    """Whatever goes wrong, and in whichever order: once it is over everything adds up again."""
    random = Random(seed)

    async def troubles(gateway: Gateway, _worker: Worker) -> None:
        kinds = (
            Drop(),
            Garbage(),
            Silence(on=True),
            Refuse(on=True),
            Answer(status=429, times=10),
            Answer(status=502, times=10),
            Answer(status=500, times=10),
            Delay(ms=3_000),
            HideDex(dex="xyz", on=True),
        )
        for _ in range(12):
            await gateway.clock.sleep_until(gateway.clock.now_ms() + random.randrange(30 * SECOND_MS))
            gateway.inflict(random.choice(kinds))
            await gateway.clock.sleep_until(gateway.clock.now_ms() + random.randrange(40 * SECOND_MS))
            gateway.inflict(Clear())
        await gateway.clock.sleep_until(gateway.clock.now_ms() + 2 * MINUTE_MS)

    with nowhere(), demo_on(tmp_path / "d", seed, Decimal(20)) as demo:
        adds_up(story(demo, 15 * MINUTE_MS, troubles))
