"""How our clock stands is measured every minute; what was measured long ago counts no more."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from fadearena.kit.clock import ManualClock
from fadearena.kit.jumping import run_jumping
from fadearena.model.command import QueryOrder
from fadearena.model.error import VenueUnavailable
from fadearena.model.event import ClockRead, Event, OrderAnswered
from fadearena.model.order import Refused, RejectCode
from fadearena.model.units import HOUR_MS
from fadearena.ports.sightings import FeedStatus
from fadearena.ports.venue import Venue, VenueCommand
from fadearena.runtime.corrected import CorrectedClock
from fadearena.runtime.timing import DOUBTED_MS, LOST_AFTER, READ_MS, TimedVenue, Timing
from tests.support.room import notice
from tests.support.tape import OffClock
from tests.support.world import T0


class Exchange:
    """An exchange whose time can be asked for, until it is away; and a venue that tells one thing."""

    def __init__(self) -> None:
        self.offset: tuple[int, int] | None = (250, 40)

    async def clock_offset(self) -> tuple[int, int]:
        """Return what is measured."""
        if self.offset is None:
            raise VenueUnavailable("away")
        return self.offset

    async def __aiter__(self) -> AsyncIterator[Event]:
        """Iterate over one event, and then over nothing for ever."""
        yield notice("filled")
        await asyncio.get_running_loop().create_future()

    def feeds(self) -> Sequence[FeedStatus]:
        """Return none: nothing of it can fall silent."""
        return ()

    async def execute(self, command: VenueCommand) -> Sequence[Event]:
        """Say what was asked; an order came too late."""
        if isinstance(command, QueryOrder):
            late = Refused(code=RejectCode.EXPIRED, text="Action already expired")
            return (OrderAnswered(time=0, received=0, cloid=command.cloid, answer=late),)
        return (notice(type(command).__name__),)


def shown(event: Event) -> tuple[int | None, int | None] | None:
    """Return what a reading of the clock says."""
    return (event.offset_ms, event.spread_ms) if isinstance(event, ClockRead) else None


def test_nothing_is_known_before_it_was_measured() -> None:
    """Then time is ours; afterwards it is the exchange's."""
    clock, exchange = ManualClock(T0), Exchange()
    timing = Timing(exchange.clock_offset)
    corrected = CorrectedClock(clock, timing)
    assert (shown(timing.event()), corrected.now_ms()) == ((None, None), T0)
    asyncio.run(timing.measure())
    assert (shown(timing.event()), corrected.now_ms()) == ((250, 40), T0 - 250)


def test_a_clock_that_was_wrong_still_is() -> None:
    """While the exchange cannot be asked, nothing is known, and time goes on as it was measured last."""
    clock, exchange = ManualClock(T0), Exchange()
    timing = Timing(exchange.clock_offset)
    corrected = CorrectedClock(clock, timing)
    asyncio.run(timing.measure())
    assert corrected.now_ms() == T0 - 250
    exchange.offset = None
    for _ in range(LOST_AFTER):
        asyncio.run(timing.measure())
    assert (shown(timing.event()), corrected.now_ms()) == ((None, None), T0 - 250)


def test_what_was_measured_just_now_counts_before_what_is_known() -> None:
    """A start may find that the clock is off by something else than at the last one."""
    clock, exchange = ManualClock(T0), Exchange()
    timing = Timing(exchange.clock_offset)
    corrected = CorrectedClock(clock, timing)
    corrected.measured = 30_000
    assert corrected.now_ms() == T0 - 30_000
    asyncio.run(timing.measure())
    assert corrected.now_ms() == T0 - 30_000
    corrected.measured = None
    assert corrected.now_ms() == T0 - 250


