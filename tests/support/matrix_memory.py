"""
The fault matrix in one process and on a clock that jumps: worker, wire and sandbox, the same each time.

Who is killed hangs for ever at the point where it was, is cancelled, and another is started on the same journal.
"""

import asyncio
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, cast

import msgspec

from fadearena.adapters.hyperliquid.transport import Socket, Transport
from fadearena.adapters.memory.control import MemoryControl
from fadearena.adapters.memory.heartbeat import MemoryHeartbeats
from fadearena.adapters.memory.journal import MemoryJournal
from fadearena.adapters.memory.lease import MemoryLease
from fadearena.adapters.memory.snapshots import MemorySnapshots
from fadearena.adapters.memory.storage import JournalMemory
from fadearena.bootstrap.live import LiveWorld, Start
from fadearena.bootstrap.way import Plan
from fadearena.kit.clock import ManualClock
from fadearena.kit.jumping import run_jumping
from fadearena.kit.tasks import cancelled
from fadearena.model.error import StorageUnavailable
from fadearena.model.units import MINUTE_MS, SECOND_MS, EpochMs
from fadearena.ports.journal import Journal, JournalEntry
from fadearena.ports.venue import Venue
from fadearena.runtime.worker import Worker, WorkerDoors, WorkerOptions
from fadearena.sandbox.clock import BoxClock
from fadearena.sandbox.exchange import Exchange
from fadearena.sandbox.gateway.gateway import Gateway, Settings
from fadearena.sandbox.gateway.limits import Limits
from fadearena.sandbox.loopback import Loopback
from tests.support.matrix import LASTS_MS, STEPS_MS, Fault, Hit, Schedule, Step
from tests.support.matrix_check import Books, books_of, problems_of
from tests.support.matrix_people import AGENT, LEADER, LEADER_USD, MASTER, OURS_USD, Held, settings
from tests.support.matrix_points import PointedTransport, pointed_journal
from tests.support.matrix_story import BEFORE_HOUR_MS, Course, Director, Holdings, Telling
from tests.support.matrix_wire import Wire

START_MS = 1_795_003_200_000 - BEFORE_HOUR_MS
"""Shortly before the hour, so that funding is paid in the middle of a story."""
PATIENCE_MS = 11 * SECOND_MS
"""Longer than any client's."""
_AWAY_MS = 700
_SETTINGS = Settings(limits=Limits(weight_a_minute=3_600))
"""Three come from one address here, of whom the worker is one."""


Adapt = Callable[[Venue], Venue]


def as_it_is(venue: Venue) -> Venue:
    """Leave a venue as it is."""
    return venue


class _Life:
    """One life of a worker: once it is dead, nothing that it does has an effect."""

    def __init__(self, director: Director) -> None:
        self.is_dead = False
        self._director = director

    async def passed(self, step: Step) -> None:
        """Pass a step; who dies here never comes back."""
        await self.go_on()
        await self._director.passed(step)
        await self.go_on()

    async def go_on(self) -> None:
        """Go on, or hang for ever after death."""
        if self.is_dead:
            await asyncio.Event().wait()


class _Disk:
    """A journal that cannot be written after death, nor while its disk fails."""

    def __init__(self, inner: Journal, life: _Life, is_failing: Callable[[], bool]) -> None:
        self._inner = inner
        self._life = life
        self._is_failing = is_failing

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def append(self, *entries: JournalEntry) -> None:
        """Keep entries, or not."""
        await self._life.go_on()
        if self._is_failing():
            raise StorageUnavailable("the database is locked, or its disk is full")
        await self._inner.append(*entries)


class _Way:
    """The way to the exchange that is there at present."""

    def __init__(self, gateway: Gateway) -> None:
        self.to(gateway)

    def to(self, gateway: Gateway) -> None:
        """Lead to another gateway."""
        self._loopback = Loopback(gateway)

    async def post(self, path: str, body: bytes) -> tuple[int, bytes]:
        """Carry a request and its answer."""
        return await self._loopback.post(path, body)

    async def connect(self) -> Socket:
        """Open a socket."""
        return await self._loopback.connect()


class _Mortal:
    """The way of one life: once it is dead nothing leaves."""

    def __init__(self, inner: Transport, life: _Life) -> None:
        self._inner = inner
        self._life = life

    async def post(self, path: str, body: bytes) -> tuple[int, bytes]:
        """Carry a request and its answer."""
        await self._life.go_on()
        return await self._inner.post(path, body)

    async def connect(self) -> Socket:
        """Open a socket."""
        await self._life.go_on()
        return await self._inner.connect()


