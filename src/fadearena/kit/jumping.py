"""
Running asynchronous work as fast as it can on made-up time, the same way each time.

1. Where nothing can run, the clock jumps to the next time for which somebody waits: at the clock, in `asyncio.sleep`
   or under a timeout. `loop.time()` is the clock's time in seconds, from the start of the run.
2. Work that the loop hands to a thread (`asyncio.to_thread`) takes no time at all: the clock stands until it is done.
   Whoever waits for something else outside, a socket or a thread of one's own, says so with `busy`.
3. Where nothing can run and nobody waits for a time, nothing would ever happen again: that is `Deadlock`.
"""

import asyncio
import math
import selectors
from collections.abc import Callable, Coroutine, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import Any, TypeVar, TypeVarTuple

from fadearena.kit.clock import ManualClock

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
_MS_PER_S = 1_000
_DIGITS = 6  # a millisecond is told from the next in spite of what a difference of floats adds


class Deadlock(RuntimeError):
    """Everything waits for something that nothing will bring."""


class JumpingLoop(asyncio.SelectorEventLoop):
    """An event loop whose time is a manual clock's, which it moves itself."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self._began = clock.now_ms()
        self._outside = 0
        super().__init__(_Jumps(self._jump))

    def time(self) -> float:
        """Return the seconds of made-up time since the start."""
        return (self._clock.now_ms() - self._began) / _MS_PER_S

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Let the clock stand, and wait for what comes from outside."""
        self._outside += 1
        try:
            yield
        finally:
            self._outside -= 1

    def run_in_executor(self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts) -> asyncio.Future[T]:
        """Hand work to a thread; the clock stands until it is done."""
        future = super().run_in_executor(executor, func, *args)
        self._outside += 1
        future.add_done_callback(self._came_back)
        return future

    async def shutdown_default_executor(self, *args: float | None) -> None:
        """Wait for the threads."""
        with self.busy():
            await super().shutdown_default_executor(*args)

    def _came_back(self, _future: asyncio.Future[Any]) -> None:
        self._outside -= 1

    def _jump(self, timeout: float | None) -> bool:
        """
        Move the clock to the next time for which somebody waits; False where something outside comes first.

        Raises:
            Deadlock: Nobody waits for a time.
        """
        if self._outside:
            return False
        times = [] if timeout is None else [self._clock.now_ms() + _whole_ms(timeout)]
        if (waiter := self._clock.next_waiter_ms) is not None:
            times.append(waiter)
        if not times:
            raise Deadlock("nothing can run and nobody waits for a time: the rest waits for something that never comes")
        self._clock.move_to(min(times))
        return True


class _Jumps(selectors.BaseSelector):
    """A selector that jumps where another would block."""

    def __init__(self, jump: Callable[[float | None], bool]) -> None:
        self._inner = selectors.DefaultSelector()
        self._jump = jump

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Return what is ready; where nothing is and the loop would wait, let time jump."""
        ready = self._inner.select(0)
        may_wait = timeout is None or timeout > 0
        if ready or not may_wait or self._jump(timeout):
            return ready
        return self._inner.select(None)

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:  # noqa: ANN401 - as it is
        return self._inner.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:  # noqa: ANN401 - as it is
        return self._inner.unregister(fileobj)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:  # noqa: ANN401 - as it is
        return self._inner.modify(fileobj, events, data)

    def close(self) -> None:
        self._inner.close()

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._inner.get_map()


def run_jumping(main: Coroutine[Any, Any, T], clock: ManualClock) -> T:
    """
    Run a coroutine to its end, as `asyncio.run` does, on the time of a clock that jumps.

    Raises:
        Deadlock: Everything waits for something that never comes.
    """
    with asyncio.Runner(loop_factory=lambda: JumpingLoop(clock)) as runner:
        return runner.run(main)


def _whole_ms(seconds: float) -> int:
    return math.ceil(round(seconds * _MS_PER_S, _DIGITS))
