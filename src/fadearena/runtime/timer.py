"""
Waiting, on behalf of the core: what it asked for with `WakeAt` comes back as `Woke`.

A later request for the same key replaces the earlier one. Nothing is kept across a restart: the core asks anew.
"""

import asyncio
import heapq

from fadearena.kit.clock import Clock
from fadearena.kit.tasks import either
from fadearena.model.command import WakeAt
from fadearena.model.event import Woke
from fadearena.model.units import EpochMs
from fadearena.runtime.inbox import Inbox

_SWEEP = 1_024


class Timer:
    """Wakes by key, by the clock of the core."""

    def __init__(self, clock: Clock, inbox: Inbox) -> None:
        self._clock = clock
        self._inbox = inbox
        self._due: dict[str, EpochMs] = {}
        self._heap: list[tuple[EpochMs, str]] = []
        self._sooner = asyncio.Event()

    def __len__(self) -> int:
        return len(self._due)

    def set(self, wake: WakeAt) -> None:
        """Come back at `at_ms`."""
        if not self._heap or wake.at_ms < self._heap[0][0]:
            self._sooner.set()
        self._due[wake.key] = wake.at_ms
        heapq.heappush(self._heap, (wake.at_ms, wake.key))
        if len(self._heap) > _SWEEP + 2 * len(self._due):
            self._heap = [(at_ms, key) for key, at_ms in self._due.items()]
            heapq.heapify(self._heap)

    async def run(self) -> None:
        """Wake whoever is due, for ever."""
        while True:
            self._sooner.clear()
            self._fire()
            if self._heap:
                await either(self._clock.sleep_until(self._heap[0][0]), self._sooner.wait())
            else:
                await self._sooner.wait()

    def _fire(self) -> None:
        now = self._clock.now_ms()
        while self._heap and self._heap[0][0] <= now:
            at_ms, key = heapq.heappop(self._heap)
            if self._due.get(key) == at_ms:
                del self._due[key]
                self._inbox.put(Woke(time=at_ms, received=at_ms, key=key))
