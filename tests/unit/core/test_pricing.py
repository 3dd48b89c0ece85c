"""Rule 5.7 and 5.8: what limit an order gets."""

from decimal import Decimal as D

import pytest

from fadearena.core.pricing import (
    chase_distance,
    flatten_bps,
    increase_limit,
    is_stale,
    reduce_bps,
    reduce_limit,
    start_price,
    worse,
)
from fadearena.model.market import Quote
from fadearena.model.policy import Slippage
from fadearena.model.units import Side
from tests.support.following import values
from tests.support.world import market

BTC = market("BTC", 0, 5)
USUAL = Slippage()
QUOTE = Quote(coin="BTC", mark=D(1000), mark_time=50_000, bid=D(999), ask=D(1001), touch_time=50_000)
MARK = Quote(coin="BTC", mark=D(1000), mark_time=50_000)


def test_the_rules_own_caps() -> None:
    """50 bps for entries and chasing, 100 for reduces, 300 in an emergency, 2,000 at most while flattening."""
    assert values(USUAL.entry_bps, USUAL.chase_bps, USUAL.reduce_bps, USUAL.emergency_bps) == (50, 50, 100, 300)
    assert USUAL.flatten_max_bps == 2000


def test_worse_is_dearer_for_a_buyer_and_cheaper_for_a_seller() -> None:
    """1 % of 1,000 is ten."""
    assert values(worse(D(1000), Side.BUY, D(100)), worse(D(1000), Side.SELL, D(100))) == (1010, 990)


def test_a_market_order_starts_from_the_touch_that_it_takes() -> None:
    """A buy from the ask, a sale from the bid; without a touch from the mark; without both from nowhere."""
    assert values(start_price(QUOTE, Side.BUY), start_price(QUOTE, Side.SELL)) == (1001, 999)
    assert values(start_price(MARK, Side.BUY), start_price(MARK, Side.SELL)) == (1000, 1000)
    assert start_price(Quote(coin="BTC"), Side.BUY) is None
    assert start_price(None, Side.SELL) is None


def test_an_increase_may_pay_entry_bps_and_rounds_inwards() -> None:
    """1,001 + 0.5 % = 1,006.005 -> 1,006; 999 - 0.5 % = 994.005 -> 994.1: one decimal is left to BTC."""
    assert increase_limit(BTC, QUOTE, Side.BUY, None, USUAL) == D("1006.0")
    assert increase_limit(BTC, QUOTE, Side.SELL, None, USUAL) == D("994.1")
    assert increase_limit(BTC, None, Side.SELL, None, USUAL) is None


def test_an_increase_is_never_worse_than_the_source_by_more_than_chase_bps() -> None:
    """The source traded at 998 or 1,002: its price and 0.5 % bound the limit; a better one leaves it."""
    assert increase_limit(BTC, QUOTE, Side.BUY, D(998), USUAL) == D("1002.9")
    assert increase_limit(BTC, QUOTE, Side.SELL, D(1002), USUAL) == D("997.0")
    assert increase_limit(BTC, QUOTE, Side.BUY, D(1100), USUAL) == D("1006.0")
    assert increase_limit(BTC, QUOTE, Side.SELL, D(900), USUAL) == D("994.1")


def test_an_increase_below_the_smallest_tick_has_no_price() -> None:
    """Rounded inwards nothing is left."""
    assert increase_limit(BTC, Quote(coin="BTC", mark=D("0.09")), Side.BUY, None, USUAL) is None


def test_a_reduce_rounds_outwards() -> None:
    """1,001 + 1 % = 1,011.01 -> 1,011.1; 999 - 1 % = 989.01 -> 989.0."""
    assert reduce_limit(BTC, QUOTE, Side.BUY, D(100)) == D("1011.1")
    assert reduce_limit(BTC, QUOTE, Side.SELL, D(100)) == D("989.0")
    assert reduce_limit(BTC, None, Side.SELL, D(100)) is None


def test_a_sale_never_asks_for_less_than_the_smallest_tick() -> None:
    """A coin at its last tick can still be sold."""
    assert reduce_limit(BTC, Quote(coin="BTC", mark=D("0.1")), Side.SELL, D(300)) == D("0.1")


def test_a_reduce_doubles_its_cap_up_to_the_emergency() -> None:
    """100, 200, 300, and 300 for ever; an emergency begins there."""
    assert [reduce_bps(USUAL, n, is_emergency=False) for n in (0, 1, 2, 10_000)] == [100, 200, 300, 300]
    assert reduce_bps(USUAL, 0, is_emergency=True) == 300


def test_flattening_starts_at_the_emergency_and_doubles() -> None:
    """300, 600, 1,200, 2,000, and 2,000 for ever."""
    assert [flatten_bps(USUAL, n) for n in (0, 1, 2, 3, 10_000)] == [300, 600, 1200, 2000, 2000]


def test_market_data_older_than_a_minute_is_stale() -> None:
    """Neither mark nor touch was heard for more than 60 s, or nothing ever."""
    assert not is_stale(MARK, 110_000)
    assert is_stale(MARK, 110_001)
    assert is_stale(None, 0)


@pytest.mark.parametrize(
    ("touch", "side", "bps"),
    [("1005", Side.BUY, 50), ("995", Side.BUY, -50), ("995", Side.SELL, 50), ("1005", Side.SELL, -50)],
)
def test_chasing_is_by_how_much_the_touch_is_worse_than_the_reference(touch: str, side: Side, bps: int) -> None:
    """Dearer is worse for a buyer, cheaper for a seller."""
    assert chase_distance(D(1000), D(touch), side) == bps
