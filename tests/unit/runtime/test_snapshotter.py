"""Snapshots are taken bit by bit between turns, count once they are whole, and give the state as it was."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import pytest

from fadearena.adapters.memory.journal import MemoryJournal
from fadearena.adapters.memory.snapshots import MemorySnapshots
from fadearena.adapters.memory.storage import JournalMemory
from fadearena.core.engine import RULES_VERSION
from fadearena.core.state import State, encode
from fadearena.kit.clock import ManualClock
from fadearena.kit.jumping import run_jumping
from fadearena.kit.tasks import cancelled
from fadearena.model.error import LeaseLost, StorageUnavailable
from fadearena.model.event import Event, RoleRead, SetPolicy
from fadearena.model.wallet import WalletRole
from fadearena.ports.snapshots import Part, Segment
from fadearena.runtime.engine import Engine
from fadearena.runtime.immediate import immediately
from fadearena.runtime.inbox import Incoming
from fadearena.runtime.metrics import Metrics
from fadearena.runtime.recovery import recover
from fadearena.runtime.snapshotter import Snapshotter
from fadearena.runtime.standing import StandingQuotes
from fadearena.runtime.turns import Turns
from tests.support.room import notice, operator
from tests.support.world import T0, bot, settings

CROWD = settings(*[bot(f"bot-{number}", f"0x{number:040x}") for number in range(300)])


class Shelf(MemorySnapshots):
    """Snapshots in memory whose writes fail when they are told to; `slices` are the sizes of what was written."""

    def __init__(self, memory: JournalMemory) -> None:
        super().__init__(memory)
        self.failures: list[Exception | None] = []
        self.slices: list[int] = []

    async def write(self, seq: int, parts: Sequence[Part]) -> None:
        """Keep a slice, or fail."""
        fate = self.failures.pop(0) if self.failures else None
        if fate is not None:
            raise fate
        self.slices.append(len(parts))
        await super().write(seq, parts)


class Desk:
    """Turns on a crowd of bots, with a snapshotter beside them."""

    def __init__(self, memory: JournalMemory | None = None, **numbers: int) -> None:
        self.memory = memory or JournalMemory()
        self.journal, self.shelf = MemoryJournal(self.memory), Shelf(self.memory)
        self.clock, self.metrics = ManualClock(T0), Metrics()
        rules_version = numbers.pop("rules_version", RULES_VERSION)
        engine = Engine(rules_version=rules_version)
        found = immediately(recover(self.journal, self.shelf, engine))
        self.state: State = found.state
        self.turns = Turns(found, engine, self.journal, self.clock, StandingQuotes(lambda _coin, _now: None))
        self.snapshotter = Snapshotter(
            found,
            self.shelf,
            engine,
            self.clock,
            self.metrics,
            **{"snapshot_every": 3, "segment_every": 1_000, **numbers},
        )

    async def turn(self, *events: Event) -> None:
        """Take events in one turn."""
        await self.turns.take([Incoming(event) for event in events or (notice(),)])
        self.snapshotter.look(self.turns.seq, self.turns.record_seq)

    def run(self, story: Callable[["Desk"], Awaitable[None]]) -> None:
        """Open what has to be opened, tell the settings, and take snapshots beside a story."""

        async def main() -> None:
            await self.snapshotter.open_segment(self.turns.seq, self.turns.record_seq)
            if not self.state.policy.bots:
                await self.turn(operator(SetPolicy(policy=CROWD)))
            running = asyncio.create_task(self.snapshotter.run())
            try:
                await story(self)
            finally:
                await cancelled(running)

        run_jumping(main(), self.clock)

    async def finished(self) -> None:
        """Wait until no snapshot is being taken."""
        for _ in range(100):
            await asyncio.sleep(0)
        assert not self.snapshotter.is_busy

    @property
    def newest(self) -> int:
        """After which entry the newest sealed snapshot was taken."""
        assert self.memory.newest is not None
        return self.memory.newest.seq

    def outcomes(self) -> tuple[float, float]:
        """How many snapshots were sealed, and how many dropped."""
        found = [
            self.metrics.registry.get_sample_value("fadearena_snapshots_total", {"outcome": outcome})
            for outcome in ("sealed", "dropped")
        ]
        return found[0] or 0, found[1] or 0

    def recovered(self) -> bytes:
        """Return the state that a recovery finds."""
        return encode(immediately(recover(self.journal, MemorySnapshots(self.memory), Engine())).state)

    def from_zero(self) -> bytes:
        """Return the state that follows from all entries."""
        memory = JournalMemory(entries=dict(self.memory.entries))
        return encode(immediately(recover(MemoryJournal(memory), MemorySnapshots(memory), Engine())).state)


def role(number: int) -> RoleRead:
    """Return an event that changes one bot."""
    return RoleRead(time=0, received=0, wallet=CROWD.bots[number].wallet, role=WalletRole.USER)


async def nothing(_: Desk) -> None:
    """Tell no story."""


async def turns(desk: Desk, count: int) -> None:
    """Take turns, and let each snapshot come to its end."""
    for _ in range(count):
        await desk.turn()
        await desk.finished()


def test_first_start_opens_a_segment_before_anything_else() -> None:
    """A journal is a list of segments from its very beginning."""
    desk = Desk()
    desk.run(nothing)
    assert list(desk.memory.segments.values()) == [
        Segment(first_seq=1, rules_version=RULES_VERSION, opened=T0, record_seq=0)
    ]


def test_start_with_the_same_rules_opens_none_and_one_with_other_rules_does() -> None:
    """Replay from zero is claimed inside a segment: all of it is of one set of rules."""
    desk = Desk()
    desk.run(lambda desk: turns(desk, 1))
    Desk(desk.memory).run(nothing)
    assert list(desk.memory.segments) == [1]
    Desk(desk.memory, rules_version=RULES_VERSION + 1).run(nothing)
    assert [segment.rules_version for segment in desk.memory.segments.values()] == [RULES_VERSION, RULES_VERSION + 1]
    assert list(desk.memory.segments) == [1, 3]


def test_snapshot_is_taken_after_so_many_entries() -> None:
    """The next one after as many more."""

    async def story(desk: Desk) -> None:
        newest = []
        for _ in range(7):
            await turns(desk, 1)
            newest.append(desk.newest)
        assert newest == [0, 3, 3, 3, 6, 6, 6]

    desk = Desk()
    desk.run(story)
    assert desk.recovered() == desk.from_zero() == encode(desk.state)
    assert desk.outcomes() == (3, 0)


def test_segment_is_opened_after_so_many_entries() -> None:
    """With a full snapshot; the entries after it are the segment's."""
    desk = Desk(segment_every=5)
    desk.run(lambda desk: turns(desk, 12))
    assert list(desk.memory.segments) == [1, 7, 13]
    assert [snapshot.seq for snapshot in desk.memory.openings.values()] == [0, 6, 12]
    assert desk.recovered() == desk.from_zero()


