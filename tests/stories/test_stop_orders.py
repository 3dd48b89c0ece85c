"""A stop rests on the exchange behind each position, for the hour in which this machine is dead (rule 9)."""

from typing import Any

import msgspec
import pytest

from fadearena.core.state import STOPS_MAX
from fadearena.model.account import OpenOrder
from fadearena.model.command import CancelOrder, PlaceStop, ReadAccount, ReadOwnFills
from fadearena.model.event import Kill, LeaveMode, Release, SetPolicy
from fadearena.model.order import ActionKind, ActionOutcome
from fadearena.model.policy import AccountPolicy, Policy
from fadearena.model.record import FillKind, MyFill, StopUpdate
from fadearena.model.units import Side
from tests.support.story import Story
from tests.support.world import AGENT, MAIN, OTHER, D, bot, market, settings

MINUTE = 60_000


def guarded(distance: str | None = "0.05", **more: Any) -> Policy:
    """Settings that ask for a stop 5 % from the mark."""
    account = AccountPolicy(
        id="main", address=MAIN, signer=AGENT, max_leverage=20, stop_distance=None if distance is None else D(distance)
    )
    return settings(*more.pop("bots", (bot(),)), accounts=(account,), **more)


class Guarded(Story):
    """A story whose exchange keeps stops."""

    @property
    def stops(self) -> list[PlaceStop]:
        """The stops that the last event released."""
        return self.all(PlaceStop)

    def accept(self, stop: PlaceStop) -> "Guarded":
        """Let a stop rest."""
        self.resting.append(OpenOrder(coin=stop.coin, order_id=9_000 + len(self.resting), cloid=stop.cloid))
        self.action(stop.cloid, ActionOutcome.ACCEPTED, ActionKind.STOP)
        return self

    def gone(self, cloid: str) -> "Guarded":
        """Let an order not rest any more."""
        self.resting = [order for order in self.resting if order.cloid != cloid]
        return self

    def cancelled(self, command: CancelOrder) -> "Guarded":
        """Accept a cancel."""
        self.gone(command.subject).action(command.subject, ActionOutcome.ACCEPTED, ActionKind.CANCEL)
        return self

    def statuses(self, coin: str = "BTC") -> list[str]:
        """Where all stops of a book stand."""
        return [stop.status for stop in self.state.books["main", coin].stops]


def with_stop(policy: Policy | None = None) -> tuple[Guarded, PlaceStop]:
    """A short of 0.05 BTC at 100,000, with its stop at rest."""
    story = Guarded(policy or guarded())
    story.started().source("BTC", "1", "100000")
    story.fill()
    (stop,) = story.stops
    return story.accept(stop), stop


def moved(story: Guarded, mark: str) -> Guarded:
    """Let a minute pass, and the mark move."""
    story.wait(MINUTE)
    story.mark("BTC", mark)
    return story


def test_a_position_gets_a_stop() -> None:
    """Of its whole size, at the distance from the mark, with a label and a nonce like any order."""
    story, stop = with_stop()
    assert (stop.side, stop.quantity, stop.trigger, stop.limit) == (Side.BUY, D("0.05"), D(105_000), D(126_000))
    assert stop.label == f"fadearena-{MAIN}-{story.now}-0.0"
    assert (stop.signer, stop.expires_after) == (AGENT, story.now + 5_000)
    assert stop.nonce == story.state.nonces[AGENT]
    assert [update.status for update in story.all(StopUpdate)] == ["resting"]
    assert story.mark("BTC", "100000").mark("DOGE", "1").all(PlaceStop) == []


def test_without_the_setting_there_is_none() -> None:
    """Nobody asked for it."""
    story = Guarded(guarded(None))
    story.started().source("BTC", "1", "100000")
    assert story.fill().all(PlaceStop) == []


