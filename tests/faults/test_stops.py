"""
Stops, of every kind, at seeded moments while all bots grow: 100 of 100.

Whoever stops everything is believed to have been heard when the order is journaled, which is before the answer can be
read: no increase is accepted later than 100 ms after that, and nothing at all leaves but closes where they are wanted.
"""

import asyncio
import signal
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest

from fadearena.adapters.sql.journal.store import open_journal_reader
from fadearena.adapters.sql.read_store import open_read_store
from fadearena.bootstrap.signals import KILL_SIGNAL, release_kill_signal
from fadearena.core.latches import ALL, LatchKind
from fadearena.kit.clock import ManualClock
from fadearena.kit.jumping import run_jumping
from fadearena.model.command import PlaceOrder
from fadearena.model.event import Event, Kill, Operator, OperatorAction, Release, SetPolicy, Started
from fadearena.model.order import Purpose
from fadearena.model.units import SECOND_MS, EpochMs
from fadearena.ports.control import Control, ControlEntry, ControlState
from fadearena.ports.journal import JournalEntry
from fadearena.runtime.engine import Engine
from fadearena.runtime.life import WorkerOptions
from fadearena.runtime.recovery import recover
from tests.support.crash import Death, Passes
from tests.support.crash_life import Habits, Parts, Place, assembled, live, unchanged
from tests.support.crash_runs import SHORT, in_child
from tests.support.truth import BOTS, START_MS, Order, policy_of
from tests.support.truth_rush import Rush, Stop, StopKind, rush
from tests.support.truth_venue import TruthVenue, latency_of

STOPPED_MS = START_MS + 15 * SECOND_MS
SEEDS, TIMES = 5, 5
LATE_MS = 100
HEARD_MS = 50
FEW = WorkerOptions(turn_budget_ms=None, beat_ms=5_000, send_concurrency=4)
QUICK = Habits(options=FEW, poll_ms=20)
"""So few orders leave at once that some always wait for their turn when a stop comes."""


@dataclass
class Seen:
    """What came of stops: the entries of the journal, the orders that arrived, and when people were answered."""

    entries: Sequence[JournalEntry] = ()
    arrived: Sequence[tuple[EpochMs, PlaceOrder]] = ()
    answered: dict[EpochMs, EpochMs] = field(default_factory=dict)


def test_each_kind_of_stop(empty: Place, quick_path: Path) -> None:
    """One of each kind: nothing is accepted later than 100 ms."""
    told = rush(seed=0, rounds=1)
    assert check(told, watch(empty.copy_to(quick_path / "stops"), told)) == 4


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, SEEDS + 1))
def test_stops_at_any_moment(empty: Place, quick_path: Path, seed: int) -> None:
    """100 of 100, in five stories of twenty: 25 by the table, 25 with a flatten, 25 by the file, 25 by a signal."""
    told = rush(seed, rounds=TIMES)
    assert check(told, watch(empty.copy_to(quick_path / "stops"), told)) == TIMES * len(StopKind)


def check(told: Rush, seen: Seen) -> int:
    """Check every stop of a story; return how many there were."""
    kills = [entry for entry in seen.entries if _is_kill(entry.event)]
    assert len(kills) == len(told.stops)
    for stop, kill in zip(told.stops, kills, strict=True):
        heard = kill.received
        assert stop.at <= heard <= stop.at + HEARD_MS
        assert heard <= seen.answered.get(stop.at, heard)
        before = [at for at, _ in seen.arrived if stop.at - 250 <= at < stop.at]
        assert len(before) > 5, "the bots were to grow all the time"
        for at, order in seen.arrived:
            if heard < at < stop.release_at and order.terms.purpose is not Purpose.FLATTEN:
                assert at <= heard + LATE_MS
                assert at - latency_of(order) <= heard, "it left after the stop was heard"
        closes = [at for at, order in seen.arrived if stop.at < at < stop.release_at and order.terms.bot is None]
        assert bool(closes) is (stop.kind is StopKind.FLATTEN)
    return len(kills)


def watch(place: Place, told: Rush) -> Seen:
    """Tell a story with its stops and releases, and return what was seen."""
    clock, seen = ManualClock(START_MS), Seen()

    async def story() -> None:
        async with assembled(place, told.tale, clock, lambda _: None, QUICK, unchanged) as parts:
            asyncio.get_running_loop().add_signal_handler(KILL_SIGNAL, parts.worker.kill_now, "signal")
            release_kill_signal()  # a worker that ended in this process before holds it
            async with asyncio.TaskGroup() as group:
                group.create_task(parts.worker.run())
                group.create_task(parts.projector.run())
                for stop in told.stops:
                    await _stop(stop, parts, clock, seen)
                await clock.sleep_until(told.tale.end)
                parts.worker.stop()
                parts.projector.stop()
            seen.arrived = parts.venue.ledger.placed()
        seen.entries = await entries_of(place)

    run_jumping(story(), clock)
    return seen


