"""The sandbox's own time: another clock's, that can be stepped, and held while the past is lived again."""

from collections.abc import Iterator
from contextlib import contextmanager

from fadearena.kit.clock import Clock
from fadearena.model.units import EpochMs


@contextmanager
def moment(clock: Clock) -> Iterator[EpochMs]:
    """Let a sandbox's time stand until the block ends; other clocks only tell theirs."""
    if isinstance(clock, BoxClock):
        with clock.standing() as now:
            yield now
    else:
        yield clock.now_ms()


class BoxClock:
    """
    A clock over another one; whoever shares it sees its steps.

    The exchange itself never goes back: after a step backwards nothing happens there until its time is reached again.
    """

    def __init__(self, inner: Clock) -> None:
        self.offset_ms = 0
        self._inner = inner
        self._held: EpochMs | None = None

    def now_ms(self) -> EpochMs:
        """Return the time."""
        return self._inner.now_ms() + self.offset_ms if self._held is None else self._held

    async def sleep_until(self, at_ms: EpochMs) -> None:
        """Wait for a time; a step meanwhile does not wake who waits."""
        await self._inner.sleep_until(at_ms - self.offset_ms)

    def step(self, ms: EpochMs) -> None:
        """Put it forward, or (< 0) back."""
        self.offset_ms += ms

    @contextmanager
    def standing(self, at_ms: EpochMs | None = None) -> Iterator[EpochMs]:
        """Show one time, the present one unless told otherwise, until the block ends."""
        before = self._held
        self._held = self.now_ms() if at_ms is None else at_ms
        try:
            yield self._held
        finally:
            self._held = before
