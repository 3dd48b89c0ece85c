"""
A live venue, and beside each of its orders what paper would have made of it.

1. The order goes to the live venue unchanged and at once. Beside it, the book is fetched that a paper order of the same
   moment would have met, and walked by the same rules; the result comes with the venue's news as `OrderShadowed`.
2. A book that was read after our live order had traded lacks what it took: that is put back, so that the order is not
   compared with what it left behind. So a shadow waits for its order's answer and fills, up to `PATIENCE_MS`.
3. Rules of the market count: listing, lot, tick, price band, minimum, and what rests. What depends on the account
   (margin, what a reduce-only order may still reduce) is the live exchange's to judge.
4. An order whose book cannot be read, or more than `LATE_MS` after the arrival, has no shadow, nor has one that never
   left, or one beyond `AT_ONCE`: nothing is made up. `missed` counts them.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from typing import TypeAlias

import structlog

from fadearena.adapters.sim.journey import Journey
from fadearena.adapters.sim.markets import REFILL_MS
from fadearena.adapters.sim.matching import match_ioc
from fadearena.adapters.sim.meeting import FetchBook, Meeting
from fadearena.adapters.sim.rules import Prices, check_band, check_minimum, check_static
from fadearena.kit.clock import Clock
from fadearena.kit.decimals import exact_arithmetic, normalise
from fadearena.kit.tasks import cancelled, streamed
from fadearena.model.command import PlaceOrder
from fadearena.model.error import VenueError, VenueUnavailable
from fadearena.model.event import Event, OrderAnswered, OrderShadowed, OwnFills
from fadearena.model.fee import fee, taker_rate
from fadearena.model.ids import AccountId, Cloid, Coin
from fadearena.model.instrument import Instrument
from fadearena.model.market import BookLevel, OrderBook
from fadearena.model.order import Filled, OwnFill
from fadearena.model.units import SECOND_MS, ZERO, EpochMs, Price, Quantity, Ratio, Side
from fadearena.ports.sightings import FeedStatus
from fadearena.ports.venue import Venue, VenueCommand

log = structlog.get_logger(__name__)
AT_ONCE = 50
LATE_MS = SECOND_MS // 2
PATIENCE_MS = 10 * SECOND_MS
_WAITING_MAX = 1_000
_NO_MATCH = "Order could not immediately match against any resting orders."

InstrumentOf: TypeAlias = Callable[[Coin], Instrument | None]
RateOf: TypeAlias = Callable[[AccountId], Awaitable[Ratio]]
"""Returns what an account pays as a taker, before a market's factors."""


class _Shadowed:
    """A live order on its way: what it has traded so far, and how much that will be."""

    def __init__(self) -> None:
        self.fills: dict[str, OwnFill] = {}
        self.wanted: Quantity | None = None
        self.is_complete = asyncio.Event()

    def answered(self, quantity: Quantity) -> None:
        """Take note of how much it traded."""
        self.wanted = quantity
        self._look()

    def traded(self, fill: OwnFill) -> None:
        """Take note of a fill."""
        self.fills[fill.key] = fill
        self._look()

    def _look(self) -> None:
        if self.wanted is not None and sum((f.quantity for f in self.fills.values()), start=ZERO) >= self.wanted:
            self.is_complete.set()


