"""The door through which processes say that they live."""

from typing import Protocol

import msgspec

from fadearena.model.units import EpochMs


class Beat(msgspec.Struct, frozen=True, kw_only=True):
    """
    What a process said of itself last.

    `process` is `worker`, `server` or `standby`; `status` is `starting`, `recovering`, `running` or `stopped`.
    `metrics` is its registry as Prometheus' text format.
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


class Heartbeats(Protocol):
    """Keeps the last beat of each process."""

    async def beat(self, beat: Beat) -> None:
        """
        Replace the beat of this process.

        Raises:
            StorageUnavailable: It could not be written; the next one may.
        """
        ...

    async def beats(self) -> tuple[Beat, ...]:
        """Return the last beat of each process, by name."""
        ...
