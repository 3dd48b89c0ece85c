"""
Where readings of a wallet that trades all the time belong among its fills.

Nobody knows how late a reading is, so time alone does not tell which of the fills within two seconds it holds. Two
readings and everything that was traded between them do: the sizes fit in one way, as a rule, and in no other.
"""

from collections.abc import Sequence
from itertools import accumulate, takewhile
from typing import NamedTuple

from fadearena.core.follow.memory import UNDECIDABLE_MS
from fadearena.model.units import ZERO, EpochMs, Size
from fadearena.model.wallet import SourceFill

_WAYS_MAX = 1_000


class Point(NamedTuple):
    """A position as it was known at a time; `is_exact` where it is known which fills it holds: all up to then."""

    position: Size
    time: EpochMs
    is_exact: bool = False


def align(fills: Sequence[SourceFill], first: Point, second: Point) -> tuple[int, int] | None:
    """
    Return how many of the fills, sorted by time, each of two points holds.

    None where it cannot be told: no way fits, or several do that differ in the second point, and no fill between the
    two bears out what time says. The tape's fills only: others tell themselves where they belong.
    """
    if not fills or any(fill.start_position is not None for fill in fills):
        return None
    starts = [0] if first.is_exact else _ends(fills, first.time)
    ends = _ends(fills, second.time)
    if len(starts) * len(ends) > _WAYS_MAX:
        return None
    sums = list(accumulate((fill.change for fill in fills), initial=ZERO))
    change = second.position - first.position
    fitting = [(a, b) for b in ends for a in starts if a <= b and sums[b] - sums[a] == change]
    by_time = (0 if first.is_exact else _passed(fills, first.time), _passed(fills, second.time))
    if len({b for _, b in fitting}) == 1:
        return min(fitting, key=lambda way: abs(way[0] - by_time[0]))
    return by_time if by_time in fitting and by_time[0] < by_time[1] else None


def _ends(fills: Sequence[SourceFill], time: EpochMs) -> list[int]:
    """Return how many fills a reading may hold: those of one millisecond all, or none of them."""
    within = range(_passed(fills, time - UNDECIDABLE_MS), _passed(fills, time + UNDECIDABLE_MS) + 1)
    return [at for at in within if not 0 < at < len(fills) or fills[at - 1].time < fills[at].time]


def _passed(fills: Sequence[SourceFill], time: EpochMs) -> int:
    return sum(1 for _ in takewhile(lambda fill: fill.time <= time, fills))
