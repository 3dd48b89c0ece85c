"""Margin and liquidation, by the exchange's own examples."""

from decimal import Decimal as D

import pytest

from fadearena.model.error import InvalidInput
from fadearena.model.margin import (
    MarginTier,
    distance_ratio,
    initial_margin,
    liquidation_price,
    maintenance_margin,
    tier_of,
)

FLAT = (MarginTier(D(0), 50),)
TIERED = (MarginTier(D(0), 40), MarginTier(D(10_000), 20), MarginTier(D(50_000), 10))


@pytest.mark.parametrize(
    ("leverage", "percent"), [(40, "1.25"), (25, "2"), (20, "2.5"), (10, "5"), (5, "10"), (3, "16.67")]
)
def test_maintenance_is_half_of_the_initial_margin_at_the_maximum(leverage: int, percent: str) -> None:
    """40x 1.25 %, 25x 2 %, 20x 2.5 %, 10x 5 %, 5x 10 %, 3x 16.67 %."""
    assert round(MarginTier(D(0), leverage).maintenance_ratio * 100, 2) == D(percent)


def test_initial_margin() -> None:
    """Notional / leverage."""
    assert initial_margin(D(1_000), 5) == 200


def test_maintenance_by_tiers() -> None:
    """Notional x rate - deduction: no jump at a bound, each part at its tier's rate."""
    assert maintenance_margin(D(10_000), FLAT) == 100
    assert maintenance_margin(D(9_999), TIERED) == D(9_999) / 80
    assert maintenance_margin(D(10_000), TIERED) == 125
    assert maintenance_margin(D(20_000), TIERED) == 125 + 250
    assert maintenance_margin(D(60_000), TIERED) == 125 + 1_000 + 500
    assert [tier_of(D(usd), TIERED).max_leverage for usd in (0, 9_999, 10_000, 60_000)] == [40, 40, 20, 10]


def test_the_documented_liquidation_price() -> None:
    """2985.9 - 3.9675495 / 0.0335 / 0.99 = 2866.2694: the isolated ETH example, max leverage 50."""
    price = liquidation_price(D("2985.9"), D("0.0335"), D("4.967826") - D("1.0002765"), FLAT)
    assert price is not None
    assert round(price, 4) == D("2866.2694")


def test_a_short_is_liquidated_above() -> None:
    """Mark + margin / size / (1 + l)."""
    assert liquidation_price(D(100), D(-10), D(101), FLAT) == D(110)


@pytest.mark.parametrize("size", ["-700", "-90", "300", "900"])
def test_the_tier_at_the_liquidation_price_counts(size: str) -> None:
    """There the account's value is just the maintenance margin, in whatever tier that is."""
    mark, spare = D(100), D(6_000)
    price = liquidation_price(mark, D(size), spare, TIERED)
    assert price is not None
    value = spare + maintenance_margin(abs(D(size)) * mark, TIERED) + D(size) * (price - mark)
    assert round(value - maintenance_margin(abs(D(size)) * price, TIERED), 10) == 0


def test_a_long_with_enough_margin_is_never_liquidated() -> None:
    """There is no such price above zero."""
    assert liquidation_price(D(100), D(1), D(1_000), FLAT) is None
    assert distance_ratio(D(100), None) == 1


@pytest.mark.parametrize("size", ["1", "-1"])
def test_without_margin_it_is_now(size: str) -> None:
    """A position that is under water already is at no distance at all."""
    price = liquidation_price(D(100), D(size), D(-50), FLAT)
    assert price == 100
    assert distance_ratio(D(100), price) == 0


def test_distance_is_a_ratio_of_the_mark() -> None:
    """On both sides."""
    assert distance_ratio(D(100), D(90)) == distance_ratio(D(100), D(110)) == D("0.1")


@pytest.mark.parametrize(("bound", "leverage"), [("-1", 10), ("0", 0)])
def test_an_impossible_tier_is_refused(bound: str, leverage: int) -> None:
    """Nothing is risked on broken metadata."""
    with pytest.raises(InvalidInput, match="margin tier"):
        MarginTier(D(bound), leverage)
