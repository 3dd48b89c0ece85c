"""Wake-ups between processes on SQLite: who commits to which file wakes whom, also where a file is away meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from fadearena.adapters.memory.wakeups import MemoryWakeups
from fadearena.adapters.sql.database import SqliteFile, Tree
from fadearena.adapters.sql.journal.store import open_journal
from fadearena.adapters.sql.read_store import ReadDatabase, open_read_store
from fadearena.adapters.sql.watching import SqliteWakeups, open_watcher
from fadearena.kit.clock import SystemClock
from fadearena.model.event import Kill
from fadearena.ports.journal import JournalWriter
from fadearena.ports.wakeups import Topic
from tests.support.journals import entry
from tests.support.tables import lay
from tests.support.wakeups import heard, listening

IN_READ = {Topic.RECORDS, Topic.CONTROL}
Story = Callable[[SqliteWakeups, JournalWriter, ReadDatabase], Awaitable[None]]


def files_in(directory: Path) -> dict[Tree, SqliteFile]:
    """Return where the files of an installation are."""
    return {"journal": SqliteFile(directory / "journal.db"), "read": SqliteFile(directory / "read.db")}


def tell(directory: Path, story: Story) -> None:
    """Tell a story between one who watches and another who writes."""
    files = files_in(directory)
    for tree, file in files.items():
        lay(file, tree)

    async def told() -> None:
        async with (
            open_watcher(files, MemoryWakeups(SystemClock()), SystemClock()) as wakeups,
            open_journal(files["journal"]) as store,
            open_read_store(files["read"]) as read,
        ):
            assert await store.lease.acquire("worker")
            await listening(wakeups)
            await story(wakeups, store.journal, read)

    asyncio.run(told())


def test_each_commit_wakes_those_who_wait_for_something_in_that_file(tmp_path: Path) -> None:
    """Entries wake who projects them; a projection and a command of a person wake who waits for either."""

    async def story(wakeups: SqliteWakeups, journal: JournalWriter, read: ReadDatabase) -> None:
        assert await heard(wakeups, lambda: journal.append(entry(1))) == {Topic.JOURNAL}
        assert await heard(wakeups, lambda: journal.append(entry(2))) == {Topic.JOURNAL}
        assert await heard(wakeups, lambda: read.records.project([entry(1), entry(2)])) == IN_READ
        assert await heard(wakeups, lambda: read.control.put("ann", Kill())) == IN_READ

    tell(tmp_path, story)


def test_who_reads_wakes_nobody(tmp_path: Path) -> None:
    """Only a commit that changed something does."""

    async def story(wakeups: SqliteWakeups, journal: JournalWriter, read: ReadDatabase) -> None:
        async def looks_then_writes() -> None:
            await read.records.settings()
            await read.records.position()
            await journal.append(entry(1))

        assert await heard(wakeups, looks_then_writes) == {Topic.JOURNAL}

    tell(tmp_path, story)


def test_files_that_come_later_are_watched_then(tmp_path: Path) -> None:
    """Until then nobody waits longer than he asked for; afterwards everybody is woken once."""
    files = files_in(tmp_path)

    async def story() -> None:
        async with open_watcher(files, MemoryWakeups(SystemClock()), SystemClock()) as wakeups:
            for topic in Topic:
                await wakeups.wait(topic, 1)
            assert not wakeups.is_listening
            for tree, file in files.items():
                await asyncio.to_thread(lay, file, tree)
            await listening(wakeups)
            for topic in IN_READ:
                await wakeups.wait(topic, 60_000)

    asyncio.run(story())
