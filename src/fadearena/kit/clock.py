"""
Clocks: what time it is, in whole milliseconds UTC since 1970.

Only shells read a clock; the core finds its time in the events.
"""

import time
from typing import Protocol

_NS_PER_MS = 1_000_000


class Clock(Protocol):
    """Tells the time."""

    def now_ms(self) -> int:
        """Return milliseconds UTC since 1970."""
        ...


class SystemClock:
    """The machine's clock. It may step back when the machine is set; who needs order must see to it."""

    def now_ms(self) -> int:
        """Return the machine's time."""
        return time.time_ns() // _NS_PER_MS


class ManualClock:
    """A clock that stands still until it is moved, and never goes back: for backtests and tests."""

    def __init__(self, now_ms: int = 0) -> None:
        self._now_ms = now_ms

    def now_ms(self) -> int:
        """Return the time that was set last."""
        return self._now_ms

    def move_to(self, now_ms: int) -> None:
        """
        Set the time.

        Raises:
            ValueError: `now_ms` lies before the present time.
        """
        if now_ms < self._now_ms:
            raise ValueError(f"the clock stands at {self._now_ms} and cannot go back to {now_ms}")
        self._now_ms = now_ms

    def move_by(self, step_ms: int) -> None:
        """
        Let time pass.

        Raises:
            ValueError: `step_ms` is negative.
        """
        self.move_to(self._now_ms + step_ms)
