"""What the sandbox answers at `/info`."""

from typing import Any

import pytest

from fadearena.model.units import HOUR_MS, MINUTE_MS, SECOND_MS
from fadearena.sandbox.gateway.faults import HideDex
from fadearena.sandbox.gateway.limits import Limits
from tests.support.counter import NOBODY, Counter
from tests.support.vectors import TIME


@pytest.fixture
def counter() -> Counter:
    """A gateway with nobody but its clients."""
    return Counter()


@pytest.mark.parametrize(
    ("body", "content_type", "status", "answer"),
    [
        ("{", "application/json", 400, b"Failed to parse the request body as JSON"),
        ({"type": "userState"}, "application/json", 422, b"Failed to deserialize the JSON body into the target type"),
        ({"type": "l2Book"}, "application/json", 422, b"Failed to deserialize the JSON body into the target type"),
        ({"type": "userRole", "user": "0x1"}, "application/json; charset=utf-8", 422, None),
        ({"type": "meta"}, "text/plain", 415, b"Expected request with `Content-Type: application/json`"),
        ({"type": "meta", "dex": "nowhere"}, "application/json", 500, b"null"),
        ({"type": "l2Book", "coin": "BTC", "nSigFigs": 9}, "application/json", 500, b"null"),
        ({"type": "l2Book", "coin": "BTC", "nSigFigs": 4, "mantissa": 2}, "application/json", 500, b"null"),
        ({"type": "l2Book", "coin": "NOPE"}, "application/json", 200, b"null"),
    ],
    ids=str,
)
def test_errors_have_their_status(
    counter: Counter, body: object, content_type: str, status: int, answer: bytes | None
) -> None:
    """Each kind of mistake has the status and the text that the exchange gives it."""
    got = counter.post("/info", body, content_type)
    assert got[0] == status
    assert answer is None or got[1] == answer


def test_dexs_and_ids(counter: Counter) -> None:
    """The place of a dex and of a coin in it make its id; delisted coins keep their place."""
    dexs = counter.ask("perpDexs")
    assert dexs[0] is None
    assert dexs[1]["name"] == "xyz"
    universe = counter.ask("meta")["universe"]
    assert [universe[place]["name"] for place in (0, 1, 5, 25)] == ["BTC", "ETH", "SOL", "XRP"]
    assert universe[3] == {
        "name": "MATIC",
        "szDecimals": 1,
        "maxLeverage": 20,
        "marginTableId": 20,
        "isDelisted": True,
    }
    assert counter.ask("allPerpMetas")[1] == counter.ask("meta", dex="xyz")
    meta, contexts = counter.ask("metaAndAssetCtxs", dex="xyz")
    assert [coin["name"] for coin in meta["universe"]] == ["xyz:XYZ100", "xyz:TSLA", "xyz:NVDA"]
    assert len(contexts) == 3
    assert meta["universe"][2]["marginMode"] == "strictIsolated"


def test_a_hidden_dex_is_in_no_list(counter: Counter) -> None:
    """What a fault hides is missing everywhere, and an error where it is named."""
    counter.gateway.inflict(HideDex("xyz"))
    assert counter.ask("perpDexs") == [None]
    assert counter.post("/info", {"type": "allMids", "dex": "xyz"})[0] == 500
    assert counter.ask("l2Book", coin="xyz:NVDA") is None
    counter.gateway.inflict(HideDex("xyz", on=False))
    assert counter.ask("l2Book", coin="xyz:NVDA")["coin"] == "xyz:NVDA"


def test_strangers_are_empty_and_no_error(counter: Counter) -> None:
    """Who has no account is shown as an account with nothing in it."""
    state = counter.ask("clearinghouseState", user=NOBODY)
    assert state["marginSummary"]["accountValue"] == "0.0"
    assert state["assetPositions"] == []
    assert counter.ask("userRole", user=NOBODY) == {"role": "missing"}
    assert counter.ask("userAbstraction", user=NOBODY) == "default"
    assert counter.ask("subAccounts", user=NOBODY) is None
    for empty in ("openOrders", "frontendOpenOrders", "historicalOrders", "userFills", "extraAgents"):
        assert counter.ask(empty, user=NOBODY) == []
    assert counter.ask("spotClearinghouseState", user=NOBODY) == {"balances": []}


