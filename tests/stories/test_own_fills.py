"""Our own executions, by whatever way and in whatever order they become known (rules 7.4, 7.7, 7.10)."""

import pytest

from fadearena.core.state import FILL_KEYS_MAX, Seen
from fadearena.model.order import OrderStatus
from fadearena.model.record import FillKind, MyFill
from tests.support.story import Story, begun
from tests.support.world import OTHER, D, bot, settings


def money(story: Story) -> tuple[D, D, D]:
    """Size, cost and fees of the sleeve."""
    part = story.state.books["main", "BTC"].book.sleeve("bot")
    return part.size, part.cost, part.fees


def test_answer_then_fills() -> None:
    """The answer moves the sleeve at its average price; fills then replace price and fee, and move nothing."""
    story = begun()
    order = story.opened("BTC", "1", "100000")
    story.filled(order, "0.05", "99990")
    assert money(story) == (D("-0.05"), D("-4999.5"), D(0))
    story.fills(story.fill_for(order, "0.02", "99980", fee=D("0.9")))
    story.fills(story.fill_for(order, "0.03", "100000", fee=D("1.35")))
    assert money(story) == (D("-0.05"), D("-4999.6"), D("2.25"))
    (row,) = story.all(MyFill)
    assert (row.kind, row.quantity, row.fee) == (FillKind.CORRECTION, D(0), D("1.35"))
    assert story.alerts == []


def test_fills_then_answer() -> None:
    """Fills that come first count; the answer adds nothing to them."""
    story = begun()
    order = story.opened("BTC", "1", "100000")
    story.fills(story.fill_for(order, "0.02", "99980"), story.fill_for(order, "0.03", "100000"))
    assert story.status(order) is OrderStatus.FILLED
    story.filled(order, "0.05", "99992")
    assert money(story)[:2] == (D("-0.05"), D("-4999.6"))
    assert story.alerts == []


def test_fill_between_order_and_answer() -> None:
    """The sleeve moves by the growth of max(answer, fills): first a part by a fill, then the rest by the answer."""
    story = begun()
    order = story.opened("BTC", "1", "100000")
    story.fills(story.fill_for(order, "0.02", "99980"))
    assert story.status(order) is OrderStatus.PENDING
    story.filled(order, "0.05", "99992")
    assert story.sleeve("BTC") == D("-0.05")
    story.fills(story.fill_for(order, "0.03", "100000"))
    assert money(story)[:2] == (D("-0.05"), D("-4999.6"))


def test_fills_without_an_answer() -> None:
    """Fills alone settle an order when they are all of it."""
    story = begun()
    order = story.opened("BTC", "1", "100000")
    story.fills(story.fill_for(order, "0.05", "100000"))
    assert story.status(order) is OrderStatus.FILLED


def test_fill_is_counted_once() -> None:
    """The same fill from two ways, or twice in one message, counts once."""
    story = begun()
    order = story.opened("BTC", "1", "100000")
    fill = story.fill_for(order, "0.02", "100000", fee=D(1))
    story.fills(fill, fill).fills(fill)
    assert money(story) == (D("-0.02"), D(-2000), D(1))


def test_fills_beyond_the_answer_count() -> None:
    """Fills that sum up to more than the answer said count in full, and alarm."""
    story = begun()
    order = story.opened("BTC", "1", "100000")
    story.filled(order, "0.04", "100000")
    fills = [story.fill_for(order, "0.03", "100000"), story.fill_for(order, "0.02", "100000", fee=D(1))]
    story.fills(*fills)
    assert money(story) == (D("-0.05"), D(-5000), D(1))
    assert "order" in story.alerts


def test_late_fill_of_a_settled_order_counts_and_alarms() -> None:
    """A fill is never refused because of a state: it moves the sleeve, alarms, and changes no terminal state."""
    story = begun()
    order = story.opened("BTC", "1", "100000")
    story.lose(order).burnt(order)
    story.reject(story.order)
    story.fills(story.fill_for(order, "0.05", "100000"))
    assert (story.status(order), story.sleeve("BTC")) == (OrderStatus.EXPIRED, D("-0.05"))
    assert story.alerts == ["order"]


def test_late_fill_of_a_bot_that_is_gone_becomes_residue() -> None:
    """A late fill of a bot that was removed meanwhile still counts: as residue, which the book closes."""
    story = begun(settings(bot(), bot("two", OTHER)))
    order = story.opened("BTC", "1", "100000", wallet=OTHER)
    story.lose(order).burnt(order)
    story.reject(story.order)
    story.reject(story.order)
    story.remove("two")
    story.fills(story.fill_for(order, "0.05", "100000", fee=D(1)))
    assert (story.position(), story.part("residue")) == (D("-0.05"), D("-0.05"))
    assert story.order.terms.reduce_only


def test_late_answer_of_a_bot_that_is_gone_is_corrected_in_the_residue() -> None:
    """An answer and then its fill for a bot that was removed leave the books whole."""
    story = begun(settings(bot(), bot("two", OTHER)))
    order = story.opened("BTC", "1", "100000", wallet=OTHER)
    story.lose(order).burnt(order)
    story.reject(story.order)
    story.reject(story.order)
    story.remove("two")
    story.filled(order, "0.05", "100000")
    story.fills(story.fill_for(order, "0.05", "99990"))
    assert story.part("residue") == D("-0.05")


