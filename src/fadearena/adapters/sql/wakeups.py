"""
Wake-ups between processes on PostgreSQL: one connection of this process listens to what the others commit.

The connection is asked every few seconds whether it is still there. One that broke is opened again, soon at first, then
every five seconds; everybody is woken once it listens, since something may have been missed.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
import structlog
from psycopg import sql

from fadearena.adapters.sql import postgres
from fadearena.adapters.sql.database import PostgresDatabase
from fadearena.adapters.sql.hearing import Hearing
from fadearena.adapters.sql.telling import channel_of
from fadearena.kit.tasks import cancelled
from fadearena.ports.wakeups import Topic, Wakeups

log = structlog.get_logger(__name__)
_ASK_S = 3.0
_RETRIES_S = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
_LOST = (psycopg.Error, OSError)


class PostgresWakeups(Hearing):
    """Wakes those of this process who wait, by what other processes commit."""

    def __init__(self, database: PostgresDatabase, here: Wakeups) -> None:
        """
        Listen for nothing yet.

        Args:
            database: Where the others commit.
            here: How those in this process are woken.
        """
        super().__init__(here)
        self._database = database
        self._topics = {channel_of(database, topic): topic for topic in Topic}

    async def listen(self) -> None:
        """Hear what is committed, for ever."""
        failures = 0
        while True:
            try:
                await self._hear()
            except _LOST as error:
                failures = 0 if self.is_listening else failures
                self.is_listening = False
                if not failures:
                    log.warning("listening_stopped", error=str(postgres.failure(self._database, error)))
            await asyncio.sleep(_RETRIES_S[min(failures, len(_RETRIES_S) - 1)])
            failures += 1

    async def _hear(self) -> None:
        """Hear over one connection until it breaks, which raises."""
        address = postgres.address(self._database, "fadearena-listener")
        connection = await psycopg.AsyncConnection.connect(address, autocommit=True)
        try:
            for channel in self._topics:
                await _answered(connection, sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
            self.is_listening = True
            log.info("listening")
            for topic in Topic:
                self.wake(topic)
            while True:
                async for heard in connection.notifies(timeout=_ASK_S):
                    self.wake(self._topics[heard.channel])
                await _answered(connection, sql.SQL("SELECT 1"))
        finally:
            await connection.close()


async def _answered(connection: psycopg.AsyncConnection, statement: sql.SQL | sql.Composed) -> None:
    """
    Carry a statement out, or give the connection up.

    Raises:
        OperationalError: The connection is gone, or nothing came back.
    """
    asked = asyncio.create_task(connection.execute(statement))
    try:
        if not (await asyncio.wait({asked}, timeout=_ASK_S))[0]:
            raise psycopg.OperationalError(f"the server said nothing for {_ASK_S:g} s")
        await asked
    finally:
        if not asked.done():
            await connection.close()  # before it is cancelled: the server would be asked to cancel, too
            await cancelled(asked)


@asynccontextmanager
async def open_listener(database: PostgresDatabase, here: Wakeups) -> AsyncIterator[PostgresWakeups]:
    """Have others wake those in this process, as long as this is open; the database may be away meanwhile."""
    wakeups = PostgresWakeups(database, here)
    task = asyncio.create_task(wakeups.listen(), name="listener")
    try:
        yield wakeups
    finally:
        await cancelled(task)