def test_a_long_position_is_sold() -> None:
    """Also one that nobody's bot brought: it dies with the machine as well."""
    story = Guarded(guarded())
    story.started().mark("BTC", "100000")
    story.fills(story.own_fill("BTC", "0.4", "100000"))
    (stop,) = story.stops
    assert (stop.side, stop.quantity, stop.trigger, stop.limit) == (Side.SELL, D("0.4"), D(95_000), D(76_000))


@pytest.mark.parametrize(
    ("mark", "is_moved"), [("110000", False), ("104000", False), ("97700", False), ("97600", True), ("90000", True)]
)
def test_a_stop_follows_a_mark_that_moves_in_our_favour(mark: str, is_moved: bool) -> None:
    """Once it is further away than one and a half distances; never the other way."""
    story, _ = with_stop()
    assert bool(moved(story, mark).stops) is is_moved


def test_a_new_stop_comes_first() -> None:
    """The old one is cancelled once the new one rests, and at most one is sent a minute."""
    story, old = with_stop()
    story.wait(30_000).mark("BTC", "90000")
    assert story.stops == []
    story.wait(30_000).mark("BTC", "90000")
    (new,) = story.stops
    assert story.cancels() == []
    story.accept(new)
    (cancel,) = story.cancels()
    assert cancel.cloid == old.cloid
    assert story.mark("BTC", "90000").all(CancelOrder) == []
    story.cancelled(cancel)
    assert story.statuses() == ["cancelled", "resting"]


def test_a_stop_that_was_put_off_is_sent_when_the_minute_is_over() -> None:
    """A wake brings it, with the price that is known then, if that is fresh."""
    story, _ = with_stop()
    story.wait(MINUTE - 1_000).mark("BTC", "90000")
    assert story.stops == []
    story.wait(1_000)
    assert [stop.trigger for _, turned in story.journal[-3:] for stop in turned.commands if isinstance(stop, PlaceStop)]


def test_a_larger_position_gets_a_larger_stop() -> None:
    """What is beyond the old one would be left alone."""
    story, _ = with_stop()
    story.wait(MINUTE)
    story.source("BTC", "1", "100000")
    assert [stop.quantity for stop in story.fill().all(PlaceStop)] == [D("0.10")]


def test_a_smaller_position_keeps_its_stop_up_to_a_tenth() -> None:
    """It only reduces, so a little too much does no harm; what the exchange shrank does not grow again."""
    story, _ = with_stop()
    story.wait(MINUTE)
    story.source("BTC", "-0.1", "100000")
    assert story.fill().all(PlaceStop) == []
    story.source("BTC", "0.1", "100000")
    assert [stop.quantity for stop in story.fill().all(PlaceStop)] == [D("0.05")]
    story, _ = with_stop()
    story.wait(MINUTE)
    story.source("BTC", "-0.2", "100000")
    assert [stop.quantity for stop in story.fill().all(PlaceStop)] == [D("0.04")]


def test_a_flat_book_has_no_stop() -> None:
    """It is cancelled at once, and again while readings show it."""
    story, stop = with_stop()
    story.source("BTC", "-1", "100000").fill()
    (cancel,) = story.cancels()
    assert cancel.cloid == stop.cloid
    story.action(stop.cloid, ActionOutcome.UNKNOWN, ActionKind.CANCEL)
    assert story.all(ReadAccount)
    assert [again.cloid for again in story.wait(3_000).read_account().all(CancelOrder)] == [stop.cloid]
    story.cancelled(story.cancels()[0])
    assert story.statuses() == ["cancelled"]


def test_a_stop_that_is_not_answered_yet_is_not_cancelled() -> None:
    """Nobody knows whether it is there: its answer is waited for."""
    story = Guarded(guarded())
    story.started().source("BTC", "1", "100000").fill()
    (stop,) = story.stops
    story.source("BTC", "-1", "100000").fill()
    assert story.cancels() == []
    assert [cancel.cloid for cancel in story.accept(stop).cancels()] == [stop.cloid]


