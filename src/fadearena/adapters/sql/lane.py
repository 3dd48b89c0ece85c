"""
Transactions on the read store: each a function that gets a connection.

1. A lane has threads of its own, so that nothing waits for a database on the event loop: one that writes, some that
   read, so that a long question holds up no short one. Without them (`inline`) the caller does the work, so that a run
   in simulated time is the same every time.
2. Short questions that are asked in the same turn of the loop share a transaction (`together`), so that all of them
   see one moment, and one thread is woken up for all.
3. A transaction that fails leaves nothing behind. A connection that broke is opened again by the next one: before
   something is written it is asked whether it still holds; what is read is read once more.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy.pool import QueuePool

from fadearena.adapters.sql.database import Location, PostgresDatabase
from fadearena.adapters.sql.engine import engine_of, failures
from fadearena.model.error import StorageUnavailable

_STATEMENT_MS = 10_000
_PATIENCE_S = 5.0
_READERS = 4
Result = TypeVar("Result")
Work = Callable[[sa.Connection], Result]


class Timed(Protocol):
    """Is told of each transaction."""

    def __call__(self, seconds: float, *, failed: bool) -> None:
        """Take note of how long one took, its wait for its turn included."""
        ...


class Lane:
    """A few connections and what is done with them; `timed` is told of it, where somebody wants to know."""

    def __init__(
        self,
        location: Location,
        engine: sa.Engine,
        threads: ThreadPoolExecutor | None,
        *,
        patience_s: float | None = None,
        tries: int = 1,
    ) -> None:
        """
        Use an engine.

        Args:
            location: Where its database is.
            engine: What connects to it.
            threads: Where transactions run; None for at once, on the loop.
            patience_s: Whoever waits for longer is told that the database is away.
            tries: How often something is done where its connection breaks: more than once only what writes nothing.
        """
        self._location = location
        self._engine = engine
        self._threads = threads
        self._patience_s = patience_s
        self._tries = tries
        self.timed: Timed | None = None
        self._asked: list[Work[object]] = []
        self._answers: asyncio.Task[list[object]] | None = None

    async def run(self, work: Work[Result]) -> Result:
        """
        Do something in a transaction, and return what it returns.

        Raises:
            StorageOutdated: A table or a column is missing.
            StorageUnavailable: The database cannot be reached, or nobody knows whether it was done.
        """
        return await self._timed(self._run(work))

    async def together(self, work: Work[Result]) -> Result:
        """
        Ask something short, in one transaction with all that is asked so in this turn of the loop.

        Raises:
            StorageOutdated: A table or a column is missing.
            StorageUnavailable: The database cannot be reached; where one question fails, all of them do.
        """
        if self._threads is None:
            return await self.run(work)
        if self._answers is None or self._answers.done():
            self._asked = []
            self._answers = asyncio.create_task(self._timed(self._ask()))  # it begins with the next turn
        place, answers = len(self._asked), self._answers
        self._asked.append(work)
        return cast("Result", (await asyncio.shield(answers))[place])

    async def _ask(self) -> list[object]:
        works, self._answers = self._asked, None
        return await self._run(lambda connection: [work(connection) for work in works])

    async def _timed(self, running: Awaitable[Result]) -> Result:
        began, failed = time.perf_counter(), True
        try:
            result = await running
            failed = False
        finally:
            if self.timed is not None:
                self.timed(time.perf_counter() - began, failed=failed)
        return result

    async def _run(self, work: Work[Result]) -> Result:
        if self._threads is None:
            return self._do(work)
        try:
            async with asyncio.timeout(self._patience_s):
                return await asyncio.get_running_loop().run_in_executor(self._threads, self._do, work)
        except TimeoutError:
            raise StorageUnavailable(
                f"{self._location} did not answer for {self._patience_s:g} s: look at its load and at the network"
            ) from None

    async def close(self) -> None:
        """Finish what was begun, and close the connections."""
        if self._threads is not None:
            await asyncio.to_thread(self._threads.shutdown)
        self._engine.dispose()

    def _do(self, work: Work[Result]) -> Result:
        with failures(self._location):
            for _ in range(self._tries - 1):
                try:
                    return self._once(work)
                except sa.exc.DBAPIError as error:
                    if not error.connection_invalidated:
                        raise
            return self._once(work)

    def _once(self, work: Work[Result]) -> Result:
        with self._engine.begin() as connection:
            return work(connection)


def writing(location: Location, *, inline: bool) -> Lane:
    """Return a lane for transactions that write; on SQLite each takes the write lock at once."""
    engine = engine_of(location, "read", pool=QueuePool, is_asked_first=True)
    return Lane(location, engine, _threads("write", 1, inline=inline))


def reading(location: Location, *, inline: bool) -> Lane:
    """Return a lane for transactions that only read, some at a time: each sees one moment, and holds nobody up."""
    threads = _threads("read", _READERS, inline=inline)
    if not isinstance(location, PostgresDatabase):
        return Lane(location, engine_of(location, "read", pool=QueuePool, begin="BEGIN"), threads)
    engine = engine_of(location, "read", pool=QueuePool, statement_ms=_STATEMENT_MS)
    engine = engine.execution_options(isolation_level="REPEATABLE READ")
    return Lane(location, engine, threads, patience_s=_PATIENCE_S, tries=2)


def _threads(name: str, count: int, *, inline: bool) -> ThreadPoolExecutor | None:
    return None if inline else ThreadPoolExecutor(count, thread_name_prefix=f"fadearena-{name}-store")
