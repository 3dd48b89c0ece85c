"""Opens sessions on either database."""

from fadearena.adapters.sql import sqlite
from fadearena.adapters.sql.database import Location, SqliteFile, Tree
from fadearena.adapters.sql.session import Session
from fadearena.adapters.sql.sqlite_session import SqliteSession

_READING_MS = 60_000


def open_session(location: Location, tree: Tree, *, busy_ms: int = sqlite.BUSY_MS, name: str = "fadearena") -> Session:
    """
    Connect for reading and writing.

    Args:
        location: Where the database is.
        tree: Which tables are meant.
        busy_ms: How long SQLite waits for a lock that another process holds.
        name: How PostgreSQL calls the session.

    Raises:
        StorageOutdated: There is no such file.
        StorageUnavailable: The database cannot be reached.
    """
    if isinstance(location, SqliteFile):
        return SqliteSession(location, sqlite.connect(location, busy_ms=busy_ms))
    from fadearena.adapters.sql import postgres, postgres_session  # noqa: PLC0415 - libpq is loaded only where it is used

    return postgres_session.PostgresSession(location, postgres.connect(location, tree, name=name))


def open_reading_session(location: Location, tree: Tree, *, name: str = "fadearena-reader") -> Session:
    """
    Connect for reading; statements that write are refused.

    Raises:
        StorageOutdated: There is no such file.
        StorageUnavailable: The database cannot be reached.
    """
    if isinstance(location, SqliteFile):
        return SqliteSession(location, sqlite.connect_reader(location))
    from fadearena.adapters.sql import postgres, postgres_session  # noqa: PLC0415 - the same

    connection = postgres.connect(location, tree, name=name, statement_ms=_READING_MS)
    session = postgres_session.PostgresSession(location, connection)
    session.change("SET default_transaction_read_only = on")
    return session
