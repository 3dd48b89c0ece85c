"""Beside a live order goes its shadow: unseen by the order, on the book of its arrival, or not at all."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from decimal import Decimal as D

import pytest

from fadearena.adapters.sim.journey import Journey
from fadearena.adapters.sim.shadow import AT_ONCE, LATE_MS, PATIENCE_MS, ShadowVenue, put_back
from fadearena.kit.clock import ManualClock
from fadearena.kit.jumping import run_jumping
from fadearena.model.command import PlaceOrder, ReadAccount
from fadearena.model.error import OutcomeUnknown, VenueError, VenueUnavailable
from fadearena.model.event import Event, Notice, OrderAnswered, OrderShadowed, OwnFills
from fadearena.model.market import BookLevel, OrderBook
from fadearena.model.order import Answer, Filled, OwnFill, Refused, RejectCode
from fadearena.model.units import SECOND_MS, Side
from fadearena.ports.sightings import FeedStatus
from fadearena.ports.venue import Venue, VenueCommand
from tests.support.paper import ETH, GOLD, START, make_order

ANSWER_MS = 900


class Live:
    """A live venue that answers after a while, and pushes what it is given."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.answer: Answer | VenueError = Filled(quantity=D(1), average_price=D(2_001))
        self.pushed: asyncio.Queue[Event] = asyncio.Queue()
        self.answered: list[int] = []

    async def __aiter__(self) -> AsyncIterator[Event]:
        """Iterate over what is pushed."""
        while True:
            yield await self.pushed.get()

    def feeds(self) -> Sequence[FeedStatus]:
        """Return none: nothing of it can fall silent."""
        return ()

    async def execute(self, command: VenueCommand) -> Sequence[Event]:
        """Answer an order."""
        await self.clock.sleep_until(self.clock.now_ms() + ANSWER_MS)
        self.answered.append(self.clock.now_ms())
        if not isinstance(command, PlaceOrder):
            return ()
        if isinstance(self.answer, VenueError):
            raise self.answer
        return (OrderAnswered(time=0, received=0, cloid=command.identity.cloid, answer=self.answer),)


class Scene:
    """A live venue with shadows, a book of three levels a side, and what was told."""

    def __init__(self) -> None:
        self.clock = ManualClock(START + 1)
        self.live = Live(self.clock)
        self.slow_ms = 0
        self.error: VenueError | None = None
        self.asks = [("2001", "1"), ("2002", "1"), ("2003", "9")]
        self.told: list[Event] = []
        self.venue = ShadowVenue(
            self.live,
            self.clock,
            book_of=self.book,
            journey=Journey(handling_ms=500),
            instrument_of={"ETH": ETH, "xyz:GOLD": GOLD}.get,
            rate_of=self.rate,
        )
        self._orders = 0

    async def book(self, coin: str) -> OrderBook:
        """Return the book of the moment, slowly."""
        await self.clock.sleep_until(self.clock.now_ms() + self.slow_ms)
        if self.error is not None:
            raise self.error
        asks = tuple(BookLevel(D(price), D(quantity)) for price, quantity in self.asks)
        return OrderBook(coin=coin, time=self.clock.now_ms(), bids=(BookLevel(D(1_999), D(5)),), asks=asks)

    async def rate(self, _account: str) -> D:
        """Return the taker rate of every account."""
        return D("0.0004")

    def order(
        self, change: str = "1", limit: str = "2100", coin: str = "ETH", *, reduce_only: bool = False
    ) -> PlaceOrder:
        """Make an order."""
        self._orders += 1
        return make_order(D(change), D(limit), START + self._orders, coin, reduce_only=reduce_only)

    def fill(self, order: PlaceOrder, price: str = "2001", quantity: str = "1") -> None:
        """Push a fill of an order, as of now."""
        terms, now = order.terms, self.clock.now_ms()
        fill = OwnFill(
            key=f"{now}{price}",
            account="main",
            coin=terms.coin,
            time=now,
            side=terms.side,
            price=D(price),
            quantity=D(quantity),
            fee=D(0),
            closed_pnl=D(0),
            cloid=order.identity.cloid,
        )
        self.live.pushed.put_nowait(OwnFills(time=now, received=now, account="main", fills=(fill,)))

    async def send(self, order: PlaceOrder) -> None:
        """Send an order, whatever comes of it."""
        with suppress(VenueError):
            await self.venue.execute(order)

    def play(self, *orders: PlaceOrder, fills_at: int | None = 400) -> list[OrderShadowed]:
        """Send orders, push their fills after a while, and return their shadows."""

        async def listen() -> None:
            async for event in self.venue:
                self.told.append(event)

        async def story() -> None:
            listening = asyncio.create_task(listen())
            sending = [asyncio.create_task(self.send(order)) for order in orders]
            if fills_at is not None:
                await self.clock.sleep_until(START + 1 + fills_at)
                for order in orders:
                    self.fill(order)
            await asyncio.gather(*sending)
            await self.clock.sleep_until(self.clock.now_ms() + PATIENCE_MS + 5 * SECOND_MS)
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

        run_jumping(story(), self.clock)
        return [event for event in self.told if isinstance(event, OrderShadowed)]


