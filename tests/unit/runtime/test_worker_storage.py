"""A worker whose databases fail: nothing is lost, nothing is sent twice, and it goes on as soon as they are back."""

import pytest

from fadearena.adapters.memory.heartbeat import MemoryHeartbeats
from fadearena.adapters.memory.lease import MemoryLease
from fadearena.adapters.memory.snapshots import MemorySnapshots
from fadearena.adapters.memory.storage import JournalMemory
from fadearena.core.latches import ALL, LatchKind
from fadearena.model.command import BurnNonce, ReadAccount
from fadearena.model.error import StorageUnavailable
from fadearena.model.event import AccountRead, Operator, Pause, Started
from fadearena.model.record import ControlAnswer
from fadearena.ports.heartbeat import Beat
from fadearena.ports.snapshots import Snapshot
from tests.support.room import Room, cloids, notice, ordered, settled_books, with_text
from tests.support.room_doors import FlakyJournal
from tests.support.world import T0


def answers(room: Room) -> list[ControlAnswer]:
    """Return the answers to people's commands."""
    return [record for entry in room.entries for record in entry.records if isinstance(record, ControlAnswer)]


@pytest.mark.parametrize("fate", ["before", "after"])
@pytest.mark.parametrize("which", range(1, 9))
def test_failed_commit_loses_nothing_and_sends_nothing_twice(fate: str, which: int) -> None:
    """Whichever commit of a trade fails, and whether or not it really was made durable."""
    room = Room()

    async def story(room: Room) -> None:
        await room.settled()
        room.journal.failures = [""] * (which - 1) + [fate]
        room.wallets.trade("BTC", "1")
        await room.wait(60_000)
        assert room.journal.failures == []
        room.wallets.trade("BTC", "1")
        await room.wait(5_000)

    room.play(story)
    settled_books(room)
    assert room.kinds(Started) == ["Started", "Started"]
    assert room.state.follows["bot", "BTC"].followed == 2
    assert room.metrics.registry.get_sample_value("fadearena_recoveries_total") == 2


def test_order_whose_commit_failed_never_leaves() -> None:
    """What is not journaled did not happen, and is decided anew."""
    room = Room()

    async def story(room: Room) -> None:
        await room.settled()
        room.wallets.trade("BTC", "1")
        await room.wait(1_000)
        room.journal.failures = ["before"] * 3
        room.wallets.trade("BTC", "1")
        await room.wait(800)
        assert len(room.venue.orders) == 1
        await room.wait(60_000)

    room.play(story)
    assert set(cloids(room.venue.orders)) <= set(cloids(ordered(room)))
    settled_books(room)


def test_order_that_was_journaled_by_a_commit_that_failed_is_settled_and_never_sent() -> None:
    """Nobody knows what left: its nonce is burnt first."""
    room = Room()

    async def story(room: Room) -> None:
        await room.settled()
        room.wallets.trade("BTC", "1")
        await room.wait(3_000)
        room.journal.failures = ["after"]
        room.wallets.trade("BTC", "1")
        await room.wait(60_000)

    room.play(story)
    settled_books(room)
    burnt = [command.cloid for _, command in room.venue.left if isinstance(command, BurnNonce)]
    assert burnt == cloids(ordered(room)[1:2])
    assert ordered(room)[1] not in room.venue.orders


def test_journal_that_stays_away_is_waited_for() -> None:
    """Longer and longer, up to a minute; a signal that came meanwhile is the first thing that is done."""
    room = Room()

    async def story(room: Room) -> None:
        await room.settled()
        room.journal.failures = ["before"] * 6
        room.wallets.trade("BTC", "1")
        await room.wait(10_000)
        (beat,) = await room.heartbeats.beats()
        assert beat.status == "waiting for the database"
        room.worker.kill_now("signal")
        await room.wait(15_000)
        assert len(room.journal.failures) == 1
        await room.wait(60_000)

    room.play(story)
    assert room.kinds(Started, Operator) == ["Operator", "Started", "Operator", "Started"]
    assert room.state.latches.has(ALL, LatchKind.KILL)
    assert room.venue.orders == []


