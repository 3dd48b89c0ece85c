"""What happens to accounts without their asking: prices that are pushed, trades by hand, money that leaves, ADL."""

from decimal import Decimal as D

import pytest

from fadearena.model.units import MINUTE_MS, SECOND_MS
from fadearena.sandbox.exchange.trading import BACKSTOP
from fadearena.sandbox.nouns import ActionRefused, Fill, Filled, Prices, Refused, Transfer
from tests.support.box import ANN, BUY, SELL, Box


def test_a_pushed_price_stays_as_long_as_it_is_held() -> None:
    """It is there at once, and goes on from there afterwards."""
    box = Box()
    box.exchange.push_price("BTC", D(120_000), 10 * SECOND_MS)
    assert box.mark("BTC") == 120_000
    assert isinstance(box.news[-1], Prices)
    for _ in range(9):
        box.wait(1_000)
        assert box.mark("BTC") == 120_000
    box.wait(20_000)
    assert box.mark("BTC") != 120_000
    assert box.mark("BTC") == pytest.approx(120_000, rel=0.05)
    box.exchange.push_price("BTC", D(90_000), 30 * MINUTE_MS)
    box.wait(29 * MINUTE_MS)
    assert box.mark("BTC") == 90_000
    with pytest.raises(ActionRefused, match="MATIC does not trade here"):
        box.exchange.push_price("MATIC", D(1), 0)


def test_a_pushed_price_liquidates() -> None:
    """Within three seconds, as any price does."""
    box = Box(cash="1000")
    box.fill(ANN, "BTC", BUY, "0.12")
    box.exchange.push_price("BTC", box.mark("BTC") * D("0.936") // 1, MINUTE_MS)
    box.wait(3 * SECOND_MS)
    assert box.size(ANN, "BTC") == 0
    (row,) = [news for news in box.news if isinstance(news, Transfer) and news.kind == "liquidation"]
    assert row.user == ANN
    box.check()


def test_a_trade_by_hand_goes_to_the_book() -> None:
    """As any order at the market; what is wrong with it is said."""
    box = Box().still()
    done = box.exchange.trade(ANN, "BTC", SELL, D("0.05"))
    assert isinstance(done, Filled)
    assert box.size(ANN, "BTC") == D("-0.05")
    refused = box.exchange.trade(ANN, "BTC", BUY, D("0.0000001"))
    assert isinstance(refused, Refused)
    assert refused.text.startswith("Order has invalid size.")
    with pytest.raises(ActionRefused, match="Must deposit"):
        box.exchange.trade("0x" + "9" * 40, "BTC", BUY, D(1))
    box.check()


def test_money_leaves_as_far_as_it_is_free() -> None:
    """From one balance; it is told as a withdrawal."""
    box = Box(cash="1000").still()
    box.fill(ANN, "BTC", BUY, "0.05")
    box.exchange.withdraw(ANN, D(100))
    (row,) = [news for news in box.news if isinstance(news, Transfer) and news.kind == "withdraw"]
    assert (row.user, row.usd) == (ANN, D(-100))
    for usd, balance in ((D(900), ""), (D(1), "xyz"), (D(1), "flx")):
        with pytest.raises(ActionRefused, match="Insufficient balance for withdrawal"):
            box.exchange.withdraw(ANN, usd, balance)
    box.check()


@pytest.mark.parametrize(("side", "closed"), [(BUY, "0.04"), (SELL, "0.1")])
def test_deleveraging_takes_a_position_at_the_mark(side: str, closed: str) -> None:
    """No order, no fee, a label of its own; whoever was liquidated is somebody else."""
    box = Box().still()
    box.fill(ANN, "BTC", BUY if side == BUY else SELL, "0.1")
    fees = box.account(ANN).fees
    box.exchange.deleverage(ANN, "BTC", D(closed))
    fill = next(one for one in box.news if isinstance(one, Fill) and one.direction == "Auto-Deleveraging")
    assert (fill.user, fill.fee, fill.price, fill.quantity) == (ANN, D(0), box.mark("BTC"), D(closed))
    assert fill.liquidation is not None
    assert fill.liquidation.user == BACKSTOP
    assert fill.closed_pnl
    assert box.account(ANN).order(fill.order_id) is None
    assert box.account(ANN).fees == fees
    assert abs(box.size(ANN, "BTC")) == D("0.1") - D(closed)
    box.check()


@pytest.mark.parametrize("quantity", ["0", "0.11", "0.000001"])
def test_nobody_is_deleveraged_of_more_than_it_holds(quantity: str) -> None:
    """Nor of parts of lots."""
    box = Box().still()
    box.fill(ANN, "BTC", BUY, "0.1")
    with pytest.raises(ActionRefused, match="name whole lots"):
        box.exchange.deleverage(ANN, "BTC", D(quantity))


def test_volume_that_is_counted_opens_what_asks_for_it() -> None:
    """Sub-accounts and scheduled cancels."""
    box = Box(needs_volume=True)
    box.exchange.count_volume(ANN, D(1_000_000))
    assert box.exchange.create_sub_account(ANN, "fade-a")
    box.exchange.schedule_cancel(ANN, box.exchange.now + 6_000)


@pytest.mark.parametrize("mode", ["unifiedAccount", "portfolioMargin"])
def test_a_pooled_account_is_liquidated_as_one(mode: str) -> None:
    """What it lost on one dex is missing on the other; what it won there helps."""
    box = Box(cash="1500").still()
    box.exchange.set_mode(ANN, mode)  # type: ignore[arg-type]
    box.fill(ANN, "BTC", BUY, "0.12")
    box.fill(ANN, "xyz:XYZ100", BUY, "0.1")
    box.exchange.push_price("BTC", box.mark("BTC") * D("0.898") // 1, MINUTE_MS)
    box.wait(3 * SECOND_MS)
    (row,) = [news for news in box.news if isinstance(news, Transfer) and news.kind == "liquidation"]
    assert row.closed[0] == ("BTC", D("-0.12"))
    box.check()
