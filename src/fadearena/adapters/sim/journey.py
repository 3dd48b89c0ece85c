"""
How long an order is under way: the way there, and how long the exchange lets takers wait.

1. The way is half of the median of the last round trips: those by which the exchange's clock is read.
2. `TAKER_DELAY_MS` is what is left of an acknowledgement that a live program had for an IOC on mainnet at the median,
   0.96 s, once its own way is taken off: the exchange holds back on purpose what takes liquidity.
"""

from collections import deque
from statistics import median

from fadearena.model.units import EpochMs

TAKER_DELAY_MS: EpochMs = 900
_KEPT = 15


class Journey:
    """
    Times of arrival.

    Args:
        handling_ms: How long the exchange keeps an order before it is matched.
        fixed_ms: From an order to its arrival, whatever is measured; None has it measured.
    """

    def __init__(self, *, handling_ms: EpochMs = TAKER_DELAY_MS, fixed_ms: EpochMs | None = None) -> None:
        self._handling_ms = handling_ms
        self._fixed_ms = fixed_ms
        self._trips: deque[EpochMs] = deque(maxlen=_KEPT)

    def learn(self, round_trip_ms: EpochMs) -> None:
        """Take a round trip."""
        self._trips.append(max(round_trip_ms, 0))

    @property
    def way_ms(self) -> EpochMs:
        """How long a request takes to the exchange; 0 before anything was measured."""
        return int(median(self._trips)) // 2 if self._trips else 0

    @property
    def order_ms(self) -> EpochMs:
        """How long it takes from an order to its match."""
        return self.way_ms + self._handling_ms if self._fixed_ms is None else self._fixed_ms

    @property
    def action_ms(self) -> EpochMs:
        """How long anything else takes."""
        return self.way_ms if self._fixed_ms is None else self._fixed_ms
