"""The life of an order: label, nonce, deadline, answers, what follows from its end (rules 7.1 to 7.4, 7.6 to 7.9)."""

import msgspec
import pytest

from fadearena.core.state import RETIRED_ORDERS_MAX
from fadearena.model.command import PlaceOrder, ReadAccount, WakeAt
from fadearena.model.event import Kill, OrderShadowed
from fadearena.model.ids import cloid_of
from fadearena.model.order import Filled, OrderStatus, Purpose, RejectCode, Resting
from fadearena.model.record import DeadLetter, OrderUpdate, ShadowFill
from tests.support.story import begun
from tests.support.world import AGENT, MAIN, OTHER, WALLET, D, bot, settings


def test_label_names_wallet_time_asset_and_count() -> None:
    """A label names the bot's wallet, the triggering event's time, the asset and a count; the cloid is its hash."""
    story = begun()
    order = story.opened("ETH", "10", "2000")
    assert order.identity.label == f"fadearena-{WALLET}-{story.now}-1.0"
    assert order.identity.cloid == cloid_of(order.identity.label)
    assert [u.label for u in story.all(OrderUpdate)] == [order.identity.label]


def test_new_attempt_is_a_new_order() -> None:
    """A second attempt after the same event's time counts on, and has its own cloid and nonce."""
    story = begun()
    first = story.opened("ETH", "10", "2000")
    again = story.reject(first).order
    assert again.identity.label.endswith("-1.1")
    assert again.identity.cloid != first.identity.cloid
    assert again.identity.nonce == first.identity.nonce + 1


def test_order_of_no_bot_carries_the_account() -> None:
    """An order that belongs to no bot is labelled with our account's address."""
    story = begun().holding()
    story.order_by(Kill(flatten=True))
    assert story.order.identity.label.startswith(f"fadearena-{MAIN}-")


def test_nonces_grow_and_orders_expire_after_five_seconds() -> None:
    """The nonce is the moment of receipt, or one more than the signer's last; an order lives for 5 s."""
    story = begun()
    story.source("ETH", "10", "2000")
    first = story.order
    story.source("BTC", "1", "100000")
    second = story.order
    assert (first.identity.signer, second.identity.signer) == (AGENT, AGENT)
    assert first.identity.nonce >= story.now
    assert second.identity.nonce == first.identity.nonce + 1
    assert second.identity.expires_after == story.now + 5_000


def test_order_passes_from_pending_to_filled() -> None:
    """An order is pending, submitted, filled; each transition is recorded once."""
    story = begun()
    order = story.opened("BTC", "1", "100000")
    assert story.updates() == ["pending"]
    assert story.sent(order).updates() == ["submitted"]
    assert story.sent(order).updates() == []
    assert story.filled(order, "0.05", "100000").updates() == ["filled"]
    assert story.filled(order, "0.05", "100000").updates() == []
    assert story.sleeve("BTC") == D("-0.05")


def test_partly_filled_answer_says_filled_with_less() -> None:
    """An IOC that traded a part is partially-filled; the rest of an increase is tried again."""
    story = begun()
    order = story.opened("BTC", "1", "100000")
    story.filled(order, "0.02", "100000")
    assert story.status(order) is OrderStatus.PARTIALLY_FILLED
    assert story.order.terms.quantity == D("0.03")
    assert story.sleeve("BTC") == D("-0.02")


def test_increase_is_tried_three_times() -> None:
    """An increase that does not match is given up after three attempts, and waits for the next growth."""
    story = begun()
    order = story.opened("BTC", "1", "100000")
    attempts = 1
    while story.reject(order).orders:
        order, attempts = story.order, attempts + 1
    assert attempts == 3
    assert not story.source("BTC", "-0.1", "100000").orders
    assert story.source("BTC", "0.5", "100000").order.terms.quantity == D("0.07")


def test_growth_that_came_meanwhile_is_not_used_up_by_the_order_before_it() -> None:
    """A second growth in the same millisecond waits for the first one's order, and is made up for then."""
    story = begun()
    order = story.opened("BTC", "1", "100000")
    assert not story.source("BTC", "1", "100000").orders
    assert story.filled(order, "0.05", "100000").order.terms.quantity == D("0.05")
    second = story.opened("ETH", "10", "2000")
    story.source("ETH", "10", "2000")
    assert story.reject(second, RejectCode.MARGIN).order.terms.quantity == D(1)


