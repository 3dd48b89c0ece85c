"""What positions cost and lock: entry, PnL, leverage, isolated margin, liquidation prices, balances."""

from decimal import Decimal as D

import pytest

from fadearena.sandbox.exchange.money import liquidation_price
from fadearena.sandbox.exchange.state import Position
from fadearena.sandbox.listing import ASSETS, Asset, MarginTable, Tier, maintenance, most_leverage
from fadearena.sandbox.nouns import ActionRefused, Fill
from tests.support.box import ANN, BUY, SELL, Box

BTC, ETH, TSLA, NVDA = (ASSETS[coin].asset_id for coin in ("BTC", "ETH", "xyz:TSLA", "xyz:NVDA"))


def test_entry_averages_stays_and_begins_anew() -> None:
    """It averages on increase, stays on reduction, and is the price of the flip after one; PnL is gross of fees."""
    box = Box()
    prices, entries = [], []
    for side, size in ((BUY, "0.02"), (BUY, "0.01"), (SELL, "0.01"), (SELL, "0.03")):
        prices.append(box.fill(ANN, "BTC", side, size).average_price)
        entries.append(box.held(ANN, "BTC").entry)
        box.crash("BTC", "1.001")
    average = (prices[0] * 2 + prices[1]) / 3
    assert entries == pytest.approx([prices[0], average, average, prices[3]])
    fills = [news for news in box.news if isinstance(news, Fill) and news.user == ANN]
    realised = [fill.closed_pnl for fill in fills]
    assert realised[:2] == [0, 0]
    assert realised[2] == pytest.approx((prices[2] - average) * D("0.01"))
    box.check()


def test_an_account_is_worth_its_raw_usd_and_its_positions() -> None:
    """`account_value = total_raw_usd + signed values`; what may leave is what initial margin does not need."""
    box = Box().still()
    box.fill(ANN, "BTC", BUY, "0.2")
    box.fill(ANN, "ETH", SELL, "1")
    account = box.exchange.view.dex_account(ANN, "")
    values = {held.coin: held.value.copy_sign(held.size) for held in account.positions}
    assert account.all.account_value == account.all.total_raw_usd + sum(values.values())
    assert account.all.total_notional == sum(map(abs, values.values()))
    assert account.all.total_margin_used == values["BTC"] / 20 + -values["ETH"] / 20
    assert account.all == account.cross
    assert account.cross_maintenance == values["BTC"] / 80 + -values["ETH"] / 50
    kept = max(account.all.total_margin_used, account.all.total_notional / 10)
    assert account.withdrawable == account.all.account_value - kept


def test_the_documented_liquidation_price_comes_out() -> None:
    """The example of the documentation: an isolated long in a coin with 50x."""
    asset = Asset(
        coin="ETH", asset_id=1, size_decimals=4, max_leverage=50, table=MarginTable(50, "", (Tier(D(0), 50),))
    )
    position = Position(D("0.0335"), D("0.0335") * D("2985.9"), D("4.967826"))
    price = liquidation_price(position, asset, D("2985.9"), D("4.967826") - D("1.0002765"))
    assert price == pytest.approx(D("2866.26936529"), abs=D("0.0001"))


@pytest.mark.parametrize(("size", "bound"), [("1000", 1), ("-1000", 1), ("2000", 2), ("-2000", 2)])
def test_a_liquidation_price_is_where_equity_meets_maintenance(size: str, bound: int) -> None:
    """Also with tiers: at that price what is left is exactly the maintenance margin there."""
    asset, mark, available = ASSETS["BTC"], D(100_000), D(5_000_000)
    position = Position(D(size), D(size) * mark)
    price = liquidation_price(position, asset, mark, available)
    assert price is not None
    owed = maintenance(abs(D(size)) * mark, asset)
    equity = available + owed + D(size) * (price - mark)
    assert equity == pytest.approx(maintenance(abs(D(size)) * price, asset), abs=D("0.001"))
    assert most_leverage(abs(D(size)) * mark, asset) == 40 // bound


def test_a_small_position_in_a_large_account_has_no_liquidation_price() -> None:
    """A long that cannot lose all has none; an account without anything left is at it."""
    asset = ASSETS["BTC"]
    assert liquidation_price(Position(D(1), D(100)), asset, D(100), D(1_000)) is None
    assert liquidation_price(Position(D(1), D(100)), asset, D(100), D(0)) == D(100)


