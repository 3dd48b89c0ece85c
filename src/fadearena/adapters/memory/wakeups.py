"""Wake-ups inside one process: whoever commits something here wakes those who wait for it here."""

import asyncio

from fadearena.kit.clock import Clock
from fadearena.kit.tasks import either
from fadearena.model.units import EpochMs
from fadearena.ports.wakeups import Topic


class MemoryWakeups:
    """A wake-up reaches all who wait; where nobody waits, the next one to wait has it at once."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting: dict[Topic, set[asyncio.Future[None]]] = {topic: set() for topic in Topic}
        self._missed: set[Topic] = set()

    async def wait(self, topic: Topic, at_most_ms: EpochMs) -> None:
        """Return once something was committed since the last wait for it ended, or after `at_most_ms`."""
        if topic in self._missed:
            self._missed.discard(topic)
            return
        woken = asyncio.get_running_loop().create_future()
        self._waiting[topic].add(woken)
        try:
            await either(woken, self._clock.sleep_until(self._clock.now_ms() + at_most_ms))
        finally:
            self._waiting[topic].discard(woken)

    def wake(self, topic: Topic) -> None:
        """Wake those in this process who wait for it."""
        if not self._waiting[topic]:
            self._missed.add(topic)
        for woken in self._waiting[topic]:
            if not woken.done():
                woken.set_result(None)