def test_filled_answer_of_nothing_is_a_refusal() -> None:
    """An answer that says filled with a size of zero traded nothing."""
    story = begun()
    order = story.opened("BTC", "1", "100000")
    story.answer(order, Filled(quantity=D(0), average_price=D(1)))
    assert story.status(order) is OrderStatus.REJECTED


def test_order_that_never_left_is_expired() -> None:
    """What was dropped before it left is expired; a reduce is decided anew after a pause."""
    story = begun().holding()
    order = story.opened("BTC", "-1", "100000")
    story.drop(order)
    assert (story.status(order), story.orders) == (OrderStatus.EXPIRED, [])
    assert story.wait(1_000).order.terms.reduce_only


def test_order_that_was_handed_over_and_dropped_is_proven() -> None:
    """An order that was sent and is then said never to have left is settled as an unknown one."""
    story = begun()
    order = story.opened("BTC", "1", "100000")
    story.sent(order).drop(order)
    assert story.status(order) is OrderStatus.UNKNOWN
    assert story.burns() == [order.identity.cloid]


def test_resting_order_is_cancelled_and_settled() -> None:
    """An IOC that rests is cancelled by its cloid, alarms, and counts as unknown until it is found."""
    story = begun()
    order = story.opened("BTC", "1", "100000")
    story.answer(order, Resting(order_id=9))
    (cancel,) = story.cancels()
    assert (cancel.cloid, cancel.asset_id, cancel.nonce) == (order.identity.cloid, 0, order.identity.nonce + 1)
    assert story.alerts == ["order"]
    assert story.status(order) is OrderStatus.UNKNOWN


def test_answer_for_an_order_that_is_not_known_alarms() -> None:
    """An answer that belongs to no order changes nothing and is shown."""
    story = begun()
    order = story.opened("BTC", "1", "100000")
    stranger = PlaceOrder(terms=order.terms, identity=msgspec.structs.replace(order.identity, cloid="0x" + "9" * 32))
    story.filled(stranger, "0.05", "100000")
    assert story.alerts == ["order"]
    assert story.sent(stranger).turn.records == []


def test_settled_order_takes_no_second_end() -> None:
    """Once an order has ended, a refusal or a lost answer changes nothing."""
    story = begun()
    order = story.opened("BTC", "1", "100000")
    story.filled(order, "0.05", "100000")
    for news in (story.reject, story.lose, story.drop):
        news(order)
        assert (story.updates(), story.status(order), story.orders) == ([], OrderStatus.FILLED, [])


def test_late_answer_with_an_execution_counts_and_alarms() -> None:
    """An execution that is answered for an order that had ended moves the sleeve, and alarms."""
    story = begun()
    order = story.opened("BTC", "1", "100000")
    story.lose(order).burnt(order)
    assert story.status(order) is OrderStatus.EXPIRED
    story.filled(order, "0.05", "100000")
    assert "order" in story.alerts
    assert (story.status(order), story.sleeve("BTC")) == (OrderStatus.EXPIRED, D("-0.05"))


def test_increase_that_no_retry_mends_becomes_a_dead_letter() -> None:
    """An increase refused for a reason that no retry mends is kept as a dead letter and not tried again."""
    story = begun()
    order = story.opened("BTC", "1", "100000")
    story.reject(order, RejectCode.MARGIN)
    (letter,) = story.all(DeadLetter)
    assert (letter.id, letter.state, letter.error) == (order.identity.cloid, "open", "margin")
    assert story.orders == []


