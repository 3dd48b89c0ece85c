"""
What happened in the last minute, and when more may.

Of any minute at most the limit is used: a bucket that begins full would allow twice of it in its first minute.
"""

from collections import deque
from typing import Final

from fadearena.adapters.hyperliquid.limits.rooms import Purpose, Rooms
from fadearena.kit.clock import Clock
from fadearena.model.units import MINUTE_MS, SECOND_MS, EpochMs

_WINDOW_MS: Final = MINUTE_MS + SECOND_MS
"""The exchange's minute and one second more: what leaves at equal distances does not arrive so."""
_OTHERS_PERCENT: Final = 75


class Window:
    """How much happened in the last minute, and when more may."""

    def __init__(self, clock: Clock, most: int, length_ms: int = _WINDOW_MS) -> None:
        self._clock = clock
        self._most = most
        self._length_ms = length_ms
        self._spent: deque[tuple[EpochMs, int]] = deque()
        self._used = 0

    @property
    def used(self) -> int:
        """What counts at present."""
        self._forget(self._clock.now_ms())
        return self._used

    def add(self, amount: int) -> None:
        """Count something that happens now."""
        now = self._clock.now_ms()
        self._forget(now)
        self._spent.append((now, amount))
        self._used += amount

    def free_at(self, amount: int, most: int | None = None) -> EpochMs:
        """Return from when on `amount` more fits under `most`, at the earliest: now, or later."""
        now = self._clock.now_ms()
        self._forget(now)
        excess = self._used + amount - (self._most if most is None else most)
        if excess <= 0:
            return now
        for at, spent in self._spent:
            excess -= spent
            if excess <= 0:
                return at + self._length_ms
        return now + self._length_ms

    async def take(self, most: int | None = None) -> None:
        """Wait until one more fits under `most`, and count it."""
        while (at := self.free_at(1, most)) > self._clock.now_ms():
            await self._clock.sleep_until(at)
        self.add(1)

    def _forget(self, now: EpochMs) -> None:
        if self._spent and self._spent[-1][0] > now:  # the clock was set back
            self._spent = deque((min(at, now), spent) for at, spent in self._spent)
        while self._spent and self._spent[0][0] + self._length_ms <= now:
            self._used -= self._spent.popleft()[1]


class SocketLimits:
    """
    What the sockets of one IP address share.

    Connections made and messages sent in a minute, requests that are in flight at a time, and the `rooms`. Of the
    messages a quarter is kept for orders and our own accounts: others may ask for hundreds of subscriptions at once.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        connections: int = 30,
        messages: int = 2000,
        in_flight: int = 100,
        rooms: Rooms | None = None,
    ) -> None:
        self.rooms = rooms or Rooms()
        self.connections = Window(clock, connections)
        self.messages = Window(clock, messages)
        self.in_flight = 0
        self._others_max = messages * _OTHERS_PERCENT // 100
        self._in_flight_max = in_flight

    @property
    def is_full(self) -> bool:
        """Whether as many requests are in flight as may be."""
        return self.in_flight >= self._in_flight_max

    async def message(self, purpose: Purpose) -> None:
        """Wait until one more message may leave, and count it."""
        await self.messages.take(None if purpose is Purpose.OWN else self._others_max)