@pytest.mark.parametrize("fault", [ActionOutcome.REFUSED, ActionOutcome.DROPPED])
def test_a_stop_that_was_refused_is_tried_again_in_a_minute(fault: ActionOutcome) -> None:
    """A refusal by the exchange is told, once until one rests; what never left is not."""
    story = Guarded(guarded())
    story.started().source("BTC", "1", "100000").fill()
    for _ in range(2):
        story.action(story.stops[0].cloid, fault, ActionKind.STOP)
        moved(story, "100000")
    assert len(story.alerts_of("stop")) == (fault is ActionOutcome.REFUSED)
    story.accept(story.stops[0])
    assert story.statuses() == ["refused", "refused", "resting"]


def test_a_lost_answer_is_decided_by_readings() -> None:
    """Shown, it rests; not shown by two readings past its deadline, it never arrived and another is sent."""
    story = Guarded(guarded())
    story.started().source("BTC", "1", "100000").fill()
    (stop,) = story.stops
    story.action(stop.cloid, ActionOutcome.UNKNOWN, ActionKind.STOP)
    story.wait(9_000).read_account()
    assert story.statuses() == ["pending"]
    story.wait(1_001).read_account()
    assert (story.statuses(), len(story.all(ReadOwnFills))) == (["pending"], 1)
    story.wait(2_000).read_account()
    assert story.statuses() == ["refused"]
    assert moved(story, "100000").stops
    story.resting.append(OpenOrder(coin="BTC", order_id=1, cloid=story.stops[0].cloid))
    story.read_account()
    assert story.statuses() == ["refused", "resting"]


def test_a_stop_that_vanished_is_sent_again_after_two_readings() -> None:
    """Its fills are fetched first: it may have been triggered."""
    story, stop = with_stop()
    story.gone(stop.cloid).wait(3_000).read_account()
    assert (story.statuses(), len(story.all(ReadOwnFills))) == (["resting"], 1)
    story.read_account()
    assert story.statuses() == ["resting"]
    story.wait(2_000).read_account()
    assert story.statuses() == ["cancelled"]
    assert moved(story, "100000").stops


def test_a_stop_that_is_shown_again_never_vanished() -> None:
    """One reading without it proves nothing."""
    story, stop = with_stop()
    kept = story.resting
    story.gone(stop.cloid).wait(3_000).read_account()
    story.resting = kept
    story.wait(3_000).read_account()
    story.gone(stop.cloid).wait(3_000).read_account()
    assert story.statuses() == ["resting"]


def test_while_the_position_is_not_explained_a_stop_is_not_given_up() -> None:
    """A reading with another position says that a fill is still to come."""
    story, stop = with_stop()
    story.gone(stop.cloid).wait(3_000).read_account(BTC="0")
    story.wait(2_000)
    story.fills(story.own_fill("BTC", "0.01", "105000"))
    story.read_account(BTC="0")
    assert story.statuses() == ["resting"]


def test_a_triggered_stop_is_booked_over_all_parts_and_never_undone() -> None:
    """Like a liquidation it closes the same fraction of every part, like a person's trade nothing is opened again."""
    two = guarded(bots=(bot(), bot("two", OTHER)))
    story = Guarded(two)
    story.started().source("BTC", "1", "100000").fill()
    story.source("BTC", "1", "100000", wallet=OTHER).fill()
    (stop,) = [c for _, turned in story.journal for c in turned.commands if isinstance(c, PlaceStop)]
    story.accept(stop)
    story.mark("BTC", "105000")
    fill = story.own_fill("BTC", "0.05", "105100", cloid=stop.cloid, fee=D(2))
    story.fills(fill)
    assert {row.kind for row in story.all(MyFill)} == {FillKind.STOP}
    assert (story.sleeve("BTC"), story.sleeve("BTC", "two")) == (D("-0.025"), D("-0.025"))
    assert (story.target("BTC"), story.target("BTC", "two"), story.orders) == (D("-0.025"), D("-0.025"), [])
    assert (story.statuses(), story.alerts) == (["filled"], ["stop"])
    rest = story.own_fill("BTC", "0.05", "105200", cloid=stop.cloid)
    assert (story.fills(rest).position(), story.alerts, story.orders) == (D(0), [], [])
    assert story.latches() == []
    story.source("BTC", "1", "105200")
    assert story.orders == []


