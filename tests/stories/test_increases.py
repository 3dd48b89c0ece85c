"""Increases: only by a growth of what is followed, held while they have to wait, refused once and for all."""

from fadearena.model.event import OrderAnswered, Pause, Resume, SourceFills
from fadearena.model.order import Dropped, Purpose, RejectCode
from fadearena.model.policy import Tuning
from fadearena.model.units import MINUTE_MS, SECOND_MS, Side
from fadearena.model.wallet import Feed
from tests.support.world import WALLET, D, World, settings


def test_a_growth_of_the_source_is_faded_by_one_order() -> None:
    """A bot that buys makes us sell, at the ratio, with an order that is no reduce-only."""
    world = World().started().source("BTC", "1", "100000")
    terms = world.order.terms
    assert (terms.side, terms.quantity, terms.purpose, terms.reduce_only) == (
        Side.SELL,
        D("0.05"),
        Purpose.INCREASE,
        False,
    )
    assert world.reasons == ["execute:increase"]
    world.fill()
    assert world.sleeve("BTC") == D("-0.05")


def test_time_and_a_better_price_never_bring_an_increase() -> None:
    """What was refused is not decided again by time passing or by a better price."""
    world = World(settings(max_order_notional=D(1000))).started().holding("BTC", "1", "100000")
    assert world.sleeve("BTC") == D("-0.01")
    for price in ("99000", "101000", "100000"):
        world.wait(MINUTE_MS).mark("BTC", price)
        assert world.orders == []
    assert world.sleeve("BTC") == D("-0.01")


def test_a_clamped_rest_waits_for_the_next_growth() -> None:
    """The part that a limit cut off is made up for when the source grows again."""
    world = World(settings(max_order_notional=D(3000))).started().holding("BTC", "1", "100000")
    assert world.sleeve("BTC") == D("-0.03")
    world.source("BTC", "0.1", "100000")
    assert world.order.terms.quantity == D("0.025")


def test_a_skipped_growth_waits_for_the_next_growth() -> None:
    """A growth that a check refused is part of the target when the source grows again."""
    world = World().started()
    world.source("BTC", "1", "100000", fresh=False)
    assert world.decision.reason == "price_fresh"
    world.source("BTC", "1", "100000")
    assert world.order.terms.quantity == D("0.1")


def test_a_growth_during_an_order_in_flight_is_held_and_decided_afterwards() -> None:
    """A growth that only waits for the book's order is decided when that order is settled, even in the same ms."""
    world = World().started().source("BTC", "1", "100000")
    first = world.order
    world.source("BTC", "1", "100000")
    assert world.orders == []
    world.fill(first)
    assert world.order.terms.quantity == D("0.05")
    world.fill(world.order)
    assert world.sleeve("BTC") == D("-0.1")


def test_a_growth_behind_an_unknown_order_is_held_until_it_is_settled() -> None:
    """Nothing is increased beside an order whose outcome nobody knows."""
    world = World().started().source("BTC", "1", "100000")
    first = world.order
    world.no_answer(first).source("BTC", "1", "100000")
    assert world.orders == []
    world.fill(first)
    assert world.order.terms.quantity == D("0.05")


def test_a_growth_that_waited_too_long_is_too_old() -> None:
    """A held growth is skipped once the source's fill is older than `max_signal_age`."""
    world = World().started().source("BTC", "1", "100000")
    first = world.order
    world.no_answer(first).source("BTC", "1", "100000")
    world.wait(61 * SECOND_MS).snapshot().mark("BTC", "100000").fill(first)
    assert world.orders == []
    assert world.decision.reason == "signal_age"


def test_old_source_fills_bring_no_increase() -> None:
    """A fill that the source made more than a minute ago is not followed any more; one of just a minute is."""
    for age, coins in ((60_001, []), (60_000, ["BTC"])):
        world = World(settings(tuning=Tuning(snapshot_round_ms=2 * MINUTE_MS))).started()
        world.wait(61 * SECOND_MS).source("BTC", "1", "100000", time=world.now - age)
        assert [order.terms.coin for order in world.orders] == coins
        assert world.check("signal_age").passed is bool(coins)


def test_a_flip_is_two_orders() -> None:
    """A sleeve goes to zero first, and opens the other way from the state after that fill."""
    world = World().started().holding("BTC", "1", "100000").source("BTC", "-3", "100000")
    close = world.order
    assert (close.terms.side, close.terms.quantity, close.terms.reduce_only) == (Side.BUY, D("0.05"), True)
    world.fill(close)
    opening = world.order
    assert (opening.terms.side, opening.terms.quantity, opening.terms.purpose) == (
        Side.BUY,
        D("0.1"),
        Purpose.INCREASE,
    )
    world.fill(opening)
    assert world.sleeve("BTC") == D("0.1")


