"""Matching: price, then time; quotes of the market maker that stand for a second; both sides of every fill."""

from decimal import Decimal as D

from fadearena.sandbox.exchange.trading import MAKER, ZERO_HASH, trade_id_of
from fadearena.sandbox.nouns import Fill, Filled, Order, Resting, Tif, Trade
from tests.support.box import ANN, BOB, BUY, SELL, Box


def fills(box: Box, user: str) -> list[Fill]:
    """Return what a user was told of fills."""
    return [news for news in box.news if isinstance(news, Fill) and news.user == user]


def trades(box: Box) -> list[Trade]:
    """Return the public tape."""
    return [news for news in box.news if isinstance(news, Trade)]


def test_an_order_walks_the_levels_of_the_book() -> None:
    """It takes the best price first, as far as its limit allows, and the answer has the average price."""
    box = Box().still()
    book = box.exchange.view.book("ETH")
    assert (len(book.bids), len(book.asks)) == (20, 20)
    size = book.asks[0].quantity + book.asks[1].quantity + D("0.1")
    status = box.fill(ANN, "ETH", BUY, str(size))
    told = fills(box, ANN)
    assert [(one.price, one.quantity) for one in told] == [
        (book.asks[0].price, book.asks[0].quantity),
        (book.asks[1].price, book.asks[1].quantity),
        (book.asks[2].price, D("0.1")),
    ]
    value = sum(one.price * one.quantity for one in told)
    assert (status.quantity, status.average_price) == (size, value / size)
    assert [one.start for one in told] == [0, book.asks[0].quantity, size - D("0.1")]
    after = box.exchange.view.book("ETH")
    assert after.asks[0].price == book.asks[2].price
    assert after.asks[0].quantity == book.asks[2].quantity - D("0.1")
    box.check()


def test_what_was_taken_is_quoted_again_a_second_later() -> None:
    """Until then a second order finds what is left."""
    box = Box().still()
    ask = box.exchange.view.book("ETH").asks[0]
    box.fill(ANN, "ETH", BUY, str(ask.quantity))
    assert box.exchange.view.book("ETH").asks[0].price > ask.price
    box.wait(1_000)
    assert box.exchange.view.book("ETH").asks[0].price == ask.price


def test_an_ioc_loses_what_it_cannot_fill() -> None:
    """It is answered as filled with less than was asked, and ends as cancelled with its rest."""
    box = Box(cash="1000000").still()
    ask = box.exchange.view.book("ETH").asks[0]
    status = box.place(ANN, "ETH", BUY, str(ask.quantity + 1), ask.price, tif=Tif.IOC)
    assert isinstance(status, Filled)
    assert status.quantity == ask.quantity
    order = box.order(ANN, status.order_id)
    assert (order.status, order.quantity, order.rest) == ("canceled", ask.quantity + 1, D(1))


def test_both_sides_of_a_trade_are_told_the_same() -> None:
    """Trade id, hash, price, size and time are the same; the fees are the taker's and the maker's."""
    box = Box().still()
    price = box.near("BTC", SELL, "0.005")
    rested = box.rest(ANN, "BTC", SELL, "0.01", price, cloid="0x" + "7" * 32)
    status = box.fill(BOB, "BTC", BUY, "0.01")
    (trade,), (ann,), (bob,) = trades(box), fills(box, ANN), fills(box, BOB)
    assert (trade.buyer, trade.seller, trade.side) == (BOB, ANN, BUY)
    assert ann.trade_id == bob.trade_id == trade.trade_id == trade_id_of(status.order_id, rested)
    assert 0 < trade.trade_id < 2**50
    assert (ann.hash, ann.price, ann.quantity, ann.time) == (bob.hash, bob.price, bob.quantity, bob.time)
    assert (bob.is_taker, ann.is_taker, ann.cloid) == (True, False, "0x" + "7" * 32)
    value = price * D("0.01")
    assert bob.fee == (value * D("0.00045")).quantize(D("0.000001"), "ROUND_DOWN")
    assert ann.fee == (value * D("0.00015")).quantize(D("0.000001"), "ROUND_DOWN")
    assert (ann.direction, bob.direction) == ("Open Short", "Open Long")
    box.check()


def test_the_best_price_comes_first_then_the_oldest_order() -> None:
    """Three orders that rest are hit in the order of price and time."""
    box = Box().still()
    near, better = box.near("BTC", SELL, "0.008"), box.near("BTC", SELL, "0.005")
    first = box.rest(ANN, "BTC", SELL, "0.001", near)
    second = box.rest(ANN, "BTC", SELL, "0.001", near)
    best = box.rest(ANN, "BTC", SELL, "0.001", better)
    assert better < near
    box.fill(BOB, "BTC", BUY, "0.0025")
    assert [fill.order_id for fill in fills(box, ANN)] == [best, first, second]
    assert [box.status(ANN, one) for one in (best, first, second)] == ["filled", "filled", "open"]