def test_a_fill_without_a_client_id_is_the_stops_by_its_number() -> None:
    """The exchange's number is known from readings."""
    story, _ = with_stop()
    story.read_account()
    story.fills(story.own_fill("BTC", "0.05", "105000", order_id=9_000))
    assert {row.kind for row in story.all(MyFill)} == {FillKind.STOP}


def test_a_stop_that_was_replaced_and_traded_is_no_second_writer() -> None:
    """Its fill may cross the cancel: it is remembered."""
    story, old = with_stop()
    (new,) = moved(story, "90000").stops
    story.cancelled(story.accept(new).cancels()[0])
    story.fills(story.own_fill("BTC", "0.05", "105000", cloid=old.cloid))
    assert (story.latches(), story.position(), story.statuses()) == ([], D(0), ["filled", "resting"])
    assert [cancel.cloid for cancel in story.cancels()] == [new.cloid]


def test_a_kill_leaves_stops_and_sends_none() -> None:
    """They only reduce. Released, a position that lost its stop gets another."""
    story, stop = with_stop()
    story.order_by(Kill())
    assert story.cancels() == []
    assert moved(story, "90000").stops == []
    story.order_by(Release())
    (new,) = story.stops or moved(story, "90000").stops
    assert new.cloid != stop.cloid


def test_a_flatten_cancels_stops_with_everything_else() -> None:
    """They are among the orders that the exchange shows; confirmed flat, none is left."""
    story, _ = with_stop()
    story.order_by(Kill(flatten=True))
    close = story.order
    story.read_account()
    (cancel,) = story.cancels()
    assert (cancel.order_id, cancel.cloid) == (9_000, None)
    story.resting = []
    story.fill(close)
    for _ in range(3):
        story.wait(2_100).read_account()
    assert (story.latches(), story.statuses()) == (["all kill"], ["cancelled"])


def test_a_restart_knows_its_stops() -> None:
    """The state remembers them; one that was not answered is decided by the first readings."""
    story, stop = with_stop()
    story.restarted()
    assert story.statuses() == ["resting"]
    assert moved(story, "100000").stops == []
    story = Guarded(guarded())
    story.started().source("BTC", "1", "100000").fill()
    (stop,) = story.stops
    story.resting.append(OpenOrder(coin="BTC", order_id=1, cloid=stop.cloid))
    story.wait(2_001).restarted()
    assert story.statuses() == ["resting"]


def test_new_settings_move_and_cancel_stops() -> None:
    """Another distance replaces the stop, none cancels it."""
    story, old = with_stop()
    story.wait(MINUTE).mark("BTC", "100000")
    story.change(guarded("0.1"))
    (new,) = story.stops
    assert new.trigger == D(110_000)
    assert [cancel.cloid for cancel in story.accept(new).cancels()] == [old.cloid]
    story.change(guarded(None))
    assert [cancel.cloid for cancel in story.cancels()] == [new.cloid]


def test_an_old_price_places_no_stop() -> None:
    """A trigger is as good as its mark; nor is one sent where the market is gone or few actions are left."""
    story, stop = with_stop()
    story.wait(MINUTE).mark("BTC", "90000", age=10_001)
    assert story.stops == []
    story.state.accounts["main"].actions_left = 999
    assert story.mark("BTC", "90000").all(PlaceStop) == []
    story.state.accounts["main"].actions_left = None
    assert story.mark("BTC", "90000").all(PlaceStop) != []
    assert stop.cloid in {known.cloid for known in story.state.books["main", "BTC"].stops}


