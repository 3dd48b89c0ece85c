"""Old segments are deleted by a setting, and never what is not shown yet."""

import asyncio

from fadearena.adapters.memory.read_store import MemoryReadStore
from fadearena.adapters.memory.snapshots import MemorySnapshots
from fadearena.model.error import StorageUnavailable
from fadearena.model.units import SECOND_MS
from fadearena.ports.read_store import Position
from fadearena.ports.snapshots import Segment
from fadearena.runtime.retention import Retention
from tests.support.room import Room


class Shown(MemoryReadStore):
    """A read store that says how far it is."""

    seq = 10**6

    async def position(self) -> Position:
        """Return the position."""
        return Position(journal_seq=self.seq)


class Flaky(MemorySnapshots):
    """Snapshots that cannot be listed at first."""

    failures = 0

    async def segments(self) -> tuple[Segment, ...]:
        """Return the segments, once the database is back."""
        if self.failures:
            self.failures -= 1
            raise StorageUnavailable("away")
        return await super().segments()


def kept(room: Room, shown: Shown, snapshots: MemorySnapshots | None = None, *, seconds: int = 61) -> list[int]:
    """Return which segments are left after some seconds beside a worker."""

    async def story(room: Room) -> None:
        retention = Retention(snapshots or room.snapshots, shown, room.lease, room.clock, 2)
        run = asyncio.ensure_future(retention.run())
        await room.wait(seconds * SECOND_MS)
        left.extend(sorted(room.memory.segments))
        run.cancel()

    left: list[int] = []
    room.play(story, snapshot_every=2, segment_every=4)
    return left


def test_the_newest_segments_are_kept() -> None:
    """After a minute the older ones are gone, and the journal can still be read from the oldest that is left."""
    early, late = Room(), Room()
    before, left = kept(early, Shown(early.control), seconds=59), kept(late, Shown(late.control))
    assert len(before) > 2
    assert before[0] == 1
    assert left[0] > 1
    assert len(left) >= 2


def test_what_is_not_shown_stays() -> None:
    """While the server is behind nothing is deleted."""
    room = Room()
    shown = Shown(room.control)
    shown.seq = 0
    assert kept(room, shown)[0] == 1


def test_who_does_not_hold_the_lease_deletes_nothing() -> None:
    """A standby leaves the journal alone."""
    room = Room()
    kept(room, Shown(room.control), seconds=59)
    retention = Retention(room.snapshots, Shown(room.control), room.lease, room.clock, 2)
    assert not room.lease.is_held
    assert asyncio.run(retention.look()) == 0


def test_a_failure_is_tried_again() -> None:
    """A database that is away for a minute is asked again in the next."""
    room = Room()
    flaky = Flaky(room.memory, room.lease)
    flaky.failures = 1
    assert kept(room, Shown(room.control), flaky)[0] == 1
    flaky.failures = 1
    assert kept(room, Shown(room.control), flaky, seconds=121)[0] > 1
