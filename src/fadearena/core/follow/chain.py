"""
The chain of `startPosition`: which fill came after which.

Between milliseconds time gives the order; inside one only the chain does, never the list or the tid. The tape's
fills have no `startPosition` and stand where they close the chain.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from fadearena.core.follow.memory import UNDECIDABLE_MS
from fadearena.model.units import ZERO, EpochMs, Size
from fadearena.model.wallet import SourceFill


class Link(NamedTuple):
    """A fill at its place: the position `before` it; `is_hole` where nothing known leads there."""

    fill: SourceFill
    before: Size
    is_hole: bool = False

    @property
    def after(self) -> Size:
        """The position after the fill."""
        return self.before + self.fill.change


class _Unit(NamedTuple):
    """Fills that follow each other: one, or both halves of a trade of a wallet with itself."""

    fills: tuple[SourceFill, ...]
    start: Size | None
    change: Size

    def leads_to(self) -> Size | None:
        """Return where it ends, None for the tape's."""
        return None if self.start is None else self.start + self.change


def links(fills: Sequence[SourceFill], position: Size) -> list[Link]:
    """Return fills, sorted by time, as they follow each other from `position` on."""
    found: list[Link] = []
    for group in _milliseconds(fills):
        found += _linked(group, position)
        position = found[-1].after
    return found


def first_start(fills: Sequence[SourceFill]) -> Size | None:
    """Return where the chain of fills of one millisecond begins; None where it goes round, or is the tape's."""
    return _open_end([_single(fill) for fill in fills])


def around(fills: Sequence[SourceFill], position: Size, time: EpochMs) -> tuple[list[SourceFill], list[SourceFill]]:
    """
    Split fills (not none) into those that a snapshot of `position` at `time` holds already, and those after it.

    The split is between two milliseconds where the chain goes through the position, nearest to the snapshot's time;
    where it does nowhere, time decides.
    """
    first = first_start(next(_milliseconds(fills)))
    order = [link.fill for link in links(fills, position if first is None else first)]
    by_time = sum(1 for fill in order if fill.time <= time)
    window = sum(1 for fill in order if fill.time <= time + UNDECIDABLE_MS)
    ends = [at for at in range(window + 1) if not 0 < at < len(order) or order[at - 1].time < order[at].time]
    fitting = [at for at in ends if _fits(order, at, position)]
    at = min(fitting, key=lambda at: (abs(at - by_time), -at), default=by_time)
    return order[:at], order[at:]


def _fits(order: list[SourceFill], at: int, position: Size) -> bool:
    """Tell whether the position may have been there just before the fill `at`, by the nearest starts on both sides."""
    here = position
    for fill in order[at:]:
        if fill.start_position is not None:
            if fill.start_position != here:
                return False
            break
        here += fill.change
    here = position
    for fill in reversed(order[:at]):
        here -= fill.change
        if fill.start_position is not None:
            return fill.start_position == here
    return True


def _milliseconds(fills: Sequence[SourceFill]) -> Iterator[list[SourceFill]]:
    for _, group in groupby(fills, key=lambda fill: fill.time):
        yield list(group)


def _linked(group: list[SourceFill], position: Size) -> list[Link]:
    """Order one millisecond. A wallet's trade with itself is looked for only where the plain chain breaks."""
    if len(group) == 1:
        fill = group[0]
        if fill.start_position is None or fill.start_position == position:
            return [Link(fill, position)]
        return [Link(fill, fill.start_position, is_hole=True)]
    straight = _straight(group, position)
    if straight is not None:
        return straight
    plain = _trail([_single(fill) for fill in group], position)
    if not any(link.is_hole for link in plain):
        return plain
    return min(plain, _trail(_paired(group), position), key=lambda found: sum(link.is_hole for link in found))


def _straight(group: list[SourceFill], position: Size) -> list[Link] | None:
    """Return the links of fills of one side that chain as they stand: then no other order does."""
    found: list[Link] = []
    for fill in group:
        if fill.side is not group[0].side or fill.start_position != position:
            return None
        found.append(Link(fill, position))
        position += fill.change
    return found


def _single(fill: SourceFill) -> _Unit:
    return _Unit((fill,), fill.start_position, fill.change)


def _paired(group: list[SourceFill]) -> list[_Unit]:
    """Put both halves of a trade of a wallet with itself together: same start, size and price, other side."""
    units: list[_Unit] = []
    left = sorted(group, key=lambda fill: fill.key)
    while left:
        fill = left.pop(0)
        twin = next((other for other in left if _are_twins(fill, other)), None)
        if twin is None:
            units.append(_single(fill))
        else:
            left.remove(twin)
            units.append(_Unit((fill, twin), fill.start_position, ZERO))
    return units


def _are_twins(one: SourceFill, other: SourceFill) -> bool:
    return (
        one.start_position is not None
        and one.start_position == other.start_position
        and one.change == -other.change
        and one.price == other.price
    )


def _trail(units: list[_Unit], position: Size) -> list[Link]:
    """Walk through all units once. The same units give the same walk, however they came."""
    left = sorted(units, key=lambda unit: unit.fills[0].key)
    found: list[Link] = []
    while left:
        unit = left.pop(_next(left, position))
        is_hole = unit.start is not None and unit.start != position
        position = position if unit.start is None else unit.start
        for fill in unit.fills:
            found.append(Link(fill, position, is_hole))
            position, is_hole = position + fill.change, False
    return found


def _next(left: list[_Unit], position: Size) -> int:
    """Choose where to go: of several that start here one that leads back here goes first, as all must be walked."""
    here = [n for n, unit in enumerate(left) if unit.start == position]
    if here:
        return here[0] if len(here) == 1 else next((n for n in here if _leads_back(left, n, position)), here[0])
    starts = {unit.start for unit in left}
    tape = [n for n, unit in enumerate(left) if unit.start is None]
    if tape:
        return next((n for n in tape if position + left[n].change in starts), tape[0])
    first = _open_end(left)
    return next((n for n, unit in enumerate(left) if unit.start == first), 0)


def _leads_back(left: list[_Unit], taken: int, position: Size) -> bool:
    others = [unit for n, unit in enumerate(left) if n != taken]
    reached, more = set[Size | None](), {left[taken].leads_to()}
    while more:
        reached |= more
        more = {unit.leads_to() for unit in others if unit.start is not None and unit.start in reached} - reached
    return position in reached


def _open_end(units: list[_Unit]) -> Size | None:
    """Return a position that more units leave than reach; None where there is none."""
    balance: dict[Size, int] = {}
    for unit in units:
        end = unit.leads_to()
        if unit.start is not None and end is not None:
            balance[unit.start] = balance.get(unit.start, 0) + 1
            balance[end] = balance.get(end, 0) - 1
    return next((start for start, surplus in sorted(balance.items()) if surplus > 0), None)