def test_a_market_that_is_not_known_gets_no_stop() -> None:
    """Neither does a position of which no price is known."""
    story = Guarded(guarded(), markets=(market("ETH", 1, 4),))
    story.started()
    story.fills(story.own_fill("BTC", "0.4", "100000"))
    assert story.stops == []
    assert story.mark("BTC", "100000").all(PlaceStop) == []


def test_while_positions_differ_the_exchanges_counts() -> None:
    """A stop closes what is there, not what should be."""
    story, _ = with_stop()
    story.wait(MINUTE)
    for _ in range(2):
        story.wait(2_100).read_account(BTC="-0.08")
    assert story.alerts_of("drift")
    assert [stop.quantity for stop in story.mark("BTC", "100000").all(PlaceStop)] == [D("0.08")]


def test_a_mode_is_not_left_while_a_stop_rests() -> None:
    """It would close a position of somebody else one day; so it is with the account's removal."""
    story, _ = with_stop()
    story.source("BTC", "-1", "100000").fill()
    story.wait(2_001).read_account()
    story.order_by(LeaveMode())
    assert "1 stops at rest" in story.refusal()
    story.order_by(SetPolicy(policy=Policy()))
    assert "holds positions or stops" in story.refusal()


def test_old_stops_are_forgotten() -> None:
    """The newest are kept: their fills may come late."""
    story, _ = with_stop()
    for _ in range(2 * STOPS_MAX):
        moved(story, "100000")
        story.fills(story.own_fill("BTC", "-0.01", "100000"))
        story.accept(story.stops[0])
        story.cancelled(story.cancels()[0])
    assert len(story.statuses()) == STOPS_MAX


def test_answers_to_what_is_not_known_or_over_change_nothing() -> None:
    """Of another account, of another cancel, and twice."""
    story, stop = with_stop()
    story.action("0xabc", ActionOutcome.ACCEPTED, ActionKind.STOP)
    assert story.turn.records == []
    story.action("77", ActionOutcome.ACCEPTED, ActionKind.CANCEL)
    event = story.journal[-1][0]
    story.send(msgspec.structs.replace(event, account="stranger"))
    assert story.turn.records == []
    story.source("BTC", "-1", "100000").fill()
    for _ in range(2):
        story.action(stop.cloid, ActionOutcome.ACCEPTED, ActionKind.CANCEL)
    assert story.turn.records == []


def test_foreign_orders_are_shown_once_and_left_alone() -> None:
    """Whoever placed them may have them; a new one is shown again."""
    story = Guarded(guarded())
    story.started()
    story.resting = [OpenOrder(coin="BTC", order_id=n) for n in range(1, 13)]
    story.read_account()
    assert (story.alerts, story.cancels()) == (["foreign_order"], [])
    assert "12 orders" in story.told()[0]
    assert story.wait(1_000).read_account().alerts == []
    story.resting.append(OpenOrder(coin="ETH", order_id=20, cloid="0x" + "ab" * 16))
    assert story.wait(1_000).read_account().alerts == ["foreign_order"]


def test_an_order_of_ours_that_has_ended_and_rests_is_cancelled() -> None:
    """An IOC order never should; one that is still in flight is left to its answer."""
    story, _ = with_stop()
    order = next(iter(story.state.orders.values()))
    story.resting.append(OpenOrder(coin="BTC", order_id=1, cloid=order.identity.cloid))
    story.wait(2_001).read_account()
    assert ([cancel.cloid for cancel in story.cancels()], story.alerts) == ([order.identity.cloid], ["order"])
    story.resting.pop()
    flying = story.source("BTC", "1", "100000").order
    story.resting.append(OpenOrder(coin="BTC", order_id=2, cloid=flying.identity.cloid))
    assert story.read_account().all(CancelOrder) == []
