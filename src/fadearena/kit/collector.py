"""
The collector of cycles, kept from looking again and again through what is there to stay.

A full round over a large heap stops everything for as long as that takes. But what is left after one is in use, so
where it took long it is set aside: the next one looks at what is newer. What is set aside is freed by its references
as ever; only a cycle among it would stay.
"""

import gc
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

LONG_S: Final = 0.005
_FULL: Final = 2


class Collector:
    """Sets aside what a full round left, where that took longer than `long_s`."""

    def __init__(
        self,
        long_s: float = LONG_S,
        *,
        clock: Callable[[], float] = time.perf_counter,
        set_aside: Callable[[], None] = gc.freeze,
    ) -> None:
        self._long_s = long_s
        self._clock = clock
        self._set_aside = set_aside
        self._began = 0.0

    def __call__(self, phase: str, info: Mapping[str, Any]) -> None:
        """Be told of a round, as `gc.callbacks` are."""
        if info["generation"] != _FULL:
            return
        if phase == "start":
            self._began = self._clock()
        elif self._clock() - self._began > self._long_s:
            self._set_aside()


@contextmanager
def short_rounds() -> Iterator[None]:
    """Have long full rounds of the collector not come again in this process, as long as the block lasts."""
    collector = Collector()
    gc.callbacks.append(collector)
    try:
        yield
    finally:
        gc.callbacks.remove(collector)