def test_the_second_leg_of_a_flip_starts_from_what_the_first_left() -> None:
    """A first leg that fills in part is finished before anything opens."""
    world = World().started().holding("BTC", "1", "100000").source("BTC", "-2", "100000")
    world.fill(world.order, quantity="0.02")
    assert (world.order.terms.quantity, world.order.terms.purpose) == (D("0.03"), Purpose.REDUCE)
    world.fill(world.order)
    assert (world.order.terms.quantity, world.order.terms.purpose) == (D("0.05"), Purpose.INCREASE)


def test_a_partial_increase_is_tried_three_times() -> None:
    """The rest of a growth is tried at most `max_attempts` times, then it waits for the next growth."""
    world = World().started().source("BTC", "1", "100000")
    for left in ("0.04", "0.03"):
        world.fill(world.order, quantity="0.01")
        assert world.order.terms.quantity == D(left)
    world.fill(world.order, quantity="0.01")
    assert world.orders == []
    assert world.sleeve("BTC") == D("-0.03")
    world.source("BTC", "0.1", "100000")
    assert world.order.terms.quantity == D("0.025")


def test_attempts_are_counted_for_each_growth() -> None:
    """A new growth brings new attempts."""
    world = World().started().source("BTC", "1", "100000")
    for _ in range(2):
        world.refuse(world.order)
    last = world.order
    world.source("BTC", "1", "100000").refuse(last)
    assert world.order.terms.quantity == D("0.1")


def test_a_refusal_that_no_retry_mends_ends_the_growth() -> None:
    """An increase refused for margin becomes a dead letter and is not sent again."""
    world = World().started().source("BTC", "1", "100000").refuse(code=RejectCode.MARGIN)
    assert world.orders == []
    assert len(world.state.letters) == 1


def test_an_order_that_never_left_is_decided_again() -> None:
    """An increase that was dropped before it was sent counts as an attempt, and the rest is tried again."""
    world = World().started().source("BTC", "1", "100000")
    first = world.order.identity
    world.send(OrderAnswered(time=world.now, received=world.now, cloid=first.cloid, answer=Dropped(reason="late")))
    again = world.order.identity
    assert again.cloid != first.cloid
    assert again.nonce > first.nonce


def test_an_increase_below_the_minimum_is_skipped_and_never_rounded_up() -> None:
    """Below $10.50 nothing is sent; at $10.50 it is."""
    world = World().started().source("ETH", "0.1", "2099.99")
    assert (world.orders, world.decision.reason) == ([], "below_minimum")
    world = World().started().source("ETH", "0.1", "2120")
    assert world.order.terms.quantity == D("0.005")


def test_the_minimum_is_measured_at_the_lowest_of_limit_mark_and_mid() -> None:
    """A sale is valued at its limit, below the mark."""
    world = World().started().source("ETH", "0.1", "2105")
    assert world.decision.reason == "below_minimum"


def test_small_growths_of_a_large_position_stay_in_the_dead_band() -> None:
    """A growth of less than 2 % of the target is not worth an order; small ones add up until they are."""
    world = World().started().holding("BTC", "1", "100000")
    world.source("BTC", "0.01", "100000")
    assert (world.orders, world.decision.reason) == ([], "dead_band")
    assert world.decision.checks
    world.source("BTC", "0.02", "100000")
    assert world.order.terms.quantity == D("0.0015")


def test_increases_round_down_to_the_lot() -> None:
    """0.05 x 1.00009 BTC is 0.0500045: five decimals are sent, towards zero."""
    world = World().started().source("BTC", "1.00009", "100000")
    assert world.order.terms.quantity == D("0.05")


def test_fills_of_one_message_bring_one_decision() -> None:
    """All fills of a message are folded first, then decided once."""
    world = World().started()
    fills = tuple(
        world.fill_of("BTC", change, "100000", start) for change, start in (("1", "0"), ("1", "1"), ("-0.5", "2"))
    )
    quotes = (world.quote("BTC", "100000"),)
    world.send(
        SourceFills(time=world.now, received=world.now, quotes=quotes, wallet=WALLET, feed=Feed.USER, fills=fills)
    )
    assert world.order.terms.quantity == D("0.075")


def test_a_window_gathers_growths_from_the_first_on() -> None:
    """With a window the decision comes at its end, measured from the first growth, not from the last."""
    world = World(settings(tuning=Tuning(coalesce_ms=1000))).started().source("BTC", "1", "100000")
    assert world.orders == []
    world.wait(600).source("BTC", "1", "100000")
    assert world.orders == []
    world.wait(400)
    assert world.order.terms.quantity == D("0.1")


def test_pauses_refuse_growths_and_a_resume_makes_up_for_nothing() -> None:
    """A growth during a pause is skipped; the end of the pause does not bring it back, the next growth does."""
    world = World().started().order_by(Pause()).source("BTC", "1", "100000")
    assert world.decision.reason == "trading_state"
    world.order_by(Resume()).mark("BTC", "100000")
    assert world.orders == []
    world.source("BTC", "1", "100000")
    assert world.order.terms.quantity == D("0.1")
