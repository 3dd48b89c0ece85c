"""
Brings alerts to people: takes what waits in the outbox, and hands it to every destination.

1. One process at a time does it: the one that has the lead. Another takes over when that one ended, or was silent
   for 20 s.
2. A message that a destination did not take goes there again after 1, 2, 4 .. 60 s, and is given up after a day.
3. A message is noted as sent after it was: who dies in between sends it once more. At least once, then; never nothing.
"""

import asyncio
import contextlib
import os
import socket

import msgspec
import structlog

from fadearena.kit.clock import Clock
from fadearena.kit.tasks import either
from fadearena.model.error import AlertUndelivered, StorageUnavailable
from fadearena.model.units import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, EpochMs
from fadearena.ports.alerts import AlertSink, Message
from fadearena.ports.outbox import Delivery, Outbox, OutboxRow
from fadearena.runtime.server_metrics import ServerMetrics
from fadearena.runtime.sorting import Rules, Sorted, sort

log = structlog.get_logger(__name__)
_POLL_MS = SECOND_MS
_LEASE_MS = 20 * SECOND_MS
_LONGEST_MS = MINUTE_MS
_GIVE_UP_MS = DAY_MS
_KEEP_MS = 30 * DAY_MS
_WAITING_MAX = 500  # what is looked at in one round
_AT_ONCE = 8
"""Messages in one round: a round has to be over long before the lead ends."""


class Courier:
    """Brings alerts of one installation."""

    def __init__(
        self,
        outbox: Outbox,
        sink: AlertSink,
        clock: Clock,
        metrics: ServerMetrics,
        *,
        mode: str,
        rules: Rules = Rules(),  # noqa: B008 - frozen
    ) -> None:
        self._outbox = outbox
        self._sink = sink
        self._clock = clock
        self._metrics = metrics
        self._mode = mode
        self._rules = rules
        self._name = f"{socket.gethostname()}:{os.getpid()}:{id(self):x}"
        self._stopping = asyncio.Event()
        self._pruned: EpochMs | None = None

    async def run(self) -> None:
        """Bring what comes, until `stop`; a database that is away is waited for."""
        while not self._stopping.is_set():
            try:
                await self.look()
            except StorageUnavailable as error:
                log.warning("alerts_wait", error=str(error))
            await either(self._clock.sleep_until(self._clock.now_ms() + _POLL_MS), self._stopping.wait())
        with contextlib.suppress(StorageUnavailable):
            await self._outbox.lead(self._name, self._clock.now_ms(), 0)

    def stop(self) -> None:
        """End `run` after what is being sent."""
        self._stopping.set()

    async def look(self) -> None:
        """
        Bring what is due, once.

        Raises:
            StorageUnavailable: The database is away; what was sent may be sent again.
        """
        now = self._clock.now_ms()
        found = await self._sorted(now)
        if (found.changed or found.due) and await self._outbox.lead(self._name, now, _LEASE_MS):
            found = await self._sorted(now)  # who had the lead before us may have sent something meanwhile
            await self._outbox.save(found.changed)
            await self._outbox.save(await asyncio.gather(*(self._bring(row) for row in found.due[:_AT_ONCE])))
        if self._pruned is None or now >= self._pruned + HOUR_MS:
            await self._outbox.prune(now - _KEEP_MS)
            self._pruned = now

    async def _sorted(self, now: EpochMs) -> Sorted:
        queued = await self._outbox.queued(_WAITING_MAX)
        self._metrics.alerts_waiting.set(len(queued))
        if not queued:
            return Sorted()
        sent = await self._outbox.sent_since(now - max(HOUR_MS, self._rules.window_ms))
        return sort(queued, sent, now, self._rules)

    async def _bring(self, row: OutboxRow) -> OutboxRow:
        """Hand a message to those who have not taken it, and return what became of it."""
        missing = [name for name in self._sink.destinations if name not in row.reached]
        message = message_of(row, self._mode)
        failures = await asyncio.gather(*(self._hand(name, message) for name in missing))
        reached = (*row.reached, *(name for name, why in zip(missing, failures, strict=True) if why is None))
        error = "; ".join(f"{name}: {why}" for name, why in zip(missing, failures, strict=True) if why is not None)
        now = self._clock.now_ms()
        row = msgspec.structs.replace(row, reached=reached, error=error, changed_ms=now)
        if not error:
            self._metrics.alerts.labels(Delivery.SENT.value).inc()
            return msgspec.structs.replace(row, state=Delivery.SENT)
        return self._put_off(row, now)

    def _put_off(self, row: OutboxRow, now: EpochMs) -> OutboxRow:
        first = now if row.first_ms is None else row.first_ms
        row = msgspec.structs.replace(row, attempts=row.attempts + 1, first_ms=first)
        if now - first >= _GIVE_UP_MS:
            log.error("alert_given_up", alert=row.id, attempts=row.attempts, error=row.error)
            self._metrics.alerts.labels(Delivery.FAILED.value).inc()
            return msgspec.structs.replace(row, state=Delivery.FAILED)
        if row.attempts == 1:
            log.warning("alert_not_taken", alert=row.id, error=row.error)
        self._metrics.alerts.labels("retried").inc()
        return msgspec.structs.replace(row, next_ms=now + backoff_ms(row.attempts))

    async def _hand(self, destination: str, message: Message) -> str | None:
        """Hand a message over; return why not, None once it was taken."""
        try:
            await self._sink.send(destination, message)
        except AlertUndelivered as error:
            return str(error)
        except Exception as error:  # a destination's own mistake must not keep the others from being told
            log.error("alert_destination_failed", to=destination, kind=type(error).__name__)  # noqa: TRY400 - a traceback may hold a URL
            return f"an unexpected {type(error).__name__}"
        return None


def backoff_ms(attempts: int) -> EpochMs:
    """Return how long to wait after so many attempts."""
    return min(SECOND_MS << min(attempts - 1, 10), _LONGEST_MS)


def message_of(row: OutboxRow, mode: str) -> Message:
    """Return what people read of a row: how bad it is, what it is about, and whether real money is in it."""
    alert = row.alert
    title = f"FadeArena ({mode}) {alert.level}: {alert.category.replace('_', ' ')}, {alert.subject}"
    text = alert.text if row.times == 1 else f"{alert.text}\n({row.times} alerts)"
    return Message(level=alert.level, title=title, text=text)