def test_at_one_price_who_was_there_before_the_quote_comes_first() -> None:
    """An order placed after the second's quotes waits behind them; in the next second it is the older one."""
    box = Box().still()
    box.wait(500)
    ask = box.exchange.view.book("BTC").asks[0]
    rested = box.rest(ANN, "BTC", SELL, "0.001", ask.price)
    box.fill(BOB, "BTC", BUY, "0.001")
    assert not fills(box, ANN)
    box.wait(1_000)
    box.fill(BOB, "BTC", BUY, "0.001")
    assert [fill.order_id for fill in fills(box, ANN)] == [rested]


def test_an_order_that_rests_is_taken_by_the_market_maker_when_prices_come_to_it() -> None:
    """Then it trades at its own limit as maker; the order is told as filled."""
    box = Box()
    price = box.near("BTC", BUY, "2")
    rested = box.rest(ANN, "BTC", BUY, "0.01", price)
    box.crash("BTC", "0.97")
    (fill,) = fills(box, ANN)
    assert (fill.price, fill.is_taker, fill.order_id) == (price, False, rested)
    assert [news.status for news in box.news if isinstance(news, Order) and news.order_id == rested] == [
        "open",
        "filled",
    ]
    assert box.account(ANN).open == {}
    box.check()


def test_a_gtc_trades_what_it_can_and_rests_with_the_rest() -> None:
    """It is answered as resting; its rest stands in the book."""
    box = Box(cash="1000000").still()
    ask = box.exchange.view.book("ETH").asks[0]
    status = box.place(ANN, "ETH", BUY, str(ask.quantity + 1), ask.price)
    assert isinstance(status, Resting)
    assert box.size(ANN, "ETH") == ask.quantity
    assert box.exchange.view.book("ETH").bids[0].price == ask.price
    assert box.exchange.view.book("ETH").bids[0].quantity == 1


def test_nobody_trades_with_itself() -> None:
    """The order that rests is cancelled, and the new one goes on."""
    box = Box().still()
    rested = box.rest(ANN, "BTC", SELL, "0.01", box.near("BTC", SELL, "0.005"))
    box.fill(ANN, "BTC", BUY, "0.01")
    assert box.status(ANN, rested) == "selfTradeCanceled"
    assert {trade.seller for trade in trades(box)} == {MAKER}


def test_an_order_without_margin_left_is_cancelled_when_it_is_hit() -> None:
    """Resting orders lock no margin; it is looked at again when they trade."""
    box = Box(cash="1000").still()
    price = box.near("BTC", SELL, "0.005")
    rested = box.rest(ANN, "BTC", SELL, "0.15", price)
    box.fill(ANN, "ETH", BUY, "4")
    box.fill(BOB, "BTC", BUY, "0.1")
    assert box.status(ANN, rested) == "marginCanceled"
    assert box.size(ANN, "BTC") == 0


def test_reduce_only_orders_that_rest_follow_the_position() -> None:
    """They shrink with it and end with it; a newer one that needs the room ends the older."""
    box = Box().still()
    box.fill(ANN, "BTC", BUY, "0.02")
    high = box.near("BTC", SELL, "2")
    older = box.rest(ANN, "BTC", SELL, "0.015", high, reduce_only=True)
    newer = box.rest(ANN, "BTC", SELL, "0.01", high, reduce_only=True)
    assert box.status(ANN, older) == "reduceOnlyCanceled"
    box.fill(ANN, "BTC", SELL, "0.015")
    order = box.order(ANN, newer)
    assert (order.status, order.rest, order.quantity) == ("open", D("0.005"), D("0.01"))
    box.fill(ANN, "BTC", SELL, "1", reduce_only=True)
    assert box.status(ANN, newer) == "reduceOnlyCanceled"


def test_a_reduce_only_order_that_has_no_room_any_more_is_not_swept() -> None:
    """Two orders are crossed at once: the first closes the position, and the second ends instead of opening one."""
    box = Box()
    box.fill(ANN, "BTC", BUY, "0.02")
    box.rest(ANN, "BTC", SELL, "0.02", box.near("BTC", SELL, "1"))
    second = box.rest(ANN, "BTC", SELL, "0.02", box.near("BTC", SELL, "2"), reduce_only=True)
    box.crash("BTC", "1.03")
    assert box.size(ANN, "BTC") == 0
    assert box.status(ANN, second) == "reduceOnlyCanceled"
    box.check()


def test_slices_of_a_twap_bear_its_id_and_no_hash() -> None:
    """The hash of such a fill is all zeros, on the tape, too."""
    box = Box()
    box.fill(ANN, "BTC", BUY, "0.001", twap_id=77)
    (fill,) = fills(box, ANN)
    assert (fill.twap_id, fill.hash, trades(box)[0].hash) == (77, ZERO_HASH, ZERO_HASH)


def test_directions_name_what_a_fill_did() -> None:
    """Open, more, part, flip, close: in the exchange's words."""
    box = Box()
    for side, size in ((BUY, "0.01"), (BUY, "0.01"), (SELL, "0.01"), (SELL, "0.03"), (BUY, "0.01"), (BUY, "0.01")):
        box.fill(ANN, "BTC", side, size)
        box.wait(1_000)
    words = [fill.direction for fill in fills(box, ANN)]
    assert words == ["Open Long", "Open Long", "Close Long", "Long > Short", "Close Short", "Close Short"]
