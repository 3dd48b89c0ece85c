"""What every keeper of signs of life does."""

import msgspec

from fadearena.model.units import DAY_MS
from fadearena.ports.heartbeat import Beat
from tests.support.read_stores import Doors, Opener, opener, tell

__all__ = ["opener"]
BEAT = Beat(
    process="worker",
    pid=7,
    time=1_760_000_000_000,
    status="running",
    mode="simulation",
    journal_seq=9,
    epoch=2,
    detail={"inbox": "3"},
    metrics="# HELP x\n",
)


def test_the_last_beat_of_each_process_is_kept(opener: Opener) -> None:
    """A later beat replaces the earlier one of its process, whole; others stay. They come by name."""
    server = msgspec.structs.replace(BEAT, process="api:8@here", detail={})
    later = msgspec.structs.replace(BEAT, time=BEAT.time + 1_000, status="stopped", metrics="")

    async def story(doors: Doors) -> None:
        assert await doors.heartbeats.beats() == ()
        for beat in (BEAT, server, later):
            await doors.heartbeats.beat(beat)
        assert await doors.heartbeats.beats() == (server, later)

    tell(opener, story)
    assert tell(opener, lambda doors: doors.heartbeats.beats()) == (server, later)


def test_beats_survive_a_rebuild(opener: Opener) -> None:
    """They do not follow from the journal."""

    async def story(doors: Doors) -> None:
        await doors.heartbeats.beat(BEAT)
        await doors.records.clear()
        assert await doors.heartbeats.beats() == (BEAT,)

    tell(opener, story)


def test_who_was_not_heard_of_for_a_day_is_forgotten(opener: Opener) -> None:
    """An API process has a name of its own, and never comes back under it."""
    old = msgspec.structs.replace(BEAT, process="api:8@here", time=BEAT.time - DAY_MS - 1)
    kept = msgspec.structs.replace(BEAT, process="api:9@here", time=BEAT.time - DAY_MS)

    async def story(doors: Doors) -> None:
        for beat in (old, kept, BEAT):
            await doors.heartbeats.beat(beat)
        assert await doors.heartbeats.beats() == (kept, BEAT)

    tell(opener, story)
