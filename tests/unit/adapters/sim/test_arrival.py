"""When a paper order arrives, and which book it meets."""

from collections.abc import Mapping
from decimal import Decimal as D

import pytest

from fadearena.adapters.sim.conditions import AGAIN_MS, LOOK_MS
from fadearena.adapters.sim.journey import TAKER_DELAY_MS, Journey
from fadearena.adapters.sim.meeting import OLD_MS, Meeting
from fadearena.adapters.sim.paper import PaperAccount
from fadearena.adapters.sim.street import MarketStreet
from fadearena.adapters.sim.venue import PaperVenue
from fadearena.kit.clock import ManualClock
from fadearena.kit.jumping import run_jumping
from fadearena.model.command import PlaceStop
from fadearena.model.error import OutcomeUnknown, VenueError, VenueUnavailable
from fadearena.model.event import FundingPaid, OwnFills
from fadearena.model.market import FundingRate, OrderBook
from fadearena.model.order import Refused, RejectCode
from fadearena.model.units import HOUR_MS, SECOND_MS, Side
from tests.support.paper import SIGNER, START, answer_of
from tests.unit.adapters.sim.test_street import Feed, Scene


def test_a_journey_is_half_the_median_and_what_the_exchange_adds() -> None:
    """One slow answer changes nothing; before anything was measured there is only what the exchange adds."""
    journey = Journey()
    assert (journey.way_ms, journey.order_ms) == (0, TAKER_DELAY_MS)
    for trip in (80, 100, 9_000, -5, 120):
        journey.learn(trip)
    assert (journey.way_ms, journey.order_ms, journey.action_ms) == (50, 50 + TAKER_DELAY_MS, 50)
    fixed = Journey(fixed_ms=150)
    fixed.learn(100)
    assert (fixed.way_ms, fixed.order_ms, fixed.action_ms) == (50, 150, 150)


class Books:
    """Books that take `way_ms` there and as long back, and tell the time at which they were read."""

    def __init__(self, clock: ManualClock, way_ms: int, age_ms: int = 0) -> None:
        self.clock = clock
        self.way_ms = way_ms
        self.age_ms = age_ms

    async def __call__(self, coin: str) -> OrderBook:
        """Return a book."""
        await self.clock.sleep_until(self.clock.now_ms() + self.way_ms)
        time = self.clock.now_ms() - self.age_ms
        await self.clock.sleep_until(self.clock.now_ms() + self.way_ms)
        return OrderBook(coin=coin, time=time, bids=(), asks=())


def meet(books: Books, journey: Journey) -> tuple[int, int]:
    """Return when the book was read that an order meets, and when that is known, from the order on."""

    async def story() -> tuple[int, int]:
        began = books.clock.now_ms()
        book = await Meeting(books.clock, books, journey).book("ETH", began + journey.order_ms)
        return book.time - began, books.clock.now_ms() - began

    return run_jumping(story(), books.clock)


def test_the_book_is_that_of_the_arrival() -> None:
    """It is asked for earlier by the way, so the answer is known when an acknowledgement would be."""
    journey = Journey()
    journey.learn(100)
    assert meet(Books(ManualClock(START), 50), journey) == (950, 1_000)


def test_a_slow_book_is_met_late_and_an_old_one_not_at_all() -> None:
    """What is slow costs what it costs; what says nothing of the arrival fills nothing."""
    assert meet(Books(ManualClock(START), 700), Journey()) == (1_600, 2_300)
    with pytest.raises(VenueUnavailable, match="older than the order"):
        meet(Books(ManualClock(START), 0, OLD_MS + 1), Journey())


class Said:
    """Conditions that say what they are told to say."""

    def __init__(self) -> None:
        self.error: VenueError | None = None
        self.published: dict[int, D] = {}
        self.coins: frozenset[str] = frozenset()
        self.asked: list[str] = []

    async def rates(self, coin: str, since: int, until: int) -> Mapping[int, D]:
        """Return the rates that are published."""
        self._note("rates", coin)
        return {hour: rate for hour, rate in self.published.items() if since <= hour <= until}

    async def prices(self, coin: str, since: int, until: int) -> Mapping[int, D]:
        """Return one price for all hours."""
        self._note("prices", coin)
        return dict.fromkeys(range(since, until + 1, HOUR_MS), D(1_000))

    async def capped(self, dex: str) -> frozenset[str]:
        """Return the capped markets."""
        self._note("capped", dex)
        return self.coins

    async def taker_rate(self, address: str) -> D:
        """Return the rate of an address."""
        self._note("fees", address)
        return D("0.0001")

    def _note(self, what: str, whom: str) -> None:
        self.asked.append(f"{what} {whom}")
        if self.error is not None:
            raise self.error


class Told(Scene):
    """A paper venue on a street that knows the exchange's conditions."""

    def __init__(self) -> None:
        super().__init__()
        self.said = Said()
        self.feed = Feed(self.clock)
        self.street = MarketStreet(
            self.clock,
            self.feed,
            self.feed.book,
            lambda: self.listed,
            journey=Journey(fixed_ms=0),
            conditions=self.said,
        )
        self.venue = PaperVenue(self.street, [PaperAccount(id="main", start_usd=D(10_000))])


