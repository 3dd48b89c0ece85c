"""What other bots got wrong, each proven absent here."""

import msgspec
import pytest

from fadearena.adapters.hyperliquid import codec, wire
from fadearena.core.state import decode, encode
from fadearena.model.command import BurnNonce, PlaceOrder, QueryOrder, ReadOwnFills
from fadearena.model.event import AcceptDrift, AccountUnreadable, Kill, OwnFills, Release
from fadearena.model.order import OrderStatus
from fadearena.model.record import OrderUpdate
from fadearena.model.trading import TradingState
from tests.support.story import Story, begun
from tests.support.world import OTHER, D, bot, settings


def placed_since(story: Story, seen: int) -> list[PlaceOrder]:
    """Every order that was released since so many events."""
    return [c for _, turned in story.journal[seen:] for c in turned.commands if isinstance(c, PlaceOrder)]


def test_no_order_is_sent_that_was_not_saved_before() -> None:
    """An order is a command of the event that decided it, and pending in the state that is saved with it."""
    story = begun()
    order = story.opened("BTC", "1", "100000")
    assert [update.status for update in story.all(OrderUpdate)] == [OrderStatus.PENDING]
    saved = decode(encode(story.state)).orders[order.identity.cloid]
    assert (saved.status, saved.terms, saved.identity) == (OrderStatus.PENDING, order.terms, order.identity)


def test_an_order_that_was_saved_and_perhaps_sent_is_never_sent_again() -> None:
    """After a crash nobody knows; its nonce is burnt, its trace looked for, and nothing takes its place."""
    story = begun()
    order = story.opened("BTC", "1", "100000")
    seen = len(story.journal)
    story.crash().takes_over()
    assert [burn.nonce for burn in story.all(BurnNonce)] == [order.identity.nonce]
    story.repaired().read_all()
    story.mark("BTC", "100000").wait(5_000)
    assert placed_since(story, seen) == []


def test_a_timeout_is_no_failure() -> None:
    """Nothing is sent again; the order counts as filled in every limit until it is known what became of it."""
    story = begun()
    order = story.opened("BTC", "1", "100000")
    seen = len(story.journal)
    story.lose(order)
    assert (story.status(order), story.state.reserved > 0) == (OrderStatus.UNKNOWN, True)
    story.processed(order).wait(4_000)
    story.source("BTC", "1", "100000")
    assert placed_since(story, seen) == []
    story.fills(story.fill_for(order, "0.05", "100000"))
    assert (story.status(order), story.sleeve("BTC")) == (OrderStatus.FILLED, D("-0.05"))


def test_look_ups_leave_room_for_everything_else() -> None:
    """An unknown order is asked for each second, our fills, which are dear, after 0, 1, 3 and 7 s only."""
    story = begun()
    order = story.opened("BTC", "1", "100000")
    story.lose(order).processed(order)
    began, seen = story.now, len(story.journal)
    story.wait(9_500)
    asked = [(e.received - began, type(c)) for e, turned in story.journal[seen:] for c in turned.commands]
    assert len([kind for _, kind in asked if kind is QueryOrder]) >= 8
    assert [at for at, kind in asked if kind is ReadOwnFills] == [1_000, 3_000, 7_000]


def test_an_ok_with_an_error_inside_is_no_fill() -> None:
    """What the exchange says at the top counts for nothing: the order's own line does."""
    story = begun()
    order = story.opened("BTC", "1", "100000")
    text = b'{"error":"Order could not immediately match against any resting orders. asset=0"}'
    reply = b'{"status":"ok","response":{"type":"order","data":{"statuses":[' + text + b"]}}}"
    (answer,) = codec.order_answers(msgspec.json.decode(reply, type=wire.ExchangeReply))
    story.answer(order, answer)
    assert (story.status(order), story.sleeve("BTC"), story.position()) == (OrderStatus.REJECTED, D(0), D(0))


