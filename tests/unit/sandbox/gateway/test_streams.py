"""What the sandbox tells over its sockets."""

from decimal import Decimal as D
from itertools import pairwise
from typing import Any

import pytest

from fadearena.model.units import HOUR_MS, SECOND_MS
from fadearena.sandbox.gateway.faults import HideDex
from fadearena.sandbox.gateway.limits import Limits
from tests.support.counter import NOBODY, Counter, heard

GTC = {"limit": {"tif": "Gtc"}}


@pytest.fixture
def counter() -> Counter:
    """A gateway with nobody but its clients."""
    return Counter()


def of(channel: str, messages: list[Any]) -> list[Any]:
    """Return the data of the messages of one channel."""
    return [one["data"] for one in messages if one["channel"] == channel]


def error(text: str) -> list[Any]:
    """Return what is said to a client who did something wrong."""
    return [{"channel": "error", "data": text}]


def test_receipts_name_the_subscription(counter: Counter) -> None:
    """A subscription is confirmed in its normal form, and answered once."""
    peer = counter.connect()
    user = "0x" + "AB" * 20
    said = counter.say(peer, {"method": "subscribe", "subscription": {"type": "userFills", "user": user}})
    normal = {"type": "userFills", "user": user.lower(), "aggregateByTime": False}
    assert said[0] == {
        "channel": "subscriptionResponse",
        "data": {"method": "subscribe", "subscription": normal},
    }
    assert said[1]["data"] == {"user": user.lower(), "isSnapshot": True, "fills": []}
    book = counter.say(peer, {"method": "subscribe", "subscription": {"type": "l2Book", "coin": "ETH"}})
    assert book[0]["data"]["subscription"] == {
        "type": "l2Book",
        "coin": "ETH",
        "nSigFigs": None,
        "mantissa": None,
        "fast": False,
    }


def test_mistakes_are_answered_and_forgiven(counter: Counter) -> None:
    """Whatever a client says wrong, it is told so and stays connected."""
    peer = counter.connect()
    bbo = {"type": "bbo", "coin": "ETH"}
    shown = '{"type":"bbo","coin":"ETH"}'
    assert counter.say(peer, "hello") == error("Error parsing JSON into valid websocket request: hello")
    assert counter.say(peer, {"method": "unsubscribe", "subscription": bbo}) == error(f"Already unsubscribed: {shown}")
    counter.subscribe(peer, "bbo", coin="ETH")
    assert counter.say(peer, {"method": "subscribe", "subscription": bbo}) == error(f"Already subscribed: {shown}")
    unknown = {"method": "subscribe", "subscription": {"type": "bbo", "coin": "NOPE"}}
    assert counter.say(peer, unknown) == error('Invalid subscription {"type":"bbo","coin":"NOPE"}')
    assert counter.say(peer, {"method": "ping"}) == [{"channel": "pong"}]
    assert counter.say(peer, {"method": "unsubscribe", "subscription": bbo})[0]["channel"] == "subscriptionResponse"
    counter.pass_ms(5 * SECOND_MS)
    assert heard(peer) == []


def test_limits_of_an_address() -> None:
    """Users, subscriptions and connections of one address have limits, and are free again after they close."""
    counter = Counter(limits=Limits(users=2, subscriptions=4, connections=2))
    first, second = counter.connect(), counter.connect()
    assert counter.gateway.connect() is None
    for number in range(2):
        counter.subscribe(first, "userFills", user=f"0x{number:040x}")
    third = {"method": "subscribe", "subscription": {"type": "userFills", "user": NOBODY[:-1] + "f"}}
    assert counter.say(second, third) == error("Cannot track more than 2 total users.")
    counter.subscribe(second, "userFundings", user=f"0x{1:040x}")
    counter.subscribe(second, "bbo", coin="ETH")
    more = {"method": "subscribe", "subscription": {"type": "bbo", "coin": "BTC"}}
    assert counter.say(second, more) == error("Cannot subscribe to more than 4 channels.")
    counter.gateway.close(first)
    counter.subscribe(second, "userFills", user=NOBODY[:-1] + "f")


