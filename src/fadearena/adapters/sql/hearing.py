"""What wakes those of this process who wait, by what other processes commit, has in common on all databases."""

from typing import Final

from fadearena.model.units import EpochMs
from fadearena.ports.wakeups import Topic, Wakeups

PATIENCE: Final = 5
"""How many times as long whoever waits does so while others are heard: what got lost costs a moment, never more."""


class Hearing:
    """Passes on what is heard to those who wait; they look by themselves as well, rarely while others are heard."""

    def __init__(self, here: Wakeups) -> None:
        """Hear nothing yet; `here` is how those in this process are woken."""
        self._here = here
        self.is_listening = False

    async def wait(self, topic: Topic, at_most_ms: EpochMs) -> None:
        """Return once something was committed, or after a while."""
        await self._here.wait(topic, at_most_ms * PATIENCE if self.is_listening else at_most_ms)

    def wake(self, topic: Topic) -> None:
        """Wake those in this process."""
        self._here.wake(topic)
