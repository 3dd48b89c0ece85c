"""A feed that falls silent is told of once, and once more when it is back."""

import asyncio

from fadearena.kit.clock import ManualClock
from fadearena.kit.jumping import run_jumping
from fadearena.model.event import Notice
from fadearena.model.record import Alert
from fadearena.runtime.inbox import Inbox
from fadearena.runtime.watchdog import Watchdog
from tests.support.room import Room, with_text


def test_silence_and_its_end_are_told_once_each() -> None:
    """A feed that was never heard has nothing to follow; one that is heard in time is not told of."""
    clock, inbox = ManualClock(1_000), Inbox(10)
    watchdog = Watchdog(clock, inbox, {"wallets": 60_000, "markets": 60_000})
    watchdog.hear("wallets")
    for step in (59_999, 1, 60_000, 5_000):
        clock.move_by(step)
        watchdog.look()
    watchdog.hear("wallets")
    watchdog.hear("venue")
    clock.move_by(59_000)
    watchdog.look()
    told = [incoming.event for incoming in asyncio.run(inbox.take(10))]
    assert with_text(told) == [
        "wallets: nothing was heard for 60 s; what needs it waits",
        "wallets: heard again after 125 s",
    ]
    assert [event.level for event in told if isinstance(event, Notice)] == ["warning", "info"]


def test_a_recovery_is_no_silence() -> None:
    """While nobody listened nothing could be heard: each feed has its whole time again."""
    clock, inbox = ManualClock(1_000), Inbox(10)
    watchdog = Watchdog(clock, inbox, {"wallets": 60_000})

    async def story() -> None:
        for _ in range(2):
            running = asyncio.create_task(watchdog.run())
            watchdog.hear("wallets")
            await clock.sleep_until(clock.now_ms() + 30_000)
            running.cancel()
            clock.move_by(600_000)

    run_jumping(story(), clock)
    assert not len(inbox)


def test_a_worker_tells_of_wallets_that_fell_silent() -> None:
    """It becomes an alert of the category `feed`, journaled like all others."""
    room = Room()

    async def story(room: Room) -> None:
        await room.settled()
        room.wallets.trade("BTC", "1")
        await room.wait(6_000)
        room.wallets.trade("BTC", "1")
        await room.wait(1_000)

    room.play(story, feed_patience_ms={"wallets": 5_000})
    alerts = [record for entry in room.entries for record in entry.records if isinstance(record, Alert)]
    assert [(alert.level, alert.text[:8]) for alert in alerts if alert.category == "feed"] == [
        ("warning", "wallets:"),
        ("info", "wallets:"),
    ]