def test_new_connections_are_limited_by_the_minute() -> None:
    """Who connects too often has to wait."""
    counter = Counter(limits=Limits(connections_a_minute=2))
    for _ in range(2):
        counter.gateway.close(counter.connect())
    assert counter.gateway.connect() is None
    counter.clock.move_by(60 * SECOND_MS)
    counter.connect()


def test_prices_come_in_their_own_time(counter: Counter) -> None:
    """The best prices come when they change, contexts and mids each second, full books every five, fast ones sooner."""
    peer = counter.connect()
    counter.subscribe(peer, "bbo", coin="ETH")
    counter.subscribe(peer, "activeAssetCtx", coin="ETH")
    counter.subscribe(peer, "allMids")
    counter.subscribe(peer, "l2Book", coin="ETH")
    (first,) = counter.subscribe(peer, "l2Book", coin="ETH", fast=True)
    assert len(first["data"]["levels"][0]) == 5
    messages = []
    for _ in range(10):
        counter.pass_ms(SECOND_MS)
        messages += heard(peer)
    best = of("bbo", messages)
    assert all(one["bbo"] != other["bbo"] for one, other in pairwise(best))
    assert len(of("activeAssetCtx", messages)) == len(of("allMids", messages)) == 10
    depths = [len(one["levels"][0]) for one in of("l2Book", messages)]
    assert (depths.count(20), depths.count(5)) == (2, 10)


def test_a_message_is_the_same_for_all(counter: Counter) -> None:
    """All who listen to the same hear the same."""
    peers = [counter.connect() for _ in range(3)]
    for peer in peers:
        counter.subscribe(peer, "allDexsAssetCtxs")
    counter.pass_ms(SECOND_MS)
    first, *others = (heard(peer) for peer in peers)
    assert len(first[0]["data"]["ctxs"][1][1]) == 3
    assert others == [first, first]


def test_an_order_is_told_on_every_channel(counter: Counter) -> None:
    """A trade is told to the tape, to its owner's fills and events, and its order's end to who waits for it."""
    client, peer = counter.client(), counter.connect()
    for kind in ("userFills", "userEvents", "orderUpdates", "clearinghouseState", "openOrders", "activeAssetData"):
        counter.subscribe(peer, kind, user=client.address, **({"coin": "ETH"} if kind == "activeAssetData" else {}))
    counter.subscribe(peer, "trades", coin="ETH")
    filled = client.order()["filled"]
    messages = heard(peer)
    trades, (fills,), (events,) = of("trades", messages)[0], of("userFills", messages), of("user", messages)
    assert events["fills"] == fills["fills"]
    assert "isSnapshot" not in fills
    assert sum(D(fill["sz"]) for fill in fills["fills"]) == D(filled["totalSz"])
    assert [one["tid"] for one in trades] == [fill["tid"] for fill in fills["fills"]]
    assert {one["users"][0] for one in trades} == {client.address}
    assert {one["side"] for one in trades} == {"B"}
    (updates,) = of("orderUpdates", messages)
    assert updates[-1]["status"] == "filled"
    assert set(updates[-1]["order"]) == {"coin", "side", "limitPx", "sz", "oid", "timestamp", "origSz"}
    (state,) = of("clearinghouseState", messages)
    assert state["clearinghouseState"]["assetPositions"][0]["position"]["szi"] == "1.0"
    resting = client.order(p="2000", t=GTC)["resting"]["oid"]
    messages = heard(peer)
    assert of("orderUpdates", messages)[0][0]["status"] == "open"
    counter.pass_ms(5 * SECOND_MS)
    assert of("openOrders", heard(peer))[-1]["orders"][0]["oid"] == resting


