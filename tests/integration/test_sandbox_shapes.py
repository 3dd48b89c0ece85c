"""The sandbox's answers have the fields of recorded ones, with values of the same kinds."""

import json
from decimal import Decimal as D
from functools import cache
from typing import Any

import pytest

from fadearena.model.units import HOUR_MS
from tests.support import recorded
from tests.support.counter import NOBODY, Client, Counter
from tests.support.recorded import needs_recorded
from tests.support.vectors import TIME

pytestmark = needs_recorded

NEWER = {
    # Fields that the reference knows and that are younger than what was recorded of them.
    "perpDexs": {"[].assetToFundingInterestRate"},
    "clearinghouseState": {
        f".assetPositions[].position.{path}" for path in ("cumFunding", "leverage.rawUsd", "maxLeverage")
    },
    "openOrders": {"[].origSz"},
    "frontendOpenOrders": {"[].cloid"},
    "userNonFundingLedgerUpdates": {"[].delta.sourceDex", "[].delta.destinationDex"},
    "userRateLimit": {".nRequestsSurplus"},
}
ELSEWHERE = {
    # What is recorded and cannot be seen here: isolated coins stand on the other dex, no order waits for a parent, spot
    # markets or other people's roles, no history of an account's worth; `maxTradeSzs` is of 2023.
    "meta": {".universe[].marginMode", ".universe[].onlyIsolated"},
    "metaAndAssetCtxs": {
        f"[].universe[].{name}" for name in ("marginMode", "onlyIsolated", "growthMode", "lastGrowthModeChangeTime")
    },
    "perpDexs": {"[].assetToFundingMultiplier[][]", "[].subDeployers[][]"},
    "clearinghouseState": {".assetPositions[].position.maxTradeSzs"},
    "frontendOpenOrders": {"[].children[]"},
    "portfolio": {"[][].pnlHistory[][]"},
    "spotMeta": {".universe[]", ".tokens[].evmContract"},
    "spotMetaAndAssetCtxs": {"[].universe[]", "[].tokens[].evmContract", "[][]."},
}
OF_USER = (
    "clearinghouseState",
    "openOrders",
    "frontendOpenOrders",
    "historicalOrders",
    "userRateLimit",
    "extraAgents",
    "portfolio",
    "spotClearinghouseState",
)
SINCE = ("userFillsByTime", "userFunding", "userNonFundingLedgerUpdates")
OTHERS: dict[str, dict[str, Any]] = {
    "meta": {},
    "metaAndAssetCtxs": {},
    "perpDexs": {},
    "spotMeta": {},
    "spotMetaAndAssetCtxs": {},
    "l2Book": {"coin": "ETH"},
    "fundingHistory": {"coin": "ETH", "startTime": 0},
    "candleSnapshot": {"req": {"coin": "ETH", "interval": "1h", "startTime": 0, "endTime": 2 * TIME}},
}


@cache
def busy() -> tuple[Counter, Client]:
    """Return a sandbox two hours old, and a client who did a bit of everything."""
    counter = Counter(traders=12)
    client = counter.client()
    user = client.address
    counter.exchange.send_asset(user, "", user, "xyz", D(1_000))
    counter.exchange.class_transfer(user, D(500), to_perp=False)
    counter.exchange.create_sub_account(user, "fade-a")
    counter.exchange.approve_agent(user, NOBODY, "fade", None)
    client.act("updateLeverage", asset=5, isCross=False, leverage=5)
    client.order()
    client.order(a=5, p="250", s="10")
    client.order(p="2000", t={"limit": {"tif": "Gtc"}})
    counter.pass_ms(2 * HOUR_MS)
    return counter, client


def paths(value: object, prefix: str = "") -> set[str]:
    """Return where something stands in a JSON value, and of what kind it is; null is of every kind."""
    match value:
        case dict():
            inner = [({f"{prefix}.{key}"} | paths(one, f"{prefix}.{key}")) for key, one in value.items()]
            return set().union(*inner)
        case list():
            return set().union(*(paths(one, f"{prefix}[]") for one in value))
        case None:
            return {f"{prefix}:{kind}" for kind in ("str", "int", "bool", "NoneType")}
        case _:
            return {f"{prefix}:{type(value).__name__}"}


def beyond(some: set[str], others: set[str], known: set[str]) -> set[str]:
    """Return what is only in `some`, apart from what is known to be."""
    keys = {path.partition(":")[0] for path in others if ":" in path}
    return {
        path
        for path in some - others
        if not path.endswith(":NoneType")
        and not path.startswith(tuple(known))
        and not (":" in path and f"{path.partition(':')[0]}:NoneType" in some and path.partition(":")[0] in keys)
    }


def same(kind: str, ours: object, theirs: list[object]) -> None:
    """Compare the fields of an answer with those of recorded ones."""
    mine: set[str] = paths(ours)
    recorded_ones: set[str] = set().union(*map(paths, theirs))
    assert mine
    assert recorded_ones
    assert not beyond(mine, recorded_ones, NEWER.get(kind, set()))
    assert not beyond(recorded_ones, mine, ELSEWHERE.get(kind, set()))


@pytest.mark.parametrize("kind", [*OF_USER, *SINCE, *OTHERS])
def test_answers(kind: str) -> None:
    """An answer has the fields that were recorded, no less and no more."""
    counter, client = busy()
    fields = OTHERS.get(kind) or ({} if kind in OTHERS else {"user": client.address})
    if kind in SINCE:
        fields = {**fields, "startTime": 0}
    same(kind, counter.ask(kind, **fields), [json.loads(one.response) for one in recorded.answers(kind)])


def test_order_status() -> None:
    """An order that is found has the fields that were recorded, and so has one that is not."""
    counter, client = busy()
    oid = counter.ask("openOrders", user=client.address)[0]["oid"]
    ours = [counter.ask("orderStatus", user=client.address, oid=number) for number in (oid, 1)]
    same("orderStatus", ours, [[json.loads(one.response) for one in recorded.answers("orderStatus")]])


def test_limits_of_a_coin() -> None:
    """What a user may trade of a coin has the fields that were recorded."""
    counter, client = busy()
    ours = counter.ask("activeAssetData", user=client.address, coin="ETH")
    same("activeAssetData", ours, [json.loads(one.response) for one in recorded.answers("activeAssetData")])


@pytest.mark.parametrize("channel", ["trades", "l2Book", "bbo", "allDexsAssetCtxs"])
def test_messages(channel: str) -> None:
    """A message has the fields that were recorded, no less and no more."""
    counter, _ = busy()
    peer = counter.connect()
    fields = {} if channel == "allDexsAssetCtxs" else {"coin": "ETH"}
    (first,) = counter.subscribe(peer, channel, **fields)
    counter.gateway.close(peer)
    same(channel, first["data"], [json.loads(one) for one in recorded.messages(channel)[:200]])
