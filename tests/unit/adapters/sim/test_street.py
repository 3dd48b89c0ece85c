"""Paper accounts on a market feed: books are fetched, marks are those that were told, and unknown is never zero."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from decimal import Decimal

import pytest

from fadearena.adapters.sim.journey import Journey
from fadearena.adapters.sim.paper import PaperAccount
from fadearena.adapters.sim.street import STALE_MS, MarketStreet
from fadearena.adapters.sim.venue import PaperVenue
from fadearena.kit.clock import ManualClock
from fadearena.kit.jumping import run_jumping
from fadearena.model.command import ReadAccount, ReadBook
from fadearena.model.error import OutcomeUnknown, VenueError, VenueUnavailable
from fadearena.model.event import AccountRead, Event, FundingPaid, Marks, OwnFills, QuoteUnreadable
from fadearena.model.market import BookLevel, FundingRate, OrderBook, Quote
from fadearena.model.order import Filled, Refused
from fadearena.model.units import HOUR_MS, SECOND_MS
from fadearena.ports.journal import KEPT_KINDS
from fadearena.ports.market_feed import MarketFeed, MarketNews
from fadearena.ports.sightings import FeedStatus
from fadearena.ports.venue import Venue
from tests.support.paper import ETH, GOLD, START, answer_of, make_order

D = Decimal
LATENCY_MS = 150


class Feed:
    """A market feed and its books, which say what they are told to say."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.news: asyncio.Queue[MarketNews] = asyncio.Queue()
        self.error: VenueError | None = None
        self.book_time = START
        self.asked: list[str] = []
        self.mark: Decimal | None = D(2_000)

    def quote(self, coin: str = "ETH") -> Quote:
        """Return a quote of the moment."""
        now = self.clock.now_ms()
        return Quote(coin=coin, mark=self.mark, mark_time=now, bid=D(1), ask=D(9_999), touch_time=now, oracle=D(2_001))

    async def __aiter__(self) -> AsyncIterator[MarketNews]:
        """Iterate over what is put in."""
        while True:
            yield await self.news.get()

    def feeds(self) -> Sequence[FeedStatus]:
        """Return none: nothing of it can fall silent."""
        return ()

    async def read(self, command: ReadBook) -> Sequence[Event]:
        """Return a coin's prices."""
        self.asked.append(f"mark of {command.coin}")
        now = self.clock.now_ms()
        if self.mark is None:
            return (QuoteUnreadable(time=now, received=now, coin=command.coin, reason="none"),)
        return (Marks(time=now, received=now, quotes=(self.quote(command.coin),)),)

    async def book(self, coin: str) -> OrderBook:
        """Return a book of two levels a side."""
        self.asked.append(f"book of {coin}")
        if self.error is not None:
            raise self.error
        bids = (BookLevel(D(1_999), D(1)), BookLevel(D(1_998), D(1)))
        asks = (BookLevel(D(2_001), D(1)), BookLevel(D(2_002), D(1)))
        return OrderBook(coin=coin, time=self.book_time, bids=bids, asks=asks)


class Scene:
    """A paper venue on a street."""

    def __init__(self) -> None:
        self.clock = ManualClock(START + 1)
        self.feed = Feed(self.clock)
        self.listed = [ETH, GOLD]
        self.street = MarketStreet(
            self.clock, self.feed, self.feed.book, lambda: self.listed, journey=Journey(fixed_ms=LATENCY_MS)
        )
        self.venue = PaperVenue(self.street, [PaperAccount(id="main", start_usd=D(10_000))])
        self.told: list[Event] = []
        self.seen: list[MarketNews] = []
        self._nonce = START

    async def trade(self, change: str, limit: str = "2500", coin: str = "ETH") -> Sequence[Event]:
        """Send an order to the venue."""
        self._nonce = max(self._nonce + 1, self.clock.now_ms())
        return await self.venue.execute(make_order(D(change), D(limit), self._nonce, coin))

    async def listen(self) -> None:
        """Take in what the venue tells by itself, and what the street passes on."""

        async def own() -> None:
            async for event in self.venue:
                self.told.append(event)

        async def prices() -> None:
            async for news in self.street:
                self.seen.append(news)

        async with asyncio.TaskGroup() as group:
            group.create_task(own())
            group.create_task(prices())

    async def until(self, at_ms: int) -> None:
        """Listen up to a time."""
        listening = asyncio.create_task(self.listen())
        await self.clock.sleep_until(at_ms)
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


def test_a_street_fits_its_doors() -> None:
    """It is a market feed, and what trades on it is a venue."""
    scene = Scene()
    feed, venue = list[MarketFeed]([scene.street]), list[Venue]([scene.venue])
    assert all((feed, venue))


