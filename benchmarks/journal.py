"""
What a durable commit costs beside the driver that does the same inserts: one entry alone, and 50 entries at once.

Both encode the entries. The driver inserts and commits in the thread that waits; the journal checks its lease inside
the transaction, and has another thread write, so that the event loop is free meanwhile.
"""

import asyncio
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from operator import attrgetter
from pathlib import Path
from statistics import median

from benchmarks.storage import has_postgres, postgres_url
from benchmarks.timing import Cost, Group, Work
from fadearena.adapters.sql import postgres, sqlite
from fadearena.adapters.sql.database import Location, PostgresDatabase, SqliteFile
from fadearena.adapters.sql.journal.store import open_journal
from fadearena.adapters.sql.journal.tables import ENTRY
from fadearena.adapters.sql.migrations import downgrade, upgrade
from fadearena.model.command import WakeAt
from fadearena.model.event import Woke
from fadearena.model.record import Alert
from fadearena.ports.journal import JournalEntry
from fadearena.ports.journal_row import to_row

BURST = 50
_TEXT = "about as much text as one decision with its checks: " * 12
_INTO = f"INSERT INTO entry ({', '.join(ENTRY.columns)}) VALUES ({{}})"  # noqa: S608 - names of ours
_values = attrgetter(*ENTRY.columns)

Insert = Callable[[Sequence[JournalEntry]], None]


def commits(rounds: int, count: int) -> tuple[Group, ...]:
    """Return a group for each database that there is: `count` commits of either kind a round."""
    works: dict[str, dict[str, Work]] = {
        "SQLite": {
            "sqlite3 itself": partial(_in_file, partial(_by_driver, _sqlite_driver, count)),
            "the journal": partial(_in_file, partial(_by_journal, count)),
        }
    }
    if has_postgres():
        works["PostgreSQL"] = {
            "psycopg itself": partial(_on_server, partial(_by_driver, _postgres_driver, count)),
            "the journal": partial(_on_server, partial(_by_journal, count)),
        }
    return tuple(
        Group(title=f"durable commits to {database}", rounds=rounds, works=mine, is_wall=True)
        for database, mine in works.items()
    )


def _in_file(measure: Callable[[Location], dict[str, Cost]]) -> dict[str, Cost]:
    with tempfile.TemporaryDirectory(prefix="fadearena-bench-") as home:
        location = SqliteFile(Path(home, "journal.db"))
        upgrade(location, "journal")
        return measure(location)


def _on_server(measure: Callable[[Location], dict[str, Cost]]) -> dict[str, Cost]:
    location = PostgresDatabase(postgres_url())
    upgrade(location, "journal")
    try:
        return measure(location)
    finally:
        downgrade(location, "journal", "base")


def _by_driver(open_: Callable[[Location], Iterator[Insert]], count: int, location: Location) -> dict[str, Cost]:
    with contextmanager(open_)(location) as insert:
        samples: dict[int, list[float]] = {1: [], BURST: []}
        for group in _groups(count):
            begin = time.perf_counter()
            insert(group)
            samples[len(group)].append(time.perf_counter() - begin)
    return _costs(samples)


def _by_journal(count: int, location: Location) -> dict[str, Cost]:
    async def append() -> dict[str, Cost]:
        async with open_journal(location) as store:
            await store.lease.acquire("a benchmark")
            samples: dict[int, list[float]] = {1: [], BURST: []}
            for group in _groups(count):
                begin = time.perf_counter()
                await store.journal.append(*group)
                samples[len(group)].append(time.perf_counter() - begin)
        return _costs(samples)

    return asyncio.run(append())


def _groups(count: int) -> Iterator[list[JournalEntry]]:
    """Yield one entry alone and 50 at once, in turn."""
    seq = 1
    for _ in range(count):
        for size in (1, BURST):
            yield [_entry(number) for number in range(seq, seq + size)]
            seq += size


def _entry(seq: int) -> JournalEntry:
    return JournalEntry(
        seq=seq,
        event=Woke(time=seq, received=seq, key=_TEXT),
        commands=(WakeAt(at_ms=seq, key="k"),),
        records=(Alert(level="info", category="c", subject="s", text=_TEXT),),
        record_seq=seq,
    )


def _costs(samples: dict[int, list[float]]) -> dict[str, Cost]:
    """Take the median of each kind: single commits that waited for something else do not count."""
    return {
        "one entry": Cost(seconds=median(samples[1]), count=1),
        f"{BURST} entries": Cost(seconds=median(samples[BURST]), count=1),
    }


def _sqlite_driver(location: Location) -> Iterator[Insert]:
    if not isinstance(location, SqliteFile):
        raise TypeError(location)
    into = _INTO.format(", ".join("?" * len(ENTRY.columns)))
    with closing(sqlite.connect(location)) as connection:

        def insert(group: Sequence[JournalEntry]) -> None:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(into, [_values(to_row(entry)) for entry in group])
            connection.execute("COMMIT")

        yield insert


def _postgres_driver(location: Location) -> Iterator[Insert]:
    if not isinstance(location, PostgresDatabase):
        raise TypeError(location)
    into = _INTO.format(", ".join(["%s"] * len(ENTRY.columns))).encode()
    with postgres.connect(location, "journal") as connection:

        def insert(group: Sequence[JournalEntry]) -> None:
            rows = [_values(to_row(entry)) for entry in group]
            with connection.transaction(), connection.cursor() as cursor:
                cursor.executemany(into, rows)

        yield insert