def test_series_begin_with_what_came_before(counter: Counter) -> None:
    """Who subscribes late, or again, is told what it missed, marked as a snapshot."""
    client = counter.client()
    client.order()
    counter.pass_ms(2 * HOUR_MS)
    peer, user = counter.connect(), client.address
    (fills,) = of("userFills", counter.subscribe(peer, "userFills", user=user))
    (fundings,) = of("userFundings", counter.subscribe(peer, "userFundings", user=user))
    (ledger,) = of("userNonFundingLedgerUpdates", counter.subscribe(peer, "userNonFundingLedgerUpdates", user=user))
    (tape,) = of("trades", counter.subscribe(peer, "trades", coin="ETH"))
    assert all(one["isSnapshot"] is True for one in (fills, fundings, ledger))
    assert sum(D(fill["sz"]) for fill in fills["fills"]) == 1
    assert set(fundings["fundings"][0]) == {
        "time",
        "coin",
        "usdc",
        "szi",
        "fundingRate",
        "nSamples",
    }
    assert ledger["nonFundingLedgerUpdates"][0]["delta"] == {"type": "deposit", "usdc": "100000.0"}
    assert tape[-1]["tid"] == fills["fills"][-1]["tid"]
    counter.pass_ms(HOUR_MS)
    (payment,) = of("userFundings", heard(peer))
    assert "isSnapshot" not in payment


def test_all_accounts_of_a_user(counter: Counter) -> None:
    """One channel tells a user's accounts on all dexs; a hidden dex is missing from it."""
    client, peer = counter.client(), counter.connect()
    counter.exchange.send_asset(client.address, "", client.address, "xyz", D(1_000))
    (states,) = of(
        "allDexsClearinghouseState", counter.subscribe(peer, "allDexsClearinghouseState", user=client.address)
    )
    assert {dex: state["withdrawable"] for dex, state in states["clearinghouseStates"]} == {
        "": "99000.0",
        "xyz": "1000.0",
    }
    counter.gateway.inflict(HideDex("xyz"))
    counter.pass_ms(5 * SECOND_MS)
    states = of("allDexsClearinghouseState", heard(peer))[-1]
    assert [dex for dex, _ in states["clearinghouseStates"]] == [""]


def test_other_things_of_a_user(counter: Counter) -> None:
    """Tokens, the page's bundle, candles and notifications can be subscribed to."""
    client, peer = counter.client(), counter.connect()
    counter.exchange.class_transfer(client.address, D(500), to_perp=False)
    (spot,) = of("spotState", counter.subscribe(peer, "spotState", user=client.address))
    assert spot["spotState"]["balances"][0]["total"] == "500.0"
    (page,) = of("webData3", counter.subscribe(peer, "webData3", user=client.address))
    assert page["userState"]["cumLedger"] == "100000.0"
    assert counter.subscribe(peer, "notification", user=client.address) == []
    assert counter.subscribe(peer, "candle", coin="ETH", interval="1m") == []
    client.order()
    candles = of("candle", heard(peer))
    assert [(one["s"], one["i"], one["n"] > 0) for one in candles] == [("ETH", "1m", True)]


def test_requests_over_the_socket(counter: Counter) -> None:
    """Questions and actions over the socket are answered as over HTTP, with the number that they bear."""
    client, peer = counter.client(), counter.connect()

    def post(kind: str, payload: object) -> Any:
        (answer,) = of(
            "post", counter.say(peer, {"method": "post", "id": 7, "request": {"type": kind, "payload": payload}})
        )
        assert answer["id"] == 7
        return answer["response"]

    book = post("info", {"type": "l2Book", "coin": "ETH"})
    assert (book["type"], book["payload"]["type"]) == ("info", "l2Book")
    assert book["payload"]["data"]["coin"] == "ETH"
    done = post("action", client.body({"type": "noop"}))
    assert done == {"type": "action", "payload": {"status": "ok", "response": {"type": "default"}}}
    wrong = post("info", {"type": "userState"})
    assert wrong == {"type": "error", "payload": "422 Failed to deserialize the JSON body into the target type"}
