"""Prices: what is wanted is subscribed, ages are told as they are, books are read on demand."""

from decimal import Decimal

import pytest

from fadearena.adapters.hyperliquid.market_feed import HyperliquidMarkets
from fadearena.kit.clock import ManualClock
from fadearena.kit.jumping import run_jumping
from fadearena.model.command import ReadBook
from fadearena.model.error import OutcomeUnknown, VenueProtocolError, VenueRefused
from fadearena.model.event import Event, Marks, QuoteUnreadable
from fadearena.model.market import FundingRate, Quote
from tests.support.hyperliquid import BROKEN, NOW, Desk, Listener, bbo, book, context, meta

READ = ReadBook(coin="BTC")


def ctx(mark: str = "100.0", mid: str | None = "100.0", funding: str = "0.0000125") -> dict[str, object]:
    """Return a message of a market's context."""
    return {"channel": "activeAssetCtx", "data": {"coin": "BTC", "ctx": context(mark, mid, funding)}}


def test_wanted_coins_are_subscribed_once_now_and_later() -> None:
    """Coins that are wanted while it runs are added; spot pairs are not."""
    desk = Desk(ManualClock(NOW))
    markets = HyperliquidMarkets(desk.line())

    async def story() -> list[tuple[str, str]]:
        markets.want(("BTC", "@107"))
        async with Listener(aiter(markets), desk.clock) as listener:
            await listener.wait(1_000)
            markets.want(("BTC", "xyz:NVDA"))
            await listener.wait(1_000)
            return [(each["type"], each["coin"]) for each in (await desk.net.socket()).asked()]

    types = ("bbo", "activeAssetCtx")
    expected = [(kind, coin) for coin in ("BTC", "xyz:NVDA") for kind in types]
    assert run_jumping(story(), desk.clock) == expected


def test_marks_and_touches_are_told_with_their_own_times() -> None:
    """A touch bears the exchange's time of its change, a mark the time at which it was heard."""
    desk = Desk(ManualClock(NOW))
    markets = HyperliquidMarkets(desk.line())

    async def story() -> list[object]:
        markets.want(("BTC",))
        async with Listener(aiter(markets), desk.clock) as listener:
            await listener.wait(1_000)
            socket = await desk.net.socket()
            socket.say(bbo(NOW - 7_000, "99.0", None))
            socket.say(ctx(mid=None))
            return await listener.wait(1_000)

    touch, quote, rate = run_jumping(story(), desk.clock)
    assert touch == Quote(coin="BTC", bid=Decimal(99), touch_time=NOW - 7_000)
    assert quote == Quote(coin="BTC", mark=Decimal(100), mark_time=NOW + 1_000, oracle=Decimal("99.5"))
    assert rate == FundingRate(coin="BTC", rate=Decimal("0.0000125"), oracle=Decimal("99.5"))


@pytest.mark.parametrize(("mid", "is_confirmed"), [("100.0", True), ("100.5", False), (None, False)])
def test_only_the_same_middle_makes_a_touch_younger(mid: str | None, is_confirmed: bool) -> None:
    """A context proves a touch of which nothing was heard for a while, unless its middle is another."""
    desk = Desk(ManualClock(NOW))
    markets = HyperliquidMarkets(desk.line())

    async def story() -> list[object]:
        markets.want(("BTC",))
        async with Listener(aiter(markets), desk.clock) as listener:
            await listener.wait(1_000)
            (await desk.net.socket()).say(bbo(NOW, "99.0", "101.0"))
            await listener.wait(8_000)
            (await desk.net.socket()).say(ctx(mid=mid))
            return await listener.wait(100)

    quote = run_jumping(story(), desk.clock)[0]
    assert isinstance(quote, Quote)
    assert quote.touch_time == (NOW + 9_000 if is_confirmed else 0)
    assert quote.bid == (Decimal(99) if is_confirmed else None)


def test_a_touch_of_a_lost_connection_is_not_confirmed_on_the_next() -> None:
    """After a reconnect a touch has to be heard again before a context can make it younger."""
    desk = Desk(ManualClock(NOW))
    markets = HyperliquidMarkets(desk.line())

    async def story() -> list[list[object]]:
        markets.want(("BTC",))
        async with Listener(aiter(markets), desk.clock) as listener:
            await listener.wait(1_000)
            first = await desk.net.socket()
            first.say(bbo(NOW, "99.0", "101.0"))
            await listener.wait(1_000)
            first.drop()
            await listener.wait(5_000)
            (await desk.net.socket(1)).say(ctx())
            before = await listener.wait(1_000)
            (await desk.net.socket(1)).say(bbo(NOW + 1_000, "99.0", "101.0"))
            (await desk.net.socket(1)).say(ctx())
            return [before, await listener.wait(1_000)]

    before, after = run_jumping(story(), desk.clock)
    assert [quote.touch_time for quote in before if isinstance(quote, Quote)] == [0]
    assert [quote.touch_time for quote in after if isinstance(quote, Quote)] == [NOW + 1_000, NOW + 8_000]


def test_a_funding_rate_is_told_when_it_changed() -> None:
    """Contexts come every second, a rate only when it is another."""
    desk = Desk(ManualClock(NOW))
    markets = HyperliquidMarkets(desk.line())

    async def story() -> list[FundingRate]:
        markets.want(("BTC",))
        async with Listener(aiter(markets), desk.clock) as listener:
            await listener.wait(1_000)
            for funding in ("0.1", "0.1", "0.2"):
                (await desk.net.socket()).say(ctx(funding=funding))
            await listener.wait(1_000)
            return listener.of(FundingRate)

    assert [rate.rate for rate in run_jumping(story(), desk.clock)] == [Decimal("0.1"), Decimal("0.2")]


