"""
Clocks: what time it is, in whole milliseconds UTC since 1970, and waiting for a time.

Only shells read a clock; the core finds its time in the events.
"""

import asyncio
import heapq
import math
import time
from decimal import Decimal
from itertools import count
from typing import Protocol, TypeAlias

_NS_PER_MS = 1_000_000
_MS_PER_S = 1_000
_NAP_MS = 60 * _MS_PER_S
LEAP_MS = 2 * _MS_PER_S

_Waiter: TypeAlias = tuple[int, int, asyncio.Future[None]]


class Clock(Protocol):
    """Tells the time, and wakes who waits for one."""

    def now_ms(self) -> int:
        """Return milliseconds UTC since 1970."""
        ...

    async def sleep_until(self, at_ms: int) -> None:
        """Return once it is `at_ms`; where it is that late already, after others had their turn."""
        ...


class SystemClock:
    """The machine's clock. It may step back when the machine is set; who needs order must see to it."""

    def now_ms(self) -> int:
        """Return the machine's time."""
        return time.time_ns() // _NS_PER_MS

    async def sleep_until(self, at_ms: int) -> None:
        """Wait for the machine's time; it is read again at least once a minute, in case it was set."""
        left = at_ms - self.now_ms()
        while True:
            await asyncio.sleep(max(0, min(left, _NAP_MS)) / _MS_PER_S)
            left = at_ms - self.now_ms()
            if left <= 0:
                return


class ManualClock:
    """
    A clock that stands still until it is moved, and never goes back: for backtests and tests.

    Who waits is woken by the move that reaches the time, in order of time, then of request.
    """

    def __init__(self, now_ms: int = 0) -> None:
        self._now_ms = now_ms
        self._waiters: list[_Waiter] = []
        self._requests = count()

    @property
    def next_waiter_ms(self) -> int | None:
        """The time for which somebody waits next; None where nobody waits."""
        while self._waiters and self._waiters[0][2].done():
            heapq.heappop(self._waiters)
        return self._waiters[0][0] if self._waiters else None

    def now_ms(self) -> int:
        """Return the time that was set last."""
        return self._now_ms

    async def sleep_until(self, at_ms: int) -> None:
        """Wait until somebody moves the clock to `at_ms` or beyond."""
        if at_ms <= self._now_ms:
            await asyncio.sleep(0)
            return
        waiter = (at_ms, next(self._requests), asyncio.get_running_loop().create_future())
        heapq.heappush(self._waiters, waiter)
        try:
            await waiter[2]
        except asyncio.CancelledError:
            self._forget(waiter)
            raise

    def move_to(self, now_ms: int) -> None:
        """
        Set the time.

        Raises:
            ValueError: `now_ms` lies before the present time.
        """
        if now_ms < self._now_ms:
            raise ValueError(f"the clock stands at {self._now_ms} and cannot go back to {now_ms}")
        self._now_ms = now_ms
        while (at_ms := self.next_waiter_ms) is not None and at_ms <= now_ms:
            heapq.heappop(self._waiters)[2].set_result(None)

    def move_by(self, step_ms: int) -> None:
        """
        Let time pass.

        Raises:
            ValueError: `step_ms` is negative.
        """
        self.move_to(self._now_ms + step_ms)

    def _forget(self, waiter: _Waiter) -> None:
        if waiter in self._waiters:
            self._waiters.remove(waiter)
            heapq.heapify(self._waiters)


class ScaledClock:
    """
    Made-up time that runs `speed` times as fast as another clock, from `origin_ms` on; it never goes back.

    It does not leap either: of what passes between two readings at most `LEAP_MS` counts. A process that could not run
    for a while sees a clock that stood still, and not one that ran away. One millisecond of the other clock is the
    least that it can tell apart: `speed` milliseconds of its own.
    """

    def __init__(self, origin_ms: int, speed: Decimal, inner: Clock | None = None) -> None:
        self._time = Decimal(origin_ms)
        self._speed = speed
        self._inner = inner or SystemClock()
        self._read = self._inner.now_ms()

    def now_ms(self) -> int:
        """Return the made-up time."""
        before, self._read = self._read, self._inner.now_ms()
        passed = max(0, self._read - before) * self._speed
        self._time += min(Decimal(LEAP_MS), passed)
        return int(self._time)

    async def sleep_until(self, at_ms: int) -> None:
        """Wait for the made-up time."""
        left = at_ms - self.now_ms()
        while True:
            nap = math.ceil(min(left, LEAP_MS // 2) / self._speed)
            await self._inner.sleep_until(self._inner.now_ms() + nap)
            left = at_ms - self.now_ms()
            if left <= 0:
                return


class AffineClock:
    """
    Made-up time that is a straight line over another clock: processes that share the three numbers share the time.

    It shows `origin_ms` when the other clock shows `wall_origin_ms`, and runs `speed` times as fast. It does whatever
    the other clock does: it may step back, and it leaps where a process slept.
    """

    def __init__(self, origin_ms: int, wall_origin_ms: int, speed: Decimal, inner: Clock | None = None) -> None:
        self.origin_ms = origin_ms
        self.wall_origin_ms = wall_origin_ms
        self.speed = speed
        self._inner = inner or SystemClock()

    def now_ms(self) -> int:
        """Return the made-up time, rounded down to whole milliseconds."""
        return self.origin_ms + math.floor((self._inner.now_ms() - self.wall_origin_ms) * self.speed)

    async def sleep_until(self, at_ms: int) -> None:
        """Wait for the made-up time."""
        await self._inner.sleep_until(self.wall_origin_ms + math.ceil((at_ms - self.origin_ms) / self.speed))
