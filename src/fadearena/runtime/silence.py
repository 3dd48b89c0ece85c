"""
Notices that the worker fell silent, and that it is back; the worker cannot tell of it itself.

It counts the time in which it could have heard something: a machine that slept, a clock that was set, and the time
before this process began, do not count as silence.
"""

import asyncio

import structlog

from fadearena.kit.clock import Clock
from fadearena.kit.tasks import either
from fadearena.model.error import StorageUnavailable
from fadearena.model.record import Alert
from fadearena.model.units import SECOND_MS, EpochMs
from fadearena.ports.heartbeat import Beat, Heartbeats
from fadearena.ports.outbox import Outbox

log = structlog.get_logger(__name__)
CATEGORY = "worker"
_POLL_MS = SECOND_MS
_STRIDE_MS = 2 * SECOND_MS  # a longer time between two looks is one in which we did not look


class Silence:
    """Watches the worker's heartbeats; any number of processes tell of one silence once."""

    def __init__(self, heartbeats: Heartbeats, outbox: Outbox, clock: Clock, patience_ms: EpochMs) -> None:
        self._heartbeats = heartbeats
        self._outbox = outbox
        self._clock = clock
        self._patience_ms = patience_ms
        self._heard: Beat | None = None
        self._looked = clock.now_ms()
        self._silent_ms: EpochMs = 0
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Watch until `stop`; a database that is away tells nothing of the worker."""
        while not self._stopping.is_set():
            try:
                await self.look()
            except StorageUnavailable as error:
                log.warning("silence_unknown", error=str(error))
            await either(self._clock.sleep_until(self._clock.now_ms() + _POLL_MS), self._stopping.wait())

    def stop(self) -> None:
        """End `run`."""
        self._stopping.set()

    async def look(self) -> None:
        """
        Look at the worker's last beat, once.

        Raises:
            StorageUnavailable: The database is away.
        """
        beat = next((each for each in await self._heartbeats.beats() if each.process == "worker"), None)
        now = self._clock.now_ms()
        passed, self._looked = min(max(0, now - self._looked), _STRIDE_MS), now
        before, self._heard = self._heard, beat
        if beat is None:
            return
        if before is not None and before.time == beat.time:
            self._silent_ms += passed
            if self._silent_ms >= self._patience_ms:
                await self._outbox.put(f"worker-silent:{beat.time}", _silent(beat, self._silent_ms), now)
            return
        if before is not None and self._silent_ms >= self._patience_ms:
            await self._outbox.put(f"worker-back:{before.time}", _back(beat, self._silent_ms), now)
        self._silent_ms = 0


def _silent(beat: Beat, silent_ms: EpochMs) -> Alert:
    seconds = silent_ms // SECOND_MS
    if beat.status == "stopped":
        text = f"process {beat.pid} was stopped {seconds} s ago: nobody follows, nothing is closed"
        return Alert(level="warning", category=CATEGORY, subject="stopped", text=text)
    text = (
        f"process {beat.pid} ({beat.mode}, {beat.status}) was not heard of for {seconds} s: nothing is followed and "
        "nothing is closed until one runs again; look at `fadearena status`"
    )
    return Alert(level="critical", category=CATEGORY, subject="silent", text=text)


def _back(beat: Beat, silent_ms: EpochMs) -> Alert:
    text = f"process {beat.pid} is {beat.status} after {silent_ms // SECOND_MS} s"
    return Alert(level="info", category=CATEGORY, subject="back", text=text)
