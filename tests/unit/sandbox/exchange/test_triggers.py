"""Orders that wait for a mark: stops and take-profits."""

from decimal import Decimal as D
from typing import Any

import pytest

from fadearena.model.units import HOUR_MS, Side
from fadearena.sandbox.nouns import Fill, Order, Refused, Resting, Tif, Trigger
from tests.support.box import ANN, BOB, BUY, SELL, Box


def wait_for(box: Box, side: Side, percent: str, size: str = "0.1", **more: Any) -> Any:
    """Let Ann's reduce-only order wait for a mark some percent away; what executes may cost ten percent more."""
    mark = box.mark("BTC") * (1 + D(percent) / 100)
    is_take_profit = (D(percent) > 0) is (side is SELL)
    price = box.exchange._floor.market.instruments["BTC"].price_down(mark)
    trigger = Trigger(price=price, is_market=more.pop("is_market", True), is_take_profit=is_take_profit)
    limit = box.exchange._floor.market.instruments["BTC"].price_down(mark * (1 + side.sign * D("0.1")))
    terms = {"tif": Tif.IOC, "reduce_only": True, "trigger": trigger, **more}
    return box.place(ANN, "BTC", side, size, limit, **terms)


def told(box: Box, order_id: int) -> list[str]:
    """Return the statuses that were told of an order."""
    return [news.status for news in box.news if isinstance(news, Order) and news.order_id == order_id]


def push(box: Box, percent: str, hold_ms: int = 0) -> None:
    """Put BTC some percent elsewhere."""
    rules = box.exchange._floor.market.instruments["BTC"]
    box.exchange.push_price("BTC", rules.price_down(box.mark("BTC") * (1 + D(percent) / 100)), hold_ms)


@pytest.mark.parametrize(("side", "entry"), [(SELL, BUY), (BUY, SELL)])
@pytest.mark.parametrize("away", ["-2", "2"])
def test_it_fires_when_the_mark_is_there(side: Side, entry: Side, away: str) -> None:
    """It waits, is triggered, and is an order as any other under the same ids."""
    box = Box().still()
    box.fill(ANN, "BTC", entry, "0.1")
    cloid = "0x" + "5" * 32
    answer = wait_for(box, side, away, cloid=cloid)
    assert isinstance(answer, Resting)
    push(box, str(D(away) * D("0.9")))
    box.wait(5_000)
    assert box.status(ANN, answer.order_id) == "open"
    push(box, str(D(away) / 2))
    assert box.size(ANN, "BTC") == 0
    assert told(box, answer.order_id) == ["open", "triggered", "filled"]
    fill = next(one for one in reversed(box.news) if isinstance(one, Fill) and one.user == ANN)
    assert (fill.order_id, fill.cloid, fill.is_taker) == (answer.order_id, cloid, True)
    box.check()


def test_a_mark_that_is_there_already_is_none() -> None:
    """On the wrong side of the mark it is refused, as are prices that no order may have."""
    box = Box().still()
    box.fill(ANN, "BTC", BUY, "0.1")
    trigger = Trigger(price=box.mark("BTC"), is_market=True, is_take_profit=False)
    answer = box.place(ANN, "BTC", SELL, "0.1", box.near("BTC", BUY), reduce_only=True, trigger=trigger)
    assert isinstance(answer, Refused)
    assert answer.text == "Invalid TP/SL price. asset=0"
    assert box.status(ANN, answer.order_id) == "badTriggerPxRejected"
    odd = Trigger(price=D("90000.5"), is_market=True, is_take_profit=False)
    text = box.refuse(ANN, "BTC", SELL, "0.1", box.near("BTC", BUY), reduce_only=True, trigger=odd)
    assert text == "Price must be divisible by tick size. asset=0"


def test_without_a_position_it_does_not_wait() -> None:
    """There is nothing that it could reduce."""
    box = Box().still()
    assert wait_for(box, SELL, "-2").text == "Reduce only order would increase position. asset=0"


