"""
Points at which a worker can be made to die, or a door to fail: wrappers around the ports.

Every call passes a point before and a point after it. Who watches may return, raise what the door could raise, or end
the process on the spot.
"""

import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import msgspec

from fadearena.kit.clock import Clock
from fadearena.model.units import EpochMs

T = TypeVar("T")
Watch = Callable[[str], None]


class Death(msgspec.Struct, frozen=True, kw_only=True):
    """Where to die: at the `nth` time (from 1) that `point` is passed, or that any is where `point` is None."""

    nth: int
    point: str | None = None

    def __str__(self) -> str:
        return f"pass {self.nth} of {self.point or 'all points'}"


class Passes:
    """Counts the points that were passed, and dies where it has to."""

    def __init__(self, clock: Clock, note: Path, death: Death | None, until: EpochMs) -> None:
        self.all = 0
        self.by_point: Counter[str] = Counter()
        self._clock = clock
        self._note = note
        self._death = death
        self._until = until

    def __call__(self, point: str) -> None:
        """Pass a point."""
        if self._clock.now_ms() > self._until:
            return
        self.all += 1
        self.by_point[point] += 1
        death = self._death
        passed = self.all if death is None or death.point is None else self.by_point[death.point]
        if death is not None and passed == death.nth and death.point in {None, point}:
            self._note.write_text(str(self._clock.now_ms()))
            os.kill(os.getpid(), signal.SIGKILL)


class _Watched:
    """Passes everything on to a door, with a point before and after each of `calls`."""

    def __init__(self, door: object, name: str, calls: frozenset[str], watch: Watch) -> None:
        self._door = door
        self._name = name
        self._calls = calls
        self._watch = watch

    def __getattr__(self, attribute: str) -> Any:
        value = getattr(self._door, attribute)
        if attribute not in self._calls:
            return value
        point = f"{self._name}.{attribute}"

        async def call(*args: Any, **more: Any) -> Any:
            self._watch(f"before {point}")
            answer = await cast("Awaitable[Any]", value(*args, **more))
            self._watch(f"after {point}")
            return answer

        return call

    async def __aiter__(self) -> AsyncIterator[Any]:
        async for each in cast("AsyncIterator[Any]", self._door):
            self._watch(f"{self._name} told")
            yield each


def watched(door: T, name: str, watch: Watch, *calls: str) -> T:
    """Return a door that tells `watch` of its calls, and of everything that it pushes."""
    return cast("T", _Watched(door, name, frozenset(calls), watch))
