"""Sums in which what is unknown is not zero."""

from collections.abc import Iterable

from fadearena.model.units import ZERO, Price, Ratio, Size, Usd


def whole_sum(values: Iterable[Usd | None]) -> Usd | None:
    """Return the sum; None where one of them is unknown, 0 of nothing."""
    total = ZERO
    for value in values:
        if value is None:
            return None
        total += value
    return total


def notional(size: Size, mark: Price | None) -> Usd | None:
    """Return what a position is worth at the mark, unsigned; None where there is no mark."""
    return None if mark is None else abs(size) * mark


def growth(first: Usd | None, last: Usd | None) -> Ratio | None:
    """Return by how much something grew, as a ratio of what it was; None where that is unknown or not positive."""
    if first is None or last is None or first <= 0:
        return None
    return (last - first) / first
