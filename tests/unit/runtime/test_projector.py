"""The projector takes in what was committed, once, from where it stood; a rebuild gives the same."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import pytest

from fadearena.adapters.memory.control import MemoryControl
from fadearena.adapters.memory.journal import MemoryJournal
from fadearena.adapters.memory.read_store import MemoryReadStore
from fadearena.adapters.memory.snapshots import MemorySnapshots
from fadearena.adapters.memory.storage import JournalMemory
from fadearena.adapters.memory.wakeups import MemoryWakeups
from fadearena.kit.clock import ManualClock
from fadearena.kit.jumping import run_jumping
from fadearena.model.error import InvalidInput, StorageUnavailable
from fadearena.model.record import Alert
from fadearena.ports.journal import JournalEntry
from fadearena.ports.read_store import LoggedRecord, LogQuery, Position
from fadearena.ports.snapshots import Segment
from fadearena.ports.wakeups import Topic
from fadearena.runtime.immediate import immediately
from fadearena.runtime.projector import Projector, rebuild
from fadearena.runtime.server_metrics import ServerMetrics
from tests.support.entries import Writer


class Store(MemoryReadStore):
    """A read store that can be away; `batches` are the sizes of what was projected."""

    def __init__(self) -> None:
        super().__init__(MemoryControl())
        self.batches: list[int] = []
        self.is_away = False

    async def project(self, entries: Sequence[JournalEntry]) -> Position:
        """Take entries in, or fail."""
        if self.is_away:
            raise StorageUnavailable("the database is away")
        self.batches.append(len(entries))
        return await super().project(entries)


class Window:
    """A projector between a journal that grows and a store."""

    def __init__(self) -> None:
        self.clock, self.memory, self.store, self.metrics = ManualClock(), JournalMemory(), Store(), ServerMetrics()
        self.journal = MemoryJournal(self.memory)
        self.projector = Projector(self.journal, self.store, self.clock, self.metrics)
        self._writer = Writer()

    def commit(self, count: int) -> None:
        """Let entries be committed, each with two records."""
        told = [Alert(level="info", category="c", subject="s", text=str(number)) for number in range(2)]
        immediately(self.journal.append(*[self._writer.entry(*told) for _ in range(count)]))

    def run(self, story: Callable[["Window"], Awaitable[None]]) -> None:
        """Follow beside a story, then stop."""

        async def main() -> None:
            running = asyncio.create_task(self.projector.run())
            try:
                await story(self)
            finally:
                self.projector.stop()
                await running

        run_jumping(main(), self.clock)

    async def wait(self, ms: int) -> None:
        """Let time pass."""
        await self.clock.sleep_until(self.clock.now_ms() + ms)

    @property
    def log(self) -> tuple[LoggedRecord, ...]:
        """Everything that is shown."""
        return immediately(self.store.log(LogQuery(limit=1_000))).records


def test_entries_are_taken_in_soon_after_they_were_committed() -> None:
    """Together, in one transaction, and never twice."""

    async def story(window: Window) -> None:
        window.commit(3)
        await window.wait(25)
        assert window.projector.position == Position(journal_seq=3, record_seq=6)
        window.commit(2)
        await window.wait(100)

    window = Window()
    window.run(story)
    assert window.store.batches == [3, 2]
    assert [logged.record_seq for logged in window.log] == list(range(1, 11))
    assert window.metrics.registry.get_sample_value("fadearena_projected_seq") == 5


def test_long_way_is_gone_in_batches() -> None:
    """So that no transaction grows without end."""
    window = Window()
    window.commit(220)
    assert immediately(window.projector.catch_up()).journal_seq == 220
    assert window.store.batches == [100, 100, 20]


def test_stop_takes_in_what_was_committed_before_it() -> None:
    """What a worker said last is shown."""

    async def story(window: Window) -> None:
        await window.wait(25)
        window.commit(4)

    window = Window()
    window.run(story)
    assert window.store.batches == [4]


def test_store_that_is_away_is_waited_for() -> None:
    """Nothing is lost, nothing is taken in twice."""

    async def story(window: Window) -> None:
        window.store.is_away = True
        window.commit(3)
        await window.wait(5_000)
        window.store.is_away = False
        window.commit(1)
        await window.wait(1_000)
        assert window.projector.position.journal_seq == 4

    window = Window()
    window.run(story)
    assert window.store.batches == [4]


def test_rebuild_by_somebody_else_is_followed() -> None:
    """A position that was moved meanwhile is no error: it is read anew."""

    async def story(window: Window) -> None:
        window.commit(3)
        await window.wait(25)
        await window.store.clear()
        await window.wait(100)

    window = Window()
    window.run(story)
    assert window.store.batches == [3, 3]
    assert len(window.log) == 6


def test_batch_that_crosses_a_rebuild_is_refused_and_taken_again() -> None:
    """The store says where it stands."""
    window = Window()
    window.commit(3)

    class Crossed(Store):
        """A store that is rebuilt in the middle of the first batch."""

        async def project(self, entries: Sequence[JournalEntry]) -> Position:
            """Refuse once, as if the position had been moved."""
            if not self.batches:
                self.batches.append(0)
                await MemoryReadStore.project(self, entries[:1])
                raise InvalidInput("entry 1 came, 2 is next")
            return await super().project(entries)

    window.store = Crossed()
    window.projector = Projector(window.journal, window.store, window.clock, window.metrics)
    window.run(lambda window: window.wait(50))
    assert window.store.batches == [0, 2]
    assert len(window.log) == 6


def test_journal_that_begins_after_the_position_is_an_error() -> None:
    """What was deleted cannot be shown any more: somebody has to rebuild."""

    async def story(window: Window) -> None:
        window.commit(3)
        window.memory.segments = {3: Segment(first_seq=3, rules_version=1, opened=1, record_seq=4)}
        await window.wait(50)

    with pytest.raises(InvalidInput, match="begins at entry 3"):
        Window().run(story)


def test_rebuild_gives_the_same_as_following() -> None:
    """The stored records, with the same numbers."""
    window = Window()
    window.commit(700)
    immediately(window.projector.catch_up())
    before = window.log
    position = immediately(rebuild(window.journal, MemorySnapshots(window.memory), window.store))
    assert position == Position(journal_seq=700, record_seq=1_400)
    assert window.log == before


def test_rebuild_begins_where_the_journal_begins() -> None:
    """After older segments were deleted numbers stay what they were; an empty journal gives an empty store."""
    window = Window()
    assert immediately(rebuild(window.journal, MemorySnapshots(window.memory), window.store)) == Position()
    window.commit(5)
    window.memory.segments = {4: Segment(first_seq=4, rules_version=1, opened=1, record_seq=6)}
    position = immediately(rebuild(window.journal, MemorySnapshots(window.memory), window.store))
    assert position == Position(journal_seq=5, record_seq=10)
    assert [logged.record_seq for logged in window.log] == [7, 8, 9, 10]


def test_projector_is_woken_by_the_journal_and_wakes_readers() -> None:
    """What is committed is taken in at once, and who waits for records hears of it at once."""

    async def story(window: Window) -> None:
        await window.wait(1)
        window.commit(1)
        wakeups.wake(Topic.JOURNAL)
        await wakeups.wait(Topic.RECORDS, 1_000)
        assert window.clock.now_ms() == 1
        assert len(window.log) == 2

    window = Window()
    wakeups = MemoryWakeups(window.clock)
    window.projector = Projector(window.journal, window.store, window.clock, window.metrics, wakeups=wakeups)
    window.run(story)
