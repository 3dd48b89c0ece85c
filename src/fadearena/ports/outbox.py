"""
The door to what people still have to be told, and what they were told.

1. Each alert that is projected has a row, made in the same transaction as the projection: once for each record, and
   not again by a rebuild. Alerts of no record (a worker that fell silent) have one for each `source`.
2. Any number of processes may share it: one at a time has the `lead`, and only that one changes rows.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

import msgspec

from fadearena.model.record import Alert
from fadearena.model.units import EpochMs


class Delivery(StrEnum):
    """Where an alert stands: it waits, was taken by all, is told by another row, or was given up."""

    QUEUED = "queued"
    SENT = "sent"
    MERGED = "merged"
    FAILED = "failed"


ENDED = (Delivery.SENT, Delivery.MERGED, Delivery.FAILED)


def record_source(record_seq: int, time: EpochMs) -> str:
    """Name a record: by its time, too, since a journal that was restored counts again from where it was."""
    return f"record:{record_seq}@{time}"


class OutboxRow(msgspec.Struct, frozen=True, kw_only=True):
    """
    One alert on its way.

    `time` is when it was, by the clock of the events; all other times are those of people. `times` counts the alerts
    that its message stands for, `into` is the row that tells of a merged one, `reached` who has taken it already.
    `first_ms` is when it was first tried, `next_ms` when it may be tried again.
    """

    id: int
    source: str
    alert: Alert
    time: EpochMs
    record_seq: int | None = None
    state: Delivery = Delivery.QUEUED
    times: int = 1
    into: int | None = None
    attempts: int = 0
    first_ms: EpochMs | None = None
    next_ms: EpochMs = 0
    changed_ms: EpochMs = 0
    reached: tuple[str, ...] = ()
    error: str = ""


class Outbox(Protocol):
    """Keeps alerts until they are delivered, and a while after. Every method may raise `StorageUnavailable`."""

    async def put(self, source: str, alert: Alert, time: EpochMs) -> bool:
        """Queue an alert of no record; return False where this source has one already."""
        ...

    async def lead(self, holder: str, now: EpochMs, lease_ms: EpochMs) -> bool:
        """Take or keep the lead for a while; return False while another has it."""
        ...

    async def queued(self, limit: int) -> tuple[OutboxRow, ...]:
        """Return what waits: critical ones first, then the oldest."""
        ...

    async def sent_since(self, since: EpochMs) -> tuple[OutboxRow, ...]:
        """Return the messages that were taken by all since then, the oldest first."""
        ...

    async def save(self, rows: Sequence[OutboxRow]) -> None:
        """Replace queued rows, all in one transaction; those that are not queued any more stay as they are."""
        ...

    async def rows(
        self, limit: int, states: Sequence[Delivery] = (), before: int | None = None
    ) -> tuple[OutboxRow, ...]:
        """
        Return rows, the newest first, in these states only if given, and with an id below `before` if given.

        Raises:
            InvalidInput: `limit` is not 1 to 1,000.
        """
        ...

    async def retry(self, ids: Sequence[int] = ()) -> int:
        """Queue failed rows again, all of them or these; return how many."""
        ...

    async def prune(self, before: EpochMs) -> int:
        """Delete what ended before this time, save the newest of the records; return how many rows."""
        ...
