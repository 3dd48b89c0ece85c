"""Rounds: every work of a group is measured in turn, again and again; medians and ratios come of it."""

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median

import msgspec


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds for `count` things: of processor time, or on the wall where the group says so."""

    seconds: float
    count: int

    @property
    def microseconds(self) -> float:
        """What one of them costs."""
        return self.seconds / self.count * 1e6


Work = Callable[[], dict[str, Cost]]
"""One round: the costs of what was measured, by what is counted (`event`, `p99`)."""


@dataclass(frozen=True, kw_only=True)
class Group:
    """Works that are compared with the first of them, and how often each is run; `is_wall`: on what clock."""

    title: str
    rounds: int
    works: dict[str, Work]
    is_wall: bool = False


class Row(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One figure: the median cost, its ratio to the group's first row, and how far the rounds lie apart."""

    group: str
    name: str
    per: str
    microseconds: float
    ratio: float
    per_second: float
    spread: float
    is_wall: bool = False


@dataclass
class Stopwatch:
    """Adds up the processor time of the parts that are to be counted."""

    seconds: float = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Count the time of a block."""
        begin = time.process_time()
        try:
            yield
        finally:
            self.seconds += time.process_time() - begin


def measure(group: Group, advance: Callable[[], None]) -> list[Row]:
    """Run every work of a group, round by round; `advance` is called after each run."""
    costs: dict[str, list[dict[str, Cost]]] = {name: [] for name in group.works}
    for _ in range(group.rounds):
        for name, work in group.works.items():
            gc.collect()
            costs[name].append(work())
            advance()
    pers = dict.fromkeys(per for runs in costs.values() for per in runs[0])
    return [row for per in pers for row in _compare(group, per, costs)]


def _compare(group: Group, per: str, costs: dict[str, list[dict[str, Cost]]]) -> list[Row]:
    """Return the rows of one measure, compared with the first work that has it."""
    runs = {name: [run[per] for run in all_runs] for name, all_runs in costs.items() if per in all_runs[0]}
    first = next(iter(runs.values()))
    return [_row(group, name, per, mine, first) for name, mine in runs.items()]


def _row(group: Group, name: str, per: str, runs: list[Cost], first: list[Cost]) -> Row:
    each = [cost.microseconds for cost in runs]
    middle = median(each)
    ratios = [mine / base.microseconds for mine, base in zip(each, first, strict=True)]
    return Row(
        group=group.title,
        name=name,
        per=per,
        microseconds=middle,
        ratio=median(ratios),
        per_second=1e6 / middle,
        spread=(max(each) - min(each)) / middle,
        is_wall=group.is_wall,
    )
