"""
The engine room to play with: a worker in memory, on made-up time that jumps.

    room = Room()

    async def story(room: Room) -> None:
        await room.settled()
        room.wallets.trade("BTC", "1")
        await room.wait(500)

    room.play(story)
    assert room.venue.orders
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal
from typing import Any

from fadearena.adapters.memory.control import MemoryControl
from fadearena.adapters.memory.heartbeat import MemoryHeartbeats
from fadearena.adapters.memory.inquiries import MemoryInquiries
from fadearena.adapters.memory.lease import MemoryLease
from fadearena.adapters.memory.sightings import MemorySightings
from fadearena.adapters.memory.snapshots import MemorySnapshots
from fadearena.adapters.memory.storage import JournalMemory
from fadearena.core.engine import Turned, step
from fadearena.core.engine.replay import replay
from fadearena.core.state import Parts, State
from fadearena.kit.clock import ManualClock
from fadearena.kit.jumping import run_jumping
from fadearena.model.command import Command, PlaceOrder, ReadAccount, WakeAt
from fadearena.model.event import (
    AccountRead,
    BudgetRead,
    ClockRead,
    Event,
    Instruments,
    Kill,
    Notice,
    Operator,
    OperatorAction,
    Rejoin,
    SetPolicy,
    Woke,
)
from fadearena.model.order import OrderIdentity, OrderTerms, Purpose
from fadearena.model.units import Side
from fadearena.ports.journal import JournalEntry
from fadearena.runtime.engine import Engine
from fadearena.runtime.immediate import immediately
from fadearena.runtime.metrics import Metrics
from fadearena.runtime.recovery import Recovered
from fadearena.runtime.worker import Worker, WorkerDoors, WorkerOptions
from tests.support.room_doors import Ahead, FlakyJournal, Prices, Venue, Wallets
from tests.support.world import AGENT, MARKETS, T0, settings

D = Decimal
Story = Callable[["Room"], Awaitable[None]]


def notice(text: str = "") -> Notice:
    """Return an event that means nothing but that something happened; it happens when it is received."""
    return Notice(time=0, received=0, level="info", category="test", text=text)


def operator(action: OperatorAction = Kill(), control_id: int = 0) -> Operator:  # noqa: B008 - frozen
    """Return a person's command."""
    return Operator(time=0, received=0, control_id=control_id, actor="ann", action=action)


def order(name: str = "c1", **more: Any) -> PlaceOrder:
    """Return an order of `grok-4` to buy one ETH on `main`, unless said otherwise."""
    terms = OrderTerms(
        account=more.pop("account", "main"),
        coin="ETH",
        asset_id=1,
        side=Side.BUY,
        quantity=D(1),
        limit=D(2_000),
        reduce_only=False,
        purpose=more.pop("purpose", Purpose.INCREASE),
        bot=more.pop("bot", "grok-4"),
        residue_quantity=D(0),
    )
    expires_after = more.pop("expires_after", T0 + 10_000)
    assert not more
    identity = OrderIdentity(cloid=name, label=name, signer=AGENT, nonce=1, expires_after=expires_after)
    return PlaceOrder(terms=terms, identity=identity)


def wake(at_ms: int, key: str = "k") -> WakeAt:
    """Return a request to be woken."""
    return WakeAt(at_ms=at_ms, key=key)


def recovered(state: State | None = None) -> Recovered:
    """Return what is known at the first start of all."""
    state = state or State()
    return Recovered(state=state, parts=Parts(state), seq=0, record_seq=0, snapshot_seq=0, segment=None)


