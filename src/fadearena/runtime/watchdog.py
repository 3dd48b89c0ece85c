"""
Notices that a feed fell silent, and that it is back: the core tells people. Increases wait by rules of its own.

Each feed says by itself how it does, by the age of its own data: that another one is heard hides nothing. Each is a
subject of its own, so that no alert waits for another feed's to go out.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fadearena.kit.clock import Clock
from fadearena.model.event import Notice
from fadearena.model.units import SECOND_MS, EpochMs
from fadearena.ports.sightings import FeedState, FeedStatus
from fadearena.runtime.inbox import Inbox

CATEGORY = "feed"
_POLL_MS = SECOND_MS
_START = 5
"""A feed that was never heard has so many times longer: at a start everything is asked at once."""


@dataclass
class _Watched:
    """A feed: what it heard last and when that came, since when it is not well, and since when it was told silent."""

    heard: EpochMs | None
    moved: EpochMs
    unwell: EpochMs | None = None
    told: EpochMs | None = None


class Watchdog:
    """
    Watches feeds by what they say of themselves; one that has nothing to follow is not missed.

    Args:
        clock: People's time.
        inbox: Where the core is told.
        patience_ms: How long a feed may be stale before people are told.
        feeds: Returns how the feeds do.
    """

    def __init__(
        self, clock: Clock, inbox: Inbox, patience_ms: EpochMs, feeds: Callable[[], Sequence[FeedStatus]]
    ) -> None:
        self._clock = clock
        self._inbox = inbox
        self._patience_ms = patience_ms
        self._feeds = feeds
        self._watched: dict[str, _Watched] = {}
        self._is_blind = False

    async def run(self) -> None:
        """Watch from now on, for ever; while nobody watched nothing could be heard, and that is no silence."""
        now = self._clock.now_ms()
        for watched in self._watched.values():
            watched.moved, watched.unwell = now, None
        while True:
            await self._clock.sleep_until(self._clock.now_ms() + _POLL_MS)
            self.look()

    def look(self) -> None:
        """Tell of feeds that are stale for too long, and of those that are well again, each once."""
        now = self._clock.now_ms()
        feeds = self._feeds()
        for feed in feeds:
            watched = self._watched.setdefault(feed.name, _Watched(feed.heard, now))
            if feed.heard != watched.heard:
                watched.heard, watched.moved = feed.heard, now
            if feed.state in {FeedState.OK, FeedState.OFF}:
                self._note_well(feed, watched, now)
            else:
                self._note_unwell(feed, watched, now)
        was_blind, silent = (
            self._is_blind,
            [self._watched[feed.name].told for feed in feeds if feed.state is not FeedState.OFF],
        )
        self._is_blind = len(silent) > 1 and None not in silent
        if self._is_blind and not was_blind:
            text = "no feed is heard any more: nobody is followed; look at the network, and at `fadearena doctor`"
            self._inbox.put(Notice(time=0, received=0, level="critical", category=CATEGORY, subject="all", text=text))

    def _note_well(self, feed: FeedStatus, watched: _Watched, now: EpochMs) -> None:
        since, watched.unwell, watched.told = watched.told, None, None
        if since is not None and feed.state is FeedState.OK:
            self._tell(feed, "info", f"heard again after {(now - since) // SECOND_MS} s")

    def _note_unwell(self, feed: FeedStatus, watched: _Watched, now: EpochMs) -> None:
        watched.unwell = now if watched.unwell is None else watched.unwell
        since = min(watched.unwell, watched.moved)
        patience_ms = self._patience_ms * (_START if feed.heard is None else 1)
        if watched.told is not None or now - since < patience_ms:
            return
        watched.told = since
        seconds = (now - since) // SECOND_MS
        what = f"nothing was heard for {seconds} s" if since == watched.moved else _half_heard(feed, seconds)
        self._tell(feed, "warning", f"{what}; what needs it waits")

    def _tell(self, feed: FeedStatus, level: str, text: str) -> None:
        self._inbox.put(Notice(time=0, received=0, level=level, category=CATEGORY, subject=feed.name, text=text))


def _half_heard(feed: FeedStatus, seconds: EpochMs) -> str:
    return f"for {seconds} s not all of it was heard ({feed.confirmed} of {feed.wanted} confirmed)"
