"""Trading states: what may be sent."""

from enum import StrEnum


class TradingState(StrEnum):
    """What may be sent."""

    ACTIVE = "active"
    REDUCING = "reducing"
    HALTED = "halted"
    FLATTENING = "flattening"

    @property
    def severity(self) -> int:
        """Order of strictness; flattening counts as the strictest, since it takes the book over."""
        return _SEVERITY[self]


_SEVERITY = {
    TradingState.ACTIVE: 0,
    TradingState.REDUCING: 1,
    TradingState.HALTED: 2,
    TradingState.FLATTENING: 3,
}
