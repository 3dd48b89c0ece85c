"""Per address: signed requests since its first day, against what it traded."""

from typing import Final

from fadearena.adapters.hyperliquid.limits.lanes import Lane
from fadearena.kit.clock import Clock
from fadearena.model.error import VenueUnavailable
from fadearena.model.units import SECOND_MS, EpochMs


class AddressBudget:
    """
    The signed requests that the exchange still allows one address: 10,000 and one per USD traded, since its first day.

    Cancels have a larger limit. Once it is used up, one request every 10 s is let through. What is refused for it
    costs nothing, so that trying too early does no harm; until the first reading nothing is known and all may go.
    """

    EVERY_MS: Final = 10 * SECOND_MS
    _CANCELS_MORE: Final = 100_000

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._left: int | None = None
        self._left_for_cancels = 0
        self._last: EpochMs | None = None

    @property
    def left(self) -> int | None:
        """How many requests are left; None until it was read."""
        return None if self._left is None else max(0, self._left)

    def learn(self, *, used: int, limit: int, surplus: int = 0) -> None:
        """Take over a reading of `userRateLimit`; `surplus` are requests that were bought and not used."""
        self._left = max(limit - used, surplus)
        self._left_for_cancels = max(min(limit + self._CANCELS_MORE, limit * 2) - used, surplus)

    def spend(self, lane: Lane, requests: int = 1) -> None:
        """
        Count a signed action with so many orders or cancels; right before it leaves.

        Raises:
            VenueUnavailable: The limit is used up, and the last action left less than 10 s ago; nothing was counted.
        """
        now = self._clock.now_ms()
        left = self._left_for_cancels if lane is Lane.CANCEL else self._left
        if self._left is not None and left is not None and left < requests and self._is_early(now):
            raise VenueUnavailable(
                "the address has used up its requests: it gets one every 10 s, and one for each USD that it trades"
            )
        self._last = now
        if self._left is not None:
            self._left -= requests
            self._left_for_cancels -= requests

    def _is_early(self, now: EpochMs) -> bool:
        return self._last is not None and now < self._last + self.EVERY_MS