class Room:
    """
    A worker and all that stands around it; what is kept outlives the worker.

    `clock` is the exchange's time, of which the worker's is `offset_ms` ahead.
    """

    def __init__(self, memory: JournalMemory | None = None) -> None:
        self.clock = ManualClock(T0)
        self.offset_ms = 0
        self.memory = memory or JournalMemory()
        self.lease = MemoryLease(self.memory)
        self.journal = FlakyJournal(self.memory, self.lease)
        self.snapshots = MemorySnapshots(self.memory, self.lease)
        self.control = MemoryControl()
        self.heartbeats = MemoryHeartbeats()
        self.sightings = MemorySightings()
        self.inquiries = MemoryInquiries()
        self.wallets = Wallets(self.clock)
        self.prices = Prices(self.clock)
        self.venue = Venue(self.clock)
        self.policy = settings()
        self.engine = Engine()
        self.metrics = Metrics()
        self.worker = self.build()

    def build(self, **options: Any) -> Worker:
        """Make the worker anew, with other numbers. It beats seldom: a beat writes all metrics, and few are read."""
        self.doors = WorkerDoors(
            journal=self.journal,
            snapshots=self.snapshots,
            lease=self.lease,
            wallets=self.wallets,
            markets=self.prices,
            venue=self.venue,
            control=self.control,
            heartbeats=self.heartbeats,
            sightings=self.sightings,
            inquiries=self.inquiries,
            clock=Ahead(self.clock, self.offset_ms),
            wall=self.clock,
        )
        numbers = WorkerOptions(**{"turn_budget_ms": None, "beat_ms": 10_000, **options})
        self.worker = Worker(self.doors, self.opening, numbers, engine=self.engine, metrics=self.metrics)
        return self.worker

    def opening(self, state: State) -> Sequence[Event]:
        """Return what the core is told at every start."""
        first = () if state.policy.bots else (operator(SetPolicy(policy=self.policy)),)
        return (
            *first,
            Instruments(time=0, received=0, instruments=MARKETS),
            ClockRead(time=0, received=0, offset_ms=self.offset_ms, spread_ms=0),
            BudgetRead(time=0, received=0, account="main", actions_left=10_000),
        )

    def play(self, *stories: Story, **options: Any) -> None:
        """Let the worker run, tell stories beside it, and stop it in good order."""
        run_jumping(self._play(stories, options), self.clock)

    async def _play(self, stories: Sequence[Story], options: dict[str, Any]) -> None:
        worker = self.build(**options)
        running = asyncio.create_task(worker.run(), name="worker")
        try:
            for story in stories:
                telling = asyncio.ensure_future(story(self))
                await asyncio.wait([running, telling], return_when=asyncio.FIRST_COMPLETED)
                if not telling.done():
                    telling.cancel()
                    break
                telling.result()
        finally:
            worker.stop()
            await running

    async def wait(self, ms: int) -> None:
        """Let time pass."""
        await self.clock.sleep_until(self.clock.now_ms() + ms)

    async def settled(self) -> None:
        """Wait until everything was read, and positions may be opened."""
        await self.wait(6_000)

    # --- what came of it

    @property
    def entries(self) -> list[JournalEntry]:
        """What is journaled."""
        return list(self.memory.entries.values())

    @property
    def events(self) -> list[Event]:
        """The events that are journaled."""
        return [entry.event for entry in self.entries]

    @property
    def state(self) -> State:
        """The state that follows from the journal, from the very beginning."""
        state = State()
        for entry in self.entries:
            step(state, entry.event)
        return state

    def kinds(self, *kinds: type) -> list[str]:
        """The names of the journaled events of some types, in their order."""
        return [type(event).__name__ for event in self.events if isinstance(event, kinds)]


def ordered(room: Room) -> list[PlaceOrder]:
    """Return the orders that were journaled."""
    return [command for entry in room.entries for command in entry.commands if isinstance(command, PlaceOrder)]


def cloids(orders: Sequence[PlaceOrder]) -> list[str]:
    """Return what tells orders apart."""
    return [order.identity.cloid for order in orders]


def settled_books(room: Room) -> None:
    """Demand that nothing is open, that no order left twice, and that the exchange holds what our books hold."""
    state = room.state
    assert len(set(cloids(room.venue.orders))) == len(room.venue.orders)
    assert not any(memory.open for memory in state.books.values())
    (read,) = immediately(room.venue.exchange.execute(ReadAccount(account="main")))
    assert isinstance(read, AccountRead)
    theirs = {held.coin: held.size for dex in read.dexs for held in dex.positions}
    ours = {coin: memory.book.position for (_, coin), memory in state.books.items() if memory.book.position}
    assert ours == theirs


def with_text(events: Sequence[Event]) -> list[str]:
    """Return the texts of notices."""
    return [event.text for event in events if isinstance(event, Notice)]


def poisoned(*texts: str) -> Engine:
    """Return the core, but one that raises on notices with these texts; `a wake` and `a rejoin` stand for such."""

    def taste(event: Event) -> None:
        match event:
            case Notice(text=text) if text in texts:
                raise ZeroDivisionError(text)
            case Woke(key="equity") if "a wake" in texts:
                raise ZeroDivisionError("a wake")
            case Operator(action=Rejoin()) if "a rejoin" in texts:
                raise ZeroDivisionError("a rejoin")
            case _:
                pass

    def stepped(state: State, event: Event) -> Turned:
        taste(event)
        return step(state, event)

    def replayed(state: State, event: Event, recorded: Sequence[Command]) -> list[str]:
        taste(event)
        return replay(state, event, recorded)

    return Engine(step=stepped, replay=replayed)