class ShadowVenue:
    """
    A `Venue` around the live one.

    Args:
        venue: The live one.
        clock: The exchange's time.
        book_of: Fetches a coin's whole book.
        journey: How long orders are under way.
        instrument_of: Returns a market as it is listed.
        rate_of: Returns an account's taker rate.
    """

    def __init__(
        self,
        venue: Venue,
        clock: Clock,
        *,
        book_of: FetchBook,
        journey: Journey,
        instrument_of: InstrumentOf,
        rate_of: RateOf,
    ) -> None:
        self.missed = 0
        self._venue = venue
        self._clock = clock
        self._meeting = Meeting(clock, book_of, journey)
        self._journey = journey
        self._instrument_of = instrument_of
        self._rate_of = rate_of
        self._open: dict[Cloid, _Shadowed] = {}
        self._tasks: dict[Cloid, asyncio.Task[None]] = {}
        self._told: asyncio.Queue[Event] = asyncio.Queue()

    def __aiter__(self) -> AsyncIterator[Event]:
        """Iterate over the live venue's news, and shadows; what nobody took the last time comes first."""
        return streamed(self._told, self._pass_on())

    def feeds(self) -> Sequence[FeedStatus]:
        """Return how the feeds behind the live venue do."""
        return self._venue.feeds()

    async def execute(self, command: VenueCommand) -> Sequence[Event]:
        """Do one command on the live venue; what it raises is raised here."""
        if not isinstance(command, PlaceOrder):
            events = await self._venue.execute(command)
            self._note(events)
            return events
        cloid = command.identity.cloid
        self._begin(command)
        try:
            events = await self._venue.execute(command)
        except VenueUnavailable:
            self._give_up(cloid)
            raise
        except VenueError:
            self._answered(cloid, None)
            raise
        self._note(events)
        return events

    async def _pass_on(self) -> None:
        try:
            async for event in self._venue:
                self._note((event,))
                self._told.put_nowait(event)
        finally:
            await cancelled(*self._tasks.values())

    def _note(self, events: Iterable[Event]) -> None:
        """Learn from the live venue's words what became of orders."""
        for event in events:
            match event:
                case OrderAnswered(cloid=cloid, answer=answer):
                    self._answered(cloid, answer.quantity if isinstance(answer, Filled) else ZERO)
                case OwnFills(fills=fills):
                    for fill in fills:
                        if fill.cloid in self._open:
                            self._open[fill.cloid].traded(fill)
                case _:
                    pass

    def _answered(self, cloid: Cloid, quantity: Quantity | None) -> None:
        shadowed = self._open.get(cloid)
        if shadowed is not None and quantity is not None:
            shadowed.answered(quantity)

    def _begin(self, command: PlaceOrder) -> None:
        cloid = command.identity.cloid
        if len(self._tasks) >= AT_ONCE or cloid in self._tasks:
            self._miss(cloid, "too many orders at once")
            return
        self._open[cloid] = _Shadowed()
        arrival = self._clock.now_ms() + self._journey.order_ms
        task = self._tasks[cloid] = asyncio.create_task(self._shadow(command, arrival), name=f"shadow {cloid}")
        task.add_done_callback(lambda _: self._end(cloid))

    def _end(self, cloid: Cloid) -> None:
        self._open.pop(cloid, None)
        self._tasks.pop(cloid, None)

    def _give_up(self, cloid: Cloid) -> None:
        """Have no shadow of an order that never left."""
        task = self._tasks.get(cloid)
        if task is not None:
            task.cancel()

    def _miss(self, cloid: Cloid, reason: str) -> None:
        self.missed += 1
        log.info("order_not_shadowed", cloid=cloid, reason=reason)

    async def _shadow(self, command: PlaceOrder, arrival: EpochMs) -> None:
        """Find out what paper would have made of an order, and tell it."""
        terms, cloid = command.terms, command.identity.cloid
        shadowed = self._open[cloid]
        try:
            book = await self._meeting.book(terms.coin, arrival)
        except VenueError as error:
            self._miss(cloid, str(error))
            return
        if book.time > arrival + LATE_MS:
            self._miss(cloid, f"the book was read {book.time - arrival} ms too late")
            return
        rate = await self._rate_of(terms.account)
        await self._until_complete(shadowed)
        if self._told.qsize() >= _WAITING_MAX:
            self._miss(cloid, "nobody listens")
            return
        with exact_arithmetic():
            whole = put_back(book, terms.side, shadowed.fills.values())
            self._told.put_nowait(self._judged(command, whole, rate))

    async def _until_complete(self, shadowed: _Shadowed) -> None:
        """Wait for an order's answer and fills, as long as there is patience."""
        waiting = asyncio.ensure_future(shadowed.is_complete.wait())
        patience = asyncio.ensure_future(self._clock.sleep_until(self._clock.now_ms() + PATIENCE_MS))
        try:
            await asyncio.wait({waiting, patience}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
            patience.cancel()

    def _judged(self, command: PlaceOrder, book: OrderBook, rate: Ratio) -> OrderShadowed:
        terms, cloid = command.terms, command.identity.cloid
        instrument = self._instrument_of(terms.coin)
        mid = _middle(book)
        refused = (
            check_static(terms, instrument)
            or check_band(terms, mid)
            or (None if terms.reduce_only else check_minimum(terms, terms.quantity, ZERO, Prices(None, mid)))
        )
        if instrument is None or refused is not None:
            return _refused(cloid, book.time, _NO_MATCH if refused is None else refused.text)
        matched = match_ioc(book, terms.side, terms.quantity, terms.limit)
        if not matched.fills:
            return _refused(cloid, book.time, _NO_MATCH)
        rate = taker_rate(rate, instrument)
        value = sum((level.price * level.quantity for level in matched.fills), start=ZERO)
        return OrderShadowed(
            time=book.time,
            received=0,
            cloid=cloid,
            quantity=normalise(matched.quantity),
            average_price=normalise(value / matched.quantity),
            fee=normalise(sum((fee(level.price * level.quantity, rate) for level in matched.fills), start=ZERO)),
        )


def put_back(book: OrderBook, side: Side, fills: Iterable[OwnFill]) -> OrderBook:
    """Return the book with what an order of ours took from it just before it was read."""
    taken: dict[Price, Quantity] = {}
    for fill in fills:
        if book.time - REFILL_MS < fill.time <= book.time:
            taken[fill.price] = taken.get(fill.price, ZERO) + fill.quantity
    if not taken:
        return book
    for level in book.levels(side):
        taken[level.price] = taken.get(level.price, ZERO) + level.quantity
    levels = tuple(BookLevel(price, taken[price]) for price in sorted(taken, reverse=side is Side.SELL))
    bids, asks = (book.bids, levels) if side is Side.BUY else (levels, book.asks)
    return OrderBook(coin=book.coin, time=book.time, bids=bids, asks=asks)


def _refused(cloid: Cloid, time: EpochMs, reason: str) -> OrderShadowed:
    return OrderShadowed(time=time, received=0, cloid=cloid, quantity=ZERO, average_price=None, fee=ZERO, reason=reason)


def _middle(book: OrderBook) -> Price | None:
    return (book.bids[0].price + book.asks[0].price) / 2 if book.bids and book.asks else None
