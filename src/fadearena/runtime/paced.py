"""A feed that waits before each event, and that can be ended early: for people who look on."""

from collections.abc import Callable, Sequence

from fadearena.model.event import Event
from fadearena.model.units import EpochMs
from fadearena.ports.wallet_feed import SourceRead
from fadearena.runtime.doors import Playback


def _at_once(_at: EpochMs) -> None:
    """Wait for nothing."""


class Paced:
    """Wraps a feed. At first it does not wait."""

    def __init__(self, feed: Playback) -> None:
        self._feed = feed
        self._wait: Callable[[EpochMs], None] = _at_once
        self._is_stopped = False

    def pace_by(self, wait: Callable[[EpochMs], None]) -> None:
        """Call `wait` with the time of each event before it is delivered."""
        self._wait = wait

    def stop(self) -> None:
        """End the feed: no event comes any more."""
        self._is_stopped = True

    @property
    def next_time(self) -> EpochMs | None:
        """When the next event arrives; None after the last."""
        return None if self._is_stopped else self._feed.next_time

    def deliver(self) -> Event | None:
        """Wait until the next event is due and return it; None if the feed was ended meanwhile."""
        time = self.next_time
        if time is None:
            return None
        self._wait(time)
        return None if self._is_stopped else self._feed.deliver()

    async def read(self, command: SourceRead) -> Sequence[Event]:
        """Answer a question on a wallet."""
        return await self._feed.read(command)
