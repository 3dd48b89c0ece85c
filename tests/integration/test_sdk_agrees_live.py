"""
The official SDK as an independent client: after live trading it sees what our own tables state.

Sizes and fees are compared exactly, prices as exactly as an average of several fills can be, PnL within 1e-6 of the
notional.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hyperliquid.info import Info

from fadearena.bootstrap.client import Client, open_client
from fadearena.model.ids import Cloid, Coin, dex_of
from fadearena.model.order import OrderStatus
from fadearena.model.record import MyFill, OrderUpdate, SleeveUpdate
from fadearena.model.units import ZERO, Usd
from fadearena.ports.read_store import LIMIT_MAX, LogQuery
from tests.support.edge import MASTER
from tests.support.edge_box import LEADERS, Box, Watched, at_work, busy_policy, live_box
from tests.support.waiting import until

pytestmark = pytest.mark.slow
DEXS = ["", "xyz"]
MARKETS = (("leader-0", "BTC"), ("leader-1", "ETH"), ("leader-2", "SOL"), ("leader-3", "xyz:TSLA"))
MOVES = (Decimal(10_000), Decimal(20_000), Decimal(-8_000), Decimal(15_000), Decimal(-60_000), Decimal(9_000))
EXACT, MILLIONTH = Decimal("1e-8"), Decimal("1e-6")


class Stated(msgspec.Struct, frozen=True):
    """What our tables state: orders by cloid, fills by cloid, sleeves by coin."""

    orders: dict[Cloid, OrderUpdate]
    fills: dict[Cloid, list[MyFill]]
    sleeves: dict[Coin, SleeveUpdate]


def test_the_sdk_sees_what_our_tables_state(tmp_path: Path) -> None:
    """Orders, fills, positions, fees and PnL, one by one."""
    with live_box(tmp_path, busy_policy(), speed=Decimal(10)) as box, at_work(box) as up:
        trade(box, up)
        box.sandbox.tell("pause")
        with sdk(box) as info:
            fills = settled(box, info)
            stated = asyncio.run(read(box))
            check_orders(info, stated)
            check_fills(fills, stated)
            check_positions(info, stated)
            check_money(fills, stated)


def trade(box: Box, up: Watched) -> None:
    """Let each leader move to and fro in its own coin, through zero, too, and let us follow each time."""
    until(lambda: up.first("running") is not None)
    box.sandbox.tell("transfer", user=LEADERS["leader-3"], usd="1000000", source="", destination="xyz")
    with sdk(box) as info:
        digits = {row["name"]: row["szDecimals"] for dex in DEXS for row in info.meta(dex=dex)["universe"]}
        for usd in (Decimal(200), *MOVES):
            for leader, coin in MARKETS:
                price = Decimal(info.all_mids(dex_of(coin))[coin])
                box.trade(LEADERS[leader], coin, (usd / price).quantize(Decimal(1).scaleb(-digits[coin])))
            follow(box)


def follow(box: Box) -> None:
    """Wait a little, until our account holds what the leaders' positions ask for."""

    def follows() -> bool:
        truth = box.sandbox.see("truth")
        ours = truth[MASTER.address]["positions"]
        for leader, coin in MARKETS:
            wanted = -Decimal(truth[LEADERS[leader]]["positions"].get(coin, 0)) / Decimal(20)
            if abs(Decimal(ours.get(coin, 0)) - wanted) > abs(wanted) / 10:
                return False
        return True

    until(follows, patience_s=10.0, is_needed=False)


def settled(box: Box, info: Info) -> dict[Cloid, list[dict[str, Any]]]:
    """Return our fills as the SDK shows them, once our tables have as much of them."""
    found: dict[Cloid, list[dict[str, Any]]] = {}

    def is_complete() -> bool:
        found.clear()
        for fill in info.user_fills_by_time(MASTER.address, 0):
            found.setdefault(fill["cloid"], []).append(fill)
        stated = asyncio.run(read(box))
        ours = {cloid: sum((one.fee for one in fills), start=ZERO) for cloid, fills in stated.fills.items()}
        theirs = {cloid: sum(Decimal(one["fee"]) for one in fills) for cloid, fills in found.items()}
        return bool(found) and ours == theirs

    until(is_complete, is_needed=False)
    return found