def test_fill_by_order_id_is_ours() -> None:
    """A fill without a cloid belongs to the order of the same book whose id it bears."""
    story = begun()
    order = story.opened("BTC", "1", "100000")
    story.filled(order, "0.05", "100000", order_id=70)
    story.fills(story.own_fill("BTC", "-0.05", "100000", order_id=70))
    assert story.sleeve("BTC") == D("-0.05")
    assert story.part("external") == 0
    story.wait(5_001)
    story.fills(story.own_fill("ETH", "1", "2000", order_id=70))
    assert story.part("external", "ETH") == 1


def test_unknown_fill_beside_an_order_in_flight_is_held_back() -> None:
    """A fill without cloid and id in a book with an unsettled order waits until it can be told whose it is."""
    story = begun()
    order = story.opened("BTC", "1", "100000")
    story.fills(story.own_fill("BTC", "-0.05", "100000"))
    assert story.position() == 0
    story.wait(6_000)
    assert story.position() == 0
    story.filled(order, "0.05", "100000").wait(4_999)
    assert story.position() == D("-0.05")
    story.wait(1)
    assert (story.position(), story.part("external")) == (D("-0.10"), D("-0.05"))
    assert story.alerts == ["operator_trade"]


def test_held_back_fill_is_ours_once_the_answer_names_its_id() -> None:
    """A fill that came before the answer is booked to the order when the answer tells the order's id."""
    story = begun()
    order = story.opened("BTC", "1", "100000")
    story.fills(story.own_fill("BTC", "-0.05", "99990", order_id=70, fee=D(2)))
    story.filled(order, "0.05", "100000", order_id=70).wait(0)
    assert money(story) == (D("-0.05"), D("-4999.5"), D(2))
    assert story.part("external") == 0


def test_fill_right_after_an_order_ended_is_held_back() -> None:
    """An order that ended less than 5 s ago holds a fill of nobody's back; later ones are booked at once."""
    story = begun()
    order = story.opened("BTC", "1", "100000")
    story.reject(story.reject(story.reject(order).order).order)
    story.wait(4_999)
    story.fills(story.own_fill("BTC", "1", "100000"))
    assert story.position() == 0
    story.wait(5_000)
    assert story.position() == 1
    story.fills(story.own_fill("BTC", "1", "100000"))
    assert story.position() == 2


def test_unknown_cloid_means_two_writers() -> None:
    """A fill with a client order id that was never made here counts, halts everything, and alarms once."""
    story = begun()
    order = story.opened("BTC", "1", "100000")
    story.fills(story.own_fill("ETH", "1", "2000", cloid="0x" + "7" * 32))
    assert (story.latches(), story.alerts) == (["all two_writers"], ["two_writers"])
    assert story.part("external", "ETH") == 1
    story.fills(story.own_fill("ETH", "1", "2000", cloid="0x" + "8" * 32))
    assert (story.alerts, story.part("external", "ETH")) == ([], D(2))
    story.filled(order, "0.05", "100000")
    assert story.source("BTC", "1", "100000").orders == []
    assert story.source("BTC", "-2", "100000").orders == []


def test_spot_fills_and_fills_of_others_are_not_ours() -> None:
    """Spot fills, and fills of an account that is not watched here, move nothing."""
    story = begun()
    story.fills(story.own_fill("@107", "5", "10"), story.own_fill("PURR/USDC", "5", "10"))
    story.fills(story.own_fill("BTC", "1", "100000"), account="stranger")
    assert story.turn.records == []
    assert story.position() == 0


def test_fills_before_the_first_reading_are_part_of_it() -> None:
    """What was traded before the first complete reading is in its positions: it is not booked a second time."""
    story = Story()
    story.tell_settings()
    old = story.own_fill("BTC", "0.5", "100000", cloid="0x" + "7" * 32)
    story.fills(old)
    story.wait(1_000)
    story.mark("BTC", "100000").read_account(BTC="0.5")
    assert story.since() == [story.now]
    story.fills(old, complete=True)
    assert (story.position(), story.latches()) == (D("0.5"), [])
    story.fills(story.own_fill("BTC", "0.1", "100000"))
    assert story.position() == D("0.6")


def test_memory_of_fills_is_bounded_and_forgets_none_of_a_millisecond() -> None:
    """Beyond the limit the older half is forgotten; what is that old counts as booked, and nothing counts twice."""
    seen = Seen()
    assert all(seen.take(str(n), n // 3) for n in range(FILL_KEYS_MAX + 1))
    assert len(seen.keys) <= FILL_KEYS_MAX // 2 + 3
    assert not any(seen.take(str(n), n // 3) for n in range(FILL_KEYS_MAX + 1))
    assert not seen.take("ancient", 0)


@pytest.mark.parametrize("order_of", ["answer first", "fills first", "answer last"])
def test_every_way_ends_in_the_same_books(order_of: str) -> None:
    """Whatever comes first, size, cost and fees end the same."""
    story = begun()
    order = story.opened("BTC", "1", "100000")
    one, two = (story.fill_for(order, q, p, fee=D(1)) for q, p in (("0.02", "99980"), ("0.03", "100000")))
    if order_of == "answer first":
        story.filled(order, "0.05", "99992").fills(two).fills(one)
    elif order_of == "fills first":
        story.fills(one, two)
    else:
        story.fills(two).filled(order, "0.05", "99992").fills(one, two)
    assert money(story) == (D("-0.05"), D("-4999.6"), D(2))
