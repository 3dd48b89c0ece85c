"""Fees, funding, equity and average cost."""

from decimal import Decimal as D

import msgspec
import pytest

from fadearena.model.account import AccountMode, equity_of
from fadearena.model.fee import fee, taker_rate, tier_for
from fadearena.model.funding import hourly_rate, next_hour, payment
from fadearena.model.position import average_price, trade, unrealised
from fadearena.model.units import HOUR_MS
from tests.support.following import values
from tests.support.world import market

BASE = D("0.00045")


@pytest.mark.parametrize(
    ("millions", "taker", "maker"),
    [
        ("0", "0.045", "0.015"),
        ("5", "0.045", "0.015"),
        ("5.1", "0.040", "0.012"),
        ("25.1", "0.035", "0.008"),
        ("100.1", "0.030", "0.004"),
        ("500.1", "0.028", "0"),
        ("2000.1", "0.026", "0"),
        ("7000.1", "0.024", "0"),
    ],
)
def test_the_fee_tiers(millions: str, taker: str, maker: str) -> None:
    """A tier begins above its bound of 14-day volume."""
    tier = tier_for(D(millions) * 1_000_000)
    assert values(tier.taker * 100, tier.maker * 100) == (D(taker), D(maker))


@pytest.mark.parametrize(
    ("scale", "growth", "percent"),
    [
        (None, False, "0.045"),
        ("1", False, "0.09"),
        ("1", True, "0.009"),
        ("0.5", False, "0.0675"),
        ("2", False, "0.18"),
    ],
)
def test_fees_of_builder_deployed_markets(scale: str | None, growth: bool, percent: str) -> None:
    """1 + s below one, 2 x s from one on; a tenth of it in growth mode."""
    instrument = msgspec.structs.replace(
        market("xyz:NVDA", 110002, 3), deployer_fee_scale=None if scale is None else D(scale), growth_mode=growth
    )
    assert taker_rate(BASE, instrument) * 100 == D(percent)


def test_the_documented_fee() -> None:
    """0.0353 x 25372 x 0.00003 = 0.02686895, reported 0.026868: six decimals, cut."""
    assert fee(D("0.0353") * 25372, D("0.00003")) == D("0.026868")


def test_funding_is_paid_by_longs_when_the_rate_is_positive() -> None:
    """-size x oracle x rate."""
    assert payment(D(2), D(100), D("0.0001")) == D("-0.02")
    assert payment(D(-2), D(100), D("0.0001")) == D("0.02")


@pytest.mark.parametrize(
    ("premium", "rate"),
    [
        ("0", "0.0000125"),
        ("0.0004", "0.0000125"),
        ("0.0016", "0.0001375"),
        ("-0.001", "-0.0000625"),
        ("1", "0.04"),
        ("-1", "-0.04"),
    ],
)
def test_the_hourly_rate(premium: str, rate: str) -> None:
    """An eighth of P + clamp(0.0001 - P, +-0.0005), at most 4 %; the baseline is 0.0000125."""
    assert hourly_rate(D(premium)) == D(rate)


def test_funding_comes_at_the_full_hour() -> None:
    """The hour that begins now is over at the next."""
    assert [next_hour(time) for time in (0, 1, HOUR_MS - 1, HOUR_MS)] == [HOUR_MS, HOUR_MS, HOUR_MS, 2 * HOUR_MS]


@pytest.mark.parametrize(
    ("mode", "values", "spot", "equity"),
    [
        (AccountMode.STANDARD, ("100", "-20"), "7", "80"),
        (AccountMode.STANDARD, (), "7", None),
        (AccountMode.UNIFIED, ("100",), "7", "7"),
        (AccountMode.PORTFOLIO_MARGIN, ("100",), "7", "7"),
        (AccountMode.UNIFIED, ("100",), None, None),
        (AccountMode.UNKNOWN, ("100",), "7", None),
    ],
)
def test_equity_follows_the_accounts_mode(
    mode: AccountMode, values: tuple[str, ...], spot: str | None, equity: str | None
) -> None:
    """Standard: the sum over all dexs; pooled: the spot state; an unknown mode is unknown, never zero."""
    found = equity_of(mode, tuple(D(value) for value in values), None if spot is None else D(spot))
    assert found == (None if equity is None else D(equity))


@pytest.mark.parametrize(
    ("size", "cost", "change", "price", "after"),
    [
        ("0", "0", "2", "100", (2, 200, 0)),
        ("2", "200", "1", "130", (3, 330, 0)),
        ("3", "330", "-1", "120", (2, 220, 10)),
        ("2", "220", "-2", "100", (0, 0, -20)),
        ("2", "220", "-3", "100", (-1, -100, -20)),
        ("-2", "-200", "1", "90", (-1, -100, 10)),
        ("-2", "-200", "5", "90", (3, 270, 20)),
    ],
)
def test_positions_are_kept_at_average_cost(
    size: str, cost: str, change: str, price: str, after: tuple[int, int, int]
) -> None:
    """What reduces realises its share of the cost, what goes beyond zero opens at the price."""
    found = trade(D(size), D(cost), D(change), D(price))
    assert values(*found) == after
    assert D(cost) + D(change) * D(price) == found.cost - found.realised


def test_open_positions() -> None:
    """What they would bring at the mark, and what they cost on average."""
    assert unrealised(D(-2), D(-200), D(90)) == 20
    assert average_price(D(-2), D(-200)) == 100
    assert average_price(D(0), D(0)) is None