def test_an_order_fills_against_the_book_that_is_fetched_when_it_arrives() -> None:
    """It walks the levels; the same book lacks what was taken, a newer one does not; quotes are no books."""
    scene = Scene()

    async def main() -> None:
        scene.street.show(scene.venue._exchange)
        scene.feed.news.put_nowait(scene.feed.quote())
        await scene.until(scene.clock.now_ms() + 1)
        began = scene.clock.now_ms()
        fills, answer = await scene.trade("1.5")
        assert scene.clock.now_ms() == began + LATENCY_MS
        assert isinstance(fills, OwnFills)
        assert [(fill.price, fill.quantity) for fill in fills.fills] == [(D(2_001), D(1)), (D(2_002), D("0.5"))]
        assert isinstance(answer_of([answer]), Filled)
        again, _ = await scene.trade("1")
        assert isinstance(again, OwnFills)
        assert [(fill.price, fill.quantity) for fill in again.fills] == [(D(2_002), D("0.5"))]
        scene.feed.book_time += 1
        anew, _ = await scene.trade("1")
        assert isinstance(anew, OwnFills)
        assert [fill.price for fill in anew.fills] == [D(2_001)]

    run_jumping(main(), scene.clock)


@pytest.mark.parametrize("error", [OutcomeUnknown("no answer"), VenueUnavailable("no connection")])
def test_without_a_book_nothing_happens(error: VenueError) -> None:
    """Whatever kept the book from being read: the order never ran on paper, and says so."""
    scene = Scene()
    scene.feed.error = error
    with pytest.raises(VenueUnavailable):
        run_jumping(scene.trade("1"), scene.clock)


def test_a_coin_that_is_not_listed_is_refused_in_the_exchanges_words() -> None:
    """No book is asked for."""
    scene = Scene()

    async def main() -> None:
        (answer,) = await scene.trade("1", coin="MATIC")
        refused = answer_of([answer])
        assert isinstance(refused, Refused)
        assert refused.text.startswith("Unknown asset")
        assert scene.feed.asked == []

    run_jumping(main(), scene.clock)


def test_an_account_is_valued_with_fresh_marks_or_not_at_all() -> None:
    """A mark that is missing or old is asked for; where there is none, the account cannot be read."""
    scene = Scene()

    async def main() -> None:
        await scene.trade("1")
        assert scene.feed.asked == ["book of ETH"]
        (read,) = await scene.venue.execute(ReadAccount(account="main"))
        assert isinstance(read, AccountRead)
        assert read.dexs[0].value == D(10_000) - 1 - D("0.90045")
        assert scene.feed.asked == ["book of ETH", "mark of ETH"]
        await scene.clock.sleep_until(scene.clock.now_ms() + STALE_MS)
        scene.feed.mark = None
        with pytest.raises(VenueUnavailable, match="mark of ETH is not known"):
            await scene.venue.execute(ReadAccount(account="main"))
        with pytest.raises(VenueUnavailable, match="mark of ETH is not known"):
            await scene.trade("1")

    run_jumping(main(), scene.clock)


def test_after_a_start_a_mark_that_is_told_in_a_moment_is_waited_for() -> None:
    """That costs nothing, where asking for each coin would use up the rate limit."""
    scene = Scene()

    async def main() -> None:
        await scene.trade("1")
        reading = asyncio.create_task(scene.venue.execute(ReadAccount(account="main")))
        await scene.clock.sleep_until(scene.clock.now_ms() + SECOND_MS)
        scene.feed.news.put_nowait(scene.feed.quote())
        await scene.until(scene.clock.now_ms() + SECOND_MS)
        (read,) = await reading
        assert isinstance(read, AccountRead)
        assert scene.feed.asked == ["book of ETH"]

    run_jumping(main(), scene.clock)


def test_funding_waits_until_its_rate_and_mark_are_known() -> None:
    """A full hour is paid as soon as the street has heard of the coin, and once."""
    scene = Scene()
    hour = START + HOUR_MS

    async def main() -> None:
        await scene.trade("1")
        await scene.until(hour + 30 * SECOND_MS)
        assert scene.told == []
        scene.feed.news.put_nowait(scene.feed.quote())
        scene.feed.news.put_nowait(FundingRate(coin="ETH", rate=D("0.0001"), oracle=D(2_000)))
        await scene.until(hour + 40 * SECOND_MS)
        assert [(type(event), event.time) for event in scene.told] == [(FundingPaid, hour)]
        assert [type(news) for news in scene.seen] == [Quote, FundingRate]

    run_jumping(main(), scene.clock)


def test_it_is_rebuilt_from_what_it_told() -> None:
    """After a restart the accounts are those of the journal, also before anything is listed anew."""
    scene = Scene()

    async def main() -> None:
        scene.feed.news.put_nowait(scene.feed.quote())
        await scene.until(scene.clock.now_ms() + 1)
        events = list(await scene.trade("1"))
        before = scene.venue.equity("main")
        scene.street.on_instruments(scene.listed)
        scene.listed.clear()
        scene.venue.restore(event for event in events if event.__struct_config__.tag in KEPT_KINDS)
        assert scene.venue.equity("main") == before == D(10_000) - 1 - D("0.90045")

    run_jumping(main(), scene.clock)