@pytest.mark.parametrize(
    ("asset_id", "leverage", "is_cross", "text"),
    [
        (BTC, 0, True, "Invalid leverage value"),
        (BTC, 41, True, "Invalid leverage value"),
        (TSLA, 5, True, "Cross margin is not allowed for this asset."),
        (NVDA, 5, True, "Cross margin is not allowed for this asset."),
        (999, 5, True, "Unknown asset 999."),
        (ETH, 5, False, "Cannot switch leverage type with open position."),
        (ETH, 1, True, "Cross position does not have sufficient margin available to decrease leverage."),
    ],
)
def test_leverage_that_cannot_be_set(asset_id: int, leverage: int, text: str, *, is_cross: bool) -> None:
    """Bounds, restrictions, and positions that are in the way, in the exchange's words."""
    box = Box(cash="1000")
    box.fill(ANN, "ETH", BUY, "0.5")
    with pytest.raises(ActionRefused) as refused:
        box.exchange.set_leverage(ANN, asset_id, leverage, is_cross=is_cross)
    assert str(refused.value) == text


def test_leverage_begins_at_20_or_the_coins_most() -> None:
    """Cross where that is allowed, and as set after that, without a position, too."""
    box = Box()
    limits = box.exchange.view.limits(ANN, ASSETS["BTC"])
    assert (limits.leverage.value, limits.leverage.is_cross, limits.raw_usd) == (20, True, None)
    limits = box.exchange.view.limits(ANN, ASSETS["xyz:TSLA"])
    assert (limits.leverage.value, limits.leverage.is_cross) == (10, False)
    box.exchange.set_leverage(ANN, BTC, 3, is_cross=False)
    limits = box.exchange.view.limits(ANN, ASSETS["BTC"])
    assert (limits.leverage.value, limits.leverage.is_cross) == (3, False)
    step = D("0.00001")
    assert limits.sizes[0] == D(10_000) * 3 / box.mark("BTC") // step * step


def test_an_isolated_position_locks_margin_of_its_own() -> None:
    """It leaves the pool, takes its share back when a part is closed, and all of it at the end."""
    box = Box().still()
    box.exchange.set_leverage(ANN, BTC, 10, is_cross=False)
    bought = box.fill(ANN, "BTC", BUY, "0.1").average_price
    held, account = box.held(ANN, "BTC"), box.exchange.view.dex_account(ANN, "")
    assert held.raw_usd == (bought / 100).quantize(D("0.000001"), "ROUND_UP") - bought / 10
    assert held.margin_used == held.value + held.raw_usd
    assert account.cross.account_value == account.cross.total_raw_usd == account.withdrawable
    assert account.all.account_value == account.cross.account_value + held.margin_used
    box.crash("BTC", "1.02")
    worth = box.held(ANN, "BTC").margin_used
    box.fill(ANN, "BTC", SELL, "0.05")
    left = box.held(ANN, "BTC")
    assert left.margin_used == pytest.approx(worth / 2, rel=D("0.02"))
    box.fill(ANN, "BTC", SELL, "0.08")
    flipped = box.held(ANN, "BTC")
    assert flipped.margin_used == pytest.approx(flipped.value / 10, rel=D("0.01"))
    box.fill(ANN, "BTC", BUY, "0.03")
    account = box.exchange.view.dex_account(ANN, "")
    assert account.all.account_value == account.cross.account_value
    box.check()


def test_isolated_margin_can_be_added_and_removed() -> None:
    """As long as a tenth of the notional and the initial margin stay; strict isolated margin stays altogether."""
    box = Box().still()
    box.exchange.set_leverage(ANN, BTC, 20, is_cross=False)
    box.fill(ANN, "BTC", BUY, "0.1")
    before = box.held(ANN, "BTC").margin_used
    box.exchange.add_isolated_margin(ANN, BTC, D(1_000))
    box.exchange.add_isolated_margin(ANN, BTC, D(-400))
    assert box.held(ANN, "BTC").margin_used == before + 600
    with pytest.raises(ActionRefused, match="does not have sufficient margin available to remove"):
        box.exchange.add_isolated_margin(ANN, BTC, D(-600))
    with pytest.raises(ActionRefused, match="Insufficient margin available"):
        box.exchange.add_isolated_margin(ANN, BTC, D(50_000))
    box.check()


def test_strict_isolated_margin_stays() -> None:
    """What backs a strictly isolated position can be added to, and never removed."""
    box = Box().still()
    box.exchange.send_asset(ANN, "", ANN, "xyz", D(2_000))
    box.fill(ANN, "xyz:NVDA", BUY, "5")
    box.exchange.add_isolated_margin(ANN, NVDA, D(500))
    with pytest.raises(ActionRefused, match="to remove"):
        box.exchange.add_isolated_margin(ANN, NVDA, D(-1))


