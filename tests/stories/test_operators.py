"""What people order, and what is refused: settings, bots, rejoin, dead letters, leaving the mode."""

from typing import get_args

from fadearena.core.engine import step
from fadearena.core.engine.operators import ACTIONS
from fadearena.core.state import LETTERS_MAX
from fadearena.model.event import (
    DiscardDeadLetter,
    InputRejected,
    Kill,
    LeaveMode,
    Operator,
    OperatorAction,
    Pause,
    Reanchor,
    Rejoin,
    Release,
    Resume,
    RetryDeadLetter,
)
from fadearena.model.order import RejectCode
from fadearena.model.policy import AccountPolicy, BotPolicy, Policy
from fadearena.model.record import ControlAnswer, DeadLetter
from tests.support.story import Story, begun
from tests.support.world import D, bot, settings

SUB = AccountPolicy(id="sub", address="0x" + "5e" * 20, signer="0x" + "0d" * 20, max_leverage=20)


def with_sub(*bots: BotPolicy) -> Policy:
    """Settings with a second account."""
    return settings(*bots, accounts=(*settings().accounts, SUB))


def missed() -> tuple[Story, str]:
    """An increase that was refused for good: a dead letter."""
    story = begun()
    story.reject(story.opened("BTC", "1", "100000"), RejectCode.MARGIN)
    (letter,) = story.all(DeadLetter)
    return story, letter.id


# --- commands


def test_command_applies_once() -> None:
    """A command whose control id is not newer than the last was applied already."""
    story = begun()
    story.order_by(Pause())
    again = Operator(time=story.now, received=story.now, control_id=story.control, actor="ann", action=Resume())
    assert story.send(again).turn.records == []
    assert story.latches() == ["all pause"]


def test_every_command_is_answered() -> None:
    """Each command is answered with its id, and the reasons if it was refused."""
    story = begun()
    story.order_by(Pause())
    assert [(a.control_id, a.accepted) for a in story.all(ControlAnswer)] == [(story.control, True)]
    story.order_by(Kill(bot="nobody"))
    assert story.refusal() == "there is no bot nobody"


def test_resume_where_nothing_is_paused_is_refused() -> None:
    """A resume needs something to resume; an account's own latch is resumed by naming the account."""
    story = begun()
    story.order_by(Resume())
    assert story.refusal() == "nothing here is paused"
    story.order_by(Resume(account="main"))
    assert story.refusal() == "nothing here is paused"


def test_pause_and_resume_of_one_bot() -> None:
    """One bot can be paused and resumed."""
    story = begun()
    story.order_by(Pause(bot="bot"))
    assert story.source("BTC", "1", "100000").reasons == ["skip:bot_state"]
    story.order_by(Resume(bot="bot"))
    assert story.source("BTC", "1", "100000").orders


# --- rejoin, reanchor


def test_rejoin_makes_up_for_what_was_missed() -> None:
    """Increases that were missed are not made up for until a person says so."""
    story = begun()
    story.order_by(Pause())
    story.source("BTC", "1", "100000").order_by(Resume())
    assert story.mark("BTC", "100000").orders == []
    assert story.order_by(Rejoin(bot="bot")).order.terms.quantity == D("0.05")


def test_rejoin_of_one_coin() -> None:
    """A rejoin may name one coin; one where the bot was never seen is refused."""
    story = begun()
    story.order_by(Pause())
    story.source("BTC", "1", "100000").source("ETH", "10", "2000").order_by(Resume())
    assert story.order_by(Rejoin(bot="bot", coin="ETH")).order.terms.coin == "ETH"
    story.order_by(Rejoin(bot="bot", coin="SOL"))
    assert story.refusal() == "bot was never seen in SOL"


def test_rejoin_without_anything_missed_does_nothing() -> None:
    """A rejoin where every sleeve is at its target sends nothing."""
    story = begun().holding()
    assert story.order_by(Rejoin(bot="bot")).orders == []


def test_reanchor_sizes_by_the_settings_of_now() -> None:
    """Settings count from the next anchor on, or when a person re-anchors: less at once, more with the next growth."""
    story = begun().holding()
    story.change(settings(bot(leverage_multiplier=D("0.02"))))
    assert (story.target("BTC"), story.orders) == (D("-0.05"), [])
    assert story.order_by(Reanchor(bot="bot")).order.terms.quantity == D("0.03")
    story.fill().wait(2_001)
    story.change(settings(bot(leverage_multiplier=D("0.10"))))
    assert story.order_by(Reanchor(bot="bot", coin="BTC")).orders == []
    assert story.source("BTC", "1", "100000").order.terms.quantity == D("0.18")


