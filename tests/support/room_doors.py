"""The doors of an engine room in memory: a journal, wallets, prices and a venue that do as they are told."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from decimal import Decimal

from fadearena.adapters.memory.journal import MemoryJournal
from fadearena.adapters.memory.lease import MemoryLease
from fadearena.adapters.memory.storage import JournalMemory
from fadearena.adapters.sim.exchange import SimExchange
from fadearena.adapters.sim.paper import PaperAccount
from fadearena.kit.clock import Clock, ManualClock
from fadearena.model.account import AccountMode
from fadearena.model.command import PlaceOrder, ReadBook, ReadRole, ReadSource, ReadSourceEquity
from fadearena.model.error import StorageUnavailable
from fadearena.model.event import (
    Event,
    Marks,
    RepairStage,
    RoleRead,
    SourceEquity,
    SourceFills,
    SourceRepair,
    SourceSnapshot,
)
from fadearena.model.market import Quote
from fadearena.model.units import Side
from fadearena.model.wallet import Feed, SourceFill, SourcePosition, WalletRole
from fadearena.ports.journal import JournalEntry
from fadearena.ports.market_feed import MarketNews
from fadearena.ports.sightings import FeedStatus, Sighting
from fadearena.ports.venue import VenueCommand
from fadearena.ports.wallet_feed import Roster, SourceRead
from tests.support.world import MARKETS, WALLET

D = Decimal
PRICES = {"BTC": D(100_000), "ETH": D(2_000), "SOL": D(100), "xyz:NVDA": D(150)}


def quote(coin: str, at: int, price: Decimal | None = None) -> Quote:
    """Return a coin's prices, mark and touch alike."""
    price = price or PRICES[coin]
    return Quote(coin=coin, mark=price, mark_time=at, bid=price, ask=price, touch_time=at, oracle=price)


class FlakyJournal(MemoryJournal):
    """
    A journal in memory whose commits fail when they are told to.

    `failures` says of the next commits what becomes of them: `before` fails and keeps nothing, `after` keeps the
    entries and fails nevertheless, anything else is as it should be. `before_commit` is waited for first.
    """

    def __init__(self, memory: JournalMemory | None = None, lease: MemoryLease | None = None) -> None:
        super().__init__(memory, lease)
        self.failures: list[str] = []
        self.commits: list[int] = []
        self.before_commit: Callable[[], Awaitable[None]] | None = None

    async def append(self, *entries: JournalEntry) -> None:
        """Keep entries, or fail."""
        self.commits.append(len(entries))
        if self.before_commit is not None:
            await self.before_commit()
        fate = self.failures.pop(0) if self.failures else ""
        if fate == "before":
            raise StorageUnavailable("the disk is full: free some space")
        await super().append(*entries)
        if fate == "after":
            raise StorageUnavailable("the connection broke in the middle of the commit")


