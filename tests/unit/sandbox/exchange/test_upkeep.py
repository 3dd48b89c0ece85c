"""What the exchange does by itself: funding, liquidations, scheduled cancels."""

from decimal import Decimal as D

import pytest

from fadearena.model.units import HOUR_MS
from fadearena.sandbox.exchange.trading import BACKSTOP, MAKER
from fadearena.sandbox.nouns import ActionRefused, Fill, Order, Payment, Transfer
from tests.support.box import ANN, BOB, BUY, NOON, SELL, Box


def payments(box: Box) -> list[Payment]:
    """Return what was paid, as it was told."""
    return [news for news in box.news if isinstance(news, Payment)]


def forced(box: Box, user: str) -> list[Fill]:
    """Return the forced fills of a user."""
    return [news for news in box.news if isinstance(news, Fill) and news.user == user and news.liquidation]


def test_funding_is_paid_at_every_full_hour_and_sums_up_to_zero() -> None:
    """`-size * oracle * rate`: from longs to shorts or back, the market maker on the other side."""
    box = Box()
    box.wait(HOUR_MS - 10_000)
    box.fill(ANN, "BTC", BUY, "0.1")
    box.fill(BOB, "BTC", SELL, "0.04")
    box.wait(15_000)
    rate = box.exchange.view.rates("BTC")[-1]
    paid = {payment.user: payment for payment in payments(box) if payment.coin == "BTC"}
    assert set(paid) == {ANN, BOB, MAKER}
    assert sum(payment.usd for payment in paid.values()) == 0
    assert NOON + HOUR_MS < rate.time == paid[ANN].time < NOON + HOUR_MS + 1_000
    assert paid[ANN].usd == pytest.approx(-paid[BOB].usd * D("2.5"), abs=D("0.00001"))
    assert (paid[ANN].usd < 0) is (rate.rate > 0)
    held = box.held(ANN, "BTC")
    assert held.funding_since_open == -paid[ANN].usd
    box.check()


def test_an_isolated_position_pays_funding_from_its_own_margin() -> None:
    """The pool does not change."""
    box = Box()
    box.exchange.set_leverage(ANN, 0, 10, is_cross=False)
    box.wait(HOUR_MS - 10_000)
    box.fill(ANN, "BTC", BUY, "0.1")
    before = box.exchange.view.dex_account(ANN, "").withdrawable
    box.wait(15_000)
    assert payments(box)
    assert box.exchange.view.dex_account(ANN, "").withdrawable == before
    box.check()


def test_a_crossed_account_is_closed_on_the_book() -> None:
    """Below the maintenance margin it is sold out at the market, marked on both sides, and told as a ledger row."""
    box = Box(cash="1000")
    order_id = box.rest(ANN, "DOGE", BUY, "100", box.near("DOGE", BUY, "20"))
    box.fill(ANN, "BTC", BUY, "0.12")
    box.crash("BTC", "0.936")
    fills = forced(box, ANN)
    assert fills
    assert {fill.direction for fill in fills} == {"Liquidated Cross Long"}
    others = forced(box, MAKER)
    assert {fill.direction for fill in others} == {"Close Short"}
    assert {fill.liquidation.user for fill in others if fill.liquidation} == {ANN}
    assert box.size(ANN, "BTC") == 0
    assert box.status(ANN, order_id) == "liquidatedCanceled"
    (row,) = [news for news in box.news if isinstance(news, Transfer) and news.kind == "liquidation"]
    assert (row.user, row.is_cross, row.closed) == (ANN, True, (("BTC", D("-0.12")),))
    box.check()


def test_of_a_large_position_a_fifth_goes_first() -> None:
    """Above 100,000 USD; what is still too little within half a minute goes as a whole."""
    box = Box(cash="20000").still()
    box.fill(ANN, "BTC", BUY, "3.5")
    box.crash("BTC", "0.9585")
    assert box.size(ANN, "BTC") == D("2.8")
    box.wait(6_000)
    box.crash("BTC", "0.99")
    assert box.size(ANN, "BTC") == 0
    box.check()


