"""The time in which the core lives: our clock, corrected by what it is off the exchange's, as far as that is known."""

from typing import Protocol

from fadearena.kit.clock import Clock


class Offset(Protocol):
    """Who knows what a clock is off."""

    @property
    def clock_offset_ms(self) -> int | None:
        """By how much the clock is ahead of the exchange's; None where that is not known."""
        ...


class CorrectedClock:
    """
    A clock that follows what is known of its offset.

    Where that is not known any more the last one counts: a clock that was wrong still is. Before that none does. What
    was `measured` just now counts before what is known, until that is known, too.
    """

    def __init__(self, clock: Clock, known: Offset) -> None:
        self.measured: int | None = None
        self._clock = clock
        self._known = known
        self._last = 0

    def now_ms(self) -> int:
        """Return the exchange's time by our clock; it steps when another offset was measured."""
        return self._clock.now_ms() - self._offset

    async def sleep_until(self, at_ms: int) -> None:
        """Wait for the exchange's time, by the offset of now: who needs to be sure looks at the clock again."""
        await self._clock.sleep_until(at_ms + self._offset)

    @property
    def _offset(self) -> int:
        known = self._known.clock_offset_ms if self.measured is None else self.measured
        self._last = self._last if known is None else known
        return self._last
