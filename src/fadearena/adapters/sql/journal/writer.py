"""
Who writes: a thread that takes what has piled up into one commit, or the caller himself.

1. Order is that of the calls, whoever waits and whoever has given up waiting.
2. A call whose waiter was cancelled is carried out all the same: what was handed over becomes durable once.
3. The queue has a limit. When it is reached the database is far behind, and the call fails before anything is queued.
4. What something waits for is written by the caller where the thread has nothing to do and the database is a file: two
   changes of threads take half as long as the disk. The event loop stands still meanwhile. Where that took long,
   whoever waits goes on only after a pause, so that a stop which came meanwhile is heard first.
"""

import asyncio
import queue
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Protocol, TypeAlias, TypeVar, cast

import msgspec

from fadearena.adapters.sql.journal.keeper import Keeper, again
from fadearena.adapters.sql.session import Values
from fadearena.model.error import StorageError, StorageUnavailable

T = TypeVar("T")
Work: TypeAlias = Callable[[Keeper], T]
_ROWS_WAITING = 10_000
_ROWS_A_COMMIT = 1_000
_LONG_S = 0.05
_PAUSE_S = 0.05


class Writer(Protocol):
    """Carries out what is written, one after the other."""

    def append(self, rows: Sequence[Values], *, is_urgent: bool = False) -> Awaitable[None]:
        """Hand rows over; once what is returned was awaited they are durable. Something waits for urgent ones."""
        ...

    async def call(self, work: Work[T]) -> T:
        """Have something else done by whoever writes."""
        ...

    async def close(self) -> None:
        """Finish what was handed over, then give the lease back."""
        ...


class InlineWriter:
    """Writes in the caller, with nothing in between: for deterministic runs, and for commands."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper

    async def append(self, rows: Sequence[Values], *, is_urgent: bool = False) -> None:  # noqa: ARG002 - all are
        """Keep rows; when it returns they are durable."""
        self._keeper.append(rows)

    async def call(self, work: Work[T]) -> T:
        """Have something else done."""
        return work(self._keeper)

    async def close(self) -> None:
        """Give the lease back."""
        self._keeper.close()


class _Append(msgspec.Struct, frozen=True):
    rows: Sequence[Values]
    waiter: asyncio.Future[Any]


class _Call(msgspec.Struct, frozen=True):
    work: Work[Any]
    waiter: asyncio.Future[Any]


_Job: TypeAlias = _Append | _Call


class ThreadWriter:
    """One thread with the connection; calls are made on one event loop."""

    def __init__(self, keeper: Keeper, *, long_s: float = _LONG_S) -> None:
        """Start the thread; `long_s` is what a commit in the caller may take without a pause after it."""
        self._keeper = keeper
        self._long_s = long_s
        self._loop = asyncio.get_running_loop()
        self._queue: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._rows_waiting = 0
        self._jobs = 0
        self._is_closed = False
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def append(self, rows: Sequence[Values], *, is_urgent: bool = False) -> Awaitable[None]:
        """
        Hand rows over, for one commit with whatever else waits; once what is returned was awaited they are durable.

        Urgent ones are durable already when it returns, where the thread has nothing to do.

        Raises:
            LeaseLost: Another process holds the lease.
            StorageUnavailable: The commit failed, or too many rows wait already.
        """
        if is_urgent and not self._jobs and not self._is_closed and self._keeper.session.is_local:
            return self._append_here(rows)
        if self._rows_waiting >= _ROWS_WAITING:
            raise StorageUnavailable(f"{self._rows_waiting} entries wait for the database: look at its disk and load")
        waiter = self._hand_over(partial(_Append, rows))
        self._rows_waiting += len(rows)
        return waiter

    async def call(self, work: Work[T]) -> T:
        """Have something else done, after what was handed over before."""
        return cast("T", await self._hand_over(partial(_Call, work)))

    async def close(self) -> None:
        """Finish what was handed over, then give the lease back and end the thread."""
        if not self._is_closed:
            self._is_closed = True
            self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _append_here(self, rows: Sequence[Values]) -> Awaitable[None]:
        """Commit in the caller: every job is done and told, so the thread waits for one and leaves the keeper alone."""
        began = time.perf_counter()
        self._keeper.append(rows)
        return _paused(_PAUSE_S if time.perf_counter() - began > self._long_s else None)

    def _hand_over(self, job: Callable[[asyncio.Future[Any]], _Job]) -> asyncio.Future[Any]:
        if self._is_closed:
            raise StorageUnavailable("the journal was closed")
        self._jobs += 1
        waiter = self._loop.create_future()
        self._queue.put(job(waiter))
        return waiter

    def _run(self) -> None:
        for group in self._groups():
            result: object = None
            failure: BaseException | None = None
            try:
                result = self._do(group)
            except BaseException as error:  # noqa: BLE001 - whoever waits for it gets it
                failure = error
            with suppress(RuntimeError):  # the loop was closed: nobody waits any more
                self._loop.call_soon_threadsafe(self._tell, group, result, failure)
        self._keeper.close()

    def _do(self, group: Sequence[_Job]) -> object:
        first = group[0]
        if isinstance(first, _Call):
            return first.work(self._keeper)
        self._keeper.append([row for job in group if isinstance(job, _Append) for row in job.rows])
        return None

    def _groups(self) -> Iterator[list[_Job]]:
        """Yield what is to be done next: a call, or the appends that have piled up. It ends where the queue does."""
        waiting: deque[_Job | None] = deque()
        while True:
            waiting.append(self._queue.get())
            while not self._queue.empty():
                waiting.append(self._queue.get())
            while waiting:
                job = waiting.popleft()
                if job is None:
                    return
                group, size = [job], _size(job)
                while size and waiting and (more := _size(waiting[0])) and size + more <= _ROWS_A_COMMIT:
                    group.append(cast("_Job", waiting.popleft()))
                    size += more
                yield group

    def _tell(self, group: Sequence[_Job], result: object, failure: BaseException | None) -> None:
        self._jobs -= len(group)
        for job in group:
            self._rows_waiting -= _size(job)
            if job.waiter.done():  # whoever waited has given up
                continue
            if failure is None:
                job.waiter.set_result(result)
            else:
                job.waiter.set_exception(again(failure) if isinstance(failure, StorageError) else failure)


async def _paused(seconds: float | None) -> None:
    """Let others have their turn for some time; None lets nobody."""
    if seconds is not None:
        await asyncio.sleep(seconds)


def _size(job: _Job | None) -> int:
    """How many rows a job appends; 0 for anything else."""
    return len(job.rows) if isinstance(job, _Append) else 0
