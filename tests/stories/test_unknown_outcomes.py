"""Orders whose outcome is not known: settled by proof, never sent again (rules 7.4, 7.5)."""

import pytest

from fadearena.model.command import BurnNonce, PlaceOrder, QueryOrder, ReadAccount, ReadOwnFills
from fadearena.model.event import AcceptDrift
from fadearena.model.order import ActionKind, ActionOutcome, Found, OrderStatus, RejectCode, Resting
from fadearena.model.record import Drift
from fadearena.model.units import Side
from tests.support.story import Story, begun
from tests.support.world import OTHER, D, bot, settings

EXPIRED, REJECTED, UNKNOWN = OrderStatus.EXPIRED, OrderStatus.REJECTED, OrderStatus.UNKNOWN


def doubtful() -> tuple[Story, PlaceOrder]:
    """An increase whose answer was lost and whose nonce was used: something was processed."""
    story = begun()
    order = story.opened("BTC", "1", "100000")
    story.lose(order).processed(order)
    return story, order


def past_deadline(story: Story, order: PlaceOrder) -> Story:
    """Go to 5 s past `expiresAfter`."""
    story.wait(order.identity.expires_after + 5_000 - story.now)
    return story


def test_lost_answer_is_settled_by_a_noop_with_the_same_nonce() -> None:
    """A lost answer is not sent again: a noop with the order's own nonce is, and only once."""
    story = begun()
    order = story.opened("BTC", "1", "100000")
    story.lose(order)
    (noop,) = story.all(BurnNonce)
    assert (noop.nonce, noop.signer, noop.cloid) == (
        order.identity.nonce,
        order.identity.signer,
        order.identity.cloid,
    )
    assert (story.status(order), story.orders) == (UNKNOWN, [])
    assert story.lose(order).burns() == []
    assert story.updates() == []


def test_accepted_noop_proves_that_the_order_never_ran() -> None:
    """An accepted noop makes the order expired; the growth is decided anew with a new order."""
    story = begun()
    order = story.opened("BTC", "1", "100000")
    story.lose(order).burnt(order)
    assert story.status(order) is EXPIRED
    assert story.order.identity.cloid != order.identity.cloid


def test_duplicate_nonce_asks_by_cloid_and_for_our_fills() -> None:
    """A duplicate nonce says that something was processed: the order and our own fills are looked up."""
    story, order = doubtful()
    assert [q.cloid for q in story.all(QueryOrder)] == [order.identity.cloid]
    assert [read.since <= story.now - 5_000 for read in story.all(ReadOwnFills)] == [True]
    assert story.status(order) is UNKNOWN


def test_look_ups_go_on_every_second_and_never_faster() -> None:
    """While unknown the order is asked for once a second; news in between do not ask more often."""
    story, order = doubtful()
    assert story.processed(order).all(QueryOrder) == []
    story.wait(1_000)
    assert len(story.all(QueryOrder)) == 1
    assert story.all(ReadAccount) == []


def test_not_found_is_no_proof() -> None:
    """An unknown oid alone settles nothing: the look-up lags."""
    story, order = doubtful()
    story.found(order, Found.NOT_FOUND)
    story.fills(complete=True).read_account()
    assert story.status(order) is UNKNOWN


@pytest.mark.parametrize("outcome", [ActionOutcome.REFUSED, ActionOutcome.UNKNOWN])
def test_any_other_answer_to_the_noop_settles_nothing(outcome: ActionOutcome) -> None:
    """A noop that is refused or lost proves nothing; fills and position decide past the deadline."""
    story = begun()
    order = story.opened("BTC", "1", "100000")
    story.lose(order).action(order.identity.cloid, outcome)
    assert story.status(order) is UNKNOWN
    past_deadline(story, order).read_all()
    assert story.status(order) is REJECTED


def test_nothing_found_and_position_unchanged_is_rejected_only_past_the_deadline() -> None:
    """No trace, no fill and an unchanged position settle the order from 5 s past `expiresAfter` on, not before."""
    story, order = doubtful()
    story.wait(order.identity.expires_after + 4_999 - story.now)
    story.fills(complete=True).read_account()
    assert story.status(order) is UNKNOWN
    story.wait(1)
    story.fills(complete=True)
    assert story.status(order) is UNKNOWN
    story.read_account()
    assert story.status(order) is REJECTED


def test_past_the_deadline_the_position_is_asked_for_ever_less_often() -> None:
    """From 5 s past `expiresAfter` on the account is read with each look-up, with growing pauses."""
    story, order = doubtful()
    past_deadline(story, order)
    reads = 0
    for _ in range(60):
        story.wait(1_000)
        reads += any(isinstance(command, QueryOrder) for command in story.turn.commands)
    assert any(isinstance(c, ReadAccount) for _, turned in story.journal[-200:] for c in turned.commands)
    assert reads > 0
    assert sum(isinstance(c, QueryOrder) for _, turned in story.journal for c in turned.commands) < 25


