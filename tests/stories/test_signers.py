"""Who signs for us, until when, and what happens before that ends."""

import msgspec
import pytest

from fadearena.model.event import SignerRead
from fadearena.model.policy import AccountPolicy
from fadearena.model.units import DAY_MS, MINUTE_MS
from tests.support.story import Story, begun
from tests.support.world import AGENT, MAIN, OTHER, settings


def told(
    story: Story, days: float | None, *, approved: bool = True, signer: str = AGENT, account: str = "main"
) -> Story:
    """Let the exchange say for how many days the signer may sign."""
    until = None if days is None else story.now + int(days * DAY_MS)
    story.send(
        SignerRead(
            time=story.now,
            received=story.now,
            account=account,
            signer=signer,
            is_approved=approved,
            valid_until=until,
        )
    )
    return story


def test_of_a_signer_that_nothing_is_known_of_nothing_is_held_back() -> None:
    """A paper account has none; a master key has no end."""
    assert begun().source("BTC", "1", "100000").orders
    assert told(begun(), None).source("BTC", "1", "100000").orders


def test_a_signer_that_is_not_approved_opens_nothing() -> None:
    """Increases stop with the check's name; reduces are tried nevertheless."""
    story = told(begun().holding(), None, approved=False)
    assert (story.alerts, story.all(SignerRead)) == (["agent_key"], [])
    assert "nothing can be sent, not even a close" in story.told()[0]
    assert story.source("BTC", "1", "100000").reasons == ["skip:signer_valid"]
    assert story.source("BTC", "-1.5", "100000").orders


@pytest.mark.parametrize(("minutes", "passes"), [(5, False), (6, True)])
def test_nothing_is_opened_in_the_last_minutes(minutes: int, passes: bool) -> None:
    """What is opened has to be closed, too."""
    story = told(begun(), minutes * MINUTE_MS / DAY_MS)
    assert bool(story.source("BTC", "1", "100000").orders) is passes


def test_people_are_told_in_time_and_once() -> None:
    """14, 7, 3 and 1 days before the end, and when it has come, also without another reading."""
    story = told(begun(), 20)
    assert story.alerts == []
    for _ in range(21):
        story.later(DAY_MS)
        story.wait(0)
    left = story.alerts_of("agent_key")
    days = [text.split(" more days")[0].rsplit(" ", 1)[1] for text in left if "more days" in text]
    assert days == ["14", "7", "3", "1"]
    assert len(left) == 5
    assert told(story, 0).alerts == ["agent_key"]
    assert told(story, 0).alerts == []


def test_a_new_approval_begins_anew() -> None:
    """The same reading tells nothing twice, a renewed one tells where it stands."""
    story = told(begun(), 2)
    assert story.alerts == ["agent_key"]
    again = story.journal[-1][0]
    assert story.send(again).alerts == []
    assert told(story, 90).alerts == []
    assert told(story, 10).alerts == ["agent_key"]


def test_a_reading_of_another_signer_says_nothing() -> None:
    """Of the one before a change, or of an account that is not ours."""
    story = told(told(begun(), 0, signer=OTHER), 0, account="stranger")
    assert story.alerts == []
    assert story.source("BTC", "1", "100000").orders


def test_a_new_signer_is_not_known_yet() -> None:
    """What was told of the old one does not count for it."""
    story = told(begun(), None, approved=False)
    changed = AccountPolicy(id="main", address=MAIN, signer=OTHER, max_leverage=20)
    story.change(msgspec.structs.replace(settings(), accounts=(changed,)))
    assert story.source("BTC", "1", "100000").order.identity.signer == OTHER
