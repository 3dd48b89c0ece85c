"""
Stage 12: a position -> the stop that rests on the exchange behind it, and when that has to be moved.

1. A stop never follows a mark that moves against the position: it would be none.
2. What the exchange shrank with the position does not grow with it again.
"""

from enum import StrEnum

import msgspec

from fadearena.model.ids import Cloid
from fadearena.model.instrument import Instrument
from fadearena.model.units import (
    BPS,
    MINUTE_MS,
    ONE,
    SECOND_MS,
    Bps,
    EpochMs,
    Price,
    Quantity,
    Ratio,
    Side,
    Size,
    side_of,
)

CHANGE_MS = MINUTE_MS
"""At most one stop is placed in a book in this time,"""
GROWTH_MS = 5 * SECOND_MS
"""or in this one, where the position is not covered by the last one."""
LOOKUP_LAG_MS = 5 * SECOND_MS
_SHRUNK = Ratio("0.9")
_FAR = Ratio("1.5")


class StopStatus(StrEnum):
    """States of a stop."""

    PENDING = "pending"
    RESTING = "resting"
    CANCELLED = "cancelled"
    REFUSED = "refused"
    FILLED = "filled"

    @property
    def is_alive(self) -> bool:
        """Whether it rests, or may."""
        return self in {StopStatus.PENDING, StopStatus.RESTING}


class StopOrder(msgspec.Struct, kw_only=True):
    """
    What is remembered of one stop.

    `covered` is what it closes at least. A complete reading after `shown_from` has to show it while it is alive;
    `missed` is the time of the first that did not. `is_leaving` says that it was cancelled and may be gone.
    """

    cloid: Cloid
    label: str
    asset_id: int
    side: Side
    quantity: Quantity
    covered: Quantity
    trigger: Price
    distance: Ratio
    shown_from: EpochMs
    status: StopStatus = StopStatus.PENDING
    is_leaving: bool = False
    missed: EpochMs = 0
    order_id: int | None = None


def prices(instrument: Instrument, side: Side, mark: Price, distance: Ratio, bps: Bps) -> tuple[Price, Price]:
    """
    Return trigger and limit of a stop, rounded outwards.

    Args:
        instrument: The market.
        side: SELL behind a long position, BUY behind a short one.
        mark: The mark price, which triggers it.
        distance: How far from the mark it rests, as a ratio.
        bps: How much worse than its trigger it may trade.
    """
    trigger = instrument.price_outwards(side, mark * (ONE + side.sign * distance))
    return trigger, instrument.price_outwards(side, trigger * (ONE + side.sign * bps * BPS))


def covers(stop: StopOrder, position: Size) -> bool:
    """Tell whether a stop closes the whole of a position."""
    return stop.side is side_of(-position) and abs(position) <= stop.covered


def fits(stop: StopOrder, position: Size, mark: Price, distance: Ratio) -> bool:
    """Tell whether a stop can stay: right side and distance, not too small, not much too large, not too far away."""
    if not covers(stop, position) or stop.distance != distance or abs(position) < stop.quantity * _SHRUNK:
        return False
    return abs(mark - stop.trigger) <= _FAR * distance * mark
