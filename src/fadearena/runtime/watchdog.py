"""Notices that a feed fell silent, and that it is back: the core tells people. Increases wait by rules of its own."""

from collections.abc import Mapping

from fadearena.kit.clock import Clock
from fadearena.model.event import Notice
from fadearena.model.units import SECOND_MS, EpochMs
from fadearena.runtime.inbox import Inbox

CATEGORY = "feed"
_POLL_MS = SECOND_MS


class Watchdog:
    """
    Watches feeds that say something again and again as long as they live.

    One that never said anything has nothing to follow, and is not missed.
    """

    def __init__(self, clock: Clock, inbox: Inbox, patience_ms: Mapping[str, EpochMs]) -> None:
        self._clock = clock
        self._inbox = inbox
        self._patience_ms = patience_ms
        self._heard: dict[str, EpochMs] = {}
        self._silent: dict[str, EpochMs] = {}

    def hear(self, feed: str) -> None:
        """Note that a feed said something."""
        self._heard[feed] = now = self._clock.now_ms()
        since = self._silent.pop(feed, None)
        if since is not None:
            self._tell("info", f"{feed}: heard again after {(now - since) // SECOND_MS} s")

    async def run(self) -> None:
        """Watch from now on, for ever."""
        self._heard = dict.fromkeys(self._heard, self._clock.now_ms())
        while True:
            await self._clock.sleep_until(self._clock.now_ms() + _POLL_MS)
            self.look()

    def look(self) -> None:
        """Tell of feeds that are silent for too long, each once."""
        now = self._clock.now_ms()
        for feed, patience in self._patience_ms.items():
            heard = self._heard.get(feed)
            if heard is not None and feed not in self._silent and now - heard >= patience:
                self._silent[feed] = heard
                seconds = (now - heard) // SECOND_MS
                self._tell("warning", f"{feed}: nothing was heard for {seconds} s; what needs it waits")

    def _tell(self, level: str, text: str) -> None:
        self._inbox.put(Notice(time=0, received=0, level=level, category=CATEGORY, text=text))
