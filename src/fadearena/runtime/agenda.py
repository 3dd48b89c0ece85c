"""
What lies ahead of a simulated clock, in an order that never depends on chance.

1. Earlier comes first. At one millisecond: answers of the venue, then commands that arrive there, then what
   the feed brings, then wakes. So an order is over before the next fact of its own millisecond is looked at,
   and a fact of a millisecond is known before the time is said to have passed.
2. Among equals the one that was put in first comes first.
3. A wake of a key replaces the earlier one of that key; replaced ones are swept out once they prevail.
"""

import heapq
from enum import IntEnum
from typing import NamedTuple, cast

from fadearena.model.command import Command
from fadearena.model.event import Event, Woke
from fadearena.model.units import EpochMs

_SWEEP = 4_096


class Rank(IntEnum):
    """What goes first at one millisecond."""

    ANSWER = 0
    DELIVERY = 1
    FEED = 2
    WAKE = 3


class Due(NamedTuple):
    """One thing that lies ahead; `depth` counts the answers that led to it, `cause` is the last command."""

    time: EpochMs
    rank: Rank
    sequence: int
    thing: Event | Command
    depth: int = 0
    cause: Command | None = None

    @property
    def event(self) -> Event:
        """The thing, where it is an event: at every rank but `DELIVERY`."""
        return cast("Event", self.thing)

    @property
    def command(self) -> Command:
        """The thing, where it is a command: at rank `DELIVERY`."""
        return cast("Command", self.thing)


class Agenda:
    """A heap of what is due."""

    def __init__(self) -> None:
        self._heap: list[Due] = []
        self._sequence = 0
        self._wakes: dict[str, int] = {}
        self._replaced = 0

    def put(
        self,
        time: EpochMs,
        rank: Rank,
        thing: Event | Command,
        *,
        depth: int = 0,
        cause: Command | None = None,
    ) -> None:
        """Add something that is due at `time`."""
        self._sequence += 1
        heapq.heappush(self._heap, Due(time, rank, self._sequence, thing, depth, cause))

    def wake(self, time: EpochMs, key: str, *, depth: int = 0, cause: Command | None = None) -> None:
        """Add a wake; an earlier one of the same key is forgotten."""
        self.put(time, Rank.WAKE, Woke(time=time, received=time, key=key), depth=depth, cause=cause)
        self._replaced += key in self._wakes
        self._wakes[key] = self._sequence
        if self._replaced > _SWEEP and self._replaced * 2 > len(self._heap):
            self._sweep()

    def first(self) -> Due | None:
        """Return what comes next and leave it there; None if nothing does."""
        while self._heap:
            if self._is_live(self._heap[0]):
                return self._heap[0]
            heapq.heappop(self._heap)
            self._replaced -= 1
        return None

    def take(self) -> Due:
        """Return what comes next and remove it; `first` must have found something."""
        due = heapq.heappop(self._heap)
        if isinstance(due.thing, Woke):
            del self._wakes[due.thing.key]
        return due

    def forget_wakes_after(self, horizon: EpochMs) -> None:
        """Drop every wake that is due later than `horizon`."""
        for due in self._heap:
            if isinstance(due.thing, Woke) and due.time > horizon and self._is_live(due):
                del self._wakes[due.thing.key]
        self._sweep()

    def _is_live(self, due: Due) -> bool:
        return not isinstance(due.thing, Woke) or self._wakes.get(due.thing.key) == due.sequence

    def _sweep(self) -> None:
        self._heap = [due for due in self._heap if self._is_live(due)]
        heapq.heapify(self._heap)
        self._replaced = 0
