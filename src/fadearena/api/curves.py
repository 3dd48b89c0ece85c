"""Which part of a curve is asked for, and how curves of many become points."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import repeat
from typing import Final, TypeAlias

import msgspec

from fadearena.api.errors import Problem
from fadearena.api.records import Form
from fadearena.api.schemas.equity import Interval
from fadearena.kit.decimals import normalise
from fadearena.model.sums import whole_sum
from fadearena.model.units import DAY_MS, ZERO, EpochMs, Usd
from fadearena.ports.archive import Curve

POINTS_MAX: Final = 10_000
Column: TypeAlias = list[Usd | None]


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """A part of time, cut into steps."""

    since: EpochMs
    until: EpochMs
    interval: Interval

    @property
    def first(self) -> EpochMs:
        """When the first step begins."""
        return self.since - self.since % self.interval.ms

    @property
    def steps(self) -> int:
        """How many steps it has."""
        return _steps(self.since, self.until, self.interval)


def span_of(since: EpochMs | None, until: EpochMs | None, interval: Interval, now: EpochMs) -> Span:
    """
    Return which part is asked for: by default the last 24 hours.

    Raises:
        Problem: 400, it ends before it begins or is too long for the interval.
    """
    end = now if until is None else until
    begin = max(end - DAY_MS, 0) if since is None else since
    if begin > end:
        raise Problem(400, f"startTime {begin} lies behind endTime {end}: nothing can be between them")
    if _steps(begin, end, interval) > POINTS_MAX:
        fitting = next((each for each in Interval if _steps(begin, end, each) <= POINTS_MAX), None)
        advice = f"take interval={fitting}" if fitting else "ask for a shorter time"
        raise Problem(400, f"interval={interval} would be more than {POINTS_MAX} points: {advice}")
    return Span(since=begin, until=end, interval=interval)


def _steps(begin: EpochMs, end: EpochMs, interval: Interval) -> int:
    return end // interval.ms - begin // interval.ms + 1


def points_of(
    curves: Mapping[str, Curve], before: Mapping[str, Usd], bots: Sequence[str], accounts: Sequence[str]
) -> Iterator[Form]:
    """
    Yield a point for each step in which anything was recorded, as `EquityPointShape` has it.

    Args:
        curves: The series of these bots and accounts.
        before: The last known value of each series before that.
        bots: The series of the bots.
        accounts: The series of our accounts.
    """
    times = sorted(set().union(*curves.values()))
    ids = [series.removeprefix("bot:") for series in bots]
    columns = {series: list(map(curve.get, times)) for series, curve in curves.items()}
    lasting = {
        series: columns[series] if len(curve) == len(times) else _lasting(curve, before.get(series, ZERO), times)
        for series, curve in curves.items()
    }
    heard = {series: 0 if series in before else min(curve, default=math.inf) for series, curve in curves.items()}
    own = _rows([columns[series] for series in bots])

    def sums(those: Sequence[str]) -> Iterator[Usd | None]:
        first = min((heard[series] for series in those), default=math.inf)
        return _sums([lasting[series] for series in those], first, times)

    for time, values, theirs, ours in zip(times, own, sums(bots), sums(accounts), strict=False):
        yield {
            "timestamp": time,
            "botsAggregate": theirs,
            "fadeArena": ours,
            "bots": {bot: usd for bot, usd in zip(ids, values, strict=False) if usd is not None},
        }


def _sums(columns: Sequence[Column], first: float, times: Sequence[EpochMs]) -> Iterator[Usd | None]:
    """Yield the sum of values at each time; None where one is unknown, and before the `first` was heard of."""
    for time, values in zip(times, _rows(columns), strict=False):
        yield _sum(values) if time >= first else None


def _lasting(curve: Curve, last: Usd | None, times: Iterable[EpochMs]) -> Column:
    """Return the last values at each time."""
    return [last := curve.get(time, last) for time in times]


def _rows(columns: Sequence[Column]) -> Iterable[tuple[Usd | None, ...]]:
    return zip(*columns, strict=True) if columns else repeat(())


def _sum(values: tuple[Usd | None, ...]) -> Usd | None:
    if len(values) == 1:
        return values[0]
    total = whole_sum(values)
    return None if total is None else normalise(total)