def test_an_hour_is_paid_at_the_published_rate() -> None:
    """It is asked for until it is there; where the oracle was not heard, the last trade's price is taken."""
    scene, hour = Told(), START + HOUR_MS

    async def story() -> None:
        await scene.trade("1")
        await scene.until(hour + 10 * SECOND_MS)
        assert scene.told == []
        scene.feed.news.put_nowait(scene.feed.quote())
        await scene.until(hour + 20 * SECOND_MS)
        scene.said.published[hour] = D("0.0001")
        await scene.until(hour + AGAIN_MS)
        scene.feed.news.put_nowait(scene.feed.quote())
        await scene.until(hour + AGAIN_MS + 30 * SECOND_MS)

    run_jumping(story(), scene.clock)
    (paid,) = scene.told
    assert isinstance(paid, FundingPaid)
    assert (paid.time, paid.oracle, paid.usd) == (hour, D(2_001), D("-0.2001"))
    assert "prices ETH" not in scene.said.asked


def test_what_cannot_be_read_is_read_again_later() -> None:
    """Not at once again, and nothing is lost: the hour is paid when its rate can be read."""
    scene, hour = Told(), START + HOUR_MS

    async def story() -> None:
        await scene.trade("1")
        scene.said.error = VenueUnavailable("no connection")
        await scene.until(hour + 2 * SECOND_MS)
        scene.feed.news.put_nowait(scene.feed.quote())
        await scene.until(hour + AGAIN_MS // 2)
        assert scene.said.asked.count("rates ETH") == 1
        scene.said.error = None
        scene.said.published[hour] = D("0.0001")
        scene.feed.news.put_nowait(scene.feed.quote())
        await scene.until(hour + 2 * AGAIN_MS)

    run_jumping(story(), scene.clock)
    assert [event.time for event in scene.told if isinstance(event, FundingPaid)] == [hour]


def test_an_account_of_a_real_address_pays_its_fees() -> None:
    """They are read once an hour, and told to an exchange that was made anew, too."""
    scene = Told()
    scene.street.serve({"main": "0xabc"})

    async def story() -> None:
        await scene.until(scene.clock.now_ms() + LOOK_MS - 1)
        fills, _ = await scene.trade("1")
        assert isinstance(fills, OwnFills)
        assert fills.fills[0].fee == D("0.2001")
        scene.venue.restore(())
        await scene.until(scene.clock.now_ms() + 2 * LOOK_MS)
        scene.feed.book_time = scene.clock.now_ms()
        fills, _ = await scene.trade("1")
        assert isinstance(fills, OwnFills)
        assert fills.fills[0].fee == D("0.2001")

    run_jumping(story(), scene.clock)
    assert scene.said.asked.count("fees 0xabc") == 1


def test_caps_are_looked_at_before_an_order_that_may_grow() -> None:
    """At most once a minute; where they cannot be read, a market counts as open."""
    scene = Told()
    scene.said.coins = frozenset({"ETH"})

    async def story() -> None:
        refused = answer_of(await scene.trade("1"))
        assert isinstance(refused, Refused)
        assert refused.code is RejectCode.OPEN_INTEREST
        await scene.trade("1")
        assert scene.said.asked.count("capped ") == 1
        scene.said.coins = frozenset()
        await scene.clock.sleep_until(scene.clock.now_ms() + AGAIN_MS)
        scene.feed.book_time = scene.clock.now_ms()
        fills, _ = await scene.trade("1")
        assert isinstance(fills, OwnFills)

    run_jumping(story(), scene.clock)


def test_conditions_that_cannot_be_read_change_nothing() -> None:
    """An account pays by its tier, and a market counts as open."""
    scene = Told()
    scene.street.serve({"main": "0xabc"})
    scene.said.error = VenueUnavailable("no connection")

    async def story() -> None:
        await scene.until(scene.clock.now_ms() + LOOK_MS - 1)
        fills, _ = await scene.trade("1")
        assert isinstance(fills, OwnFills)
        assert fills.fills[0].fee == D("0.90045")

    run_jumping(story(), scene.clock)
    assert scene.said.asked[0] == "fees 0xabc"
    assert "capped " in scene.said.asked


def test_a_stop_that_is_reached_has_its_book_fetched() -> None:
    """And trades against it; a book that cannot be read is asked for again."""
    scene = Scene()

    async def story() -> None:
        await scene.trade("1")
        now = scene.clock.now_ms()
        stop = PlaceStop(
            account="main",
            signer=SIGNER,
            coin="ETH",
            asset_id=1,
            side=Side.SELL,
            quantity=D(1),
            trigger=D(1_990),
            limit=D(1_900),
            cloid="0x" + "7" * 32,
            label="",
            nonce=now + 1,
            expires_after=now + 5_000,
        )
        await scene.venue.execute(stop)
        await scene.clock.sleep_until(now + 10 * SECOND_MS)
        scene.feed.mark = D(1_980)
        scene.feed.news.put_nowait(scene.feed.quote())
        scene.feed.news.put_nowait(FundingRate(coin="ETH", rate=D(0), oracle=D(1_980)))
        scene.feed.error = OutcomeUnknown("no answer")
        await scene.until(now + 12 * SECOND_MS)
        assert scene.told == []
        scene.feed.error = None
        scene.feed.book_time = scene.clock.now_ms()
        await scene.until(now + 16 * SECOND_MS)

    run_jumping(story(), scene.clock)
    (event,) = scene.told
    assert isinstance(event, OwnFills)
    assert [(fill.price, fill.quantity) for fill in event.fills] == [(D(1_999), D(1))]


def test_an_account_is_opened_while_others_trade() -> None:
    """One that exists stays as it is, and all are there after a restart."""
    scene = Scene()
    scene.venue.open([PaperAccount(id="alt", start_usd=D(7)), PaperAccount(id="main", start_usd=D(1))])
    assert (scene.venue.equity("alt"), scene.venue.equity("main")) == (D(7), D(10_000))
    scene.venue.restore(())
    assert (scene.venue.equity("alt"), scene.venue.equity("main")) == (D(7), D(10_000))
