"""Curves of equity: `GET /api/equity`."""

from enum import StrEnum

from pydantic import ConfigDict, Field

from fadearena.api.schemas.common import Money, Shape, Time
from fadearena.model.units import DAY_MS, HOUR_MS, MINUTE_MS, EpochMs


class Interval(StrEnum):
    """How far points lie apart."""

    MINUTE = "1m"
    FIVE_MINUTES = "5m"
    QUARTER = "15m"
    HOUR = "1h"
    DAY = "1d"

    @property
    def ms(self) -> EpochMs:
        """Its length."""
        return _LENGTHS[self]


_LENGTHS = {
    Interval.MINUTE: MINUTE_MS,
    Interval.FIVE_MINUTES: 5 * MINUTE_MS,
    Interval.QUARTER: 15 * MINUTE_MS,
    Interval.HOUR: HOUR_MS,
    Interval.DAY: DAY_MS,
}


class EquityPointShape(Shape):
    """The last values in one interval."""

    timestamp: Time = Field(description="When the interval begins, ms UTC: a multiple of its length.")
    bots_aggregate: Money | None = Field(
        description="Sum of the bots' own equity at its end, USD: the last known value of each that was heard of by "
        "then; null where none was, or where one became unknown."
    )
    fade_arena: Money | None = Field(description="Sum of our accounts' equity at its end, USD: in the same way.")
    bots: dict[str, Money] = Field(
        description="Own equity of each bot, USD, by id; one that was not heard of within the interval is absent."
    )


class EquityCurveShape(Shape):
    """Curves of equity. An interval in which nothing was recorded has no point."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "series": [
                        {
                            "timestamp": 1767268800000,
                            "botsAggregate": 60000,
                            "fadeArena": 10000,
                            "bots": {"grok-4": 10000},
                        }
                    ],
                    "interval": "5m",
                    "startTime": 1767182400000,
                    "endTime": 1767268800000,
                }
            ]
        }
    )

    series: tuple[EquityPointShape, ...] = Field(description="The points, the oldest first.")
    interval: Interval = Field(description="How far points lie apart.")
    start_time: Time = Field(
        description="From when on points are given, ms UTC; the interval around it is given whole."
    )
    end_time: Time = Field(description="Until when points are given, ms UTC.")
