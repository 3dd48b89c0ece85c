"""Servers notice that the worker fell silent, tell of it once, and tell when it is back."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from fadearena.adapters.memory.heartbeat import MemoryHeartbeats
from fadearena.adapters.memory.outbox import MemoryOutbox
from fadearena.kit.clock import ManualClock
from fadearena.kit.jumping import run_jumping
from fadearena.model.error import StorageUnavailable
from fadearena.model.units import HOUR_MS
from fadearena.ports.heartbeat import Beat
from fadearena.runtime.silence import Silence


class Heartbeats(MemoryHeartbeats):
    """Signs of life that cannot always be read."""

    is_away = False

    async def beats(self) -> tuple[Beat, ...]:
        """Return the last beats, or fail."""
        if self.is_away:
            raise StorageUnavailable("the database is away")
        return await super().beats()


class Watch:
    """Two servers that watch one worker for ten seconds."""

    def __init__(self) -> None:
        self.clock, self.outbox, self.heartbeats = ManualClock(1_760_000_000_000), MemoryOutbox(), Heartbeats()

    def run(self, story: Callable[["Watch"], Awaitable[None]]) -> list[tuple[str, str]]:
        """Let them watch beside a story; return level and subject of what was told."""

        async def main() -> None:
            silences = [Silence(self.heartbeats, self.outbox, self.clock, 10_000) for _ in range(2)]
            running = [asyncio.create_task(silence.run()) for silence in silences]
            try:
                await story(self)
            finally:
                for silence in silences:
                    silence.stop()
                await asyncio.gather(*running)

        run_jumping(main(), self.clock)
        rows = run_jumping(self.outbox.queued(100), self.clock)
        assert all(row.alert.category == "worker" for row in rows)
        return [(row.alert.level, row.alert.subject) for row in sorted(rows, key=lambda row: row.id)]

    async def live(self, seconds: int, status: str = "running", pid: int = 7) -> None:
        """Let the worker beat each second."""
        for _ in range(seconds):
            now = self.clock.now_ms()
            beat = Beat(process="worker", pid=pid, time=now, status=status, mode="live", journal_seq=0)
            await self.heartbeats.beat(beat)
            await self.wait(1)

    async def wait(self, seconds: float) -> None:
        """Let time pass."""
        await self.clock.sleep_until(self.clock.now_ms() + int(seconds * 1_000))


def test_a_silence_is_told_once_and_its_end_too() -> None:
    """However many servers watch, and however long it lasts; the next one is told again."""

    async def story(watch: Watch) -> None:
        await watch.live(5)
        await watch.wait(300)
        await watch.live(3, pid=8)
        await watch.wait(12)
        await watch.live(2, pid=8)

    assert Watch().run(story) == [("critical", "silent"), ("info", "back")] * 2


def test_a_worker_that_stumbles_is_not_told_of() -> None:
    """Nine seconds are not ten, however often."""

    async def story(watch: Watch) -> None:
        for _ in range(5):
            await watch.live(1)
            await watch.wait(8)

    assert Watch().run(story) == []


def test_a_worker_that_was_stopped_is_told_as_such() -> None:
    """It is no accident, and yet nobody follows."""

    async def story(watch: Watch) -> None:
        await watch.live(2)
        await watch.live(1, "stopped")
        await watch.wait(20)

    assert Watch().run(story) == [("warning", "stopped")]


@pytest.mark.parametrize("beats", [0, 1])
def test_what_a_server_did_not_live_through_is_no_silence(beats: int) -> None:
    """A worker that never ran, or whose last beat is old when a server starts, gets its ten seconds."""

    async def story(watch: Watch) -> None:
        await watch.wait(9)
        await watch.live(5)

    watch = Watch()
    run_jumping(watch.live(beats), watch.clock)
    watch.clock.move_by(HOUR_MS)
    assert watch.run(story) == []


def test_a_machine_that_slept_is_no_silence() -> None:
    """An hour that passes between two looks counts as two seconds; then the worker has its time to beat."""

    async def story(watch: Watch) -> None:
        await watch.live(5)
        watch.clock.move_by(HOUR_MS)
        await watch.wait(5)
        await watch.live(5)

    assert Watch().run(story) == []


def test_a_database_that_is_away_says_nothing_of_the_worker() -> None:
    """The time for which nobody could look counts as two seconds."""

    async def story(watch: Watch) -> None:
        await watch.live(5)
        watch.heartbeats.is_away = True
        await watch.wait(60)
        watch.heartbeats.is_away = False
        await watch.live(5)

    assert Watch().run(story) == []
