"""Wake-ups for a process, by what it commits itself and by what others do."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from fadearena.adapters.memory.wakeups import MemoryWakeups
from fadearena.adapters.sql.database import Location, PostgresDatabase, SqliteFile, Tree
from fadearena.adapters.sql.watching import open_watcher
from fadearena.kit.clock import Clock
from fadearena.ports.wakeups import Wakeups


@asynccontextmanager
async def open_wakeups(databases: Mapping[Tree, Location], clock: Clock) -> AsyncIterator[Wakeups]:
    """Open what wakes those who wait for commits on these databases: files, or one server for all of them."""
    here = MemoryWakeups(clock)
    files = {tree: location for tree, location in databases.items() if isinstance(location, SqliteFile)}
    servers = [location for location in databases.values() if isinstance(location, PostgresDatabase)]
    if not servers:
        async with open_watcher(files, here, clock) as watcher:
            yield watcher
        return
    from fadearena.adapters.sql.wakeups import open_listener  # noqa: PLC0415 - libpq is loaded only where it is used

    async with open_listener(servers[0], here) as listener:
        yield listener
