"""`GET /api/feeds`: what the worker sees, with the age of each piece."""

from typing import Any

from fadearena.model.record import SettingsChange
from fadearena.model.units import DAY_MS
from fadearena.ports.sightings import FeedState, FeedStatus, LaneUse, RateUse, Sight, Sighting
from tests.support.api import NOW, ApiRoom, in_room
from tests.support.world import bot, settings

BUSY, IDLE, OFF, UNKNOWN = (f"0x{number:040x}" for number in range(1, 5))


def sight(now: int = NOW) -> Sight:
    """Return what a worker sees: two feeds, two lanes."""
    tape = FeedStatus(name="tape", state=FeedState.OK, heard=now - 120, connections=2, wanted=3, confirmed=3)
    user = FeedStatus(name="user", state=FeedState.STARTING, refused=("0xab",), counts={"gaps": 1})
    lanes = (
        LaneUse(lane="own", most=1_200, used=10),
        LaneUse(lane="repair", most=300, used=200, waiting=4, refusals=1, paused_until=now + 5_000),
    )
    return Sight(time=now, now=now, feeds=(tape, user), rate=RateUse(per_minute=1_200, used=210, lanes=lanes))


def told(*wallets: Sighting, seen: Sight | None = None, after_ms: int = 0) -> Any:
    """Return the answer, a while after a worker showed what it sees."""

    async def story(room: ApiRoom) -> Any:
        bots = (bot("busy", BUSY), bot("idle", IDLE), bot("off", OFF, enabled=False), bot("unknown", UNKNOWN))
        await room.tell(SettingsChange(version=1, actor="ann", policy=settings(*bots)))
        if seen is not None:
            await room.sightings.show(seen, wallets)
        room.clock.move_by(after_ms)
        answer = await room.get("/api/feeds")
        assert answer.status == 200
        return answer.json

    return in_room(story)


def test_feeds_and_lanes_are_shown_with_their_ages() -> None:
    """One that was never heard has no age."""
    answer = told(seen=sight())
    tape, user = answer["feeds"]
    assert (tape["name"], tape["state"], tape["ageMs"], tape["confirmed"]) == ("tape", "ok", 120, 3)
    assert (user["ageMs"], user["refused"], user["counts"]) == (None, ["0xab"], {"gaps": 1})
    own, repair = answer["rate"]["lanes"]
    assert (own["used"], own["pausedMs"]) == (10, 0)
    assert (repair["waiting"], repair["refusals"], repair["pausedMs"]) == (4, 1, 5_000)
    assert (answer["rate"]["used"], answer["isCurrent"], answer["asOf"]) == (210, True, NOW)


def test_only_enabled_bots_that_are_known_not_to_trade_are_idle() -> None:
    """One of which nothing is known is not idle, and one that is switched off is not missed."""
    quiet = NOW - 8 * DAY_MS
    wallets = (
        Sighting(wallet=BUSY, since=0, last_trade=NOW - 1_000, read=NOW - 9_000),
        Sighting(wallet=IDLE, since=0, quiet_since=quiet),
        Sighting(wallet=OFF, since=0, quiet_since=quiet),
    )
    answer = told(*wallets, seen=sight())
    assert answer["idleBots"] == [{"id": "idle", "name": "idle", "quietMs": 8 * DAY_MS}]
    assert answer["wallets"] == {"total": 3, "read": 1, "oldestReadMs": 9_000}


def test_what_was_seen_long_ago_is_not_current() -> None:
    """It is shown as it was then."""
    answer = told(seen=sight(), after_ms=60_000)
    assert (answer["isCurrent"], answer["asOf"]) == (False, NOW)


def test_before_any_worker_nothing_is_seen() -> None:
    """No feed, no budget, no idle bot."""
    answer = told()
    assert answer["wallets"] == {"total": 0, "read": 0, "oldestReadMs": None}
    assert (answer["asOf"], answer["feeds"], answer["rate"], answer["idleBots"]) == (None, [], None, [])


def workers(*beats: dict[str, Any], after_ms: int = 0) -> Any:
    """Return the worker processes that are told, a while after these said that they live."""

    async def story(room: ApiRoom) -> Any:
        for beat in beats:
            await room.beat(**beat)
        room.clock.move_by(after_ms)
        return (await room.get("/api/feeds")).json["workers"]

    return in_room(story)


def test_worker_processes_are_told_with_their_roles() -> None:
    """The one that trades first; an API process is none, and neither is one that said that it ended."""
    standby = {"process": "standby", "pid": 8, "time": NOW - 700}
    assert workers() == []
    assert workers({"process": "api:9"}, standby, {"pid": 7, "time": NOW - 300}) == [
        {"id": "worker:7", "role": "active", "lastSeenAt": NOW - 300},
        {"id": "standby:8", "role": "standby", "lastSeenAt": NOW - 700},
    ]
    assert workers({"pid": 7, "status": "stopped"}, standby) == [
        {"id": "standby:8", "role": "standby", "lastSeenAt": NOW - 700}
    ]


def test_a_worker_that_is_silent_is_told_with_its_last_sign_of_life() -> None:
    """However long ago that was."""
    assert workers({"pid": 7}, after_ms=60_000) == [{"id": "worker:7", "role": "active", "lastSeenAt": NOW}]


def test_a_standby_that_became_the_worker_is_told_once() -> None:
    """Two in containers of their own may have the same number: both say again and again that they live."""
    before = {"process": "standby", "pid": 1, "time": NOW - 5_000}
    assert [each["id"] for each in workers(before, {"pid": 1})] == ["worker:1"]
    assert [each["id"] for each in workers({"process": "standby", "pid": 1}, {"pid": 1})] == ["worker:1", "standby:1"]
