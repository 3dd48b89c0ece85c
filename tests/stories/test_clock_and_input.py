"""Time stamps, the clock, wakes, markets, and what cannot be read (rules 1 and 7.9)."""

from typing import get_args

import pytest

from fadearena.core import engine
from fadearena.core.engine import step
from fadearena.core.engine.turn import Turn
from fadearena.model.command import ReadAccount, ReadLeverage, WakeAt
from fadearena.model.error import InvalidInput, InvariantBroken
from fadearena.model.event import ClockRead, Event, InputRejected, Instruments, Marks, Notice, QuoteUnreadable, Woke
from fadearena.model.order import ActionKind, ActionOutcome
from fadearena.model.record import Alert, DeadLetter
from tests.support.story import Story, begun
from tests.support.world import MARKETS, D, bot, market, settings


def test_every_event_has_its_handler() -> None:
    """Every kind of event is handled."""
    assert set(engine._HANDLERS) == set(get_args(Event))


def test_time_never_goes_backwards() -> None:
    """An event that was received before an earlier one is refused."""
    story = begun()
    with pytest.raises(InvalidInput, match="received at"):
        step(story.state, Marks(time=story.now, received=story.now - 1))


def clock(story: Story, offset: int | None, spread: int | None) -> Story:
    """Let the clock be compared with the exchange's."""
    story.send(ClockRead(time=story.now, received=story.now, offset_ms=offset, spread_ms=spread))
    return story


def test_increases_stop_while_the_clock_is_not_known() -> None:
    """While the offset to the exchange is unknown, or wavers by more than a second, increases stop; reduces go on."""
    story = begun().holding()
    for offset, spread in ((None, None), (3, 1_001)):
        assert clock(story, offset, spread).source("BTC", "1", "100000").reasons == ["skip:clock_ok"]
    assert story.source("BTC", "-2.5", "100000").order.terms.reduce_only
    assert clock(begun(), 3, 1_000).source("BTC", "1", "100000").orders


def test_input_that_cannot_be_read_is_kept() -> None:
    """An input that cannot be decoded, or bears an impossible time, becomes a dead letter and alarms."""
    story = begun()
    story.send(InputRejected(time=story.now, received=story.now, source="tape", error="no price", excerpt="{"))
    (letter,) = story.all(DeadLetter)
    assert (letter.kind, letter.subject, letter.error, letter.state) == ("input", "tape", "no price", "open")
    assert story.alerts == ["input"]


def test_notice_is_passed_on() -> None:
    """What the process has to say is shown as an alert."""
    story = begun()
    story.send(Notice(time=story.now, received=story.now, level="warning", category="queue", text="full"))
    assert story.all(Alert) == [Alert(level="warning", category="queue", subject="system", text="full")]


def test_wake_that_nobody_waits_for_is_ignored() -> None:
    """A wake that was not asked for, or comes a second time, does nothing."""
    story = begun()
    story.send(Woke(time=story.now, received=story.now, key="decide:main:BTC"))
    assert story.turn.commands == []


def test_wake_that_comes_too_early_is_asked_for_again() -> None:
    """A timer that fires too early loses no wake."""
    story = begun()
    at_ms = story.state.wakes["day"]
    story.send(Woke(time=story.now, received=story.now, key="day"))
    assert story.turn.commands == [WakeAt(at_ms=at_ms, key="day")]


def test_wake_of_an_unknown_kind_is_an_error() -> None:
    """A wake that no rule explains stops the engine."""
    story = begun()
    story.state.wakes["tea:five"] = story.now
    with pytest.raises(InvariantBroken, match="tea:five"):
        step(story.state, Woke(time=story.now, received=story.now, key="tea:five"))


def test_wakes_of_what_is_gone_do_nothing() -> None:
    """Wakes for a bot, an account, a book or a closing that are no more do nothing."""
    story = begun(settings(), equity="10000")
    for key in ("reconcile:gone", "read:gone:", "source:gone", "held:gone:BTC", "settle:gone", "flatten"):
        story.state.wakes[key] = story.now
        story.send(Woke(time=story.now, received=story.now, key=key))
        assert story.turn.commands == []
    story.state.wakes["decide:gone:BTC"] = story.now
    story.send(Woke(time=story.now, received=story.now, key="decide:gone:BTC"))
    assert story.turn.commands == []


def test_snapshot_is_read_again_when_its_wake_comes() -> None:
    """A source that has to be read again is, on the dex that was meant."""
    story = begun()
    story.state.wakes["read:bot:xyz"] = story.now
    story.send(Woke(time=story.now, received=story.now, key="read:bot:xyz"))
    assert [command.dex for command in story.reads()] == ["xyz"]


def test_market_that_is_delisted_is_neither_increased_nor_reduced() -> None:
    """A delisted market is not traded; a market that is told again unchanged changes nothing."""
    story = begun().holding()
    story.send(Instruments(time=story.now, received=story.now, instruments=MARKETS))
    assert story.turn.records == []
    gone = market("BTC", 0, 5, is_delisted=True)
    story.send(Instruments(time=story.now, received=story.now, instruments=(gone,)))
    assert story.source("BTC", "-1", "100000").orders == []


def test_market_with_other_lots_rounds_targets_anew() -> None:
    """A market whose lots become finer has its targets rounded anew."""
    story = begun(markets=(market("BTC", 0, 2),))
    story.source("BTC", "0.5", "100000")
    assert story.target("BTC") == D("-0.02")
    story.send(Instruments(time=story.now, received=story.now, instruments=(market("BTC", 0, 5),)))
    assert story.target("BTC") == D("-0.025")


