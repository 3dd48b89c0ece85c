"""
Transactions on the read store, one after the other: each a function that gets a connection.

1. A lane has one thread, so that nothing waits for a database on the event loop; without one (`inline`) the caller
   does the work, so that a run in simulated time is the same every time.
2. A transaction that fails leaves nothing behind. A connection that broke is opened again by the next one.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.pool import QueuePool

from fadearena.adapters.sql.database import Location, PostgresDatabase
from fadearena.adapters.sql.engine import engine_of, failures

Result = TypeVar("Result")
Work = Callable[[sa.Connection], Result]


class Lane:
    """One connection and what is done with it."""

    def __init__(self, location: Location, engine: sa.Engine, thread: ThreadPoolExecutor | None) -> None:
        self._location = location
        self._engine = engine
        self._thread = thread

    async def run(self, work: Work[Result]) -> Result:
        """
        Do something in a transaction, and return what it returns.

        Raises:
            StorageOutdated: A table or a column is missing.
            StorageUnavailable: The database cannot be reached, or nobody knows whether it was done.
        """
        if self._thread is None:
            return self._do(work)
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._do, work)

    async def close(self) -> None:
        """Finish what was begun, and close the connection."""
        if self._thread is not None:
            await asyncio.to_thread(self._thread.shutdown)
        self._engine.dispose()

    def _do(self, work: Work[Result]) -> Result:
        with failures(self._location), self._engine.begin() as connection:
            return work(connection)


def writing(location: Location, *, inline: bool) -> Lane:
    """Return a lane for transactions that write; on SQLite each takes the write lock at once."""
    return Lane(location, engine_of(location, "read", pool=QueuePool), _thread("write", inline=inline))


def reading(location: Location, *, inline: bool) -> Lane:
    """Return a lane for transactions that only read; each sees one moment, and holds nobody up."""
    engine = engine_of(location, "read", pool=QueuePool, begin="BEGIN")
    if isinstance(location, PostgresDatabase):
        engine = engine.execution_options(isolation_level="REPEATABLE READ")
    return Lane(location, engine, _thread("read", inline=inline))


def _thread(name: str, *, inline: bool) -> ThreadPoolExecutor | None:
    return None if inline else ThreadPoolExecutor(1, thread_name_prefix=f"fadearena-{name}-store")
