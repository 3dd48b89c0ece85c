"""Units of measure, as type aliases, and the two signs that everything depends on."""

from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

Size: TypeAlias = Decimal
"""Signed amount of a coin, base units: long > 0, short < 0."""
Quantity: TypeAlias = Decimal
"""Unsigned amount of a coin, base units; comes with a side."""
Price: TypeAlias = Decimal
"""USD for one base unit."""
Usd: TypeAlias = Decimal
Ratio: TypeAlias = Decimal
Bps: TypeAlias = Decimal
EpochMs: TypeAlias = int

ZERO = Decimal(0)
ONE = Decimal(1)
BPS = Decimal("0.0001")
SECOND_MS = 1_000
MINUTE_MS = 60_000
HOUR_MS = 3_600_000
DAY_MS = 86_400_000


class Side(StrEnum):
    """Side of an order or of a fill, seen from its owner."""

    BUY = "buy"
    SELL = "sell"

    @property
    def sign(self) -> int:
        """+1 for a buy, -1 for a sell."""
        return 1 if self is Side.BUY else -1

    @property
    def opposite(self) -> "Side":
        """The other side."""
        return Side.SELL if self is Side.BUY else Side.BUY

    def signed(self, quantity: Quantity) -> Size:
        """Return what a trade of `quantity` on this side adds to a position."""
        return quantity if self is Side.BUY else -quantity


class Direction(StrEnum):
    """Whether we hold the opposite of a bot or the same."""

    FADE = "fade"
    COPY = "copy"

    @property
    def sign(self) -> int:
        """-1 for fade, +1 for copy."""
        return -1 if self is Direction.FADE else 1


def sign(size: Size) -> int:
    """Return -1, 0 or +1."""
    return (size > 0) - (size < 0)


def side_of(size: Size) -> Side:
    """Return the side of a trade that adds `size` (not zero) to a position."""
    return Side.BUY if size > 0 else Side.SELL


def day_start(time: EpochMs) -> EpochMs:
    """Return 00:00 UTC of the day in which `time` lies."""
    return time - time % DAY_MS
