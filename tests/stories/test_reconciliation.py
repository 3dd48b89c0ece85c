"""Our sum against what the exchange shows: drift, its repair, readings that race something (rule 12)."""

from fadearena.model.command import ReadAccount
from fadearena.model.event import AcceptDrift, AccountUnreadable
from fadearena.model.policy import Repair
from fadearena.model.record import Drift, FillKind, MyFill
from fadearena.model.units import Side
from tests.support.story import Story, begun
from tests.support.world import D, settings


def drifting(story: Story | None = None, theirs: str = "-0.08") -> Story:
    """Two equal readings show another position than our -0.05."""
    story = story or begun().holding()
    story.read_account(BTC=theirs).wait(1)
    story.read_account(BTC=theirs)
    return story


def test_account_is_read_every_thirty_seconds() -> None:
    """Every account is read every 30 s."""
    story = begun()
    story.wait(31_000)
    before = len(story.journal)
    story.wait(60_000)
    reads = [c for _, turned in story.journal[before:] for c in turned.commands if isinstance(c, ReadAccount)]
    assert len(reads) == 2


def test_account_is_read_after_every_settlement() -> None:
    """Two seconds after an order was settled the account is read."""
    story = begun()
    story.fill(story.opened("BTC", "1", "100000")).wait(2_001)
    assert story.all(ReadAccount)


def test_drift_needs_two_equal_readings() -> None:
    """One reading that differs is read again; two equal ones are a drift: an event and an alert."""
    story = begun().holding()
    story.read_account(BTC="-0.08")
    assert (story.all(Drift), story.alerts) == ([], [])
    story.read_account(BTC="-0.08")
    assert story.all(Drift) == []
    story.wait(1)
    story.read_account(BTC="-0.08")
    (drift,) = story.all(Drift)
    assert (drift.ours, drift.theirs, drift.is_open) == (D("-0.05"), D("-0.08"), True)
    assert story.alerts == ["drift"]
    story.wait(1)
    assert story.read_account(BTC="-0.08").turn.records[:1] != [drift]


def test_differing_reading_is_asked_for_again_soon() -> None:
    """A reading that differs is asked for again after two seconds, not after thirty."""
    story = begun().holding()
    story.read_account(BTC="-0.08")
    assert story.state.wakes["reconcile:main"] <= story.now + 2_001


def test_small_difference_is_no_drift() -> None:
    """A difference of 1 % of the position or less, or of less than a lot, is none."""
    story = drifting(theirs="-0.0505")
    assert (story.all(Drift), story.state.books["main", "BTC"].watch.is_drifting) == ([], False)


def test_readings_that_race_something_are_ignored() -> None:
    """A reading is compared only two seconds after the last own fill and with no order in flight."""
    story = begun()
    story.fill(story.opened("BTC", "1", "100000")).wait(1_000)
    drifting(story, "0")
    assert not story.state.books["main", "BTC"].watch.is_drifting
    story.wait(1_001)
    story.opened("BTC", "1", "100000")
    drifting(story, "0")
    assert not story.state.books["main", "BTC"].watch.is_drifting


def test_drifting_book_does_not_increase_and_reduces_only_what_is_there() -> None:
    """While a book drifts its increases stop; its reduces are reduce-only, by at most what the exchange shows."""
    story = drifting(theirs="-0.02")
    assert story.source("BTC", "1", "100000").reasons == ["skip:reconciled"]
    order = story.source("BTC", "-3", "100000").order
    assert (order.terms.side, order.terms.quantity, order.terms.reduce_only) == (Side.BUY, D("0.02"), True)


def test_agreement_ends_a_drift() -> None:
    """A reading that agrees again ends the drift with an event."""
    story = drifting()
    story.wait(1)
    story.read_account()
    (drift,) = story.all(Drift)
    assert not drift.is_open
    assert not story.state.books["main", "BTC"].watch.is_drifting


def test_missed_fill_explains_a_drift() -> None:
    """A fill that was missed and comes late ends the drift by itself."""
    story = drifting()
    story.wait(5_000)
    story.fills(story.own_fill("BTC", "-0.03", "100000", time=story.now - 3_000))
    story.read_account()
    assert not story.state.books["main", "BTC"].watch.is_drifting


def test_operator_accepts_a_drift() -> None:
    """With `repair: alert` a drift waits for a person, who books it as an operator's trade."""
    story = drifting()
    story.order_by(AcceptDrift(account="main", coin="BTC"))
    assert (story.refusal(), story.part("external"), story.sleeve("BTC")) == ("", D("-0.03"), D("-0.05"))
    assert {row.kind for row in story.all(MyFill)} == {FillKind.OPERATOR}
    assert [drift.is_open for drift in story.all(Drift)] == [False]


def test_accepted_reduction_cuts_the_sleeve_and_is_not_undone() -> None:
    """A drift towards zero that is accepted cuts the sleeve, which is not opened again."""
    story = drifting(theirs="-0.02")
    story.order_by(AcceptDrift(account="main", coin="BTC"))
    assert (story.sleeve("BTC"), story.target("BTC"), story.orders) == (D("-0.02"), D("-0.02"), [])


