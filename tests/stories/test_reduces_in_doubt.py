"""Reduces beside unknown orders, while the exchange disagrees, and without fresh prices."""

from fadearena.model.command import ReadBook
from fadearena.model.event import Kill, Marks, QuoteUnreadable
from fadearena.model.market import Quote
from fadearena.model.units import MINUTE_MS, SECOND_MS, Direction
from tests.support.world import OTHER, WALLET, D, World, bot, settings


def two() -> World:
    """One bot that is faded and one that is copied, in one account."""
    return World(
        settings(bot("fader", WALLET), bot("copier", OTHER, direction=Direction.COPY)), equity="100000"
    ).started()


def test_beside_an_unknown_order_only_the_live_position_is_reduced() -> None:
    """An exit that would un-net the book is cut to what the book holds, and flagged."""
    world = two().holding("BTC", "1", "100000").holding("BTC", "0.4", "100000", wallet=OTHER)
    world.source("BTC", "0.4", "100000", wallet=OTHER)
    world.no_answer(world.order).source("BTC", "-1", "100000")
    assert (world.order.terms.quantity, world.order.terms.reduce_only) == (D("0.03"), True)
    world.fill(world.order)
    assert world.orders == []


def test_beside_an_unknown_order_nothing_is_sold_that_the_book_does_not_hold() -> None:
    """An exit away from zero waits until the unknown order is settled."""
    world = two().holding("BTC", "1", "100000").holding("BTC", "0.4", "100000", wallet=OTHER)
    world.source("BTC", "0.2", "100000")
    unknown = world.order
    world.no_answer(unknown).source("BTC", "-0.4", "100000", wallet=OTHER)
    assert (world.orders, world.decision.reason) == ([], "order_settled")
    world.fill(unknown)
    assert world.order.terms.bot == "copier"


def test_an_unknown_reduce_is_not_sent_a_second_time() -> None:
    """What an unknown order may have closed already is not asked for again; only more than that is."""
    world = World().started().holding("BTC", "1", "100000").source("BTC", "-0.5", "100000")
    unknown = world.order
    world.no_answer(unknown).mark("BTC", "100000")
    assert world.orders == []
    world.source("BTC", "-0.5", "100000")
    assert world.order.terms.quantity == D("0.025")
    world.fill(world.order).fill(unknown)
    assert world.sleeve("BTC") == 0


def test_while_the_exchange_disagrees_only_its_position_is_reduced() -> None:
    """With a drift open a reduce is reduce-only and at most what the exchange really holds."""
    world = World().started().holding("BTC", "1", "100000")
    for _ in range(2):
        world.wait(3 * SECOND_MS).read_account(BTC="-0.02")
    world.source("BTC", "-1", "100000")
    assert (world.order.terms.quantity, world.order.terms.reduce_only) == (D("0.02"), True)


def test_while_the_exchange_holds_nothing_there_is_nothing_to_reduce() -> None:
    """With a drift to zero a reduce says why it is not sent, and the sleeve is not taken for dust."""
    world = World().started().holding("BTC", "1", "100000")
    for _ in range(2):
        world.wait(3 * SECOND_MS).read_account(BTC="0")
    world.source("BTC", "-1", "100000")
    assert (world.orders, world.decision.reason) == ([], "reconciled")
    assert world.sleeve("BTC") == D("-0.05")


def test_a_tiny_live_position_does_not_make_dust_of_a_large_sleeve() -> None:
    """What cannot be sent since the exchange holds less than the minimum waits; the sleeve stays."""
    world = World().started().holding("BTC", "1", "100000")
    for _ in range(2):
        world.wait(3 * SECOND_MS).read_account(BTC="0.00001")
    world.source("BTC", "-1", "100000")
    assert world.sleeve("BTC") == D("-0.05")


def test_a_reduce_with_old_market_data_fetches_the_book_first() -> None:
    """Prices of more than a minute ago are not traded on; the answer to the request is."""
    world = World().started().holding("BTC", "1", "100000").wait(MINUTE_MS + 1)
    world.source("BTC", "-1", "100000", fresh=False)
    assert (world.orders, world.reasons) == ([], ["hold:price_fresh"])
    assert [read.coin for read in world.all(ReadBook)] == ["BTC"]
    world.mark("ETH", "2000")
    assert (world.orders, world.all(ReadBook)) == ([], [])
    world.mark("BTC", "90000")
    assert world.order.terms.limit == D(90900)


def test_a_reduce_without_any_fresh_price_takes_the_last_mark_with_the_emergency_cap() -> None:
    """When the book cannot be read the position still goes, as far as 3 % from the last mark."""
    world = World().started().holding("BTC", "1", "100000").wait(MINUTE_MS + 1)
    world.source("BTC", "-1", "100000", fresh=False)
    world.send(QuoteUnreadable(time=world.now, received=world.now, coin="BTC", reason="timeout"))
    assert world.order.terms.limit == D(103000)


def test_a_lost_request_for_the_book_does_not_keep_a_reduce_waiting() -> None:
    """Five seconds without an answer count as a failed one; the next attempt asks again."""
    world = World().started().holding("BTC", "1", "100000").wait(MINUTE_MS + 1)
    world.source("BTC", "-1", "100000", fresh=False).wait(5 * SECOND_MS)
    assert world.order.terms.limit == D(103000)
    world.refuse(world.order).wait(SECOND_MS)
    assert [read.coin for read in world.all(ReadBook)] == ["BTC"]


def test_a_book_that_was_unreadable_long_ago_is_asked_for_again() -> None:
    """A failure is forgotten after a minute, also where nothing could be sent meanwhile."""
    world = World().started().holding("BTC", "1", "100000").wait(MINUTE_MS + 1)
    world.source("BTC", "-1", "100000", fresh=False).order_by(Kill())
    world.send(QuoteUnreadable(time=world.now, received=world.now, coin="BTC", reason="timeout"))
    assert world.decision.reason == "trading_state"
    world.wait(2 * MINUTE_MS).source("BTC", "-0.1", "100000", fresh=False)
    assert [read.coin for read in world.all(ReadBook)] == ["BTC"]


def test_a_reduce_is_priced_from_the_mark_where_the_touch_is_old() -> None:
    """An old touch is no touch."""
    world = World().started().holding("BTC", "1", "100000").wait(2 * MINUTE_MS)
    quote = Quote(coin="BTC", mark=D(80000), mark_time=world.now)
    world.send(Marks(time=world.now, received=world.now, quotes=(quote,)))
    world.source("BTC", "-1", "100000", fresh=False)
    assert world.order.terms.limit == D(80800)


def test_a_request_for_the_book_is_timed_although_another_wake_came_first() -> None:
    """Five seconds without an answer end the wait, whatever woke the book before."""
    world = World().started().holding("BTC", "1", "100000").wait(MINUTE_MS + 1)
    world.source("BTC", "-0.5", "100000", fresh=False)
    world.wait(2 * SECOND_MS).source("BTC", "-0.5", "100000", fresh=False).wait(3 * SECOND_MS)
    assert world.order.terms.limit == D(103000)


def test_a_reduce_without_any_mark_waits_for_a_price() -> None:
    """Where no price was ever known the book is asked for again and again."""
    world = World().started().holding("BTC", "1", "100000")
    del world.state.quotes["BTC"]
    world.source("BTC", "-1", "100000", fresh=False)
    assert world.all(ReadBook)
    world.send(QuoteUnreadable(time=world.now, received=world.now, coin="BTC", reason="timeout"))
    world.wait(20 * SECOND_MS)
    assert world.orders == []
    world.mark("BTC", "100000")
    assert world.order.terms.quantity == D("0.05")
