"""The exchange cancels everything when nothing was heard from here for so long, where it may be asked."""

import msgspec

from fadearena.model.command import ScheduleCancel
from fadearena.model.event import Kill, Release
from fadearena.model.order import ActionKind, ActionOutcome
from fadearena.model.policy import AccountPolicy, Policy
from fadearena.model.units import DAY_MS
from tests.support.story import Story, begun
from tests.support.world import AGENT, MAIN, T0, settings

SUB = AccountPolicy(id="sub", address="0x" + "5e" * 20, signer=AGENT, max_leverage=20)


def wanting(ms: int | None = 90_000, *more: AccountPolicy) -> Policy:
    """Settings that ask for it."""
    account = AccountPolicy(id="main", address=MAIN, signer=AGENT, max_leverage=20, dead_man_ms=ms)
    return settings(accounts=(account, *more))


def asked(story: Story, since: int = 0) -> list[tuple[int, int | None]]:
    """When the exchange was asked, and for when, in ms since the beginning of the story."""
    commands = ((e.received, c) for e, turned in story.journal[since:] for c in turned.commands)
    found = [(at, c.at_ms) for at, c in commands if isinstance(c, ScheduleCancel)]
    return [(at - T0, None if to is None else to - T0) for at, to in found]


def answered(story: Story, outcome: ActionOutcome) -> Story:
    """Let the exchange answer."""
    return story.action("main", outcome, ActionKind.SCHEDULE)


def test_it_is_asked_anew_in_each_third_of_the_time() -> None:
    """From the start on, signed like every action."""
    story = begun(wanting())
    story.wait(90_000)
    assert asked(story)[:4] == [(n * 30_000, n * 30_000 + 90_000) for n in range(4)]
    commands = [c for _, turned in story.journal for c in turned.commands if isinstance(c, ScheduleCancel)]
    assert {(c.account, c.signer) for c in commands} == {("main", AGENT)}
    assert commands[-1].nonce == story.state.nonces[AGENT]


def test_without_the_setting_it_is_not_asked() -> None:
    """The default."""
    story = begun()
    story.wait(90_000)
    assert asked(story) == []


def test_while_everything_is_halted_it_is_not_moved() -> None:
    """Nothing is sent then; after the release it is."""
    story = begun(wanting())
    story.order_by(Kill())
    since = len(story.journal)
    story.wait(90_000)
    assert asked(story, since) == []
    story.order_by(Release()).wait(30_000)
    assert len(asked(story, since)) == 1


def test_a_refusal_is_told_once_and_not_tried_for_a_day() -> None:
    """The exchange wants a volume for it."""
    story = begun(wanting())
    assert answered(story, ActionOutcome.REFUSED).alerts == ["dead_man"]
    since = len(story.journal)
    story.later(DAY_MS - 60_000)
    story.wait(0)
    assert asked(story, since) == []
    story.wait(90_000)
    assert asked(story, since)
    assert answered(story, ActionOutcome.REFUSED).alerts == []
    assert answered(story, ActionOutcome.ACCEPTED).alerts == []
    assert answered(story, ActionOutcome.REFUSED).alerts == ["dead_man"]


def test_what_is_not_known_or_never_left_is_asked_again_soon() -> None:
    """Only a clear no counts."""
    story = begun(wanting())
    for outcome in (ActionOutcome.UNKNOWN, ActionOutcome.DROPPED):
        since = len(story.journal)
        assert answered(story, outcome).alerts == []
        story.wait(30_000)
        assert asked(story, since)


def test_it_is_taken_back_with_the_setting() -> None:
    """Once; and nothing is asked from then on."""
    story = begun(wanting())
    story.change(wanting(None))
    story.wait(0)
    assert asked(story)[-1][1] is None
    since = len(story.journal)
    story.wait(200_000)
    assert asked(story, since) == []


def test_it_is_not_taken_back_once_its_time_is_over() -> None:
    """It has happened by then."""
    story = begun(wanting())
    story.order_by(Kill())
    story.wait(91_000)
    since = len(story.journal)
    story.change(wanting(None))
    story.wait(30_000)
    assert asked(story, since) == []


def test_it_is_taken_back_when_the_account_goes() -> None:
    """Its orders are no business of ours any more; a wake that is still to come does nothing."""
    going = msgspec.structs.replace(SUB, dead_man_ms=90_000)
    story = begun(wanting(None, going))
    since = len(story.journal)
    story.change(wanting(None))
    assert asked(story, since) == [(story.now - T0, None)]
    story.wait(100_000)
    assert len(asked(story, since)) == 1


def test_an_account_that_comes_later_is_looked_after_too() -> None:
    """By the settings that bring it."""
    story = begun(wanting(None))
    since = len(story.journal)
    story.change(wanting(None, msgspec.structs.replace(SUB, dead_man_ms=90_000)))
    story.wait(0)
    assert len(asked(story, since)) == 1


def test_answers_for_strangers_say_nothing() -> None:
    """An account that is not ours any more."""
    story = begun(wanting())
    answered(story, ActionOutcome.REFUSED)
    event = story.journal[-1][0]
    assert story.send(msgspec.structs.replace(event, account="stranger")).turn.records == []
