"""An outbox of alerts in memory."""

from collections.abc import Iterable, Sequence
from itertools import islice

import msgspec

from fadearena.model.record import Alert
from fadearena.model.units import EpochMs
from fadearena.ports.outbox import ENDED, Delivery, OutboxRow, record_source
from fadearena.ports.read_store import check_limit


class MemoryOutbox:
    """Keeps every row."""

    def __init__(self) -> None:
        self._rows: dict[int, OutboxRow] = {}
        self._sources: set[str] = set()
        self._last_id = 0
        self._seen: EpochMs = 0
        self._holder, self._until = "", 0

    async def put(self, source: str, alert: Alert, time: EpochMs) -> bool:
        """Queue an alert of no record; return False where this source has one already."""
        return self._add(source, alert, time, None)

    async def lead(self, holder: str, now: EpochMs, lease_ms: EpochMs) -> bool:
        """Take or keep the lead for a while; return False while another has it."""
        if self._holder != holder and now < self._until:
            return False
        self._holder, self._until = holder, now + lease_ms
        return True

    async def queued(self, limit: int) -> tuple[OutboxRow, ...]:
        """Return what waits: critical ones first, then the oldest."""
        waiting = sorted(self._in_state(Delivery.QUEUED), key=lambda row: (row.alert.level != "critical", row.id))
        return tuple(waiting[:limit])

    async def sent_since(self, since: EpochMs) -> tuple[OutboxRow, ...]:
        """Return the messages that were taken by all since then, the oldest first."""
        return tuple(row for row in self._in_state(Delivery.SENT) if row.changed_ms >= since)

    async def save(self, rows: Sequence[OutboxRow]) -> None:
        """Replace queued rows; those that are not queued any more stay as they are."""
        for row in rows:
            if self._rows[row.id].state is Delivery.QUEUED:
                self._rows[row.id] = row

    async def rows(
        self, limit: int, states: Sequence[Delivery] = (), before: int | None = None
    ) -> tuple[OutboxRow, ...]:
        """
        Return rows, the newest first, in these states only if given, and with an id below `before` if given.

        Raises:
            InvalidInput: `limit` is not 1 to 1,000.
        """
        check_limit(limit)
        newest = reversed(tuple(self._in_state(*(states or Delivery))))
        return tuple(islice((row for row in newest if before is None or row.id < before), limit))

    async def retry(self, ids: Sequence[int] = ()) -> int:
        """Queue failed rows again, all of them or these; return how many."""
        found = [row for row in self._in_state(Delivery.FAILED) if not ids or row.id in ids]
        for row in found:
            again = {"state": Delivery.QUEUED, "attempts": 0, "first_ms": None, "next_ms": 0}
            self._rows[row.id] = msgspec.structs.replace(row, **again)
        return len(found)

    async def prune(self, before: EpochMs) -> int:
        """Delete what ended before this time; return how many rows."""
        ended = self._in_state(*ENDED)
        is_old = [row for row in ended if row.record_seq is None or row.time < self._seen]
        gone = [row for row in is_old if row.changed_ms < before]
        for row in gone:
            del self._rows[row.id]
            self._sources.discard(row.source)
        return len(gone)

    def take(self, alerts: Sequence[tuple[int, EpochMs, Alert]]) -> None:
        """Queue the alerts of records, by number and time; those that were seen before change nothing."""
        for record_seq, time, alert in alerts:
            if time >= self._seen:
                self._add(record_source(record_seq, time), alert, time, record_seq)
        self._seen = max([self._seen, *(time for _, time, _ in alerts)])

    def _add(self, source: str, alert: Alert, time: EpochMs, record_seq: int | None) -> bool:
        if source in self._sources:
            return False
        self._last_id += 1
        row = OutboxRow(id=self._last_id, source=source, alert=alert, time=time, record_seq=record_seq)
        self._rows[row.id] = row
        self._sources.add(source)
        return True

    def _in_state(self, *states: Delivery) -> Iterable[OutboxRow]:
        return (row for row in list(self._rows.values()) if row.state in states)
