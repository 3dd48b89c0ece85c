"""Live against paper: signs, sums, and what is not compared is counted."""

from decimal import Decimal as D

import pytest

from fadearena.bootstrap.parity import WORST, Parity, parity_of
from fadearena.model.error import InvalidInput
from fadearena.model.order import OrderStatus, Purpose
from fadearena.model.record import OrderUpdate, ShadowFill
from fadearena.model.units import Side
from fadearena.ports.pairs import OrderPair, PairQuery

Made = tuple[str, str, str]
"""Quantity, price, fee."""


def pair(live: Made, paper: Made | None, side: Side = Side.BUY, number: int = 1) -> OrderPair:
    """Return an order with what live and paper made of it; a price of 0 is none."""
    quantity, price, fee = map(D, live)
    cloid = f"0x{number:x}"
    order = OrderUpdate(
        cloid=cloid,
        label="l",
        account="main",
        bot="a",
        coin="BTC",
        side=side,
        quantity=D(10),
        limit=D(200),
        reduce_only=False,
        purpose=Purpose.INCREASE,
        status=OrderStatus.FILLED if quantity else OrderStatus.REJECTED,
        filled=quantity,
        average_price=price or None,
    )
    return OrderPair(order=order, created=number, fee=fee, shadow=None if paper is None else shadow(order, paper))


def shadow(order: OrderUpdate, paper: Made) -> ShadowFill:
    """Return what paper made of an order."""
    quantity, price, fee = map(D, paper)
    return ShadowFill(
        cloid=order.cloid,
        account="main",
        coin="BTC",
        side=order.side,
        quantity=quantity,
        price=price or None,
        fee=fee,
        reason="" if quantity else "no match",
    )


@pytest.mark.parametrize(
    ("side", "live", "paper", "bps"),
    [
        pytest.param(Side.BUY, "100.1", "100", D(10), id="a buy that paid more"),
        pytest.param(Side.BUY, "99.9", "100", D(-10), id="a buy that paid less"),
        pytest.param(Side.SELL, "99.9", "100", D(10), id="a sale that got less"),
        pytest.param(Side.SELL, "100.1", "100", D(-10), id="a sale that got more"),
    ],
)
def test_plus_is_worse_for_live(side: Side, live: str, paper: str, bps: D) -> None:
    """Whatever the side."""
    found = parity_of([pair(("1", live, "0"), ("1", paper, "0"), side)])
    assert (found.compared, found.price_bps.median, found.fee_bps.median) == (1, bps, D(0))
    assert found.cost_usd == bps / 100


def test_fees_are_compared_by_what_they_are_of_the_notional() -> None:
    """A fee of 4.5 bps against one of 9."""
    found = parity_of([pair(("2", "100", "0.18"), ("1", "100", "0.045"))])
    assert (found.fee_bps.mean, found.total_bps.mean, found.price_bps.mean) == (D("4.5"), D("4.5"), D(0))
    assert (found.live_only_usd, found.paper_only_usd) == (D(100), D(0))


def test_what_is_not_compared_is_counted() -> None:
    """By live only, by paper only, by neither, and without a shadow."""
    nothing: Made = ("0", "0", "0")
    filled: Made = ("3", "100", "0.1")
    found = parity_of([pair(filled, nothing), pair(nothing, filled), pair(nothing, nothing), pair(filled, None)])
    assert (found.orders, found.compared, found.unshadowed) == (4, 0, 1)
    assert (found.only_live, found.only_paper, found.neither) == (1, 1, 1)
    assert (found.live_only_usd, found.paper_only_usd, found.cost_usd) == (D(300), D(300), D(0))
    assert (found.total_bps.mean, found.total_bps.median, found.total_bps.p95) == (None, None, None)


def test_the_worst_come_first_and_the_rest_in_figures() -> None:
    """Of a hundred orders: ten by name, and median, mean and the 95th percentile of all."""
    prices = [str(D(100) + D(n) / 100) for n in range(100)]
    found: Parity = parity_of([pair(("1", p, "0"), ("1", "100", "0"), number=n) for n, p in enumerate(prices)])
    assert [one.total_bps for one in found.worst] == [D(99 - n) for n in range(WORST)]
    assert (found.total_bps.mean, found.total_bps.median, found.total_bps.p95) == (D("49.5"), D("49.5"), D(95))


def test_no_orders_are_no_error() -> None:
    """There is nothing to compare, and a limit of nothing makes no sense."""
    assert parity_of([]).orders == 0
    with pytest.raises(InvalidInput, match="not positive"):
        PairQuery(limit=0)
