"""An event that breaks the core is set aside and halts everything, until somebody leaves it out (rules 7.9 and 9)."""

import msgspec

from fadearena.core.latches import ALL, Latch, LatchKind
from fadearena.core.state import QUARANTINED_MAX
from fadearena.model.event import (
    Event,
    InputRejected,
    Kill,
    Marks,
    Operator,
    Pause,
    Quarantined,
    Release,
    SkipQuarantined,
    Woke,
)
from fadearena.model.record import ControlAnswer, DeadLetter
from tests.support.story import Story, begun


def set_aside(story: Story, subject: str = "own-fills") -> int:
    """Let an event be set aside; return the number of the entry that says so."""
    story.send(Quarantined(time=story.now, received=story.now, subject=subject, error="a sum is off", held="{}"))
    return story.state.seq


def test_event_that_was_set_aside_halts_everything_and_says_what_to_do() -> None:
    """After a quarantined event nothing is sent in either direction, and the alert names the command."""
    story = begun().holding()
    seq = set_aside(story)
    assert story.latches() == ["all quarantine"]
    assert story.told() == [
        f"a sum is off; everything is halted until `fadearena journal skip {seq}` leaves the event out"
    ]
    story.source("BTC", "-1", "100000")
    assert story.orders == []


def test_halt_ends_with_the_last_event_that_is_left_out() -> None:
    """Two events were set aside: the second skip ends the halt, reduces go on, and what was missed is baseline."""
    story = begun().holding()
    one, two = set_aside(story), set_aside(story)
    story.source("ETH", "10", "2000").source("BTC", "-1", "100000")
    story.order_by(SkipQuarantined(seq=one))
    assert (story.latches(), story.refusal(), story.orders) == (["all quarantine"], "", [])
    story.order_by(SkipQuarantined(seq=two))
    assert story.changes() == ["-all quarantine"]
    assert story.order.terms.reduce_only
    assert story.followed("ETH") == 0


def test_release_does_not_end_a_quarantine() -> None:
    """While an event is open a release is refused and names it; a bot of its own can be released."""
    story = begun()
    seq = set_aside(story)
    story.order_by(Kill()).order_by(Kill(bot="bot")).order_by(Release())
    assert story.refusal() == f"entries {seq} set events aside: leave each out with `fadearena journal skip SEQ` first"
    story.order_by(Release(bot="bot"))
    assert story.refusal() == ""
    assert story.latches() == ["all kill", "all quarantine"]
    story.order_by(SkipQuarantined(seq=seq))
    assert story.latches() == ["all kill"]
    assert story.order_by(Release()).latches() == []


def test_only_what_was_set_aside_can_be_left_out() -> None:
    """A number that set nothing aside is refused, and so is one that was left out already."""
    story = begun()
    seq = set_aside(story)
    story.order_by(SkipQuarantined(seq=seq)).order_by(SkipQuarantined(seq=seq))
    assert story.refusal() == f"entry {seq} set no event aside, or it was left out already"


def test_quarantine_without_a_memory_of_its_event_ends_by_a_release() -> None:
    """A latch that came from older rules, which remembered no event, is released as any other."""
    story = begun()
    story.state.latches.set(Latch(scope=ALL, kind=LatchKind.QUARANTINE, actor="worker", since=story.now))
    assert story.order_by(Release()).latches() == []


def test_memory_of_events_that_were_set_aside_is_limited() -> None:
    """Beyond the limit the oldest is forgotten; the halt lasts until all that are remembered are left out."""
    story = begun()
    first = set_aside(story)
    for _ in range(QUARANTINED_MAX):
        set_aside(story)
    assert len(story.state.quarantined) == QUARANTINED_MAX
    assert first not in story.state.quarantined


def test_stop_by_a_file_or_a_signal_is_always_carried_out_and_never_answered() -> None:
    """Without a number a command is not one of the queue: it is done each time, and leaves the queue's count alone."""
    story = begun()
    for _ in range(2):
        story.send(Operator(time=story.now, received=story.now, control_id=0, actor="file", action=Kill()))
        assert story.latches() == ["all kill"]
        assert story.all(ControlAnswer) == []
        story.order_by(Release())
    assert story.state.control_id == story.control
    story.send(Operator(time=story.now, received=story.now, control_id=0, actor="file", action=Pause(bot="nobody")))
    assert story.told() == ["there is no bot nobody"]


def test_input_that_cannot_be_read_keeps_its_beginning() -> None:
    """The dead letter of an input shows how it began, also after it was discarded."""
    story = begun()
    story.send(InputRejected(time=story.now, received=story.now, source="tape", error="no JSON", excerpt="<html>"))
    assert [letter.excerpt for letter in story.all(DeadLetter)] == ["<html>"]


def held(story: Story, event: Event) -> Story:
    """Let an event be set aside with its text."""
    text = msgspec.json.encode(event).decode()
    story.send(Quarantined(time=story.now, received=story.now, subject="s", error="a sum is off", held=text))
    return story


def test_wake_that_was_set_aside_does_not_come_back_by_itself() -> None:
    """A takeover asks for every wake anew: this one would break the rules again at once."""
    story = begun()
    assert "equity" in story.state.wakes
    held(story, Woke(time=story.now, received=story.now, key="equity"))
    assert "equity" not in story.state.wakes
    assert story.takes_over().state.wakes["equity"] > story.now


def test_command_that_was_set_aside_is_answered_and_never_taken_again() -> None:
    """Its person learns why; one without a number, or one that was answered, needs no answer."""
    story = begun()
    command = Operator(time=story.now, received=story.now, control_id=9, actor="ann", action=Pause())
    held(story, command)
    assert story.refusal() == "it was set aside, and everything is halted: a sum is off"
    assert story.state.control_id == 9
    assert held(story, command).all(ControlAnswer) == []
    assert held(story, msgspec.structs.replace(command, control_id=0)).all(ControlAnswer) == []


def test_other_events_that_were_set_aside_change_nothing_more() -> None:
    """What they would have told is told again by whoever knows it."""
    story = begun()
    wakes, number = dict(story.state.wakes), story.state.control_id
    held(story, Marks(time=story.now, received=story.now))
    assert (story.state.wakes, story.state.control_id) == (wakes, number)
