"""The door through which processes say that they live."""

from collections.abc import Iterable
from typing import Final, Protocol

import msgspec

from fadearena.model.units import DAY_MS, SECOND_MS, EpochMs

API_NAME: Final = "api:"
"""The names of processes that serve begin so."""
KEPT_MS: Final = DAY_MS
"""A beat that is so much older than the newest is forgotten."""
LIFE_MS: Final = 2 * SECOND_MS
"""A process whose last beat is older counts as dead."""


class Beat(msgspec.Struct, frozen=True, kw_only=True):
    """
    What a process said of itself last.

    `process` is `worker`, `standby`, or `api:PID` of each process that serves; `status` is `starting`, `recovering`,
    `running` or `stopped`. `detail` of one that serves has its `url`. `metrics` is its registry as Prometheus' text
    format.
    """

    process: str
    pid: int
    time: EpochMs
    status: str
    mode: str
    journal_seq: int
    epoch: int = 0
    detail: dict[str, str] = {}
    metrics: str = ""

    def is_alive(self, now: EpochMs) -> bool:
        """Tell whether the process was heard of lately, and did not say that it ended."""
        return self.status != "stopped" and now - self.time <= LIFE_MS


def worker_of(beats: Iterable[Beat]) -> Beat | None:
    """Return the last beat of the worker; None where there never was one."""
    return next((beat for beat in beats if beat.process == "worker"), None)


class Heartbeats(Protocol):
    """Keeps the last beat of each process."""

    async def beat(self, beat: Beat) -> None:
        """
        Replace the beat of this process; those of processes that were not heard of for a day are dropped.

        Raises:
            StorageUnavailable: It could not be written; the next one may.
        """
        ...

    async def beats(self) -> tuple[Beat, ...]:
        """Return the last beat of each process, by name."""
        ...