def test_it_shrinks_with_the_position_and_ends_with_it() -> None:
    """A stop and a take-profit may each have all of it; when it is gone, both are."""
    box = Box().still()
    box.fill(ANN, "BTC", BUY, "0.1")
    stop, gain = wait_for(box, SELL, "-2").order_id, wait_for(box, SELL, "2").order_id
    box.fill(ANN, "BTC", SELL, "0.04")
    assert [box.order(ANN, one).rest for one in (stop, gain)] == [D("0.06"), D("0.06")]
    assert box.order(ANN, stop).quantity == D("0.1")
    push(box, "-3")
    assert box.size(ANN, "BTC") == 0
    assert box.status(ANN, stop) == "filled"
    assert box.status(ANN, gain) == "reduceOnlyCanceled"
    assert not box.account(ANN).open


def test_a_turned_position_ends_it() -> None:
    """It would make the new one larger."""
    box = Box().still()
    box.fill(ANN, "BTC", BUY, "0.1")
    stop = wait_for(box, SELL, "-2").order_id
    box.fill(ANN, "BTC", SELL, "0.2")
    assert told(box, stop) == ["open", "reduceOnlyCanceled"]


def test_it_is_cancelled_by_either_id() -> None:
    """As an order that rests."""
    box = Box().still()
    box.fill(ANN, "BTC", BUY, "0.1")
    first, second = wait_for(box, SELL, "-2").order_id, wait_for(box, SELL, "-3", cloid="0x" + "6" * 32).order_id
    assert box.exchange.cancel(ANN, 0, first) is None
    assert box.exchange.cancel(ANN, 0, "0x" + "6" * 32) is None
    assert [box.status(ANN, one) for one in (first, second)] == ["canceled", "canceled"]
    assert box.exchange.cancel(ANN, 0, first) is not None
    push(box, "-5")
    assert box.size(ANN, "BTC") == D("0.1")


def test_one_with_a_limit_rests_after_that() -> None:
    """At its own price, as a reduce-only order that rests."""
    box = Box().still()
    box.fill(ANN, "BTC", BUY, "0.1")
    limit = box.near("BTC", SELL, "1")
    trigger = Trigger(price=box.near("BTC", BUY, "2"), is_market=False, is_take_profit=False)
    order_id = box.rest(ANN, "BTC", SELL, "0.1", limit, reduce_only=True, trigger=trigger)
    push(box, "-3")
    assert told(box, order_id) == ["open", "triggered", "triggered"]
    assert box.exchange.view.book("BTC").asks[-1].price <= limit
    push(box, "8")
    assert box.status(ANN, order_id) == "filled"


def test_one_that_meets_nobody_is_over() -> None:
    """Its limit bounds what it may cost, also where it is a market order."""
    box = Box().still()
    box.fill(ANN, "BTC", BUY, "0.1")
    trigger = Trigger(price=box.near("BTC", BUY, "2"), is_market=True, is_take_profit=False)
    limit = box.near("BTC", BUY, "2.5")
    order_id = box.rest(ANN, "BTC", SELL, "0.1", limit, tif=Tif.IOC, reduce_only=True, trigger=trigger)
    push(box, "-4")
    assert told(box, order_id) == ["open", "triggered", "iocCancelRejected"]
    assert box.size(ANN, "BTC") == D("0.1")


def test_waiting_outlives_a_dump_and_scheduled_cancels_end_it() -> None:
    """They are orders that are open, as any other."""
    box = Box().still()
    box.fill(ANN, "BTC", BUY, "0.1")
    stop = wait_for(box, SELL, "-2").order_id
    box.exchange = type(box.exchange).load(box.clock, box.exchange.dump())
    box.exchange.schedule_cancel(ANN, box.exchange.now + 5_000)
    box.wait(7_000)
    assert box.status(ANN, stop) == "scheduledCancel"
    other = wait_for(box, SELL, "-2").order_id
    box.exchange = type(box.exchange).load(box.clock, box.exchange.dump())
    push(box, "-3")
    assert box.status(ANN, other) == "filled"


def test_it_fires_in_a_long_gap_too() -> None:
    """Whatever the gap, a mark that was there was there."""
    box = Box()
    box.fill(ANN, "BTC", BUY, "0.1")
    box.fill(BOB, "BTC", SELL, "0.1")
    stop = wait_for(box, SELL, "-0.05").order_id
    box.wait(2 * HOUR_MS)
    assert box.status(ANN, stop) == "filled"