def test_isolated_margin_of_nothing() -> None:
    """Zero, no position, or a cross position: each has its own text."""
    box = Box()
    with pytest.raises(ActionRefused, match=r"^Update to isolated margin cannot be zero\.$"):
        box.exchange.add_isolated_margin(ANN, BTC, D(0))
    with pytest.raises(ActionRefused, match=r"^Cannot update margin for empty position\.$"):
        box.exchange.add_isolated_margin(ANN, BTC, D(1))
    box.fill(ANN, "BTC", BUY, "0.01")
    with pytest.raises(ActionRefused, match=r"^Position does not use isolated margin\.$"):
        box.exchange.add_isolated_margin(ANN, BTC, D(1))


def test_lower_leverage_puts_more_behind_an_isolated_position() -> None:
    """The difference comes from the pool; where there is too little, the leverage stays."""
    box = Box(cash="2000").still()
    box.exchange.set_leverage(ANN, BTC, 20, is_cross=False)
    box.fill(ANN, "BTC", BUY, "0.1")
    box.exchange.set_leverage(ANN, BTC, 10, is_cross=False)
    held = box.held(ANN, "BTC")
    assert held.margin_used == pytest.approx(held.value / 10, rel=D("0.001"))
    with pytest.raises(ActionRefused, match="Isolated position does not have sufficient margin"):
        box.exchange.set_leverage(ANN, BTC, 1, is_cross=False)
    box.check()


def test_each_dex_has_a_balance_of_its_own_unless_they_are_pooled() -> None:
    """In standard mode a builder's dex needs money first; in unified mode one balance serves all."""
    box = Box(cash="1000").still()
    assert box.refuse(ANN, "xyz:XYZ100", BUY, "0.01") == "Insufficient margin to place order. asset=110000"
    box.exchange.send_asset(ANN, "", ANN, "xyz", D(400))
    box.fill(ANN, "xyz:XYZ100", BUY, "0.01")
    box.fill(ANN, "xyz:XYZ100", SELL, "0.01")
    box.exchange.set_mode(ANN, "unifiedAccount")
    spot = box.exchange.view.spot(ANN)
    assert spot.hold == 0
    assert D(999) < spot.total < D(1_000)
    box.fill(ANN, "xyz:XYZ100", BUY, "0.1")
    box.fill(ANN, "BTC", BUY, "0.05")
    hold = box.exchange.view.spot(ANN).hold
    values = [box.held(ANN, coin).value for coin in ("xyz:XYZ100", "BTC")]
    assert hold == max(values[0] / 20 + values[1] / 20, sum(values) / 10)
    with pytest.raises(ActionRefused, match=r"^Cannot change abstraction"):
        box.exchange.set_mode(ANN, "disabled")
    with pytest.raises(ActionRefused, match=r"^Action disabled when unified account is active$"):
        box.exchange.class_transfer(ANN, D(1), to_perp=True)
    box.check()


def test_fees_of_a_builders_dex() -> None:
    """Twice the fee at a scale of one, a tenth of that in growth mode; cut to six decimals."""
    box = Box(cash="3000").still()
    box.exchange.set_mode(ANN, "unifiedAccount")
    for coin, size, rate in (
        ("xyz:XYZ100", "0.0353", "0.00009"),
        ("xyz:TSLA", "1", "0.0009"),
        ("BTC", "0.01", "0.00045"),
    ):
        box.fill(ANN, coin, BUY, size)
        fill = next(one for one in reversed(box.news) if isinstance(one, Fill) and one.user == ANN)
        assert fill.fee == (fill.price * fill.quantity * D(rate)).quantize(D("0.000001"), "ROUND_DOWN")


def test_more_volume_costs_less() -> None:
    """Above five millions in 14 days the next tier begins; after a fortnight it is over."""
    box = Box(cash="10000000").still()
    assert box.exchange.view.fees(ANN).taker == D("0.00045")
    for _ in range(6):
        box.fill(ANN, "BTC", BUY, "5")
        box.wait(1_000)
        box.fill(ANN, "BTC", SELL, "5")
        box.wait(1_000)
    assert box.account(ANN).volume > 5_000_000
    assert box.exchange.view.fees(ANN).taker == D("0.00040")
    box.exchange.go_on()
    box.wait(15 * 86_400_000)
    assert box.exchange.view.fees(ANN).taker == D("0.00045")