def test_fills_by_time_are_oldest_first_and_include_both_ends(counter: Counter) -> None:
    """A span of time takes in its first and its last millisecond."""
    client = counter.client()
    for _ in range(3):
        client.order(s="0.1")
        counter.pass_ms(10 * SECOND_MS)
    times = [fill["time"] for fill in counter.ask("userFillsByTime", user=client.address, startTime=0)]
    assert times == sorted(set(times))
    assert len(times) == 3

    def span(**fields: Any) -> list[int]:
        fills = counter.ask("userFillsByTime", user=client.address, **fields)
        return [fill["time"] for fill in fills]

    assert span(startTime=times[1]) == times[1:]
    assert span(startTime=times[0], endTime=times[1]) == times[:2]
    assert span(startTime=times[0] + 1, endTime=times[1] - 1) == []
    assert span(startTime=0, reversed=True) == times[::-1]
    assert [fill["time"] for fill in counter.ask("userFills", user=client.address)] == times[::-1]


def test_twap_slices_have_a_list_of_their_own() -> None:
    """Fills of TWAP orders are in their own list and in no other."""
    counter = Counter(traders=12)
    counter.pass_ms(2 * HOUR_MS)
    slicer = next(one.wallet for one in counter.exchange.traders if one.temperament == "twap slicer")
    slices = counter.ask("userTwapSliceFills", user=slicer)
    assert slices
    assert all(row["fill"]["twapId"] == row["twapId"] for row in slices)
    assert all(set(row["fill"]["hash"]) <= set("0x") for row in slices)
    assert all(fill["twapId"] is None for fill in counter.ask("userFillsByTime", user=slicer, startTime=0))
    later = counter.ask("userTwapSliceFillsByTime", user=slicer, startTime=slices[0]["fill"]["time"])
    assert [row["fill"]["time"] for row in later] == [slices[0]["fill"]["time"]] * len(later)


def test_funding_and_candles() -> None:
    """After two hours there are rates, payments and candles; longer candles sum up the minutes."""
    counter = Counter(traders=12)
    client = counter.client()
    client.order()
    counter.pass_ms(2 * HOUR_MS)
    rates = counter.ask("fundingHistory", coin="ETH", startTime=TIME)
    payments = counter.ask("userFunding", user=client.address, startTime=TIME)
    assert [row["fundingRate"] for row in rates] == [row["delta"]["fundingRate"] for row in payments]
    assert all(row["time"] % HOUR_MS < SECOND_MS for row in rates)
    coming = dict(counter.ask("predictedFundings"))["ETH"][0]
    assert coming[0] == "HlPerp"
    assert coming[1]["nextFundingTime"] % HOUR_MS == 0
    span = {"coin": "ETH", "startTime": TIME - HOUR_MS, "endTime": TIME + 3 * HOUR_MS}
    minutes = counter.ask("candleSnapshot", req={**span, "interval": "1m"})
    hours = counter.ask("candleSnapshot", req={**span, "interval": "1h"})
    assert sum(row["n"] for row in minutes) == sum(row["n"] for row in hours)
    assert all(row["T"] - row["t"] == MINUTE_MS - 1 for row in minutes)
    inside = counter.ask("candleSnapshot", req={**span, "interval": "1h", "startTime": hours[1]["t"] + MINUTE_MS})
    assert inside == hours[1:]
    months = counter.ask("candleSnapshot", req={**span, "interval": "1M", "startTime": 0})
    assert months[0]["T"] - months[0]["t"] == 30 * 24 * HOUR_MS - 1


def test_weight_is_counted_and_enforced() -> None:
    """Within a minute an address has so much weight; what is returned counts too."""
    counter = Counter(limits=Limits(weight_a_minute=100))
    user = counter.client().address
    counter.ask("userRole", user=user)
    assert counter.gateway.weight_used == 60
    for _ in range(2):
        counter.ask("userFills", user=user)
    assert counter.post("/info", {"type": "exchangeStatus"}) == (429, b"null")
    counter.clock.move_by(MINUTE_MS)
    counter.ask("exchangeStatus")
    assert counter.gateway.weight_used == 2
