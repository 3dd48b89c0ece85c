"""How far what is shown lags behind what the worker journaled, by the worker's heartbeats."""

from collections import deque
from typing import Final

import msgspec

from fadearena.model.units import EpochMs
from fadearena.ports.heartbeat import Beat
from fadearena.ports.read_store import Position

_NOTED_MAX: Final = 600


class Lag(msgspec.Struct, frozen=True, kw_only=True):
    """`entries` of the journal are not shown; the oldest of them has been known of for `ms`."""

    entries: int
    ms: EpochMs


class LagWatch:
    """Remembers when the worker was first seen to be how far; whoever looks often knows best."""

    def __init__(self) -> None:
        self._noted: deque[tuple[int, EpochMs]] = deque(maxlen=_NOTED_MAX)

    def see(self, worker: Beat | None, shown: Position, now: EpochMs) -> Lag:
        """Take note of how far the worker is, and return how far we lag; without a worker nothing is known to."""
        if worker is None:
            return Lag(entries=0, ms=0)
        if self._noted and self._noted[-1][0] > worker.journal_seq:
            self._noted.clear()  # a backup was restored: it counts again from there
        if not self._noted or self._noted[-1][0] < worker.journal_seq:
            self._noted.append((worker.journal_seq, worker.time))
        while self._noted and self._noted[0][0] <= shown.journal_seq:
            self._noted.popleft()
        since = self._noted[0][1] if self._noted else now
        return Lag(entries=max(worker.journal_seq - shown.journal_seq, 0), ms=max(now - since, 0))
