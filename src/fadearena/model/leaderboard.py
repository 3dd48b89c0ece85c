"""Accounts as an exchange ranks them, for people who choose whom to follow."""

from decimal import Decimal
from enum import StrEnum

import msgspec

from fadearena.model.ids import Address
from fadearena.model.units import Ratio, Usd


class Window(StrEnum):
    """What a performance is counted over, up to now."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    ALL = "all"


class Measure(StrEnum):
    """What is compared. The account value is that of the moment, the others are those of a window."""

    VALUE = "value"
    PNL = "pnl"
    ROI = "roi"
    TURNOVER = "turnover"


class Performance(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a window brought: `roi` is PnL as a ratio of what was there, as the exchange reckons it."""

    pnl: Usd
    roi: Ratio
    turnover: Usd


class Trader(msgspec.Struct, frozen=True, kw_only=True):
    """An account with all windows; `value` is its account value, `name` what it calls itself."""

    wallet: Address
    name: str | None
    value: Usd
    windows: dict[Window, Performance]

    def by(self, measure: Measure, window: Window) -> Decimal:
        """Return what it is compared by."""
        found = self.windows[window]
        figures = {
            Measure.VALUE: self.value,
            Measure.PNL: found.pnl,
            Measure.ROI: found.roi,
            Measure.TURNOVER: found.turnover,
        }
        return figures[measure]
