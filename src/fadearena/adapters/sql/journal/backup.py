"""
A journal as one file, and back: entries, marks, segments and snapshots, as they are at one moment.

1. A backup is a SQLite journal, whatever it was made of: it can be restored into SQLite or PostgreSQL, and be opened as
   it is. The lease is not part of it.
2. It is made beside a running worker, which is not held up.
3. A restore goes into a journal without entries, in one transaction, and takes the lease for it.
4. Whatever was written is read back before it counts: as many rows, and the same.
"""

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from fadearena.adapters.sql import sqlite
from fadearena.adapters.sql.checksum import Checksum
from fadearena.adapters.sql.connecting import open_reading_session, open_session
from fadearena.adapters.sql.database import Location, SqliteFile
from fadearena.adapters.sql.journal.store import keeper_of
from fadearena.adapters.sql.journal.tables import ENTRY, KEPT
from fadearena.adapters.sql.migrations import HEADS, current, require_head, upgrade
from fadearena.adapters.sql.session import Session, Table
from fadearena.model.error import InvalidInput, LeaseLost, StorageUnavailable

_ROWS = 1_000
_HOLDER = "a restore"


def backup(location: Location, target: Path) -> int:
    """
    Write a backup, which is there only when it is complete; return how many entries it holds.

    Raises:
        InvalidInput: `target` is there already.
        StorageOutdated: The tables are not of this program's version.
        StorageUnavailable: The journal cannot be read, or the backup cannot be written.
    """
    if target.exists():
        raise InvalidInput(f"{target} is there already: choose another name")
    require_head(location, "journal")
    part = SqliteFile(target.with_name(f"{target.name}.part"))
    try:
        upgrade(part, "journal")
        with (
            closing(open_reading_session(location, "journal")) as source,
            closing(open_session(part, "journal")) as copy,
            source.reading(),
            copy.transaction(),
        ):
            count = _copy_all(source, copy)
        part.path.rename(target)
    finally:
        _remove(part)
    return count


def copy_of_any_version(location: Location, target: Path) -> None:
    """
    Write a copy of a journal whose tables are perhaps of an older version, which a restore brings up to date.

    Raises:
        InvalidInput: `target` is there already, or tables of an older version are in PostgreSQL.
        StorageUnavailable: The journal cannot be read, or the copy cannot be written.
    """
    if current(location, "journal") == HEADS["journal"]:
        backup(location, target)
        return
    if not isinstance(location, SqliteFile):
        raise InvalidInput(f"{location} is of an older version: copy it with pg_dump, then say --no-backup")
    if target.exists():
        raise InvalidInput(f"{target} is there already: choose another name")
    _duplicate(location, SqliteFile(target))


def restore(source: Path, location: Location) -> int:
    """
    Take over everything that a backup holds; return how many entries that are.

    Raises:
        InvalidInput: `source` is no journal, or the journal has entries already.
        LeaseLost: A worker is running.
        StorageOutdated: The tables, or those of the backup, are not of this program's version.
        StorageUnavailable: One of the databases fails; nothing was restored.
    """
    if current(SqliteFile(source), "journal") is None:
        raise InvalidInput(f"{source} is no backup of a journal")
    require_head(location, "journal")
    with tempfile.TemporaryDirectory(prefix="fadearena-restore-") as home:
        copy = SqliteFile(Path(home, "journal.db"))
        _duplicate(SqliteFile(source), copy)
        upgrade(copy, "journal")
        with closing(open_reading_session(copy, "journal")) as session:
            return _take_over(session, location)


def _take_over(source: Session, location: Location) -> int:
    with closing(keeper_of(location)) as keeper:
        if not keeper.acquire(_HOLDER):
            raise LeaseLost("a worker holds the journal: end it first, then restore")
        if keeper.last_seq:
            raise InvalidInput(f"{location} has {keeper.last_seq} entries already: move it away, then restore")
        with keeper.session.transaction():
            for table in KEPT:
                keeper.session.change(f"DELETE FROM {table.name}")
            return _copy_all(source, keeper.session)


def _copy_all(source: Session, target: Session) -> int:
    """Copy every table inside of transactions that are open already; return how many entries that were."""
    return {table: _copy(source, target, table) for table in KEPT}[ENTRY]


def _copy(source: Session, target: Session, table: Table) -> int:
    """
    Copy a table.

    Raises:
        StorageUnavailable: The target does not give back what it was given.
    """
    given, kept = Checksum(), Checksum()
    for rows in _pages(source, table):
        given.take(rows)
        target.insert(table, rows, "true", ())
    for rows in _pages(target, table):
        kept.take(rows)
    if (given.rows, str(given)) != (kept.rows, str(kept)):
        raise StorageUnavailable(
            f"of {given.rows} rows of {table.name} {kept.rows} came back, not all of them the same: check the disk, "
            "then try again"
        )
    return given.rows


def _pages(session: Session, table: Table) -> Iterator[list[tuple[Any, ...]]]:
    """Read a table along its key."""
    key = ", ".join(table.key)
    marks = ", ".join("?" * len(table.key))
    select = f"SELECT {', '.join(table.columns)} FROM {table.name}"
    places = [table.columns.index(name) for name in table.key]
    rows = session.rows(f"{select} ORDER BY {key} LIMIT ?", (_ROWS,))
    while rows:
        yield rows
        last = [rows[-1][place] for place in places]
        rows = session.rows(f"{select} WHERE ({key}) > ({marks}) ORDER BY {key} LIMIT ?", (*last, _ROWS))


def _duplicate(source: SqliteFile, copy: SqliteFile) -> None:
    """Copy a file as it is at one moment, together with what has not been moved into it yet."""
    with (
        sqlite.failures(source),
        closing(sqlite.connect_reader(source)) as session,
        closing(sqlite3.connect(copy.path)) as other,
    ):
        session.backup(other)


def _remove(file: SqliteFile) -> None:
    for end in ("", "-wal", "-shm"):
        file.path.with_name(file.path.name + end).unlink(missing_ok=True)