def test_fills_decide() -> None:
    """Its own fills settle an unknown order as soon as they are all of it."""
    story, order = doubtful()
    story.fills(story.fill_for(order, "0.02", "100000"))
    assert story.status(order) is UNKNOWN
    story.fills(story.fill_for(order, "0.03", "100000"))
    assert (story.status(order), story.sleeve("BTC")) == (OrderStatus.FILLED, D("-0.05"))


def test_part_of_its_fills_decides_past_the_deadline() -> None:
    """Fills of a part, complete past the deadline and agreeing with the position, make it partially-filled."""
    story, order = doubtful()
    story.fills(story.fill_for(order, "0.02", "100000"))
    past_deadline(story, order).read_all()
    assert (story.status(order), story.sleeve("BTC")) == (OrderStatus.PARTIALLY_FILLED, D("-0.02"))


def test_found_filled_waits_for_its_fills() -> None:
    """A look-up that says filled is believed, but money moves with the fills."""
    story, order = doubtful()
    story.found(order, Found.FILLED, "0.05", 7)
    assert (story.status(order), story.sleeve("BTC")) == (UNKNOWN, D(0))
    story.fills(story.fill_for(order, "0.05", "99990"))
    assert story.status(order) is OrderStatus.FILLED


def test_found_cancelled_with_a_part_is_partially_filled() -> None:
    """A cancelled IOC that traded a part is partially-filled once the fills of that part are here."""
    story, order = doubtful()
    story.found(order, Found.CANCELLED, "0.02", 7)
    story.fills(story.fill_for(order, "0.02", "100000"))
    assert story.status(order) is OrderStatus.PARTIALLY_FILLED


def test_found_cancelled_with_nothing_is_cancelled() -> None:
    """A look-up that says cancelled with nothing executed ends the order."""
    story, order = doubtful()
    story.found(order, Found.CANCELLED, "0", 7)
    assert story.status(order) is OrderStatus.CANCELLED


def test_found_cancelled_without_a_size_waits_for_the_position() -> None:
    """A look-up that does not say how much was executed leaves that to fills and position."""
    story, order = doubtful()
    story.found(order, Found.CANCELLED)
    assert story.status(order) is UNKNOWN
    past_deadline(story, order).read_all()
    assert story.status(order) is REJECTED


def test_found_rejected_ends_the_order() -> None:
    """A look-up that says rejected ends the order, unless it was executed."""
    story, order = doubtful()
    story.found(order, Found.REJECTED)
    assert story.status(order) is REJECTED
    assert story.found(order, Found.FILLED, "0.05").updates() == []
    other, second = doubtful()
    other.fills(other.fill_for(second, "0.02", "100000"))
    other.found(second, Found.REJECTED)
    assert other.status(second) is UNKNOWN


def test_order_that_is_found_open_is_cancelled_and_never_taken_for_settled() -> None:
    """While a look-up says open the order is cancelled, and stays unknown whatever else agrees."""
    story, order = doubtful()
    story.fills(story.fill_for(order, "0.02", "100000"))
    assert len(story.found(order, Found.OPEN, "0.02", 7).cancels()) == 1
    past_deadline(story, order).read_all()
    assert story.status(order) is UNKNOWN
    assert story.action(order.identity.cloid, ActionOutcome.ACCEPTED, ActionKind.CANCEL).burns() == []
    story.found(order, Found.CANCELLED, "0.02", 7)
    assert story.status(order) is OrderStatus.PARTIALLY_FILLED


def test_accepted_noop_beside_a_fill_settles_nothing() -> None:
    """An accepted noop contradicts an execution that is booked already: the order is looked up instead."""
    story = begun()
    order = story.opened("BTC", "1", "100000")
    story.fills(story.fill_for(order, "0.02", "100000"))
    story.lose(order).burnt(order)
    assert story.status(order) is UNKNOWN
    assert story.all(QueryOrder)


def test_refused_nonce_is_not_a_refused_order() -> None:
    """A "duplicate nonce" to an order leaves its outcome unknown."""
    story = begun()
    order = story.opened("BTC", "1", "100000")
    story.reject(order, RejectCode.NONCE)
    assert (story.status(order), story.burns()) == (UNKNOWN, [order.identity.cloid])


