"""How the feeds of prices and of our accounts do: by the age of their data, by sockets, by what is confirmed."""

from typing import Any

from fadearena.adapters.hyperliquid.market_feed import HyperliquidMarkets
from fadearena.kit.clock import ManualClock
from fadearena.kit.jumping import run_jumping
from fadearena.ports.sightings import FeedState, FeedStatus
from tests.support.hyperliquid import NOW, Desk, Listener, bbo
from tests.support.hyperliquid_venue import venue_on
from tests.support.wire_net import Frame, WireSocket, polite

QUIET: dict[str, Any] = {
    "userFunding": [],
    "userNonFundingLedgerUpdates": [],
    "userRateLimit": {"cumVlm": "1.0", "nRequestsUsed": 0, "nRequestsCap": 10_000, "nRequestsSurplus": 0},
    "userAbstraction": "disabled",
}


def test_prices_are_as_old_as_the_newest_one() -> None:
    """Starting, heard, and stale once nothing came for long, although the socket answers pings; off without coins."""
    desk = Desk(ManualClock(NOW))
    markets = HyperliquidMarkets(desk.line())
    seen: list[FeedStatus] = []

    async def story() -> None:
        assert markets.feeds() == ()
        async with Listener(aiter(markets), desk.clock) as listener:
            await listener.wait(1_000)
            seen.extend(markets.feeds())
            markets.want(("BTC",))
            await listener.wait(1_000)
            seen.extend(markets.feeds())
            (await desk.net.socket()).say(bbo(NOW, "99.0", "101.0"))
            for ms in (1_000, 43_999, 1):
                await listener.wait(ms)
                seen.extend(markets.feeds())

    run_jumping(story(), desk.clock)
    assert [each.state for each in seen] == [
        FeedState.OFF,
        FeedState.STARTING,
        FeedState.OK,
        FeedState.OK,
        FeedState.STALE,
    ]
    assert seen[1:3] == [
        FeedStatus(name="markets", state=FeedState.STARTING, connections=1, wanted=2, confirmed=2),
        FeedStatus(name="markets", state=FeedState.OK, heard=NOW + 2_000, connections=1, wanted=2, confirmed=2),
    ]


def test_what_is_refused_is_named() -> None:
    """It takes the others not down, and is shown until it is confirmed."""
    desk = Desk(ManualClock(NOW))
    markets = HyperliquidMarkets(desk.line())
    refusals = ["NOPE"]

    def hear(socket: WireSocket, frame: Frame) -> None:
        coin = frame.get("subscription", {}).get("coin")
        if frame["method"] == "subscribe" and coin in refusals and frame["subscription"]["type"] == "bbo":
            socket.say({"channel": "error", "data": f'Invalid subscription {{"type":"bbo","coin":"{coin}"}}'})
        else:
            polite(socket, frame)

    desk.net.hear = hear
    seen: list[FeedStatus] = []

    async def story() -> None:
        markets.want(("BTC", "NOPE"))
        async with Listener(aiter(markets), desk.clock) as listener:
            await listener.wait(1_000)
            seen.extend(markets.feeds())
            refusals.clear()
            await listener.wait(30_000)
            seen.extend(markets.feeds())

    run_jumping(story(), desk.clock)
    assert [(each.wanted, each.confirmed, each.refused) for each in seen] == [(4, 3, ("bbo NOPE",)), (4, 4, ())]


def test_our_accounts_are_stale_while_one_of_their_sockets_is_away() -> None:
    """The socket of orders counts like that of fills; quiet accounts are heard by the answers to pings."""
    desk = Desk(ManualClock(NOW), **QUIET)
    venue = venue_on(desk.line())
    seen: list[FeedStatus] = []

    async def story() -> None:
        assert venue.feeds() == ()
        async with Listener(aiter(venue), desk.clock) as listener:
            for ms in (1_000, 120_000):
                await listener.wait(ms)
                seen.extend(venue.feeds())
            desk.net.refusals = 5
            desk.net.hearing("orderUpdates").drop()
            await listener.wait(100)
            seen.extend(venue.feeds())
            await listener.wait(60_000)
            seen.extend(venue.feeds())

    run_jumping(story(), desk.clock)
    assert [(each.name, each.state, each.connections) for each in seen] == [
        ("own", FeedState.OK, 2),
        ("own", FeedState.OK, 2),
        ("own", FeedState.STALE, 1),
        ("own", FeedState.OK, 2),
    ]
    assert (seen[0].wanted, seen[0].confirmed) == (10, 10)


def test_our_accounts_are_stale_while_a_stream_of_theirs_is_refused() -> None:
    """The others are heard, but not all that happens to our money: people are told."""
    desk = Desk(ManualClock(NOW), **QUIET)
    venue = venue_on(desk.line())

    def hear(socket: WireSocket, frame: Frame) -> None:
        if frame["method"] == "subscribe" and frame["subscription"]["type"] == "userFills":
            socket.say({"channel": "error", "data": "Cannot track more than 10 total users."})
        else:
            polite(socket, frame)

    desk.net.hear = hear
    seen: list[FeedStatus] = []

    async def story() -> None:
        async with Listener(aiter(venue), desk.clock) as listener:
            await listener.wait(5_000)
            seen.extend(venue.feeds())

    run_jumping(story(), desk.clock)
    assert [(each.name, each.state, each.confirmed < each.wanted) for each in seen] == [("own", FeedState.STALE, True)]
