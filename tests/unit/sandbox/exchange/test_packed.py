"""Fills in little room are the same fills."""

from bisect import bisect_left
from decimal import Decimal as D

import pytest

from fadearena.sandbox.exchange.packed import PackedFills
from fadearena.sandbox.nouns import Fill, Liquidation
from tests.support.box import ANN, BUY, SELL, Box


@pytest.fixture(scope="module")
def fills() -> list[Fill]:
    """What somebody did: longs and shorts, in and out, on two dexs, and one that bears an id of a client."""
    box = Box()
    box.exchange.deposit(ANN, D(5_000), "xyz")
    for coin, side, size in (
        ("BTC", BUY, "0.01234"),
        ("BTC", SELL, "0.02"),
        ("kPEPE", SELL, "50000"),
        ("xyz:TSLA", BUY, "0.5"),
        ("BTC", BUY, "0.00766"),
        ("kPEPE", BUY, "20000"),
    ):
        box.fill(ANN, coin, side, size)
        box.wait(1_700)
    box.fill(ANN, "ETH", BUY, "0.1", cloid="0x" + "7" * 32)
    box.exchange.deleverage(ANN, "ETH", D("0.05"))
    return list(box.account(ANN).fills)


@pytest.fixture
def packed(fills: list[Fill]) -> PackedFills:
    """The same, packed."""
    made = PackedFills(ANN, Box().exchange._floor.listed)
    made.extend(fills)
    return made


def test_what_goes_in_comes_out(fills: list[Fill], packed: PackedFills) -> None:
    """Each with all that it says, also what most do not say."""
    assert list(packed) == fills
    assert packed[-1].liquidation is not None
    assert packed[1:4] == fills[1:4]
    assert {fill.direction for fill in packed} >= {"Open Long", "Long > Short", "Close Short", "Auto-Deleveraging"}


def test_it_is_a_list(fills: list[Fill], packed: PackedFills) -> None:
    """It can be looked through by time, cut, and changed."""
    times = [fill.time for fill in fills]
    assert bisect_left(packed, times[3], key=lambda fill: fill.time) == bisect_left(times, times[3])
    del packed[:-2]
    assert list(packed) == fills[-2:]
    packed[0] = fills[0]
    packed[1:] = fills[4:6]
    packed.insert(0, fills[1])
    assert list(packed) == [fills[1], fills[0], *fills[4:6]]


def test_a_fill_takes_little_room(fills: list[Fill], packed: PackedFills) -> None:
    """About a hundred bytes, unless it is a rare one."""
    rows = [row for row in packed._rows if isinstance(row, bytes)]
    assert len(rows) == len(
        [one for one in fills if one.cloid is None and not isinstance(one.liquidation, Liquidation)]
    )
    assert {len(row) for row in rows} == {101}
