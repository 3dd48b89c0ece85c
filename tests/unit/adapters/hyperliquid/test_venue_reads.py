"""Readings of our accounts: complete, or errors; what is not certain is not told."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from fadearena.kit.clock import ManualClock
from fadearena.kit.jumping import run_jumping
from fadearena.model.account import AccountMode, OpenOrder
from fadearena.model.command import (
    QueryOrder,
    ReadAccount,
    ReadLeverage,
    ReadOwnFills,
)
from fadearena.model.error import OutcomeUnknown, VenueProtocolError
from fadearena.model.event import (
    AccountRead,
    InputRejected,
    LeverageRead,
    OrderFound,
    OwnFills,
)
from fadearena.model.order import (
    Found,
)
from tests.support.hyperliquid import ALICE, BROKEN, NOW, Desk, fill, meta, state
from tests.support.hyperliquid_venue import CLOID, done, venue_on

METAS = {"": meta("BTC"), "xyz": meta("xyz:NVDA")}
LEVERAGE = {"user": ALICE, "coin": "BTC", "leverage": {"type": "isolated", "value": 7, "rawUsd": "0.0"}}


def account_desk(**answers: object) -> Desk:
    """Return an exchange with two dexs, on which the account has money on the first only."""
    states = {"": state(NOW - 70, "500.0", BTC="0.5"), "xyz": state(NOW - 90, "0.0")}
    return Desk(
        ManualClock(NOW),
        **{
            "perpDexs": [None, {"name": "xyz"}],
            "meta": lambda frame: METAS[frame["dex"]],
            "userAbstraction": "disabled",
            "spotClearinghouseState": {"balances": []},
            "clearinghouseState": lambda frame: states[frame["dex"]],
            "openOrders": [
                {"coin": "BTC", "side": "A", "limitPx": "120.0", "sz": "0.5", "oid": 9, "timestamp": NOW - 5}
            ],
        }
        | answers,
    )


def test_an_account_is_read_on_all_dexs_at_the_time_of_the_oldest_answer() -> None:
    """Orders are asked for where they can rest: not where a standard account has neither money nor a position."""
    desk = account_desk()
    read = done(desk, ReadAccount(account="main"))
    assert isinstance(read, AccountRead)
    assert (read.time, read.mode, read.spot) == (NOW - 90, AccountMode.STANDARD, None)
    assert [(dex.dex, dex.value, len(dex.positions)) for dex in read.dexs] == [
        ("", Decimal(500), 1),
        ("xyz", Decimal(0), 0),
    ]
    assert read.orders == (OpenOrder(coin="BTC", order_id=9),)
    assert [frame["dex"] for frame in desk.asked("openOrders")] == [""]


def test_orders_of_a_pooled_account_are_asked_for_on_every_dex() -> None:
    """Its money serves them all."""
    balances = [{"coin": "USDC", "token": 0, "total": "77.5"}]
    desk = account_desk(userAbstraction="unifiedAccount", spotClearinghouseState={"balances": balances})
    read = done(desk, ReadAccount(account="main"))
    assert (read.mode, read.spot) == (AccountMode.UNIFIED, Decimal("77.5"))
    assert [frame["dex"] for frame in desk.asked("openOrders")] == ["", "xyz"]


@pytest.mark.parametrize("missing", ["userAbstraction", "spotClearinghouseState", "clearinghouseState", "openOrders"])
def test_an_account_of_which_one_answer_is_missing_is_not_read(missing: str) -> None:
    """Complete or an error: never a part."""

    def answer(frame: dict[str, Any]) -> object:
        return state(NOW) if missing == "clearinghouseState" and not frame["dex"] else BROKEN

    with pytest.raises(OutcomeUnknown):
        done(account_desk(**{missing: answer}), ReadAccount(account="main"))


def test_our_fills_are_complete_up_to_a_moment_before_the_exchange_s_time() -> None:
    """The exchange lists fills a little later than they happen, and that moment is left out."""
    desk = Desk(ManualClock(NOW), userFillsByTime=[fill(NOW - 9_000, cloid=CLOID)])
    told = done(desk, ReadOwnFills(account="main", since=NOW - 10_000))
    assert isinstance(told, OwnFills)
    assert (told.is_complete_to, told.fills[0].cloid, told.fills[0].fee) == (NOW - 2_000, CLOID, Decimal("0.045"))


def test_fills_of_which_one_cannot_be_read_are_not_complete() -> None:
    """It is told as rejected, and nothing is claimed."""
    desk = Desk(ManualClock(NOW), userFillsByTime=[fill(NOW - 9_000, fee="?"), fill(NOW - 8_000)])
    rejected, told = done(desk, ReadOwnFills(account="main", since=NOW - 10_000))
    assert isinstance(rejected, InputRejected)
    assert (told.is_complete_to, len(told.fills)) == (None, 1)


def looked_up(status: str, rest: str, at: int, **changed: object) -> dict[str, object]:
    """Return what the exchange says of an order of one coin that it knows."""
    order = {"coin": "BTC", "side": "B", "limitPx": "101.0", "sz": rest, "oid": 77, "timestamp": at, "origSz": "1.0"}
    return {
        "status": "order",
        "order": {"order": order | changed, "status": status, "statusTimestamp": at},
    }


@pytest.mark.parametrize(
    ("answer", "found", "quantity"),
    [
        ({"status": "unknownOid"}, Found.NOT_FOUND, None),
        (looked_up("open", "1.0", NOW - 9_000), Found.OPEN, None),
        (looked_up("iocCancelRejected", "1.0", NOW - 9_000), Found.REJECTED, "0"),
        (looked_up("filled", "0.0", NOW - 100, reduceOnly=False), Found.FILLED, "1"),
        (looked_up("filled", "0.0", NOW - 9_000, reduceOnly=True), Found.FILLED, "0.4"),
        (looked_up("filled", "0.0", NOW - 100, reduceOnly=True), Found.FILLED, None),
        (looked_up("canceled", "0.6", NOW - 9_000), Found.CANCELLED, "0.4"),
        (looked_up("canceled", "0.6", NOW - 100), Found.CANCELLED, None),
    ],
)
def test_how_much_of_an_order_was_executed_is_told_when_it_is_certain(
    answer: object, found: Found, quantity: str | None
) -> None:
    """By its state, or by its fills once these must be listed; its fills come first."""
    rows = [fill(NOW - 9_000, "0.4"), fill(NOW - 9_000, "3.0", oid=78, tid=5)]
    desk = Desk(ManualClock(NOW), orderStatus=answer, userFillsByTime=rows)
    told = done(desk, QueryOrder(account="main", cloid=CLOID))
    events = told if isinstance(told, tuple) else (told,)
    assert isinstance(events[-1], OrderFound)
    assert (events[-1].found, events[-1].quantity) == (found, None if quantity is None else Decimal(quantity))
    assert [each.quantity for event in events if isinstance(event, OwnFills) for each in event.fills] == (
        [Decimal("0.4")] if found in {Found.FILLED, Found.CANCELLED} else []
    )


def test_a_cancelled_order_without_fills_executed_nothing() -> None:
    """Once its fills would have to be listed, none is a number; of a filled order none is not."""
    desk = Desk(ManualClock(NOW), orderStatus=looked_up("canceled", "1.0", NOW - 9_000))
    assert done(desk, QueryOrder(account="main", cloid=CLOID)).quantity == 0
    desk = Desk(ManualClock(NOW), orderStatus=looked_up("filled", "0.0", NOW - 9_000))
    assert done(desk, QueryOrder(account="main", cloid=CLOID)).quantity is None


def test_leverage_is_read_for_the_coin_that_was_asked() -> None:
    """An answer on another coin is none."""
    read = done(Desk(ManualClock(NOW), activeAssetData=LEVERAGE), ReadLeverage(account="main", coin="BTC"))
    assert isinstance(read, LeverageRead)
    with pytest.raises(VenueProtocolError):
        done(Desk(ManualClock(NOW), activeAssetData=LEVERAGE), ReadLeverage(account="main", coin="ETH"))


def test_an_account_without_a_time_is_not_read() -> None:
    """A reading has to say of when it is."""
    timeless = {name: value for name, value in state(NOW).items() if name != "time"}
    with pytest.raises(VenueProtocolError, match="time is missing"):
        done(account_desk(clearinghouseState=lambda _: timeless), ReadAccount(account="main"))


def test_a_reading_that_is_asked_for_twice_at_a_time_is_made_once() -> None:
    """Both who asked get the same; who asks afterwards gets a new one."""
    desk = Desk(ManualClock(NOW), activeAssetData=LEVERAGE)
    read = ReadLeverage(account="main", coin="BTC")

    async def story() -> None:
        venue = venue_on(desk.line())
        first, second = await asyncio.gather(venue.execute(read), venue.execute(read))
        assert first is second
        await venue.execute(read)

    run_jumping(story(), desk.clock)
    assert len(desk.asked("activeAssetData")) == 2
