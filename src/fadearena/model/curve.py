"""Curves of values: several step by step, and one as far as it was drawn, with how far it fell from its peak."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Self, TypeVar

import msgspec

from fadearena.kit.decimals import CONTEXT
from fadearena.model.units import ZERO, EpochMs, Ratio, Usd

T = TypeVar("T")


def by_time(curves: Mapping[str, Mapping[EpochMs, T]]) -> Iterator[tuple[EpochMs, dict[str, T]]]:
    """Yield each time at which a curve has a value, the oldest first, with these values by their curves' names."""
    for time in sorted(set().union(*curves.values())):
        yield time, {name: curve[time] for name, curve in curves.items() if time in curve}


class Extent(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """
    What was measured along a curve.

    `fall` is the largest fall from a peak before it, `fall_ratio` the largest one as a ratio of its peak; None while no
    peak was positive.
    """

    first: Usd
    last: Usd
    peak: Usd
    fall: Usd
    fall_ratio: Ratio | None

    @classmethod
    def along(cls, values: Sequence[Usd], before: Self | None = None) -> Self:
        """Return the extent of a curve that goes on from `before` along at least one more value."""
        first = peak = values[0]
        fall, ratio = ZERO, None
        if before is not None:
            first, peak, fall, ratio = before.first, before.peak, before.fall, before.fall_ratio
        for usd in values:
            peak = max(peak, usd)
            down = CONTEXT.subtract(peak, usd)
            fall = max(fall, down)
            if peak > 0:
                ratio = max(ratio or ZERO, CONTEXT.divide(down, peak))
        return cls(first=first, last=values[-1], peak=peak, fall=fall, fall_ratio=ratio)
