"""
SQLite as it is opened here, and what its errors mean.

1. WAL and synchronous FULL: what was committed survives a power cut, and readers do not hold up the writer.
2. Connections are in autocommit mode: a transaction begins where the code says `BEGIN IMMEDIATE`.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fadearena.adapters.sql.database import SqliteFile
from fadearena.model.error import StorageError, StorageOutdated, StorageUnavailable

BUSY_MS = 2_000
_PRIMARY = 0xFF
_WAL_PAGES = 1_000
_WAL_KEPT_BYTES = 64 * 1024 * 1024
_SAYS = {
    sqlite3.SQLITE_BUSY: "another process has locked it: end that process (a backup tool, a database browser)",
    sqlite3.SQLITE_LOCKED: "another connection has locked it: end that one",
    sqlite3.SQLITE_FULL: "its disk or quota is full: free some space",
    sqlite3.SQLITE_READONLY: "it cannot be written: check the permissions of the file and of its directory",
    sqlite3.SQLITE_PERM: "access is refused: check the permissions of the file and of its directory",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened: check that its directory is there and permitted",
    sqlite3.SQLITE_IOERR: "its disk answers with an error: check the disk, restore a backup if the file has suffered",
    sqlite3.SQLITE_CORRUPT: "it is damaged: restore a backup with `fadearena db restore`",
    sqlite3.SQLITE_NOTADB: "it is no SQLite database: restore a backup with `fadearena db restore`",
    sqlite3.SQLITE_CONSTRAINT: "another process wrote what this one was about to write: make sure that only one runs",
    sqlite3.SQLITE_NOMEM: "there is no memory left: free some",
}


def connect(file: SqliteFile, *, busy_ms: int = BUSY_MS) -> sqlite3.Connection:
    """
    Open a file for reading and writing.

    Args:
        file: It has to be there already.
        busy_ms: How long a statement waits for a lock that another process holds.

    Raises:
        StorageOutdated: There is no such file.
        StorageUnavailable: It cannot be opened, or cannot be made safe (WAL, synchronous).
    """
    if not file.path.exists():
        raise StorageOutdated(f"there is no database {file}: `fadearena db upgrade` makes it")
    return _open(file, "rw", busy_ms)


def create(file: SqliteFile, *, busy_ms: int = BUSY_MS) -> sqlite3.Connection:
    """
    Open a file for reading and writing; make it, and its directory, where it is missing.

    Raises:
        StorageUnavailable: It cannot be made or opened.
    """
    try:
        file.path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageUnavailable(f"{file.path.parent} cannot be made ({error}): choose another directory") from error
    return _open(file, "rwc", busy_ms)


def connect_reader(file: SqliteFile, *, busy_ms: int = BUSY_MS) -> sqlite3.Connection:
    """
    Open a file for reading; a statement that writes is refused.

    Raises:
        StorageOutdated: There is no such file.
        StorageUnavailable: It cannot be opened.
    """
    connection = connect(file, busy_ms=busy_ms)
    connection.execute("PRAGMA query_only = ON")
    return connection


@contextmanager
def failures(where: object) -> Iterator[None]:
    """
    Turn errors of the driver into errors of ours.

    Raises:
        StorageUnavailable: For each of them; its text says what to do.
    """
    try:
        yield
    except sqlite3.Error as error:
        raise failure(where, error) from error


def failure(where: object, error: BaseException) -> StorageError:
    """Return what an error of the driver means."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & _PRIMARY
    says = _SAYS.get(code, "nothing more is known: look at the file with `fadearena doctor`")
    return StorageUnavailable(f"{where}: {error} - {says}, then start again")


def _open(file: SqliteFile, mode: str, busy_ms: int) -> sqlite3.Connection:
    uri = f"{Path(file.path).absolute().as_uri()}?mode={mode}"
    with failures(file):
        connection = sqlite3.connect(
            uri, uri=True, timeout=busy_ms / 1_000, isolation_level=None, check_same_thread=False
        )
        try:
            _make_safe(file, connection)
        except BaseException:
            connection.close()
            raise
    return connection


def _make_safe(file: SqliteFile, connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute(f"PRAGMA wal_autocheckpoint = {_WAL_PAGES}")
    connection.execute(f"PRAGMA journal_size_limit = {_WAL_KEPT_BYTES}")
    found = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]
    if found[0] != "wal":
        found[0] = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    if found != ["wal", 2]:
        raise StorageUnavailable(
            f"{file}: its file system does not allow a write-ahead log ({found[0]}): "
            "put the data directory on a local disk"
        )