@pytest.mark.parametrize("flatten", [False, True])
def test_a_stop_does_not_forget_itself_at_a_restart(*, flatten: bool) -> None:
    """It is part of the state, whatever is read afterwards; and what was being closed goes on being closed."""
    story = begun().holding()
    story.order_by(Kill(flatten=flatten))
    story.wait(6_000).restarted()
    wanted = TradingState.FLATTENING if flatten else TradingState.HALTED
    assert story.state.latches.strictest("all") is wanted
    assert story.source("BTC", "1", "100000").orders == []


def test_it_never_says_stopped_while_a_position_is_open() -> None:
    """A flatten ends only after two complete readings that show nothing; a failed close is told and tried again."""
    story = begun().holding()
    story.order_by(Kill(flatten=True))
    for _ in range(5):
        for order in story.orders:
            story.reject(order)
        story.wait(2_100).read_account()
        assert story.state.latches.strictest("all") is TradingState.FLATTENING
    assert len([text for text in story.alerts_of("flatten") if "a close failed" in text]) >= 3
    story.fill(story.order if story.orders else story.placed(story.state.books["main", "BTC"].open[0]))
    for _ in range(2):
        assert "confirmed flat" not in " ".join(story.alerts_of("flatten"))
        story.wait(2_100).read_account()
    assert story.state.latches.strictest("all") is TradingState.HALTED


def test_limits_count_what_is_there_and_what_is_on_its_way() -> None:
    """Sleeves, a person's holdings and orders whose outcome nobody knows; also after a restart."""
    story = begun(settings(bot(), bot("two", OTHER), global_exposure_cap=D(12_000)))
    story.holding("BTC", "1", "100000")
    story.wait(5_001)
    story.fills(story.own_fill("BTC", "-0.02", "100000"))
    order = story.opened("ETH", "50", "2000")
    assert order.terms.quantity * 2_000 == D(5_000)
    story.lose(order)
    assert story.source("ETH", "50", "2000", wallet=OTHER).orders == []
    assert story.state.exposure + story.state.reserved == D(12_000)
    story.crash().takes_over()
    assert story.state.exposure + story.state.reserved == D(12_000)


def test_a_failed_read_is_not_flat() -> None:
    """What was known stays known, and nothing is confirmed, booked or opened because of it."""
    story = begun().holding()
    story.order_by(Kill(flatten=True))
    story.reject(story.order)
    for _ in range(5):
        story.send(AccountUnreadable(time=story.now, received=story.now, account="main", reason="timeout"))
        story.wait(2_100)
    assert (story.position(), story.state.latches.strictest("all")) == (D("-0.05"), TradingState.FLATTENING)
    assert story.state.wakes


def test_a_journal_that_was_restored_halts_and_comes_to_agree_again() -> None:
    """
    A backup knows nothing of the orders since: their fills look like another writer's.

    Nothing is traded on such a state before a person released it; what no fill explains is accepted as a drift.
    """
    story = begun().holding()
    backup = encode(story.state)
    story.wait(60_000).snapshot()
    first, later = story.opened("BTC", "0.6", "100000"), D("0.03")
    known = story.fill_for(first, "0.03", "100000")
    story.filled(first, "0.03", "100000").fills(known)
    story.state = decode(backup)
    seen = len(story.journal)
    story.takes_over().repaired()
    story.send(OwnFills(time=story.now, received=story.now, account="main", fills=(known,), is_complete_to=story.now))
    assert (story.alerts, story.latches()) == (["two_writers"], ["all two_writers"])
    assert (story.sleeve("BTC"), story.part("external")) == (D("-0.05"), -later)
    missing = {"BTC": "-0.1"}
    for _ in range(3):
        story.wait(2_100).read_account(**missing)
    assert story.alerts_of("drift")[-1] == "the exchange holds -0.1, our sum is -0.08000"
    assert placed_since(story, seen) == []
    story.order_by(Release())
    story.mark("BTC", "100000").order_by(AcceptDrift(account="main", coin="BTC"))
    assert (story.refusal(), story.position(), story.part("external")) == ("", D("-0.1"), D("-0.05"))
    for _ in range(2):
        assert story.wait(2_100).read_account(**missing).alerts == []
    assert story.latches() == []
    story.snapshot()
    order = story.opened("BTC", "-1.6", "100000")
    assert (order.terms.quantity, order.identity.nonce > first.identity.nonce) == (D("0.05"), True)