@pytest.mark.parametrize("second", [0, 1, 2])
def test_liquidations_happen_in_a_long_gap_too(second: int) -> None:
    """Whatever the second at which it begins."""
    box = Box(cash="1000")
    box.wait(second * 1_000)
    box.fill(ANN, "BTC", BUY, "0.12")
    walk = box.exchange._floor.market.walks["BTC"]
    walk.nano = int(walk.nano * 0.9)
    box.wait(2 * HOUR_MS)
    (fill,) = forced(box, ANN)
    assert fill.time < NOON + 5 * 60_000
    box.check()


def test_an_account_far_below_goes_to_the_liquidator() -> None:
    """Below two thirds of the maintenance margin positions change hands at the mark, and what is missing is borne."""
    box = Box(cash="1000")
    box.fill(ANN, "BTC", BUY, "0.12")
    box.crash("BTC", "0.85")
    (fill,) = forced(box, ANN)
    assert fill.liquidation is not None
    assert (fill.liquidation.method, fill.price) == ("backstop", fill.liquidation.mark)
    account = box.exchange.view.dex_account(ANN, "")
    assert not account.positions
    assert account.all.account_value == 0
    assert not box.exchange.truth().accounts[BACKSTOP].positions
    box.check()


def test_an_isolated_position_takes_nothing_else_with_it() -> None:
    """It is closed on its own margin; the rest of the account stays."""
    box = Box(cash="5000")
    box.exchange.set_leverage(ANN, 0, 20, is_cross=False)
    box.fill(ANN, "BTC", BUY, "0.12")
    box.fill(ANN, "ETH", BUY, "0.5")
    order_id = box.rest(ANN, "BTC", BUY, "0.001", box.near("BTC", BUY, "50"))
    before = box.account(ANN).cash[""]
    box.crash("BTC", "0.85")
    assert {fill.direction for fill in forced(box, ANN)} == {"Liquidated Isolated Long"}
    assert box.account(ANN).cash[""] == before
    assert box.size(ANN, "ETH") == D("0.5")
    assert box.status(ANN, order_id) == "liquidatedCanceled"
    box.check()


def test_an_isolated_short_that_is_closed_on_the_book_gives_the_rest_back() -> None:
    """Between the maintenance margin and two thirds of it the book takes it, and what is left is the user's."""
    box = Box(cash="5000").still()
    box.exchange.set_leverage(ANN, 0, 40, is_cross=False)
    box.fill(ANN, "BTC", SELL, "0.1")
    before = box.account(ANN).cash[""]
    box.crash("BTC", "1.0125")
    assert {fill.direction for fill in forced(box, ANN)} == {"Liquidated Isolated Short"}
    assert box.account(ANN).cash[""] > before
    box.check()


def test_scheduled_cancels_fire_at_their_time() -> None:
    """All orders go, positions stay; ten times a day, counted when it fires."""
    box = Box().still()
    for number in range(10):
        order_id = box.rest(ANN, "BTC", BUY, "0.01", box.near("BTC", BUY))
        box.exchange.schedule_cancel(ANN, box.exchange.now + 5_000)
        box.wait(4_000)
        assert box.status(ANN, order_id) == "open", number
        box.wait(2_000)
        assert box.status(ANN, order_id) == "scheduledCancel", number
    with pytest.raises(ActionRefused, match=r"^Too many scheduled cancels triggered for the day\."):
        box.exchange.schedule_cancel(ANN, box.exchange.now + 5_000)
    box.exchange.schedule_cancel(ANN, None)
    assert len([news for news in box.news if isinstance(news, Order) and news.status == "scheduledCancel"]) == 10


def test_a_scheduled_cancel_needs_time_and_volume() -> None:
    """Five seconds at least, and a million of volume where the exchange asks for it; unsetting it, too."""
    box = Box()
    with pytest.raises(ActionRefused, match=r"^Scheduled cancel time too early"):
        box.exchange.schedule_cancel(ANN, box.exchange.now + 4_999)
    strict = Box(needs_volume=True)
    text = r"^Cannot set scheduled cancel time until enough volume traded\. Required: \$1000000\. Traded: \$0\.00\.$"
    with pytest.raises(ActionRefused, match=text):
        strict.exchange.schedule_cancel(ANN, None)