def test_reduce_is_never_given_up() -> None:
    """A reduce is tried for ever with 1, 2, 4 ... 60 s between, alarms after three, and is never a dead letter."""
    story = begun().holding()
    order = story.opened("BTC", "-1", "100000")
    pauses, alarms = [], 0
    for _ in range(9):
        story.reject(order, RejectCode.OTHER)
        assert not story.all(DeadLetter)
        alarms += story.alerts.count("reduce")
        retry = next(wake.at_ms for wake in story.all(WakeAt) if wake.key == "decide:main:BTC")
        pauses.append((retry - story.now) // 1_000)
        story.mark("BTC", "100000")
        while not story.orders:
            story.wait(1_000)
            story.mark("BTC", "100000") if not story.orders else None
        order = story.order
    assert (pauses, alarms) == ([1, 2, 4, 8, 16, 32, 60, 60, 60], 1)


def test_refused_reduce_only_asks_for_the_position() -> None:
    """Where the exchange says that a reduce-only order would not reduce, the account is read."""
    story = begun().holding()
    order = story.opened("BTC", "-1", "100000")
    assert story.reject(order, RejectCode.REDUCE_ONLY).all(ReadAccount)


def test_streak_of_rejects_pauses_the_sleeve() -> None:
    """After five rejects in a row this bot's increases in this coin pause, with an alert; a fill ends the streak."""
    story = begun()
    alarms = 0
    for _ in range(5):
        order = story.opened("BTC", "1", "100000")
        story.reject(order, RejectCode.MARGIN)
        alarms += story.alerts.count("reject_streak")
        story.wait(1)
    assert alarms == 1
    assert story.source("BTC", "1", "100000").reasons == ["skip:reject_streak"]


def test_orders_that_came_too_late_are_no_streak() -> None:
    """Expired orders say that a clock is off: nothing pauses for minutes once that was measured."""
    story, rejects = begun(), 0
    for _ in range(2):
        order = story.opened("BTC", "1", "100000")
        for _ in range(2):
            order = story.reject(order, RejectCode.EXPIRED).order
            rejects += 1
        story.reject(order, RejectCode.EXPIRED).wait(1)
        rejects += 1
    assert rejects > story.state.policy.tuning.reject_streak
    assert story.opened("BTC", "1", "100000").terms.coin == "BTC"


def test_partly_filled_reduce_goes_on_at_once() -> None:
    """What a reduce left over is decided at once, without a pause."""
    story = begun().holding()
    order = story.opened("BTC", "-1", "100000")
    story.filled(order, "0.03", "100000")
    assert (story.order.terms.quantity, story.order.terms.purpose) == (D("0.02"), Purpose.REDUCE)


@pytest.mark.parametrize("code", [RejectCode.NO_MATCH, RejectCode.NO_LIQUIDITY, RejectCode.EXPIRED])
def test_what_the_market_refused_is_tried_again(code: RejectCode) -> None:
    """An increase that found nobody to trade with, or came too late, is tried again."""
    story = begun()
    assert len(story.reject(story.opened("BTC", "1", "100000"), code).orders) == 1


def test_two_bots_take_turns_in_one_book() -> None:
    """A book has one order in flight; the other bot's want waits for its end."""
    story = begun(settings(bot(), bot("two", OTHER)))
    order = story.opened("BTC", "1", "100000")
    assert not story.source("BTC", "1", "100000", wallet=OTHER).orders
    assert story.filled(order, "0.05", "100000").order.terms.bot == "two"


def test_budget_that_nobody_read_is_not_counted() -> None:
    """Where the address's budget of actions was never read, nothing is counted down from it."""
    story = begun()
    order = story.opened("BTC", "1", "100000")
    story.state.accounts["main"].actions_left = None
    story.fill(order)
    story.source("BTC", "-1", "100000")
    assert story.state.accounts["main"].actions_left is None


def test_memory_of_ended_orders_is_bounded() -> None:
    """Of the orders that have ended only so many are remembered; the oldest goes first."""
    story = begun()
    first = story.opened("BTC", "1", "100000")
    story.filled(first, "0.05", "100000")
    known = story.state.orders[first.identity.cloid]
    for n in range(RETIRED_ORDERS_MAX - 1):
        story.state.orders[f"0x{n}"] = known
        story.state.retired.append(f"0x{n}")
    story.filled(story.opened("BTC", "1", "100000"), "0.05", "100000")
    assert len(story.state.retired) == RETIRED_ORDERS_MAX
    assert first.identity.cloid not in story.state.orders


def test_what_simulation_would_have_paid_is_recorded_once() -> None:
    """Beside each live order stands its shadow; one of an order that is not known says nothing."""
    story = begun()
    order = story.opened("BTC", "1", "100000")
    shadow = OrderShadowed(
        time=story.now,
        received=story.now,
        cloid=order.identity.cloid,
        quantity=D("0.04"),
        average_price=D(99_990),
        fee=D("1.8"),
        reason="the book was thin",
    )
    (row,) = story.send(shadow).all(ShadowFill)
    assert (row.account, row.coin, row.side) == ("main", "BTC", order.terms.side)
    assert (row.quantity, row.price, row.fee, row.reason) == (D("0.04"), D(99_990), D("1.8"), "the book was thin")
    assert story.send(shadow).turn.records == []
    assert story.send(msgspec.structs.replace(shadow, cloid="0x1")).turn.records == []
