"""The rules of orders, with the exchange's texts."""

from decimal import Decimal as D

import pytest

from fadearena.sandbox.nouns import ActionRefused, Tif
from tests.support.box import ANN, BOB, BUY, SELL, Box


@pytest.mark.parametrize(
    ("coin", "size", "limit", "text"),
    [
        ("BTC", "0.001", "109850.5", "Price must be divisible by tick size. asset=0"),
        ("BTC", "0.000001", "109850", "Order has invalid size. asset=0"),
        ("BTC", "-0.001", "109850", "Order has invalid size. asset=0"),
        ("BTC", "0", "109850", "Order has zero size. asset=0"),
        ("BTC", "0.001", "0", "Order has invalid price. asset=0"),
        ("DOGE", "100", "0.0000001", "Order has invalid price. asset=12"),
        ("BTC", "0.001", "20000", "Order price cannot be more than 80% away from the reference price asset=0"),
        ("BTC", "0.001", "600000", "Order price cannot be more than 80% away from the reference price asset=0"),
        ("MATIC", "10", "0.5", "Trading is halted. asset=3"),
    ],
)
def test_what_breaks_a_static_rule_leaves_no_record(coin: str, size: str, limit: str, text: str) -> None:
    """Ticks, lots, the price band and delisted coins are refused in the exchange's words, and forgotten."""
    box = Box()
    assert box.refuse(ANN, coin, BUY, size, limit) == text
    account = box.account(ANN)
    assert not account.done


def test_a_whole_price_is_valid_whatever_its_figures() -> None:
    """Six figures are too many, unless the price is a whole number."""
    box = Box()
    assert box.rest(ANN, "BTC", BUY, "0.001", "100001")


def test_an_unknown_asset_is_refused() -> None:
    """An id that no dex has is an error of that one order."""
    box = Box()
    request = box.ask("BTC", BUY, "0.001")
    wrong = type(request)(asset_id=999, side=BUY, quantity=D("0.001"), limit=D(100_000))
    statuses = box.exchange.place(ANN, [wrong, request])
    assert [type(status).__name__ for status in statuses] == ["Refused", "Filled"]


def test_less_than_ten_dollars_is_refused_unless_it_closes() -> None:
    """The $10 rule holds for openings and partial closes, reduce-only too; what closes everything is exempt."""
    box = Box().still()
    text = "Order must have minimum value of $10. asset=0"
    assert box.refuse(ANN, "BTC", BUY, "0.00009") == text
    box.fill(ANN, "BTC", BUY, "0.00015")
    assert box.refuse(ANN, "BTC", SELL, "0.00005") == text
    assert box.refuse(ANN, "BTC", SELL, "0.00005", reduce_only=True) == text
    box.fill(ANN, "BTC", SELL, "0.0001")
    assert box.size(ANN, "BTC") == D("0.00005")
    box.fill(ANN, "BTC", SELL, "1", reduce_only=True)
    assert box.size(ANN, "BTC") == 0


def test_a_plain_order_that_closes_everything_is_exempt() -> None:
    """Dust goes without reduce-only, too, if the order closes exactly all of it."""
    box = Box().still()
    box.fill(ANN, "BTC", BUY, "0.00015")
    box.fill(ANN, "BTC", SELL, "0.0001")
    box.fill(ANN, "BTC", SELL, "0.00005")
    assert box.size(ANN, "BTC") == 0


def test_reduce_only_never_flips() -> None:
    """More than the position is cut to it, the wrong side and a flat coin are refused."""
    box = Box()
    text = "Reduce only order would increase position. asset=1"
    assert box.refuse(ANN, "ETH", SELL, "0.1", reduce_only=True) == text
    box.fill(ANN, "ETH", BUY, "0.1")
    assert box.refuse(ANN, "ETH", BUY, "0.1", reduce_only=True) == text
    assert box.fill(ANN, "ETH", SELL, "5", reduce_only=True).quantity == D("0.1")
    assert box.size(ANN, "ETH") == 0


def test_margin_counts_when_a_position_grows_or_turns() -> None:
    """Initial margin of all positions must fit the account; what reduces always may."""
    box = Box(cash="1000").still()
    assert box.refuse(ANN, "BTC", BUY, "0.2") == "Insufficient margin to place order. asset=0"
    box.fill(ANN, "BTC", BUY, "0.15")
    assert box.refuse(ANN, "ETH", BUY, "5") == "Insufficient margin to place order. asset=1"
    box.fill(ANN, "BTC", SELL, "0.05")
    assert box.refuse(ANN, "BTC", SELL, "0.4") == "Insufficient margin to place order. asset=0"
    box.fill(ANN, "BTC", SELL, "0.2")
    assert box.size(ANN, "BTC") == D("-0.1")