async def read(box: Box) -> Stated:
    """Read our tables."""
    async with open_client(box.places) as client:
        views = await client.records.orders(LIMIT_MAX)
        fills: dict[Cloid, list[MyFill]] = {}
        async for fill in all_fills(client):
            fills.setdefault(fill.cloid or "", []).append(fill)
        sleeves = {sleeve.coin: sleeve for sleeve in await client.records.sleeves()}
        return Stated({view.order.cloid: view.order for view in views}, fills, sleeves)


async def all_fills(client: Client) -> AsyncIterator[MyFill]:
    """Iterate over all fills of the log."""
    after: int | None = 0
    while after is not None:
        page = await client.records.log(LogQuery(after=after, limit=LIMIT_MAX, kinds=("my-fill",)))
        for logged in page.records:
            if isinstance(logged.record, MyFill):
                yield logged.record
        after = page.next_after


def check_orders(info: Info, stated: Stated) -> None:
    """Every order that the exchange knows is one of ours, with the same end and the same executed size."""
    rows = {row["order"]["cloid"]: row for row in info.historical_orders(MASTER.address)}
    sent = {
        cloid: order
        for cloid, order in stated.orders.items()
        if order.status not in {OrderStatus.EXPIRED, OrderStatus.PENDING}
    }
    assert len(sent) >= len(MARKETS) * 4
    assert rows.keys() <= sent.keys()
    for cloid, order in sent.items():
        if cloid not in rows:  # refused before it became an order: the exchange keeps no record of it
            assert (order.filled, order.status) == (ZERO, OrderStatus.REJECTED)
            continue
        row = rows[cloid]["order"]
        assert (row["coin"], row["side"]) == (order.coin, "B" if order.side.sign > 0 else "A")
        assert Decimal(row["origSz"]) == order.quantity
        assert Decimal(row["limitPx"]) == order.limit
        assert row["reduceOnly"] is order.reduce_only
        if order.status is OrderStatus.FILLED:
            assert rows[cloid]["status"] == "filled"
            assert order.filled == order.quantity
    assert info.open_orders(MASTER.address) == []


def check_fills(fills: Mapping[Cloid, list[dict[str, Any]]], stated: Stated) -> None:
    """Sizes and fees are the same to the last digit, the average price to the eighth."""
    assert fills.keys() == stated.fills.keys()
    for cloid, theirs in fills.items():
        ours, order = stated.fills[cloid], stated.orders[cloid]
        quantity = sum((Decimal(one["sz"]) for one in theirs), start=ZERO)
        assert quantity == sum(one.quantity for one in ours) == order.filled
        assert sum(Decimal(one["fee"]) for one in theirs) == sum(one.fee for one in ours)
        cost = sum((Decimal(one["sz"]) * Decimal(one["px"]) for one in theirs), start=ZERO)
        assert order.average_price is not None
        assert abs(order.average_price - cost / quantity) <= EXACT * order.average_price


def check_positions(info: Info, stated: Stated) -> None:
    """What is held in each dex is the sum of our sleeves, to the lot."""
    held = {
        row["position"]["coin"]: Decimal(row["position"]["szi"])
        for dex in DEXS
        for row in info.user_state(MASTER.address, dex)["assetPositions"]
    }
    assert held == {coin: sleeve.size for coin, sleeve in stated.sleeves.items() if sleeve.size}
    assert set(held) == {coin for _, coin in MARKETS}


def check_money(fills: Mapping[Cloid, list[dict[str, Any]]], stated: Stated) -> None:
    """Realised profit and fees of each coin are the same; each coin is one bot's."""
    realised, fees, notional = defaultdict[Coin, Usd](Decimal), defaultdict[Coin, Usd](Decimal), Usd(0)
    for one in (one for each in fills.values() for one in each):
        realised[one["coin"]] += Decimal(one["closedPnl"])
        fees[one["coin"]] += Decimal(one["fee"])
        notional += Decimal(one["sz"]) * Decimal(one["px"])
    for coin, sleeve in stated.sleeves.items():
        assert sleeve.fees == fees[coin]
        assert abs(sleeve.realised - realised[coin]) <= notional * MILLIONTH


@contextmanager
def sdk(box: Box) -> Iterator[Info]:
    """Open the official SDK for questions."""
    info = Info(box.sandbox.url, skip_ws=True, perp_dexs=DEXS)
    with info.session:
        yield info
