"""What a process is like while it works: how long its event loop is blocked, and how much memory it has."""

import asyncio
import time
from pathlib import Path

import msgspec

_BEAT_S = 0.002
_MEMORY_S = 1.0
_KB = 1024


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """
    How a process was.

    `blocked_ms` is the longest stretch of processor time between two beats of the event loop; `late_ms` is how much a
    beat was late at most, which counts what other processes of the machine took, too. Memory is resident, in MB: the
    mean of the first and of the last third of the time.
    """

    blocked_ms: float
    late_ms: float
    busy: float
    memory_first_mb: float
    memory_last_mb: float

    @property
    def growth(self) -> float:
        """By which part memory grew."""
        return self.memory_last_mb / self.memory_first_mb - 1


class Pulse:
    """Measures, from `begin` on."""

    def __init__(self) -> None:
        self._blocked = self._late = 0.0
        self._memory: list[float] = []
        self.begin()

    def begin(self) -> None:
        """Forget what was measured so far."""
        self._blocked = self._late = 0.0
        self._memory = []
        self._began = time.perf_counter(), time.process_time()

    def health(self) -> Health:
        """Return what was measured."""
        wall, cpu = time.perf_counter() - self._began[0], time.process_time() - self._began[1]
        memory = self._memory or [resident_mb()]
        third = max(1, len(memory) // 3)
        return Health(
            blocked_ms=round(self._blocked * 1e3, 1),
            late_ms=round(self._late * 1e3, 1),
            busy=round(cpu / wall, 2),
            memory_first_mb=round(sum(memory[:third]) / third, 1),
            memory_last_mb=round(sum(memory[-third:]) / third, 1),
        )

    async def run(self) -> None:
        """Beat, for ever."""
        due = time.perf_counter()
        while True:
            wall, cpu = time.perf_counter(), time.thread_time()
            await asyncio.sleep(_BEAT_S)
            now = time.perf_counter()
            self._late = max(self._late, now - wall - _BEAT_S)
            self._blocked = max(self._blocked, time.thread_time() - cpu)
            if now >= due:
                due = now + _MEMORY_S
                self._memory.append(resident_mb())


def resident_mb() -> float:
    """Return the memory of this process that is in the machine's."""
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / _KB
    raise OSError("the machine does not tell how much memory a process has")