def test_reduce_whose_book_cannot_be_read_goes_with_the_last_mark() -> None:
    """A reduce with old prices fetches the book first; if that fails it goes with the last mark."""
    story = begun().holding()
    story.wait(61_000)
    assert story.source("BTC", "-1", "100000", fresh=False).orders == []
    story.send(QuoteUnreadable(time=story.now, received=story.now, coin="BTC", reason="timeout"))
    assert story.order.terms.limit == 103_000
    story.send(QuoteUnreadable(time=story.now, received=story.now, coin="DOGE", reason="timeout"))
    assert story.turn.commands == []


def test_reduce_without_any_price_waits_for_the_next_attempt() -> None:
    """Where not even a mark is known the reduce is looked at again a second later."""
    story = begun()
    story.wait(5_001)
    story.source("SOL", "10", "200", fresh=False)
    story.send(QuoteUnreadable(time=story.now, received=story.now, coin="SOL", reason="timeout"))
    assert story.orders == []
    story.wait(1_001)
    assert story.orders == []


def begun_without_leverage() -> Story:
    """Everything is known but the leverage of the books."""
    story = Story()
    story.started(leverage=False)
    return story


def test_leverage_that_is_refused_is_told_and_tried_later() -> None:
    """A refused leverage is told; the growth does not go with a leverage that nobody read."""
    story = begun_without_leverage()
    story.source("BTC", "1", "100000")
    story.action("BTC", ActionOutcome.REFUSED, ActionKind.LEVERAGE)
    assert story.alerts == ["leverage"]
    assert story.orders == []


@pytest.mark.parametrize("outcome", [ActionOutcome.ACCEPTED, ActionOutcome.UNKNOWN])
def test_leverage_is_read_back(outcome: ActionOutcome) -> None:
    """Whether accepted or unanswered, leverage is read back before anything is increased on it."""
    story = begun_without_leverage()
    story.source("BTC", "1", "100000")
    story.action("BTC", outcome, ActionKind.LEVERAGE)
    assert ([command.coin for command in story.all(ReadLeverage)], story.orders) == (["BTC"], [])
    assert story.leverage("BTC").orders


def test_leverage_that_was_not_taken_over_is_not_asked_for_in_a_circle() -> None:
    """Where the exchange holds another leverage than was asked for, it is asked for again only after a pause."""
    story = begun_without_leverage()
    story.source("BTC", "1", "100000")
    story.action("BTC", ActionOutcome.ACCEPTED, ActionKind.LEVERAGE)
    story.leverage("BTC", 3)
    assert (story.turn.commands, story.orders) == ([], [])


def test_leverage_of_a_stranger_is_ignored() -> None:
    """Leverage of an account or a book that is not ours changes nothing."""
    story = begun()
    assert story.leverage("BTC", account="stranger").turn.records == []
    assert story.action("DOGE", ActionOutcome.ACCEPTED, ActionKind.LEVERAGE).turn.commands == []


def test_cancel_and_noop_of_what_is_not_known_do_nothing() -> None:
    """An answer to a noop or cancel of an order that is not known, or has ended, changes nothing."""
    story = begun()
    assert story.action("0x" + "9" * 32, ActionOutcome.ACCEPTED).turn.records == []


def test_silent_source_is_asked_and_alarms() -> None:
    """A source with an open sleeve that was not heard for ten minutes is asked, then alarms."""
    story = begun().holding()
    story.wait(600_000)
    assert any(hasattr(c, "wallet") for _, turned in story.journal[-4:] for c in turned.commands)
    story.wait(6_000)
    alerts = [r.category for _, t in story.journal for r in t.records if isinstance(r, Alert)]
    assert "source_silent" in alerts
    assert any(isinstance(c, ReadAccount) for _, turned in story.journal for c in turned.commands)


def test_books_that_change_for_ever_are_an_error() -> None:
    """Books that still change after so many looks stop the engine."""
    story = begun()
    turn = Turn(story.state, Marks(time=story.now, received=story.now))
    turn.dirty.add(("main", "BTC"))
    with pytest.raises(InvariantBroken, match="keep changing"):
        engine.decide_all(turn, 0)


def silent(orphan_after_ms: int | None) -> Story:
    """A sleeve whose source is not heard any more."""
    return begun(settings(bot(orphan_after_ms=orphan_after_ms))).holding()


def categories(story: Story) -> list[str]:
    """Every alert of the story."""
    return [r.category for _, turned in story.journal for r in turned.records if isinstance(r, Alert)]


def test_orphan_is_closed_after_its_time() -> None:
    """With `orphan_after` the sleeves of a source that nobody can read are closed after that time, and not before."""
    story = silent(15 * 60_000)
    story.wait(14 * 60_000)
    assert ("orphan" in categories(story), story.target("BTC")) == (False, D("-0.05"))
    story.wait(70_000)
    assert ("orphan" in categories(story), story.target("BTC")) == (True, D(0))
    story.wait(30 * 60_000)
    assert categories(story).count("orphan") == 1


def test_source_that_answers_is_no_orphan() -> None:
    """By default sleeves stay as they are; a source that is heard again begins a new silence."""
    story = silent(None)
    story.wait(9 * 60_000)
    story.snapshot().wait(5 * 60_000)
    assert "source_silent" not in categories(story)
    story.wait(60 * 60_000)
    assert (categories(story).count("source_silent"), story.target("BTC")) == (1, D("-0.05"))


def test_source_without_a_sleeve_may_be_silent() -> None:
    """A source in which nothing is held is not asked for because it is silent."""
    story = begun().holding()
    story.fill(story.source("BTC", "-1", "100000").order)
    story.wait(20 * 60_000)
    assert "source_silent" not in categories(story)