def test_only_a_drift_can_be_accepted() -> None:
    """Without a drift, for an unknown book, or after something moved there is nothing to accept."""
    story = begun().holding()
    for coin in ("BTC", "DOGE"):
        story.order_by(AcceptDrift(account="main", coin=coin))
        assert "no drift" in story.refusal()
    drifting(story).wait(5_000)
    story.fills(story.own_fill("BTC", "-0.03", "100000"))
    story.order_by(AcceptDrift(account="main", coin="BTC"))
    assert "no drift" in story.refusal()
    assert story.position() == D("-0.08")


def test_own_fill_after_the_reading_is_not_booked_twice() -> None:
    """A drift that is accepted after a reduce of ours was filled is not mixed up with it."""
    story = drifting()
    order = story.source("BTC", "-1", "100000").order
    story.fill(order)
    story.order_by(AcceptDrift(account="main", coin="BTC"))
    assert "no drift" in story.refusal()
    story.wait(2_001)
    story.read_account(BTC="-0.03").wait(1)
    story.read_account(BTC="-0.03")
    story.order_by(AcceptDrift(account="main", coin="BTC"))
    assert (story.refusal(), story.position(), story.part("external")) == ("", D("-0.03"), D("-0.03"))


def test_auto_repair_reads_our_fills_first() -> None:
    """With `repair: auto` our fills since the last agreed point are read again; what is left is an operator's trade."""
    story = begun(settings(repair=Repair.AUTO)).holding()
    story.read_account()
    agreed = story.now
    story.wait(5_000)
    drifting(story)
    assert story.since() == [min(agreed, story.state.accounts["main"].fills_to)]
    assert story.part("external") == 0
    story.wait(1)
    story.read_account(BTC="-0.08")
    assert (len(story.since()), story.part("external")) == (1, D(0))
    story.wait(1)
    story.fills(complete=True).read_account(BTC="-0.08")
    assert (story.position(), story.part("external")) == (D("-0.08"), D("-0.03"))
    assert not story.state.books["main", "BTC"].watch.is_drifting


def test_auto_repair_books_a_missed_fill_as_what_it_is() -> None:
    """A fill that the fetch brings explains the drift: nothing is left to be booked."""
    story = begun(settings(repair=Repair.AUTO)).holding()
    story.wait(5_000)
    drifting(story)
    missed = story.own_fill("BTC", "-0.03", "99000", time=story.now - 2_500)
    story.fills(missed, complete=True)
    story.wait(1)
    story.read_account()
    assert (story.part("external"), story.state.books["main", "BTC"].watch.repair_asked) == (D("-0.03"), 0)


def test_holdings_from_before_are_external() -> None:
    """What the account held before us is external from the first reading on."""
    story = Story()
    story.tell_settings()
    story.mark("BTC", "100000").read_account(BTC="0.4")
    assert (story.part("external"), story.all(MyFill), story.alerts) == (D("0.4"), [], [])


def test_holding_without_any_price_becomes_a_drift() -> None:
    """A holding of which no price is known cannot be taken over: it is shown as a drift."""
    story = Story()
    story.tell_settings()
    story.read_account(BTC="0.4").wait(1)
    story.read_account(BTC="0.4")
    assert story.alerts == ["drift"]
    story.order_by(AcceptDrift(account="main", coin="BTC"))
    assert "no drift" in story.refusal()
    story.mark("BTC", "100000").order_by(AcceptDrift(account="main", coin="BTC"))
    assert story.part("external") == D("0.4")


def test_older_reading_and_strangers_are_ignored() -> None:
    """A reading older than the last one, or of an account that is not ours, changes nothing."""
    story = begun().holding()
    before = len(story.journal)
    story.read_account()
    event = story.journal[before][0]
    story.wait(1)
    story.read_account(BTC="-0.05")
    late = event.__class__(**{name: getattr(event, name) for name in event.__struct_fields__} | {"received": story.now})
    assert story.send(late).turn.records == []
    story.send(AccountUnreadable(time=story.now, received=story.now, account="stranger", reason="timeout"))
    assert story.turn.records == []


def test_unreadable_account_is_told_and_read_again() -> None:
    """A failed reading is no flat account: it is told, what was known stays, and it is read again in 10 s."""
    story = begun().holding()
    story.send(AccountUnreadable(time=story.now, received=story.now, account="main", reason="timeout"))
    assert (story.alerts, story.position()) == (["account"], D("-0.05"))
    assert story.state.wakes["reconcile:main"] <= story.now + 10_000


def test_fills_are_fetched_now_and_then() -> None:
    """Where nobody said for ten minutes that our fills are complete, they are fetched."""
    story = begun()
    story.wait(650_000)
    assert [c for _, turned in story.journal for c in turned.commands if hasattr(c, "since")][1:]


def test_tracking_error_is_alerted_after_a_minute() -> None:
    """A sleeve off its target by more than 2 % of equity for 60 s is an alert of its own."""
    story = begun().holding()
    order = story.opened("BTC", "1", "100000")
    story.reject(story.reject(story.reject(order).order).order)
    story.wait(59_000)
    story.read_account()
    assert "tracking_error" not in story.alerts
    story.wait(1_000)
    story.read_account()
    assert "tracking_error" in story.alerts


def test_small_tracking_error_is_no_alert() -> None:
    """A sleeve off by less than 2 % of equity is left to the next growth in silence."""
    story = begun(equity="1000000").holding()
    order = story.opened("BTC", "1", "100000")
    story.reject(story.reject(story.reject(order).order).order)
    story.wait(61_000)
    assert story.read_account().alerts == []
