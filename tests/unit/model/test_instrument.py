"""Lots and ticks of a market, by the exchange's own examples."""

from decimal import Decimal as D

import msgspec
import pytest

from fadearena.model.error import InvalidInput
from fadearena.model.instrument import MarginMode
from fadearena.model.units import Side
from tests.support.following import values
from tests.support.world import market


@pytest.mark.parametrize(
    ("decimals", "price", "valid"),
    [
        (0, "1234.5", True),
        (1, "1234.5", True),
        (0, "1234.56", False),
        (2, "1234.56", False),
        (0, "0.001234", True),
        (0, "0.0012345", False),
        (1, "0.01234", True),
        (1, "0.012345", False),
        (5, "91234", True),
        (5, "91234.5", False),
        (0, "123456", True),
        (0, "12345.6", False),
    ],
)
def test_prices_that_are_valid(decimals: int, price: str, valid: bool) -> None:
    """Five figures, 6 - size decimals; a whole number always; what is valid is not rounded."""
    instrument, number = market("X", 1, decimals), D(price)
    assert (instrument.price_down(number) == number) is valid
    assert (instrument.price_up(number) == number) is valid


@pytest.mark.parametrize(
    ("decimals", "price", "down", "up"),
    [
        (5, "91234.5", "91234", "91235"),
        (0, "12345.6", "12345", "12346"),
        (0, "123456.7", "123456", "123457"),
        (1, "1234.56", "1234.5", "1234.6"),
        (1, "9999.99", "9999.9", "10000"),
        (1, "0.012345", "0.01234", "0.01235"),
        (0, "0.0000001", "0", "0.000001"),
    ],
)
def test_rounding_to_the_tick(decimals: int, price: str, down: str, up: str) -> None:
    """Inwards is down for a buy and up for a sale; outwards the other way, but never to nothing."""
    instrument, number = market("X", 1, decimals), D(price)
    assert instrument.price_inwards(Side.BUY, number) == instrument.price_down(number) == D(down)
    assert instrument.price_inwards(Side.SELL, number) == instrument.price_up(number) == D(up)
    assert instrument.price_outwards(Side.BUY, number) == D(up)
    assert instrument.price_outwards(Side.SELL, number) == max(D(down), instrument.tick)


def test_sizes_round_towards_zero_to_the_lot() -> None:
    """At most size_decimals decimals."""
    sol = market("SOL", 5, 2)
    assert values(sol.lot, sol.tick) == (D("0.01"), D("0.0001"))
    assert values(sol.floor(D("1.239")), sol.floor(D("-1.239")), sol.floor(D("0.009"))) == (D("1.23"), D("-1.23"), 0)


def test_what_a_market_is() -> None:
    """Its dex is in its name; some markets forbid cross margin."""
    nvda = market("xyz:NVDA", 110002, 3, margin_mode=MarginMode.STRICT_ISOLATED)
    assert values(nvda.dex, nvda.is_cross) == ("xyz", False)
    assert values(market("BTC", 0, 5).dex, market("BTC", 0, 5).is_cross) == ("", True)


@pytest.mark.parametrize(
    "change", [{"size_decimals": 7}, {"size_decimals": -1}, {"asset_id": -1}, {"max_leverage": 0}, {"margin_tiers": ()}]
)
def test_what_no_market_can_have_is_refused(change: dict[str, object]) -> None:
    """Nothing is traded by broken metadata."""
    with pytest.raises(InvalidInput):
        msgspec.structs.replace(market("BTC", 0, 5), **change)
