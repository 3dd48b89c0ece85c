"""
Wake-ups between processes on SQLite: the files are asked all the time whether somebody else committed.

1. `PRAGMA data_version` tells that in microseconds, without a look into a table. It does not tell what was committed:
   whoever waits for anything in a file is woken.
2. A file that cannot be asked is opened again, soon at first, then every five seconds; everybody is woken once all are
   watched, since something may have been missed.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import ExitStack, asynccontextmanager, closing
from typing import Final

import structlog

from fadearena.adapters.sql import sqlite
from fadearena.adapters.sql.database import SqliteFile, Tree
from fadearena.adapters.sql.hearing import Hearing
from fadearena.adapters.sql.telling import TREES
from fadearena.kit.clock import Clock
from fadearena.kit.tasks import cancelled
from fadearena.model.error import StorageError
from fadearena.ports.wakeups import Wakeups

log = structlog.get_logger(__name__)
_EVERY_MS: Final = 20
_RETRIES_MS: Final = (100, 200, 500, 1_000, 2_000, 5_000)


class SqliteWakeups(Hearing):
    """Wakes those of this process who wait, by what others commit to files."""

    def __init__(self, files: Mapping[Tree, SqliteFile], here: Wakeups, clock: Clock) -> None:
        """
        Watch nothing yet.

        Args:
            files: The files by what is in them.
            here: How those in this process are woken.
            clock: Says when to look.
        """
        super().__init__(here)
        self._files = files
        self._clock = clock

    async def watch(self) -> None:
        """Look at the files, for ever."""
        failures = 0
        while True:
            try:
                await self._look()
            except (StorageError, sqlite3.Error) as error:
                failures = 0 if self.is_listening else failures
                self.is_listening = False
                if not failures:
                    log.warning("watching_stopped", error=str(error))
            await self._sleep(_RETRIES_MS[min(failures, len(_RETRIES_MS) - 1)])
            failures += 1

    async def _look(self) -> None:
        """Look until a file cannot be asked, which raises."""
        with ExitStack() as stack:
            opened: dict[Tree, sqlite3.Connection] = {}
            for tree, file in self._files.items():
                connection = await asyncio.to_thread(sqlite.connect_reader, file, busy_ms=0)
                opened[tree] = stack.enter_context(closing(connection))
            versions = {tree: _version(connection) for tree, connection in opened.items()}
            self.is_listening = True
            log.info("watching")
            self._wake(*opened)
            while True:
                await self._sleep(_EVERY_MS)
                for tree, connection in opened.items():
                    version = _version(connection)
                    if version != versions[tree]:
                        versions[tree] = version
                        self._wake(tree)

    def _wake(self, *trees: Tree) -> None:
        for topic, tree in TREES.items():
            if tree in trees:
                self.wake(topic)

    async def _sleep(self, ms: int) -> None:
        await self._clock.sleep_until(self._clock.now_ms() + ms)


def _version(connection: sqlite3.Connection) -> int:
    """Return a number that changes with each commit of another connection (sqlite.org/pragma.html, `data_version`)."""
    (version,) = connection.execute("PRAGMA data_version").fetchone()
    return int(version)


@asynccontextmanager
async def open_watcher(files: Mapping[Tree, SqliteFile], here: Wakeups, clock: Clock) -> AsyncIterator[SqliteWakeups]:
    """Have others wake those in this process, as long as this is open; a file may be away meanwhile."""
    wakeups = SqliteWakeups(files, here, clock)
    task = asyncio.create_task(wakeups.watch(), name="watcher")
    try:
        yield wakeups
    finally:
        await cancelled(task)