def test_it_is_a_venue_that_passes_everything_on() -> None:
    """Answers come as soon as the live venue gives them, and what it pushes in its order."""
    scene = Scene()
    venues: list[Venue] = [scene.venue]
    assert venues
    scene.live.pushed.put_nowait(Notice(time=0, received=0, level="info", category="c", text="t"))
    scene.slow_ms = 300
    scene.play(scene.order())
    assert scene.live.answered == [START + 1 + ANSWER_MS]
    assert [type(event) for event in scene.told] == [Notice, OwnFills, OrderShadowed]
    run_jumping(scene.venue.execute(ReadAccount(account="main")), scene.clock)


def test_a_shadow_walks_the_book_of_its_arrival() -> None:
    """At its own prices and fee, with what the live order took put back."""
    scene = Scene()
    scene.asks = [("2002", "1"), ("2003", "9")]
    order = scene.order("2.5")
    (shadowed,) = scene.play(order)
    assert (shadowed.cloid, shadowed.time) == (order.identity.cloid, START + 1 + 500)
    assert (shadowed.quantity, shadowed.average_price) == (D("2.5"), D("2001.8"))
    assert shadowed.fee == D("0.8004") + D("0.8008") + D("0.4006")


def test_fills_that_the_book_does_not_lack_are_not_put_back() -> None:
    """Those after it was read, and those so long before that it has filled up again."""
    book = OrderBook(coin="ETH", time=5_000, bids=(BookLevel(D(9), D(1)),), asks=(BookLevel(D(11), D(1)),))
    scene = Scene()
    order = scene.order("-1")
    for time, bids in ((5_001, 1), (4_000, 1), (4_500, 2)):
        fill = OwnFill(
            key="k",
            account="main",
            coin="ETH",
            time=time,
            side=Side.SELL,
            price=D(10),
            quantity=D(1),
            fee=D(0),
            closed_pnl=D(0),
            cloid=order.identity.cloid,
        )
        whole = put_back(book, Side.SELL, [fill])
        assert (len(whole.bids), whole.asks) == (bids, book.asks)
        assert whole.bids[0].price == (10 if bids == 2 else 9)


@pytest.mark.parametrize(
    ("change", "limit", "coin", "reason"),
    [
        pytest.param("1", "1990", "ETH", "Order could not immediately match", id="no match"),
        pytest.param("0.001", "2100", "ETH", "Order must have minimum value", id="minimum"),
        pytest.param("1.00001", "2100", "ETH", "Order has invalid size", id="lot"),
        pytest.param("1", "2100.123", "ETH", "Price must be divisible", id="tick"),
        pytest.param("1", "20000", "ETH", "Order price cannot be more than 80% away", id="band"),
        pytest.param("1", "2100", "MATIC", "Unknown asset", id="not listed"),
    ],
)
def test_what_paper_would_refuse_is_told_with_its_reason(change: str, limit: str, coin: str, reason: str) -> None:
    """Nothing traded then, at no price."""
    scene = Scene()
    scene.live.answer = Refused(code=RejectCode.OTHER)
    (shadowed,) = scene.play(scene.order(change, limit, coin), fills_at=None)
    assert (shadowed.quantity, shadowed.average_price, shadowed.fee) == (D(0), None, D(0))
    assert shadowed.reason.startswith(reason)


def test_a_small_order_that_only_reduces_is_let_through() -> None:
    """What it may still reduce is the live exchange's to judge."""
    scene = Scene()
    (shadowed,) = scene.play(scene.order("0.001", reduce_only=True))
    assert shadowed.quantity == D("0.001")


@pytest.mark.parametrize("trouble", ["no book", "late book", "never left"])
def test_nothing_is_made_up(trouble: str) -> None:
    """Without a book of the arrival, or an order that left, there is no shadow."""
    scene = Scene()
    if trouble == "no book":
        scene.error = OutcomeUnknown("no answer")
    elif trouble == "late book":
        scene.slow_ms = LATE_MS + 1
    else:
        scene.live.answer = VenueUnavailable("no connection")
    assert scene.play(scene.order()) == []
    assert scene.venue.missed == (trouble != "never left")


def test_an_unknown_outcome_keeps_its_shadow() -> None:
    """It is told when patience ends: the order may have traded."""
    scene = Scene()
    scene.live.answer = OutcomeUnknown("no answer")
    assert len(scene.play(scene.order(), fills_at=None)) == 1


def test_there_are_never_more_than_so_many_at_once() -> None:
    """The rest goes without, and is counted; the live orders all go."""
    scene = Scene()
    orders = [scene.order("0.01") for _ in range(AT_ONCE + 3)]
    assert len(scene.play(*orders, fills_at=None)) == AT_ONCE
    assert (scene.venue.missed, len(scene.live.answered)) == (3, AT_ONCE + 3)
