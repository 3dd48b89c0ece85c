"""What running several things at once needs everywhere."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Hashable, Iterable
from typing import Any, Final, Generic, TypeVar, cast

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")
_ENDED: Final = object()
_AT_ONCE: Final = 50


def first_cause(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the first error of a group, and of the groups in it, that is no group itself."""
    error = group.exceptions[0]
    return first_cause(error) if isinstance(error, BaseExceptionGroup) else error


async def either(*ways: Awaitable[object]) -> None:
    """Wait until one of several things is done, and end the others; where one failed, raise what it raised."""
    tasks = [asyncio.ensure_future(way) for way in ways]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await cancelled(*tasks)
    for task in tasks:
        if not task.cancelled():
            task.result()


async def cancelled(*tasks: asyncio.Future[Any]) -> None:
    """Cancel tasks, and wait until they have ended."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def in_turns(items: Iterable[T], at_once: int = 100) -> AsyncIterator[T]:
    """Iterate over many items, and let others have their turn after every `at_once` of them."""
    for number, item in enumerate(items, 1):
        yield item
        if number % at_once == 0:
            await asyncio.sleep(0)


async def streamed(told: asyncio.Queue[T], *work: Coroutine[Any, Any, None]) -> AsyncIterator[T]:
    """
    Iterate over what tasks put in a queue, until all of them have ended; where one failed, raise what it raised.

    Where much waits there others have their turn in between. The tasks run as long as somebody listens: whoever stops
    listening ends them.
    """
    queue = cast("asyncio.Queue[object]", told)
    failures: list[BaseException] = []

    def ended(task: asyncio.Task[None]) -> None:
        """Wake whoever waits for the queue; where that is full nobody does."""
        running.discard(task)
        if not task.cancelled() and (failure := task.exception()) is not None:
            failures.append(failure)
        if not queue.full():
            queue.put_nowait(_ENDED)

    tasks = [asyncio.create_task(each) for each in work]
    running = set(tasks)
    for task in tasks:
        task.add_done_callback(ended)
    try:
        taken = 0
        while not told.empty() or (running and not failures):
            taken += 1
            if taken % _AT_ONCE == 0:
                await asyncio.sleep(0)
            item = await queue.get()
            if item is not _ENDED:
                yield cast("T", item)
        if failures:
            raise failures[0]
    finally:
        await cancelled(*tasks)


class Joined(Generic[K, T]):
    """Answers a question that is asked again while it is under way once for all; it ends when nobody waits any more."""

    def __init__(self) -> None:
        self._under_way: dict[K, asyncio.Task[T]] = {}
        self._asking: Counter[asyncio.Task[T]] = Counter()

    async def ask(self, key: K, question: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Wait for the answer to a question of this name: the one that is under way, else a new one."""
        task = self._under_way.get(key)
        if task is None:
            task = self._under_way[key] = asyncio.create_task(question())
            task.add_done_callback(lambda done: self._end(key, done))
        self._asking[task] += 1
        try:
            return await asyncio.shield(task)
        finally:
            self._asking[task] -= 1
            if not self._asking[task]:
                self._end(key, task)
                task.cancel()

    def _end(self, key: K, task: asyncio.Task[T]) -> None:
        if self._under_way.get(key) is task:
            del self._under_way[key]
        if not self._asking[task]:
            del self._asking[task]
        if task.done() and not task.cancelled():
            task.exception()  # who asked may have gone: that nobody hears of it is no error