class Wallets:
    """Watched wallets that trade when they are told to; every question is answered with what they hold."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self._told: asyncio.Queue[Event] = asyncio.Queue()
        self._fills = 0
        self.held: dict[tuple[str, str], Decimal] = {}
        self.is_open = False
        self.reads: list[SourceRead] = []
        self.followed: list[Roster] = []
        self.error: Exception | None = None
        self.statuses: tuple[FeedStatus, ...] = ()
        self.seen: list[Sighting] = []

    def tell(self, event: Event) -> None:
        """Push an event."""
        self._told.put_nowait(event)

    def trade(self, coin: str, change: str, wallet: str = WALLET) -> SourceFills:
        """Let a wallet trade, and push its fill."""
        event = self.fills(coin, change, wallet)
        self.tell(event)
        return event

    def fills(self, coin: str, change: str, wallet: str = WALLET) -> SourceFills:
        """Let a wallet trade; nobody is told."""
        self._fills += 1
        now, size, before = self._clock.now_ms(), D(change), self.held.get((wallet, coin), D(0))
        self.held[wallet, coin] = before + size
        side = Side.BUY if size > 0 else Side.SELL
        fill = SourceFill(
            key=f"{now}:{self._fills}",
            coin=coin,
            time=now,
            side=side,
            price=PRICES[coin],
            quantity=abs(size),
            start_position=before,
        )
        return SourceFills(time=now, received=now, heard=now, wallet=wallet, feed=Feed.USER, fills=(fill,))

    async def __aiter__(self) -> AsyncIterator[Event]:
        """Iterate over what is pushed from now on."""
        self.is_open, self._told = True, asyncio.Queue()
        try:
            while True:
                yield await self._told.get()
        finally:
            self.is_open = False

    def follow(self, roster: Roster) -> None:
        """Remember which wallets matter."""
        self.followed.append(roster)

    def feeds(self) -> Sequence[FeedStatus]:
        """Return what a test says of it."""
        return self.statuses

    def sightings(self) -> Sequence[Sighting]:
        """Return what a test put in since this was asked last."""
        changed, self.seen = tuple(self.seen), []
        return changed

    async def read(self, command: SourceRead) -> Sequence[Event]:
        """Answer one question."""
        self.reads.append(command)
        if self.error is not None:
            raise self.error
        now, wallet = self._clock.now_ms(), command.wallet
        match command:
            case ReadRole():
                return (RoleRead(time=now, received=now, heard=now, wallet=wallet, role=WalletRole.USER),)
            case ReadSource(dex=dex):
                held = tuple(
                    SourcePosition(coin=coin, size=size)
                    for (who, coin), size in sorted(self.held.items())
                    if who == wallet and size and not dex
                )
                return (SourceSnapshot(time=now, received=now, heard=now, wallet=wallet, dex=dex, positions=held),)
            case ReadSourceEquity():
                return (
                    SourceEquity(time=now, received=now, wallet=wallet, mode=AccountMode.STANDARD, dex_values=(D(1),)),
                )
            case _:
                return (SourceRepair(time=now, received=now, wallet=wallet, stage=RepairStage.DONE, is_answer=True),)


class Prices:
    """Prices that stand; they are told once a second."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self.statuses: tuple[FeedStatus, ...] = ()

    async def __aiter__(self) -> AsyncIterator[MarketNews]:
        """Iterate over all prices, again and again."""
        while True:
            for coin in PRICES:
                yield quote(coin, self._clock.now_ms())
            await self._clock.sleep_until(self._clock.now_ms() + 1_000)

    def feeds(self) -> Sequence[FeedStatus]:
        """Return what a test says of it."""
        return self.statuses

    async def read(self, command: ReadBook) -> Sequence[Event]:
        """Return a coin's prices."""
        now = self._clock.now_ms()
        return (Marks(time=now, received=now, quotes=(quote(command.coin, now),)),)


class Venue:
    """
    A paper exchange that remembers what came; an order takes `latency_ms` to it, and the answer as long.

    `faults` are raised for the next orders, None lets one pass.
    """

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self._told: asyncio.Queue[Event] = asyncio.Queue()
        self.exchange = SimExchange(clock, [PaperAccount(id="main", start_usd=D(10_000))], MARKETS)
        self.left: list[tuple[int, VenueCommand]] = []
        self.arrived: list[tuple[int, VenueCommand]] = []
        self.faults: list[Exception | None] = []
        self.latency_ms = 10

    @property
    def orders(self) -> list[PlaceOrder]:
        """The orders that were handed over."""
        return [command for _, command in self.left if isinstance(command, PlaceOrder)]

    def tell(self, event: Event) -> None:
        """Push an event of our own account."""
        self._told.put_nowait(event)

    async def __aiter__(self) -> AsyncIterator[Event]:
        """Iterate over what is pushed from now on."""
        self._told = asyncio.Queue()
        while True:
            yield await self._told.get()

    def feeds(self) -> Sequence[FeedStatus]:
        """Return none: nothing of it can fall silent."""
        return ()

    async def execute(self, command: VenueCommand) -> Sequence[Event]:
        """Do one command."""
        self.left.append((self._clock.now_ms(), command))
        fault = self.faults.pop(0) if self.faults and isinstance(command, PlaceOrder) else None
        if fault is not None:
            raise fault
        await self._clock.sleep_until(self._clock.now_ms() + self.latency_ms)
        self.arrived.append((self._clock.now_ms(), command))
        for coin in PRICES:
            self.exchange.on_quote(quote(coin, self._clock.now_ms()))
        events = await self.exchange.execute(command)
        await self._clock.sleep_until(self._clock.now_ms() + self.latency_ms)
        return events


class Ahead:
    """A clock that is ahead of another one."""

    def __init__(self, clock: Clock, by_ms: int) -> None:
        self._clock = clock
        self._by_ms = by_ms

    def now_ms(self) -> int:
        """Return the time that it shows."""
        return self._clock.now_ms() + self._by_ms

    async def sleep_until(self, at_ms: int) -> None:
        """Wait until it shows a time."""
        await self._clock.sleep_until(at_ms - self._by_ms)