async def _stop(stop: Stop, parts: Parts, clock: ManualClock, seen: Seen) -> None:
    await clock.sleep_until(stop.at)
    match stop.kind:
        case StopKind.FILE:
            parts.place.kill_file.touch()
        case StopKind.SIGNAL:
            signal.raise_signal(KILL_SIGNAL)
        case StopKind.TABLE | StopKind.FLATTEN:
            action = Kill(flatten=stop.kind is StopKind.FLATTEN)
            await _answer(parts.read.control, action, clock)
            seen.answered[stop.at] = clock.now_ms()
    await clock.sleep_until(stop.release_at)
    parts.place.kill_file.unlink(missing_ok=True)
    await clock.sleep_until(clock.now_ms() + 50)
    released = await _answer(parts.read.control, Release(rejoin=True), clock)
    assert released.state is ControlState.ACCEPTED, (stop, released.reasons)


async def _answer(control: Control, action: OperatorAction, clock: ManualClock) -> ControlEntry:
    entry = await control.put("ann", action, now=clock.now_ms())
    while entry.state is ControlState.QUEUED:
        await clock.sleep_until(clock.now_ms() + 1)
        entry = await control.get(entry.id)
    return entry


# --- stops and death


def test_a_stop_outlives_death_and_settings(empty: Place, quick_path: Path) -> None:
    """A stop that was journaled stays through a kill -9, a new start, and settings that are given anew."""
    place = empty.copy_to(quick_path / "stopped")
    kill = Order(at=STOPPED_MS, action=Kill())
    assert in_child(die, place.directory, [kill]) == -signal.SIGKILL
    again = SetPolicy(policy=policy_of(tuple(msgspec.structs.replace(bot, enabled=True) for bot in BOTS)))
    go_on(place, [kill, Order(at=STOPPED_MS + 12 * SECOND_MS, action=again)])
    entries = asyncio.run(entries_of(place))
    heard = next(entry.received for entry in entries if _is_kill(entry.event))
    assert STOPPED_MS <= heard <= STOPPED_MS + 1_000
    assert [at for at, _ in arrived(place) if STOPPED_MS - 5_000 < at < STOPPED_MS]
    assert not [at for at, _ in arrived(place) if at > heard + LATE_MS]
    assert asyncio.run(is_killed(place))


@pytest.mark.parametrize("kind", [StopKind.TABLE, StopKind.FILE])
def test_a_stop_while_the_worker_is_dead(empty: Place, quick_path: Path, kind: StopKind) -> None:
    """It stays queued; it is journaled before the next worker takes over, and nothing leaves between."""
    place = empty.copy_to(quick_path / "dead")
    assert in_child(die, place.directory, []) == -signal.SIGKILL
    died = int(place.died.read_text())
    if kind is StopKind.FILE:
        place.kill_file.touch()
    else:
        asyncio.run(order(place, Kill()))
    go_on(place, [])
    entries = asyncio.run(entries_of(place))
    kill = next(entry.seq for entry in entries if _is_kill(entry.event))
    starts = [entry.seq for entry in entries if isinstance(entry.event, Started)]
    assert starts[0] < kill < starts[1]
    assert [at for at, _ in arrived(place) if at <= died]
    assert not [at for at, _ in arrived(place) if at > died]
    assert asyncio.run(is_killed(place))


def die(directory: Path, orders: list[Order]) -> None:
    """Live until some seconds after the stop, and die by kill -9."""
    place, clock = Place(directory), ManualClock(START_MS)
    tale = msgspec.structs.replace(SHORT.tale(), orders=tuple(orders))
    death = Death(point="before heartbeats.beat", nth=5)  # one at the start, then one every five seconds
    run_jumping(live(place, tale, clock, Passes(clock, place.died, death, tale.end)), clock)


def go_on(place: Place, orders: list[Order]) -> None:
    """Live to the end."""
    clock = ManualClock(place.resumes_at())
    tale = msgspec.structs.replace(SHORT.tale(), orders=tuple(orders))
    run_jumping(live(place, tale, clock, lambda _: None), clock)


async def order(place: Place, action: OperatorAction) -> None:
    """Order something while nobody listens."""
    async with open_read_store(place.read, inline=True) as read:
        await read.control.put("ann", action, now=place.resumes_at())


async def entries_of(place: Place) -> list[JournalEntry]:
    """Return the whole journal."""
    async with open_journal_reader(place.journal, inline=True) as store:
        return [entry async for entry in store.journal.read()]


async def is_killed(place: Place) -> bool:
    """Tell whether a worker that starts now would be halted."""
    async with open_journal_reader(place.journal, inline=True) as store:
        recovered = await recover(store.journal, store.snapshots, Engine())
    return recovered.state.latches.has(ALL, LatchKind.KILL)


def arrived(place: Place) -> list[tuple[EpochMs, PlaceOrder]]:
    """Return the orders that reached the exchange."""
    venue = TruthVenue(ManualClock(START_MS), place.exchange)
    venue.close()
    return venue.ledger.placed()


def _is_kill(event: Event) -> bool:
    return isinstance(event, Operator) and isinstance(event.action, Kill)