def test_reanchor_of_nothing_does_nothing() -> None:
    """A sleeve that follows nothing has no anchor to take anew."""
    story = begun().holding()
    story.fill(story.source("BTC", "-1", "100000").order)
    assert story.order_by(Reanchor(bot="bot")).orders == []


# --- dead letters


def test_dead_letter_is_retried_from_the_present_state() -> None:
    """A retried letter is a new decision from what is wanted now, with a new order."""
    story, letter = missed()
    story.mark("BTC", "100000").order_by(RetryDeadLetter(letter=letter))
    assert (story.order.terms.quantity, story.order.identity.cloid != letter) == (D("0.05"), True)
    assert [(row.state, row.attempts) for row in story.all(DeadLetter)] == [("retried", 2)]


def test_dead_letter_is_discarded() -> None:
    """A discarded letter is given up and cannot be retried."""
    story, letter = missed()
    story.order_by(DiscardDeadLetter(letter=letter))
    assert [row.state for row in story.all(DeadLetter)] == ["discarded"]
    story.order_by(RetryDeadLetter(letter=letter))
    assert "no open dead letter" in story.refusal()


def test_letter_that_cannot_be_decided_again() -> None:
    """An input that could not be read, or a letter of a bot that is gone, can only be discarded."""
    story, letter = missed()
    story.remove("bot").change(settings())
    story.order_by(RetryDeadLetter(letter=letter))
    assert "discard it" in story.refusal()
    story.send(InputRejected(time=story.now, received=story.now, source="tape", error="no price"))
    (row,) = story.all(DeadLetter)
    story.order_by(RetryDeadLetter(letter=row.id))
    assert "discard it" in story.refusal()


def test_letters_are_bounded() -> None:
    """Beyond the limit a letter that was dealt with goes first; an open one that goes is told."""
    story = begun()
    for n in range(LETTERS_MAX):
        step(story.state, InputRejected(time=story.now, received=story.now, source="tape", error=str(n)))
    first = next(iter(story.state.letters))
    story.order_by(DiscardDeadLetter(letter=first))
    story.send(InputRejected(time=story.now, received=story.now, source="tape", error="more"))
    assert (first in story.state.letters, story.alerts) == (False, ["input"])
    story.send(InputRejected(time=story.now, received=story.now, source="tape", error="more"))
    assert (len(story.state.letters), sorted(story.alerts)) == (LETTERS_MAX, ["dead_letter", "input"])


# --- leaving the mode


def test_mode_is_left_only_when_everything_is_flat() -> None:
    """Leaving the mode is refused with the name of every position and unsettled order."""
    story = begun()
    story.order_by(LeaveMode())
    assert story.refusal() == ""
    order = story.opened("ETH", "10", "2000")
    story.order_by(LeaveMode())
    assert "main ETH: 0" in story.refusal()
    assert "1 orders unsettled" in story.refusal()
    story.fill(order).order_by(LeaveMode())
    assert "main ETH: -0.5" in story.refusal()


def test_mode_is_not_left_while_the_exchange_shows_something() -> None:
    """What the exchange shows beyond our sum is a position too, and so is an account that was never read."""
    story = begun()
    story.mark("SOL", "100").read_account(SOL="3").order_by(LeaveMode())
    assert "main SOL: 0, the exchange holds 3" in story.refusal()
    story = Story()
    story.tell_settings()
    story.order_by(LeaveMode())
    assert story.refusal() == "main: positions were never read"


def test_release_of_everything_starts_bots_without_sleeves_anew() -> None:
    """A release is a new start for coins that no sleeve holds."""
    story = begun()
    story.order_by(Kill())
    story.source("BTC", "1", "100000").order_by(Release())
    assert (story.followed("BTC"), story.orders) == (D(0), [])


def test_every_command_of_a_person_is_carried_out() -> None:
    """Every kind of command has its row."""
    assert set(ACTIONS) == set(get_args(OperatorAction))


def test_account_that_was_never_read_can_go() -> None:
    """An account of which nothing was ever known can be removed."""
    story = begun()
    story.change(with_sub()).change(settings())
    assert (story.refusal(), sorted(story.state.accounts)) == ("", ["main"])
