"""An installation in memory: a client, and a worker and a server that only pretend."""

from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

from fadearena.adapters.memory.control import MemoryControl
from fadearena.adapters.memory.heartbeat import MemoryHeartbeats
from fadearena.adapters.memory.read_store import MemoryReadStore
from fadearena.adapters.memory.sightings import MemorySightings
from fadearena.bootstrap.client import Client
from fadearena.kit.clock import ManualClock
from fadearena.kit.jumping import run_jumping
from fadearena.model.event import Marks
from fadearena.model.record import ControlAnswer, Record
from fadearena.ports.heartbeat import Beat
from fadearena.ports.journal import JournalEntry

START_MS = 1_760_000_000_000
T = TypeVar("T")


class Installation:
    """What commands find."""

    def __init__(self, directory: Path) -> None:
        self.clock = ManualClock(START_MS)
        self.control = MemoryControl()
        self.records = MemoryReadStore(self.control)
        self.heartbeats = MemoryHeartbeats()
        self.sightings = MemorySightings()
        self.client = Client(
            self.records, self.control, self.heartbeats, self.sightings, self.clock, directory / "KILL"
        )
        self._seq = self._record_seq = 0

    def play(self, main: Coroutine[Any, Any, T]) -> T:
        """Run something as fast as it can."""
        return run_jumping(main, self.clock)

    async def beat(self, process: str = "worker", status: str = "running", journal_seq: int = 0) -> None:
        """Have a process say that it lives."""
        await self.heartbeats.beat(
            Beat(
                process=process,
                pid=7,
                time=self.clock.now_ms(),
                status=status,
                mode="simulation",
                journal_seq=journal_seq,
            )
        )

    async def show(self, *records: Record) -> None:
        """Journal and project an event that brought these records."""
        self._seq += 1
        self._record_seq += len(records)
        now = self.clock.now_ms()
        entry = JournalEntry(
            seq=self._seq, event=Marks(time=now, received=now), records=records, record_seq=self._record_seq
        )
        await self.records.project([entry])

    async def work(self, after_ms: int = 0, *, accepted: bool = True, reasons: tuple[str, ...] = ()) -> None:
        """Beat each second, and answer every command so late, for ever."""
        while True:
            await self.beat()
            for _ in range(10):
                taken = await self.control.take()
                if taken:
                    await self.clock.sleep_until(self.clock.now_ms() + after_ms)
                for entry in taken:
                    await self.show(ControlAnswer(control_id=entry.id, accepted=accepted, reasons=reasons))
                await self.clock.sleep_until(self.clock.now_ms() + 100)