def test_a_timed_venue_tells_the_clock_every_minute_beside_its_own_news() -> None:
    """A measurement that fails leaves the last one standing; after some in a row nothing is known."""
    clock, exchange = ManualClock(T0), Exchange()
    venue: Venue = TimedVenue(exchange, Timing(exchange.clock_offset), clock)
    told: list[tuple[int, Event]] = []

    async def listen() -> None:
        async for event in venue:
            told.append((clock.now_ms() - T0, event))  # noqa: PERF401 - what was told before the end counts

    async def main() -> None:
        listening = asyncio.create_task(listen())
        await clock.sleep_until(T0 + READ_MS + 1)
        exchange.offset = None
        await clock.sleep_until(T0 + (LOST_AFTER + 1) * READ_MS + 1)
        exchange.offset = (0, 1)
        await clock.sleep_until(T0 + (LOST_AFTER + 2) * READ_MS + 1)
        listening.cancel()

    run_jumping(main(), clock)
    assert told[0] == (0, notice("filled"))
    readings = [(at // READ_MS, shown(event)) for at, event in told[1:]]
    kept = [(minute, (250, 40)) for minute in range(1, LOST_AFTER + 1)]
    assert readings == [*kept, (LOST_AFTER + 1, (None, None)), (LOST_AFTER + 2, (0, 1))]


def test_what_nobody_took_is_told_by_the_next_iteration() -> None:
    """Whoever listens may end while news are on their way, and the venue tells them once."""

    class Burst(Exchange):
        """A venue that tells two things, to whoever listens first."""

        def __init__(self) -> None:
            super().__init__()
            self._left = [notice("first"), notice("second")]

        async def __aiter__(self) -> AsyncIterator[Event]:
            """Iterate over what is left, and then over nothing for ever."""
            while self._left:
                yield self._left.pop(0)
            await asyncio.get_running_loop().create_future()

    clock, exchange = ManualClock(T0), Burst()
    venue = TimedVenue(exchange, Timing(exchange.clock_offset), clock)

    async def take_one() -> Event:
        news = aiter(venue)
        try:
            return await anext(news)
        finally:
            await news.aclose()  # type: ignore[attr-defined]  # it is a generator

    async def main() -> list[Event]:
        return [await take_one(), await take_one()]

    assert run_jumping(main(), clock) == [notice("first"), notice("second")]


def test_an_order_that_came_too_late_has_the_clock_measured_soon() -> None:
    """Whoever doubts it needs not wait for the minute; many who do have it measured every five seconds at most."""
    clock, exchange = ManualClock(T0), Exchange()
    timing = Timing(exchange.clock_offset)
    venue = TimedVenue(exchange, timing, clock)
    told: list[int] = []

    async def listen() -> None:
        async for event in venue:
            if isinstance(event, ClockRead):
                told.append(clock.now_ms() - T0)  # noqa: PERF401 - what was told before the end counts

    async def main() -> None:
        listening = asyncio.create_task(listen())
        await clock.sleep_until(T0 + 2 * DOUBTED_MS)
        await venue.execute(QueryOrder(account="main", cloid="c"))
        await clock.sleep_until(T0 + 2 * DOUBTED_MS + 1)
        timing.doubt()
        await clock.sleep_until(T0 + 2 * READ_MS)
        listening.cancel()

    run_jumping(main(), clock)
    assert told == [2 * DOUBTED_MS, 3 * DOUBTED_MS, 3 * DOUBTED_MS + READ_MS]


def test_a_clock_that_was_set_back_is_measured_as_soon_as_somebody_doubts_it() -> None:
    """What happened by our clock an hour from now happened a moment ago: nobody waits for that hour."""
    right, exchange = ManualClock(T0), Exchange()
    clock, timing = OffClock(right), Timing(exchange.clock_offset)
    told: list[int] = []

    async def listen() -> None:
        async for event in TimedVenue(exchange, timing, clock):
            if isinstance(event, ClockRead):
                told.append(right.now_ms() - T0)  # noqa: PERF401 - what was told before the end counts

    async def main() -> None:
        listening = asyncio.create_task(listen())
        await right.sleep_until(T0 + 10_000)
        clock.off_ms = -HOUR_MS
        timing.doubt()
        await right.sleep_until(T0 + READ_MS)
        listening.cancel()

    run_jumping(main(), right)
    assert told == [10_000 + DOUBTED_MS]