def test_a_position_beyond_its_tier_is_refused() -> None:
    """At the leverage that is set, a tier limits the size."""
    box = Box(cash="1000000000").still()
    box.exchange.set_leverage(ANN, 0, 40, is_cross=True)
    text = "Order would cause position to exceed margin tier limit at current leverage. asset=0"
    assert box.refuse(ANN, "BTC", BUY, "1400") == text


def test_an_ioc_that_meets_nothing_is_refused_and_remembered() -> None:
    """It has a record whose size is untouched."""
    box = Box()
    text = box.refuse(ANN, "BTC", BUY, "0.01", box.near("BTC", BUY), tif=Tif.IOC, cloid="0x" + "1" * 32)
    assert text == "Order could not immediately match against any resting orders. asset=0"
    account = box.account(ANN)
    order = account.named("0x" + "1" * 32)
    assert order is not None
    assert (order.status, order.rest) == ("iocCancelRejected", order.quantity)


def test_post_only_never_takes() -> None:
    """An ALO order that would cross is refused with the touch, one that would not rests."""
    box = Box()
    bid, ask = box.exchange.view.best("BTC")
    assert bid is not None
    assert ask is not None
    text = f"Post only order would have immediately matched, bbo was {bid.price}@{ask.price}. asset=0"
    assert box.refuse(ANN, "BTC", BUY, "0.01", ask.price, tif=Tif.ALO) == text
    assert box.rest(ANN, "BTC", BUY, "0.01", bid.price, tif=Tif.ALO)


def test_an_order_is_cancelled_once() -> None:
    """By id or by cloid; after that, on another coin, or by another user it is unknown."""
    box = Box()
    gone = "Order was never placed, already canceled, or filled. asset={}"
    low = box.near("BTC", BUY)
    order_id = box.rest(ANN, "BTC", BUY, "0.01", low)
    box.rest(ANN, "BTC", BUY, "0.01", low, cloid="0x" + "2" * 32)
    assert box.exchange.cancel(ANN, 1, order_id) == gone.format(1)
    assert box.exchange.cancel(BOB, 0, order_id) == gone.format(0)
    assert box.exchange.cancel(ANN, 0, order_id) is None
    assert box.exchange.cancel(ANN, 0, "0x" + "2" * 32) is None
    assert box.exchange.cancel(ANN, 0, order_id) == gone.format(0)
    assert box.exchange.cancel(ANN, 0, "0x" + "3" * 32) == gone.format(0)
    assert box.status(ANN, order_id) == "canceled"


def test_too_many_open_orders() -> None:
    """The thousand-and-first order that would rest is refused."""
    box = Box().still()
    low = box.near("BTC", BUY, "10")
    box.exchange.place(ANN, [box.ask("BTC", BUY, "0.001", low)] * 1_000)
    assert box.refuse(ANN, "BTC", BUY, "0.001", low) == "Too many open orders asset=0"


def test_whole_actions_are_refused_as_a_whole() -> None:
    """No orders, or nobody's orders."""
    box = Box()
    with pytest.raises(ActionRefused, match=r"^Orders are empty\.$"):
        box.exchange.place(ANN, [])
    stranger = "0x" + "c3" * 20
    with pytest.raises(ActionRefused, match=rf"^Must deposit before performing actions\. User: {stranger}$"):
        box.place(stranger, "BTC", BUY, "0.01")


def test_a_cloid_that_is_used_again_finds_the_newest_order() -> None:
    """Older ones are found by their id only, and the last 2,000 are kept."""
    box = Box().still()
    cloid, low = "0x" + "4" * 32, box.near("BTC", BUY)
    first = box.rest(ANN, "BTC", BUY, "0.01", low, cloid=cloid)
    box.exchange.cancel(ANN, 0, first)
    second = box.rest(ANN, "BTC", BUY, "0.02", low, cloid=cloid)
    account = box.account(ANN)
    named = account.named(cloid)
    assert named is not None
    assert named.order_id == second
    assert account.order(first) is not None
    for _ in range(2_000):
        box.place(ANN, "BTC", BUY, "0.01", low, tif=Tif.IOC)
    assert account.order(first) is None
    assert account.named(cloid) is not None
