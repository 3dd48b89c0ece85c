"""How our clock stands against the exchange's: measured again and again, told to the core as the venue's news."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import TypeAlias

import structlog

from fadearena.kit.clock import Clock
from fadearena.kit.tasks import either, streamed
from fadearena.model.error import VenueError
from fadearena.model.event import ClockRead, Event, OrderAnswered
from fadearena.model.order import Refused, RejectCode
from fadearena.model.units import MINUTE_MS, SECOND_MS, EpochMs
from fadearena.ports.sightings import FeedStatus
from fadearena.ports.venue import Venue, VenueCommand

log = structlog.get_logger(__name__)
READ_MS = MINUTE_MS
DOUBTED_MS = 5 * SECOND_MS
"""So often at most it is measured because somebody doubts it."""
LOST_AFTER = 5
"""So many failures in a row, and what was measured last counts no more."""

ReadOffset: TypeAlias = Callable[[], Awaitable[tuple[EpochMs, EpochMs]]]
"""Measures by how much our clock is ahead of the exchange's, and by how much that may be wrong."""


class Timing:
    """What is known of our clock."""

    def __init__(self, read: ReadOffset) -> None:
        self.clock_offset_ms: int | None = None
        self.clock_spread_ms: int | None = None
        self.doubted = asyncio.Event()
        self._read = read
        self._failures = 0

    def doubt(self) -> None:
        """Have it measured soon: something speaks against what is known."""
        self.doubted.set()

    async def measure(self) -> None:
        """Measure once; after some failures in a row nothing is known any more."""
        try:
            self.clock_offset_ms, self.clock_spread_ms = await self._read()
            self._failures = 0
        except VenueError as error:
            self._failures += 1
            log.warning("clock_unreadable", failures=self._failures, error=str(error))
            if self._failures >= LOST_AFTER:
                self.clock_offset_ms = self.clock_spread_ms = None

    def event(self) -> ClockRead:
        """Return what is known, as the core is told."""
        return ClockRead(time=0, received=0, offset_ms=self.clock_offset_ms, spread_ms=self.clock_spread_ms)


class TimedVenue:
    """A venue that also tells, every minute, how our clock stands."""

    def __init__(self, venue: Venue, timing: Timing, clock: Clock) -> None:
        self._venue = venue
        self._timing = timing
        self._clock = clock
        self._told: asyncio.Queue[Event] = asyncio.Queue()

    def __aiter__(self) -> AsyncIterator[Event]:
        """Iterate over the venue's news, and readings of the clock; what nobody took the last time comes first."""
        return streamed(self._told, self._pass_on(), self._measure())

    def feeds(self) -> Sequence[FeedStatus]:
        """Return how the feeds behind the venue do."""
        return self._venue.feeds()

    async def execute(self, command: VenueCommand) -> Sequence[Event]:
        """Do one command; what the venue raises is raised here. Orders that come too late speak against the clock."""
        events = await self._venue.execute(command)
        if any(isinstance(event, OrderAnswered) and _is_late(event) for event in events):
            self._timing.doubt()
        return events

    async def _pass_on(self) -> None:
        async for event in self._venue:
            self._told.put_nowait(event)

    async def _measure(self) -> None:
        measured = self._clock.now_ms()
        while True:
            await either(self._clock.sleep_until(measured + READ_MS), self._timing.doubted.wait())
            measured = min(measured, self._clock.now_ms())  # the clock may have been set back
            await self._clock.sleep_until(measured + DOUBTED_MS)
            self._timing.doubted.clear()
            await self._timing.measure()
            measured = self._clock.now_ms()
            self._told.put_nowait(self._timing.event())


def _is_late(event: OrderAnswered) -> bool:
    return isinstance(event.answer, Refused) and event.answer.code is RejectCode.EXPIRED