class MemoryStage:
    """A stage without sockets, processes and waiting."""

    def __init__(self, schedule: Schedule, manual: ManualClock, adapt: Adapt) -> None:
        self.clock = manual
        self.memory = JournalMemory()
        self.director = Director(self.inflict)
        self._schedule = schedule
        self._adapt = adapt
        self._rng = Random(schedule.seed)
        self._box = BoxClock(manual)
        self._disk_fails_until: EpochMs = 0
        self._gateway = self._opened()
        self.direct = _Way(self._gateway)
        self.wire = Wire(self.direct, manual, self.director, MASTER.address, PATIENCE_MS)
        self._life = _Life(self.director)
        self._ticking = asyncio.create_task(self._gateway.run())
        self._worker = asyncio.create_task(self._live(self._life))
        self._burying: asyncio.Task[None] | None = None
        self._running: Worker | None = None

    @property
    def funding_ms(self) -> EpochMs:
        """When funding is paid."""
        return START_MS + BEFORE_HOUR_MS

    @property
    def is_whole(self) -> bool:
        """Whether worker and exchange are up, and no fault lasts any more."""
        is_alive = self._burying is None or self._burying.done()
        return is_alive and not self.wire.is_suffering and self.clock.now_ms() >= self._disk_fails_until

    async def inflict(self, hit: Hit) -> None:
        """Let a fault begin."""
        now = self.clock.now_ms()
        match hit.fault:
            case Fault.KILL:
                self._life.is_dead = True
                self._burying = asyncio.create_task(self._bury(self._worker))
            case Fault.LOCKED | Fault.FULL:
                self._disk_fails_until = now + LASTS_MS[hit.fault]
            case Fault.CLOCK:
                self._box.step(self._rng.choice(STEPS_MS))
            case Fault.RESTART:
                self.wire.begin(hit.fault)
                await self._restart()
            case fault:
                self.wire.begin(fault)

    async def entries(self, since: int) -> Sequence[JournalEntry]:
        """Return what is journaled from an entry on."""
        return [self.memory.entries[seq] for seq in range(since, self.memory.last_seq + 1)]

    async def held(self) -> Holdings:
        """Return what everybody holds, in truth."""
        accounts = self._gateway.exchange.truth().accounts
        return {
            user: {coin: position.size for coin, position in account.positions.items() if position.size}
            for user, account in accounts.items()
        }

    async def stand_still(self) -> None:
        """Let prices stand still from now on."""
        self._gateway.exchange.stand_still()

    async def books(self) -> Books:
        """End the worker, and return what the exchange says."""
        if self._running is not None:
            self._running.stop()
        await self._worker
        cash = {name: str(usd) for name, usd in self._gateway.exchange.truth().accounts[MASTER.address].cash.items()}
        return await books_of(self.direct, await self.held(), cash)

    async def close(self) -> None:
        """End what still runs."""
        await self.wire.close()
        await cancelled(self._ticking, self._worker, *([self._burying] if self._burying else []))

    async def _bury(self, worker: "asyncio.Task[None]") -> None:
        """Take a dead worker away, and start another."""
        await cancelled(worker)
        self.memory.owner = None
        await self.clock.sleep_until(self.clock.now_ms() + _AWAY_MS)
        self._life = _Life(self.director)
        self._worker = asyncio.create_task(self._live(self._life))

    async def _live(self, life: _Life) -> None:
        lease = MemoryLease(self.memory)
        transport = PointedTransport(_Mortal(self.wire, life), life.passed)
        journal = MemoryJournal(self.memory, lease)
        disk = cast("Journal", _Disk(journal, life, self._is_disk_failing))
        rng, signers = Random(self._rng.random()), Held(AGENT)
        world = LiveWorld(
            Plan(shares_time=False), transport, self.clock, journal, rng, signers, Start(first=settings())
        )
        doors = WorkerDoors(
            journal=pointed_journal(disk, life.passed),
            snapshots=MemorySnapshots(self.memory, lease),
            lease=lease,
            wallets=world.wallets,
            markets=world.markets,
            venue=self._adapt(world.venue),
            control=MemoryControl(),
            heartbeats=MemoryHeartbeats(),
            clock=world.clock,
            wall=self.clock,
            on_settings=world.follow,
            doubt=world.doubt,
        )
        options = WorkerOptions(turn_budget_ms=None, control_poll_ms=SECOND_MS, beat_ms=MINUTE_MS, snapshot_every=200)
        self._running = Worker(doors, world.opening, options, prepare=world.prepare)
        await self._running.run()

    def _is_disk_failing(self) -> bool:
        return self.clock.now_ms() < self._disk_fails_until

    def _opened(self) -> Gateway:
        exchange = Exchange(self._box, self._schedule.seed, traders=2, history_ms=0)
        exchange.deposit(MASTER.address, OURS_USD)
        exchange.deposit(LEADER.address, LEADER_USD)
        exchange.approve_agent(MASTER.address, AGENT.address, "fade-1", None)
        return Gateway(exchange, self._box, _SETTINGS, wall=self.clock)

    async def _restart(self) -> None:
        """End the exchange, and go on with what it remembers."""
        old = self._gateway
        old.close_all()
        await cancelled(self._ticking)
        exchange = Exchange.load(self._box, old.exchange.dump())
        self._gateway = Gateway(exchange, self._box, _SETTINGS, wall=self.clock, memory=old.memory)
        self.direct.to(self._gateway)
        self._ticking = asyncio.create_task(self._gateway.run())


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """A story that was told: how it went, what was journaled, and what the exchange says."""

    course: Course
    entries: tuple[JournalEntry, ...]
    books: Books


def recorded(schedule: Schedule, adapt: Adapt = as_it_is) -> Recorded:
    """Tell a story; the worker's venue may be exchanged for a worse one."""
    clock = ManualClock(START_MS)
    return run_jumping(_recorded(schedule, clock, adapt), clock)


def told(schedule: Schedule) -> tuple[Course, list[str]]:
    """Tell a story; return how it went, and all that is wrong with it."""
    story = recorded(schedule)
    return story.course, [*story.course.problems, *problems_of(story.entries, story.books)]


async def _recorded(schedule: Schedule, clock: ManualClock, adapt: Adapt) -> Recorded:
    stage = MemoryStage(schedule, clock, adapt)
    try:
        telling = Telling(stage, stage.director, schedule)
        course = await telling.tell()
        books = await stage.books()
    finally:
        await stage.close()
    await telling.mirror.catch_up()
    return Recorded(course=course, entries=tuple(telling.mirror.entries), books=books)
