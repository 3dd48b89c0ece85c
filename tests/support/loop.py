"""A backtest to play with: a scripted feed and venue, and a core that does as it is told."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from fadearena.adapters.memory.journal import MemoryJournal
from fadearena.kit.clock import ManualClock
from fadearena.model.command import BurnNonce, Command, PlaceOrder, ReadBook
from fadearena.model.event import Event, Notice, OrderAnswered
from fadearena.model.ids import Coin
from fadearena.model.market import FundingRate, OrderBook, Quote
from fadearena.model.order import Filled, OrderIdentity, OrderTerms, Purpose
from fadearena.model.record import Record
from fadearena.model.units import EpochMs, Side
from fadearena.ports.venue import VenueCommand
from fadearena.ports.wallet_feed import SourceRead
from fadearena.runtime.backtest import Backtest, Options
from fadearena.runtime.doors import Doors
from fadearena.runtime.immediate import immediately
from fadearena.runtime.tally import Tally

SIGNER = "0x" + "5" * 40


def notice(time: EpochMs, text: str = "") -> Notice:
    """Return an event that means nothing but that something happened."""
    return Notice(time=time, received=time, level="info", category="test", text=text)


def order(name: str, coin: Coin = "ETH") -> PlaceOrder:
    """Return an order to buy one coin."""
    return PlaceOrder(
        terms=OrderTerms(
            account="main",
            coin=coin,
            asset_id=1,
            side=Side.BUY,
            quantity=Decimal(1),
            limit=Decimal(2_000),
            reduce_only=False,
            purpose=Purpose.INCREASE,
            bot="grok-4",
            residue_quantity=Decimal(0),
        ),
        identity=OrderIdentity(cloid=name, label=name, signer=SIGNER, nonce=1, expires_after=2),
    )


def burn(name: str) -> BurnNonce:
    """Return a signed action that is no order."""
    return BurnNonce(account="main", signer=SIGNER, cloid=name, nonce=1)


@dataclass
class Turned:
    """What the scripted core answers."""

    commands: Sequence[Command] = ()
    records: Sequence[Record] = ()


@dataclass
class Feed:
    """Delivers its events by `received`; every read is answered with a notice."""

    events: list[Event]
    reads: list[tuple[EpochMs, SourceRead]] = field(default_factory=list)
    clock: ManualClock | None = None

    @property
    def next_time(self) -> EpochMs | None:
        """When the next event arrives."""
        return self.events[0].received if self.events else None

    def deliver(self) -> Event | None:
        """Return the next event."""
        return self.events.pop(0) if self.events else None

    async def read(self, command: SourceRead) -> Sequence[Event]:
        """Answer with a notice."""
        now = self.clock.now_ms() if self.clock else 0
        self.reads.append((now, command))
        return (notice(now, "source read"),)


@dataclass
class Venue:
    """Fills every order at once and remembers when; tells `due` when time has passed it."""

    clock: ManualClock
    done: list[tuple[EpochMs, VenueCommand]] = field(default_factory=list)
    shown: list[Quote | OrderBook | FundingRate] = field(default_factory=list)
    due: list[Event] = field(default_factory=list)
    error: Exception | None = None

    async def execute(self, command: VenueCommand) -> Sequence[Event]:
        """Answer a command."""
        now = self.clock.now_ms()
        self.done.append((now, command))
        if self.error is not None:
            raise self.error
        if isinstance(command, PlaceOrder):
            answer = Filled(quantity=command.terms.quantity, average_price=Decimal(2_000))
            return (OrderAnswered(time=now, received=now, cloid=command.identity.cloid, answer=answer),)
        return (notice(now, "answer"),)

    async def read(self, command: ReadBook) -> Sequence[Event]:
        """Answer a request for a book."""
        return (notice(self.clock.now_ms(), f"book {command.coin}"),)

    def advance(self, now: EpochMs) -> Sequence[Event]:
        """Return what became due."""
        told = [event for event in self.due if event.time <= now]
        self.due = [event for event in self.due if event.time > now]
        return told

    def on_quote(self, quote: Quote) -> None:
        """Remember a quote."""
        self.shown.append(quote)

    def on_book(self, book: OrderBook) -> None:
        """Remember a book."""
        self.shown.append(book)

    def on_funding(self, funding: FundingRate) -> None:
        """Remember a rate."""
        self.shown.append(funding)

    def quote(self, coin: Coin, now: EpochMs) -> Quote | None:
        """Return the last quote of a coin as it stands now."""
        known = [quote for quote in self.shown if isinstance(quote, Quote) and quote.coin == coin]
        if not known:
            return None
        return Quote(coin=coin, mark=known[-1].mark, mark_time=now)


Script = Callable[[Event], Sequence[Command]]


class Loop:
    """A backtest with a scripted core; `seen` are the events in the order in which it saw them."""

    def __init__(self, events: Sequence[Event], script: Script, options: Options | None = None) -> None:
        self.clock = ManualClock()
        self.feed = Feed(list(events), clock=self.clock)
        self.venue = Venue(self.clock)
        self.journal = MemoryJournal()
        self.news: list[OrderBook | FundingRate] = []
        self.seen: list[Event] = []

        def step(state: list[Event], event: Event) -> Turned:
            state.append(event)
            return Turned(script(event))

        doors = Doors(self.feed, self.venue, self.journal, self.clock, self.venue.quote, lambda: tuple(self.news))
        self.backtest = Backtest(doors, step, self.seen, options=options or Options())

    def run(self, *opening: Event) -> Tally:
        """Run to the end."""
        return immediately(self.backtest.run(opening))
