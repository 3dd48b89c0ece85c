"""A feed that falls silent is told of once, and once more when it is back."""

import asyncio

from fadearena.kit.clock import ManualClock
from fadearena.kit.jumping import run_jumping
from fadearena.model.event import Notice
from fadearena.model.record import Alert
from fadearena.ports.sightings import FeedState, FeedStatus
from fadearena.runtime.inbox import Inbox
from fadearena.runtime.watchdog import Watchdog
from tests.support.room import Room, with_text

T0 = 1_000
OK, STALE, STARTING, OFF = FeedState.OK, FeedState.STALE, FeedState.STARTING, FeedState.OFF


class Kennel:
    """A watchdog and the feeds that it watches, by what they say of themselves."""

    def __init__(self, *names: str) -> None:
        self.clock, self.inbox = ManualClock(T0), Inbox(100)
        self.feeds = {name: FeedStatus(name=name, state=OK, heard=T0) for name in names}
        self.watchdog = Watchdog(self.clock, self.inbox, 60_000, lambda: list(self.feeds.values()))

    def say(self, name: str, state: FeedState, heard: int | None = None, confirmed: int = 0) -> None:
        """Let a feed say how it does; without a time it heard what it says now."""
        now = self.clock.now_ms()
        self.feeds[name] = FeedStatus(name=name, state=state, heard=heard or now, wanted=9, confirmed=confirmed)

    def pass_on(self, ms: int) -> list[tuple[str, str]]:
        """Let time pass, second by second; return what was told."""
        for _ in range(ms // 1_000):
            self.clock.move_by(1_000)
            self.watchdog.look()
        told = asyncio.run(self.inbox.take(100)) if len(self.inbox) else []
        events = [each.event for each in told if isinstance(each.event, Notice)]
        return [(event.level, f"{event.subject}: {event.text}") for event in events]


def test_silence_and_its_end_are_told_once_each() -> None:
    """The silence counts from what was heard last, not from when the feed itself called it stale."""
    kennel = Kennel("tape")
    assert kennel.pass_on(45_000) == []
    kennel.say("tape", STALE, heard=T0)
    assert kennel.pass_on(14_000) == []
    assert kennel.pass_on(60_000) == [("warning", "tape: nothing was heard for 60 s; what needs it waits")]
    kennel.say("tape", OK)
    assert kennel.pass_on(120_000) == [("info", "tape: heard again after 119 s")]


def test_a_feed_that_is_well_again_in_time_is_not_told_of() -> None:
    """Nor one that is stale again and again for less than patience lasts."""
    kennel = Kennel("tape")
    for _ in range(5):
        kennel.say("tape", STALE)
        assert kennel.pass_on(59_000) == []
        kennel.say("tape", OK)
        assert kennel.pass_on(2_000) == []


def test_one_feed_does_not_hide_that_another_is_dead() -> None:
    """Each is judged by its own data."""
    kennel = Kennel("tape", "user")
    kennel.say("tape", STALE, heard=T0)
    told = []
    for _ in range(70):
        kennel.say("user", OK)
        told += kennel.pass_on(1_000)
    assert told == [("warning", "tape: nothing was heard for 60 s; what needs it waits")]


def test_half_of_a_feed_that_is_dead_is_told() -> None:
    """What still comes over its other connections does not hide it."""
    kennel = Kennel("tape")
    told = []
    for _ in range(70):
        kennel.say("tape", STALE, confirmed=5)
        told += kennel.pass_on(1_000)
    assert told == [("warning", "tape: for 60 s not all of it was heard (5 of 9 confirmed); what needs it waits")]


def test_a_feed_that_never_starts_is_told() -> None:
    """It has something to follow, and is given five times as long; one that has nothing to follow is not missed."""
    kennel = Kennel()
    kennel.feeds["tape"] = FeedStatus(name="tape", state=STARTING)
    kennel.feeds["user"] = FeedStatus(name="user", state=OFF)
    assert kennel.pass_on(300_000) == []
    assert kennel.pass_on(90_000) == [("warning", "tape: nothing was heard for 300 s; what needs it waits")]
    kennel.say("tape", OFF)
    assert kennel.pass_on(90_000) == []


def test_a_recovery_is_no_silence() -> None:
    """While nobody listened nothing could be heard: each feed has its whole time again."""
    kennel = Kennel("tape")
    kennel.say("tape", STALE, heard=T0)

    async def story() -> None:
        for _ in range(2):
            running = asyncio.create_task(kennel.watchdog.run())
            await kennel.clock.sleep_until(kennel.clock.now_ms() + 30_000)
            running.cancel()
            kennel.clock.move_by(600_000)

    run_jumping(story(), kennel.clock)
    assert not len(kennel.inbox)


def test_a_worker_tells_of_a_feed_that_fell_silent() -> None:
    """It becomes an alert of the category `feed`, journaled like all others; any of its feeds may be the one."""
    room = Room()

    async def story(room: Room) -> None:
        await room.settled()
        room.wallets.statuses = (FeedStatus(name="snapshots", state=STALE, heard=room.clock.now_ms()),)
        room.prices.statuses = (FeedStatus(name="markets", state=OK, heard=room.clock.now_ms()),)
        await room.wait(7_000)
        room.wallets.statuses = (FeedStatus(name="snapshots", state=OK, heard=room.clock.now_ms()),)
        await room.wait(2_000)

    room.play(story, feed_patience_ms=5_000)
    alerts = [record for entry in room.entries for record in entry.records if isinstance(record, Alert)]
    assert [(alert.level, alert.subject) for alert in alerts if alert.category == "feed"] == [
        ("warning", "snapshots"),
        ("info", "snapshots"),
    ]
    assert with_text(room.events)[-1].startswith("heard again after")


def test_where_no_feed_is_heard_any_more_that_is_critical_and_told_once() -> None:
    """One that is off is none; as soon as one is heard again, the next blackout is told anew."""
    kennel = Kennel("tape", "markets", "user")
    kennel.say("user", OFF)
    for _ in range(2):
        kennel.say("tape", STALE)
        kennel.say("markets", OK)
        assert all(level != "critical" for level, _ in kennel.pass_on(60_000))
        kennel.say("markets", STALE)
        told = kennel.pass_on(120_000)
        assert [text.partition(":")[0] for level, text in told if level == "critical"] == ["all"]
        kennel.say("tape", OK)
        kennel.pass_on(1_000)
