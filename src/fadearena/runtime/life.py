"""
One life of a worker: from a recovery to the next stop or failure.

1. Commands that waited are the first thing that is journaled, then `Started`; only after these does the gate open, and
   only what `Started` and its successors lead to is handed on.
2. A turn ends with its commit; gate, dispatcher and snapshots learn of it afterwards, in this order.
3. What was taken from the inbox and not journaled goes back there: nothing is lost with a life. Where nobody knows
   whether it was, it may be journaled twice, which the core can tell. Only answers to questions do not outlive it.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from fadearena.core.state import State
from fadearena.kit.clock import Clock, SystemClock
from fadearena.model.error import StorageUnavailable
from fadearena.model.event import ClockRead, Event, InputRejected, Marks, Notice, Operator, Started
from fadearena.model.policy import Policy
from fadearena.model.units import MINUTE_MS, SECOND_MS, EpochMs
from fadearena.ports.control import Control
from fadearena.ports.heartbeat import Heartbeats
from fadearena.ports.inquiries import Inquiries, Looker
from fadearena.ports.journal import Journal, JournalEntry
from fadearena.ports.lease import Lease
from fadearena.ports.market_feed import MarketFeed
from fadearena.ports.sightings import RateUse, Sightings
from fadearena.ports.snapshots import Snapshots
from fadearena.ports.venue import Refusal, Venue
from fadearena.ports.wakeups import Wakeups
from fadearena.ports.wallet_feed import WalletFeed
from fadearena.runtime.ahead import Ahead
from fadearena.runtime.corrected import CorrectedClock
from fadearena.runtime.dispatcher import Dispatcher
from fadearena.runtime.engine import Engine
from fadearena.runtime.gate import Gate
from fadearena.runtime.inbox import Inbox, Incoming
from fadearena.runtime.metrics import Metrics
from fadearena.runtime.quotes import QuoteBoard
from fadearena.runtime.recovery import Recovered
from fadearena.runtime.rosters import Rosters
from fadearena.runtime.snapshotter import Snapshotter
from fadearena.runtime.standing import ROUND_MS, StandingQuotes
from fadearena.runtime.stops import Stops
from fadearena.runtime.timer import Timer
from fadearena.runtime.turns import Poisoned, Presign, Turns

_DRAIN_MS = 10
_COINS_AN_EVENT = 10

Opening = Callable[[State], Sequence[Event]]
"""What the core is told before `Started`, by the state as it was recovered: markets, the clock, first settings."""


def _nobody(_policy: Policy) -> None:
    """Tell nobody."""


def _trust() -> None:
    """Take the clock for right."""


def _unlimited() -> None:
    """Know of no limit."""


class WorkerOptions(msgspec.Struct, frozen=True, kw_only=True):
    """
    Numbers of the engine room.

    `turn_budget_ms` bounds how long events are stepped before they are committed and others get their turn; None
    bounds their number only, so that a simulation repeats itself. `feed_patience_ms` is how long a feed may be stale
    before people are told.
    """

    name: str = "worker"
    mode: str = "simulation"
    inbox_limit: int = 10_000
    batch_max: int = 64
    turn_budget_ms: float | None = 10.0
    snapshot_every: int = 5_000
    segment_every: int = 500_000
    read_concurrency: int = 8
    send_concurrency: int = 32
    control_poll_ms: int = 20
    beat_ms: int = SECOND_MS
    look_ms: int = 5 * SECOND_MS
    standby_poll_ms: int = SECOND_MS
    stop_patience_ms: int = 5 * SECOND_MS
    feed_patience_ms: EpochMs = MINUTE_MS
    kill_file: Path | None = None


@dataclass(frozen=True, kw_only=True)
class WorkerDoors:
    """
    What a worker works with.

    `clock` is the time of the venue's world, `wall` that of people and machines; they differ in a simulation.
    `presign` signs an order before it is made durable, where the venue can. `guard` is given what the venue has to
    ask again right before a command leaves, where it may have waited for its turn.
    `on_settings` is told the settings before anything else, and when they changed. `doubt` has our clock measured
    against the exchange's soon. `sightings` is shown what the worker sees, where somebody may look; `rate` tells how
    the rate budget stands, where there is one. `wakeups` tell of people's commands, where somebody can. Through
    `inquiries` windows ask for wallets, at which `looker` looks; without one the feed of wallets does.
    """

    journal: Journal
    snapshots: Snapshots
    lease: Lease
    wallets: WalletFeed
    markets: MarketFeed
    venue: Venue
    control: Control
    heartbeats: Heartbeats
    clock: Clock
    presign: Presign | None = None
    guard: Callable[[Refusal], None] | None = None
    wall: Clock = field(default_factory=SystemClock)
    on_settings: Callable[[Policy], None] = _nobody
    doubt: Callable[[], None] = _trust
    sightings: Sightings | None = None
    rate: Callable[[], RateUse | None] = _unlimited
    wakeups: Wakeups | None = None
    inquiries: Inquiries | None = None
    looker: Looker | None = None


@dataclass(frozen=True, kw_only=True)
class Room:
    """What outlives a life: the doors, the numbers, the inbox and what waits before it, the gate, the prices."""

    doors: WorkerDoors
    opening: Opening
    options: WorkerOptions
    engine: Engine
    metrics: Metrics
    inbox: Inbox
    ahead: Ahead
    gate: Gate
    board: QuoteBoard
    stops: Stops
    stopping: asyncio.Event


class Life:
    """Takes turns on a recovered state."""

    def __init__(self, room: Room, recovered: Recovered, group: asyncio.TaskGroup) -> None:
        doors, options = room.doors, room.options
        coins = sorted({coin for _, coin in recovered.state.books})
        self._standing = StandingQuotes(room.board.quote, coin_ms=0, coins=coins, most=_COINS_AN_EVENT)
        clock = CorrectedClock(doors.clock, recovered.state)
        self.timer = Timer(clock, room.inbox)
        self.turns = Turns(
            recovered,
            room.engine,
            doors.journal,
            clock,
            self._standing,
            presign=doors.presign,
            stopwatch=room.metrics.stopwatch,
        )
        self.snapshotter = Snapshotter(
            recovered,
            doors.snapshots,
            room.engine,
            clock,
            room.metrics,
            snapshot_every=options.snapshot_every,
            segment_every=options.segment_every,
        )
        self._dispatcher = Dispatcher(
            venue=doors.venue,
            wallets=doors.wallets,
            markets=doors.markets,
            lease=doors.lease,
            clock=clock,
            gate=room.gate,
            inbox=room.inbox,
            timer=self.timer,
            metrics=room.metrics,
            read_concurrency=options.read_concurrency,
            send_concurrency=options.send_concurrency,
        )
        if doors.guard is not None:
            doors.guard(self._dispatcher.refusal)
        self._clock = clock
        self._room = room
        self._recovered = recovered
        self._group = group
        self._policy: Policy | None = None
        self._rosters = Rosters()
        room.metrics.state.begin(recovered.state)

    async def begin(self) -> None:
        """Journal what comes before everything else, then open the gate."""
        room, recovered = self._room, self._recovered
        await self.snapshotter.open_segment(recovered.seq, recovered.record_seq)
        room.inbox.forget_questions()
        room.ahead.forget_answers()
        room.gate.follow(recovered.state.latches)
        self._watch(())
        await room.stops.look(recovered.state.control_id)
        await self._open(room.opening(recovered.state))
        await self._journal(room.inbox.take_first())
        entries = await self._take([self._started(), *self._notices()])
        if not room.stopping.is_set():
            room.gate.open()
        self._dispatcher.dispatch(entries, self._group)
        self.turns.count(room.metrics)

    async def go_on(self) -> None:
        """Take turns until stopped."""
        while not self._room.stopping.is_set():
            self._dispatcher.dispatch(await self._turn(), self._group)
            await asyncio.sleep(0)  # what was handed on leaves first, and others want their turn
            self.turns.count(self._room.metrics)
            self.snapshotter.look(self.turns.seq, self.turns.record_seq)

    async def pulse(self) -> None:
        """Have prices told at least every ten seconds, whatever else happens; for ever."""
        while True:
            await self._clock.sleep_until(self._clock.now_ms() + ROUND_MS)
            if self._standing.is_due(self._clock.now_ms()):
                self._room.inbox.offer(Marks(time=0, received=0))

    async def wind_up(self) -> None:
        """
        Journal what becomes of what is under way, as long as patience lasts.

        What is decided now is not handed on: the next start settles it.
        """
        room = self._room
        wall = room.doors.wall
        deadline = wall.now_ms() + room.options.stop_patience_ms
        self._dispatcher.forget_questions()
        while (self._dispatcher.in_flight or len(room.inbox)) and wall.now_ms() < deadline:
            if len(room.inbox):
                await self._turn()
            await wall.sleep_until(wall.now_ms() + (0 if len(room.inbox) else _DRAIN_MS))
        self.turns.count(room.metrics)
        self._dispatcher.cancel()

    def count(self) -> None:
        """Tell the metrics how much waits, and how things stand."""
        self._room.metrics.state.show(self.turns.state)
        queue = self._room.metrics.queue
        queue.labels("inbox").set(len(self._room.inbox))
        queue.labels("in_flight").set(self._dispatcher.in_flight)
        queue.labels("timer").set(len(self.timer))

    async def _turn(self) -> list[JournalEntry]:
        """Take what waits, as far as time allows."""
        options = self._room.options
        budget_ms = options.turn_budget_ms
        incoming = self._room.ahead.sift(await self._room.inbox.take(options.batch_max), self._clock.now_ms())
        return await self._journal(incoming, None if budget_ms is None else budget_ms / SECOND_MS)

    async def _journal(self, incoming: Sequence[Incoming], budget_s: float | None = None) -> list[JournalEntry]:
        """Take what came from the inbox; what is not journaled goes back there."""
        inbox = self._room.inbox
        try:
            entries, rest = await self.turns.take(incoming, budget_s=budget_s)
        except Poisoned as poisoned:
            inbox.put_back(poisoned.rest)
            raise
        except StorageUnavailable:
            inbox.put_back(incoming)
            raise
        inbox.put_back(rest)
        self._follow(entries)
        return entries

    async def _open(self, events: Sequence[Event]) -> None:
        """Take what comes first; by the clock as it was measured before, also where that was not journaled yet."""
        self._clock.measured = next((event.offset_ms for event in events if isinstance(event, ClockRead)), None)
        await self._take(events)
        self._clock.measured = None

    async def _take(self, events: Sequence[Event]) -> list[JournalEntry]:
        """Take what is made anew at every start."""
        entries, _ = await self.turns.take([Incoming(event) for event in events])
        self._follow(entries)
        return entries

    def _follow(self, entries: Sequence[JournalEntry]) -> None:
        """Let the gate know what is journaled now."""
        gate = self._room.gate
        gate.follow(self.turns.state.latches)
        for entry in entries:
            if isinstance(entry.event, Operator):
                gate.journaled(entry.event.control_id)
            elif isinstance(entry.event, InputRejected):  # perhaps since our clock is wrong
                self._room.doors.doubt()
        self._watch(entries)

    def _watch(self, entries: Sequence[JournalEntry]) -> None:
        """Tell the feed whose wallets matter, and others the settings, where that changed."""
        state = self.turns.state
        roster = self._rosters.changed(state, entries)
        if roster is not None:
            self._room.doors.wallets.follow(roster)
        if state.policy is not self._policy:
            self._policy = state.policy
            self._room.doors.on_settings(state.policy)

    def _started(self) -> Started:
        worker = f"{self._room.options.name}-{self._room.doors.lease.epoch}"
        return Started(time=0, received=0, rules_version=self._room.engine.rules_version, worker=worker)

    def _notices(self) -> list[Notice]:
        """Say what was not as expected in the journal."""
        texts = [("critical", f"replayed otherwise than recorded: {text}") for text in self._recovered.differences]
        texts += [("warning", f"journal entry {seq} was left out, as ordered") for seq in self._recovered.left_out]
        return [Notice(time=0, received=0, level=level, category="recovery", text=text) for level, text in texts]