def test_late_clear_answer_settles_an_unknown_order() -> None:
    """An answer that comes late after all settles the order: a fill, a refusal, or a refusal after a fill."""
    story, order = doubtful()
    story.filled(order, "0.05", "100000")
    assert story.status(order) is OrderStatus.FILLED
    story, order = doubtful()
    story.reject(order)
    assert story.status(order) is REJECTED
    story, order = doubtful()
    story.fills(story.fill_for(order, "0.02", "100000"))
    story.reject(order)
    assert (story.status(order), story.sleeve("BTC")) == (OrderStatus.PARTIALLY_FILLED, D("-0.02"))


def test_unknown_order_that_turns_out_to_rest_is_cancelled() -> None:
    """An unknown order of which it is then said that it rests is cancelled and stays unknown."""
    story, order = doubtful()
    story.answer(order, Resting(order_id=3))
    assert (len(story.cancels()), story.status(order)) == (1, UNKNOWN)


def test_book_beside_an_unknown_order_only_reduces() -> None:
    """Until it is settled the book sends no increase, and reduces reduce-only by at most its live position."""
    story = begun().holding()
    order = story.opened("BTC", "1", "100000")
    story.lose(order).processed(order)
    assert not story.source("BTC", "1", "100000").orders
    closing = story.source("BTC", "-3", "100000").order
    assert closing.terms.reduce_only
    assert (closing.terms.side, closing.terms.quantity) == (Side.BUY, D("0.05"))


def test_exit_that_would_grow_the_book_waits_beside_an_unknown_order() -> None:
    """With several bots an exit may un-net the book: beside an unknown order it is not sent."""
    story = begun(settings(bot(), bot("two", OTHER))).holding("BTC", "1").holding("BTC", "-3", start="0", wallet=OTHER)
    assert story.position() == D("0.10")
    order = story.opened("BTC", "1", "100000")
    story.lose(order).processed(order)
    assert story.source("BTC", "-2", "100000").orders == []


def test_operators_trade_meanwhile_does_not_keep_the_order_unknown() -> None:
    """A fill of nobody's order is held back; once the readings agree with it the order settles and it is booked."""
    story, order = doubtful()
    story.fills(story.own_fill("BTC", "0.5", "100000", order_id=99))
    assert story.position() == 0
    past_deadline(story, order).fills(complete=True).read_account(BTC="0.5")
    assert story.status(order) is REJECTED
    story.reject(story.order, RejectCode.MARGIN).wait(5_000)
    assert (story.part("external"), story.sleeve("BTC")) == (D("0.5"), D(0))


def test_held_back_fill_is_told_by_the_look_up() -> None:
    """A fill without a cloid is ours as soon as a look-up tells the order's id."""
    story, order = doubtful()
    story.fills(story.own_fill("BTC", "-0.05", "100000", order_id=7))
    assert story.position() == 0
    story.found(order, Found.FILLED, "0.05", 7).wait(0)
    assert (story.status(order), story.sleeve("BTC")) == (OrderStatus.FILLED, D("-0.05"))


def test_what_cannot_be_explained_alarms_and_waits_for_a_person() -> None:
    """Where the position fits nothing a minute past the deadline, it alarms once; accepting the drift ends it."""
    story, order = doubtful()
    past_deadline(story, order)
    story.fills(complete=True).read_account(BTC="-0.05")
    story.wait(70_000)
    alarms = [a for _, turned in story.journal for a in turned.records if getattr(a, "category", "") == "order"]
    assert len(alarms) == 1
    assert story.status(order) is UNKNOWN
    assert any(isinstance(r, Drift) and r.is_open for _, turned in story.journal for r in turned.records)
    story.wait(120_000)
    assert len([a for _, t in story.journal for a in t.records if getattr(a, "category", "") == "order"]) == 1
    story.mark("BTC", "100000").order_by(AcceptDrift(account="main", coin="BTC"))
    assert story.refusal() == ""
    assert (story.status(order), story.part("external")) == (REJECTED, D("-0.05"))


def test_found_filled_without_any_trace_alarms() -> None:
    """A look-up that says filled while fills and position say nothing is never taken for a rejection."""
    story, order = doubtful()
    story.found(order, Found.FILLED)
    past_deadline(story, order).read_all()
    story.wait(70_000)
    assert story.status(order) is UNKNOWN
    assert any(getattr(r, "category", "") == "order" for _, turned in story.journal for r in turned.records)


def test_wakes_of_settled_orders_do_nothing() -> None:
    """A wake to settle an order that has ended meanwhile asks for nothing."""
    story, order = doubtful()
    story.found(order, Found.REJECTED).wait(1_000)
    assert story.turn.commands == []


def test_complete_fills_settle_only_what_is_unknown() -> None:
    """A complete fetch of our fills leaves an order alone whose answer is still awaited."""
    story = begun()
    order = story.opened("BTC", "1", "100000")
    past_deadline(story, order).read_all()
    assert story.status(order) is OrderStatus.PENDING
