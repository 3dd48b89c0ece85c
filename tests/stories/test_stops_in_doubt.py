"""Stops that lag behind a position, and stops of which nobody knows whether they rest (rule 9)."""

from fadearena.core.engine.flatten import ROUND_MS
from fadearena.model.account import OpenOrder
from fadearena.model.command import CancelOrder, PlaceStop
from fadearena.model.event import Kill
from fadearena.model.order import ActionKind, ActionOutcome
from fadearena.model.units import Side
from tests.stories.test_stop_orders import MINUTE, Guarded, guarded, moved, with_stop
from tests.support.world import OTHER, D, bot


def late_stops(story: Guarded) -> list[PlaceStop]:
    """Return the stops of the last events: a wake may have brought them."""
    return [stop for _, turned in story.journal[-4:] for stop in turned.commands if isinstance(stop, PlaceStop)]


def test_growth_is_covered_within_seconds() -> None:
    """What is beyond the stop would be lost with this machine: it does not wait for the minute."""
    story, _ = with_stop()
    story.source("BTC", "1", "100000").fill()
    assert (story.position(), story.stops) == (D("-0.10"), [])
    story.wait(5_000)
    assert [stop.quantity for stop in late_stops(story)] == [D("0.10")]


def test_a_position_that_turned_is_covered_within_seconds() -> None:
    """The old stop would not reduce it at all."""
    story = Guarded(guarded(bots=(bot(), bot("two", OTHER))))
    story.started().source("BTC", "1", "100000").fill()
    story.accept(story.stops[0])
    story.wait(5_000)
    story.fills(story.own_fill("BTC", "0.08", "100000"))
    assert [(stop.side, stop.quantity) for stop in story.stops] == [(Side.SELL, D("0.03"))]


def test_a_stop_that_is_under_way_keeps_a_flatten_open() -> None:
    """It is an order that is not settled: it may come to rest after two readings that show nothing."""
    story = Guarded(guarded())
    story.started().source("BTC", "1", "100000").fill()
    (stop,) = story.stops
    story.action(stop.cloid, ActionOutcome.UNKNOWN, ActionKind.STOP)
    story.order_by(Kill(flatten=True))
    story.fill(story.order)
    for _ in range(3):
        story.wait(ROUND_MS + 100).read_account()
    assert story.latches() == ["all flatten", "all kill"]
    while story.now <= stop.expires_after + 5_000:
        story.wait(ROUND_MS + 100).read_account()
    for _ in range(2):
        story.wait(ROUND_MS + 100).read_account()
    assert story.latches() == ["all kill"]


def test_a_stop_that_ended_here_and_rests_there_is_cancelled() -> None:
    """Whatever was said of it: once it is shown, and was not just now, it is there."""
    story, stop = with_stop()
    (new,) = moved(story, "90000").stops
    story.accept(new)
    story.action(stop.cloid, ActionOutcome.ACCEPTED, ActionKind.CANCEL)
    story.resting = [order for order in story.resting if order.cloid != stop.cloid]
    story.resting.append(OpenOrder(coin="BTC", order_id=9_500, cloid=stop.cloid))
    assert story.read_account().all(CancelOrder) == []
    story.wait(MINUTE // 10).read_account()
    assert [(cancel.cloid, cancel.asset_id) for cancel in story.all(CancelOrder)] == [(stop.cloid, 0)]
    assert story.alerts_of("foreign_order") == []