def test_commands_whose_commit_failed_are_carried_out_once() -> None:
    """They were taken from the table: nobody else would carry them out."""
    room = Room()

    async def story(room: Room) -> None:
        await room.settled()
        room.journal.failures = ["before", "after"]
        await room.control.put("ann", Pause())
        room.worker.kill_now("signal")
        await room.wait(10_000)

    room.play(story)
    assert room.state.latches.has(ALL, LatchKind.KILL)
    assert room.state.latches.has(ALL, LatchKind.PAUSE)
    assert [answer.accepted for answer in answers(room)] == [True]


def test_answers_of_an_earlier_life_are_no_news() -> None:
    """What was asked before a recovery is asked again: an account as it was before does not end the settling."""
    room = Room()

    async def story(room: Room) -> None:
        await room.settled()
        room.journal.failures = ["before"]
        room.wallets.tell(notice())
        read = ReadAccount(account="main")
        (stale,) = await room.venue.exchange.execute(read)
        room.worker._room.inbox.put(stale, read)
        room.worker._room.inbox.put(notice("pushed"))
        await room.wait(10_000)

    room.play(story)
    assert sorted(with_text(room.events)) == ["", "pushed"]
    again = [event.received for event in room.events if isinstance(event, Started)][1]
    reads = [event.received for event in room.events if isinstance(event, AccountRead)]
    assert [at - again for at in reads if at > T0 + 6_000] == [20]


class AwayLease(MemoryLease):
    """A lease whose database is away at first, and when it is given back."""

    def __init__(self, memory: JournalMemory) -> None:
        super().__init__(memory)
        self.failures = 3

    async def acquire(self, holder: str) -> bool:
        """Fail a few times, then try to take the lease."""
        self.failures -= 1
        if self.failures >= 0:
            raise StorageUnavailable("the database is away")
        return await super().acquire(holder)

    async def release(self) -> None:
        """Fail."""
        raise StorageUnavailable("the database is away")


def test_database_that_is_away_at_the_start_is_waited_for() -> None:
    """As a standby; that it is away at the end does no harm either."""
    room = Room()
    room.lease = AwayLease(room.memory)
    room.journal = FlakyJournal(room.memory, room.lease)
    room.snapshots = MemorySnapshots(room.memory, room.lease)

    async def story(room: Room) -> None:
        await room.wait(1_500)
        (beat,) = await room.heartbeats.beats()
        assert (beat.process, beat.status) == ("standby", "waiting for the database")
        await room.wait(8_000)
        room.wallets.trade("BTC", "1")
        await room.wait(3_000)

    room.play(story)
    settled_books(room)
    assert len(room.venue.orders) == 1


class Unreadable(MemorySnapshots):
    """Snapshots that cannot be read at first."""

    failures = 2

    async def load(self) -> Snapshot | None:
        """Fail a few times, then return the newest snapshot."""
        self.failures -= 1
        if self.failures >= 0:
            raise StorageUnavailable("the database is away")
        return await super().load()


def test_recovery_that_cannot_read_is_tried_again() -> None:
    """Nothing is journaled before the state is known."""
    room = Room()
    room.snapshots = Unreadable(room.memory, room.lease)
    room.play(lambda room: room.wait(6_000))
    assert [event.received - T0 for event in room.events if isinstance(event, Started)] == [3_000]


class Mute(MemoryHeartbeats):
    """Signs of life that cannot be given."""

    async def beat(self, beat: Beat) -> None:
        """Fail."""
        raise StorageUnavailable("the database is away")


def test_worker_trades_on_where_it_cannot_give_a_sign_of_life() -> None:
    """What is shown is no part of what is decided."""
    room = Room()
    room.heartbeats = Mute()

    async def story(room: Room) -> None:
        await room.settled()
        room.wallets.trade("BTC", "1")
        await room.wait(3_000)

    room.play(story)
    assert len(room.venue.orders) == 1