def test_a_price_that_cannot_be_read_says_nothing() -> None:
    """The others on the same connection go on."""
    desk = Desk(ManualClock(NOW))
    markets = HyperliquidMarkets(desk.line())

    async def story() -> list[object]:
        markets.want(("BTC",))
        async with Listener(aiter(markets), desk.clock) as listener:
            await listener.wait(1_000)
            bad = (
                bbo(NOW, "x", "1.0"),
                bbo(NOW, "2.0", "1.0"),
                {"channel": "news"},
                b'{"channel":"bbo","data":"\xff"}',
            )
            for frame in (*bad, ctx(mark="-1.0"), bbo(NOW, "1.0", "2.0")):
                (await desk.net.socket()).say(frame)
            return await listener.wait(1_000)

    assert run_jumping(story(), desk.clock) == [
        Quote(coin="BTC", bid=Decimal(1), ask=Decimal(2), touch_time=NOW),
    ]


def test_coins_beyond_the_limit_are_read_on_demand_only() -> None:
    """They are not subscribed, and their books can be read all the same."""
    desk = Desk(ManualClock(NOW), l2Book=book(NOW, ("1.0",), ("2.0",), "ETH"), metaAndAssetCtxs=BROKEN)
    line = desk.line(coins_max=1)
    markets = HyperliquidMarkets(line)

    async def story() -> list[Event]:
        markets.want(("BTC", "ETH"))
        async with Listener(aiter(markets), desk.clock) as listener:
            await listener.wait(1_000)
            assert {each["coin"] for each in (await desk.net.socket()).asked()} == {"BTC"}
            return list(await markets.read(ReadBook(coin="ETH")))

    (marks,) = run_jumping(story(), desk.clock)
    assert marks.quotes == (Quote(coin="ETH", bid=Decimal(1), ask=Decimal(2), touch_time=NOW),)
    assert line.interest.refused == ("ETH",)


def test_a_book_is_read_with_the_mark_that_is_told_on_demand() -> None:
    """Without a stream mark and oracle come from the contexts of the coin's dex."""
    desk = Desk(
        ManualClock(NOW),
        l2Book=book(NOW - 10, ("99.0", "98.0"), ("101.0",)),
        metaAndAssetCtxs=[meta("ETH", "BTC"), [context("7.0"), context("100.5")]],
    )
    (marks,) = run_jumping(HyperliquidMarkets(desk.line()).read(READ), desk.clock)
    assert isinstance(marks, Marks)
    assert marks.quotes == (
        Quote(
            coin="BTC",
            mark=Decimal("100.5"),
            mark_time=NOW,
            bid=Decimal(99),
            ask=Decimal(101),
            touch_time=NOW - 10,
            oracle=Decimal("99.5"),
        ),
    )


def test_a_mark_that_was_just_told_is_not_asked_for() -> None:
    """With a stream a read costs the book only."""
    desk = Desk(ManualClock(NOW), l2Book=book(NOW, ("99.0",), ("101.0",)))
    markets = HyperliquidMarkets(desk.line())

    async def story() -> list[Event]:
        markets.want(("BTC",))
        async with Listener(aiter(markets), desk.clock) as listener:
            await listener.wait(1_000)
            (await desk.net.socket()).say(ctx())
            await listener.wait(1_000)
            return list(await markets.read(READ))

    (marks,) = run_jumping(story(), desk.clock)
    assert marks.quotes[0].mark == Decimal(100)
    assert [frame["type"] for _, _, frame in desk.net.asked] == ["l2Book"]


@pytest.mark.parametrize("answer", [None, book(NOW, (), ())])
def test_a_coin_without_a_book_is_unreadable(answer: object) -> None:
    """An unknown coin and an empty book say so; they have no price of zero."""
    desk = Desk(ManualClock(NOW), l2Book=lambda _: answer)
    (event,) = run_jumping(HyperliquidMarkets(desk.line()).read(READ), desk.clock)
    assert isinstance(event, QuoteUnreadable)


def test_a_book_that_cannot_be_asked_for_raises() -> None:
    """What failed is an obstacle by its type, for whoever asked."""
    desk = Desk(ManualClock(NOW), l2Book=BROKEN)
    markets = HyperliquidMarkets(desk.line())
    with pytest.raises(OutcomeUnknown):
        run_jumping(markets.read(READ), desk.clock)
    desk.answers["l2Book"] = book(NOW, ("1.0",), ("2.0",), "ETH")
    with pytest.raises(VenueProtocolError, match="'ETH'"):
        run_jumping(markets.book("BTC"), desk.clock)
    desk.answers["l2Book"] = book(NOW, ("2.0",), ("1.0",))
    with pytest.raises(VenueProtocolError, match="cannot be"):
        run_jumping(markets.read(READ), desk.clock)
    desk.answers["l2Book"] = None
    with pytest.raises(VenueRefused, match="no book"):
        run_jumping(markets.book("BTC"), desk.clock)


def test_it_can_be_listened_to_again() -> None:
    """Who stops listening ends the connection; the next listener gets one of his own, with all coins."""
    desk = Desk(ManualClock(NOW))
    markets = HyperliquidMarkets(desk.line())

    async def story() -> list[object]:
        markets.want(("BTC",))
        async with Listener(aiter(markets), desk.clock) as listener:
            await listener.wait(1_000)
        assert desk.net.sockets[0].is_closed
        async with Listener(aiter(markets), desk.clock) as listener:
            await listener.wait(1_000)
            (await desk.net.socket(1)).say(bbo(NOW, "1.0", "2.0"))
            return await listener.wait(1_000)

    assert len(run_jumping(story(), desk.clock)) == 1