def test_slices_are_written_between_turns_and_show_the_moment_at_which_the_snapshot_began() -> None:
    """What changes meanwhile is shown as it was."""
    shown: list[bytes] = []

    async def story(desk: Desk) -> None:
        await turns(desk, 1)
        await desk.turn()
        shown.append(encode(desk.state))
        seen = 0
        while desk.snapshotter.is_busy:
            await desk.turn(*(role(number) for number in (10 + seen, 290 - seen)))
            seen += 1
            await asyncio.sleep(0)
        assert seen > 1
        assert desk.newest == 3

    desk = Desk()
    desk.run(story)
    assert len(desk.shelf.slices) > 3
    assert desk.memory.newest is not None
    desk.memory.entries = {}  # what is left is the snapshot
    assert desk.recovered() == shown[0]


def test_broken_snapshot_is_dropped_and_another_taken_later() -> None:
    """Whoever asks for all rows at once gets them; the snapshot gives way."""

    async def story(desk: Desk) -> None:
        await desk.turn(notice(), notice())
        assert desk.snapshotter.is_busy
        assert len(desk.state.bots.values()) == 300
        await desk.finished()
        assert desk.newest == 0
        await turns(desk, 3)
        assert desk.newest == 6

    desk = Desk()
    desk.run(story)
    assert desk.outcomes() == (2, 1)
    assert desk.recovered() == desk.from_zero()


def test_snapshot_that_could_not_be_written_is_dropped_and_another_taken_later() -> None:
    """Trading goes on; what the slices showed counts as changed still."""

    async def story(desk: Desk) -> None:
        desk.shelf.failures = [None, StorageUnavailable("the disk is full")]
        await desk.turn(notice(), notice())
        await desk.finished()
        assert desk.newest == 0
        await turns(desk, 3)
        assert desk.newest == 6

    desk = Desk()
    desk.run(story)
    assert desk.outcomes() == (2, 1)
    assert desk.recovered() == desk.from_zero()


def test_segment_that_could_not_be_opened_at_the_start_stops_it() -> None:
    """Nothing is done before there is one; the worker tries again."""
    desk = Desk()
    desk.shelf.failures = [StorageUnavailable("the disk is full")]
    with pytest.raises(StorageUnavailable):
        desk.run(nothing)


def test_failing_segment_is_not_tried_again_at_every_turn() -> None:
    """A full snapshot costs more than any other."""

    async def story(desk: Desk) -> None:
        desk.shelf.failures = [StorageUnavailable("the disk is full")] * 2
        await turns(desk, 8)

    desk = Desk(segment_every=2)
    desk.run(story)
    assert desk.outcomes() == (2, 2)
    assert list(desk.memory.segments) == [1, 10]


def test_lost_lease_is_not_taken_for_a_failed_snapshot() -> None:
    """The worker must stop."""

    async def story(desk: Desk) -> None:
        desk.shelf.failures = [LeaseLost("another worker took over")]
        desk.snapshotter.look(3, 0)
        with pytest.raises(LeaseLost):
            await desk.snapshotter.run()

    async def main(desk: Desk) -> None:
        await desk.snapshotter.open_segment(0, 0)
        await story(desk)

    desk = Desk()
    run_jumping(main(desk), desk.clock)


def test_slices_that_were_never_sealed_do_not_count() -> None:
    """What a worker left behind that was killed is removed at the next start."""
    desk = Desk()
    desk.run(lambda desk: turns(desk, 4))
    immediately(desk.shelf.write(9, [Part("bots/nobody", b"{}")]))
    again = Desk(desk.memory)
    again.run(nothing)
    assert desk.memory.unsealed is None
    assert again.recovered() == desk.from_zero()
