"""
PostgreSQL as it is connected to here, and what its errors mean.

1. A connection sees one schema. It is in autocommit mode: a transaction begins where the code begins one.
2. Nothing waits for ever: connecting, statements, locks and silent networks have limits.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.conninfo import make_conninfo
from psycopg.pq import TransactionStatus

from fadearena.adapters.sql.database import PostgresDatabase, Tree
from fadearena.model.error import InvalidInput, StorageError, StorageOutdated, StorageUnavailable

CONNECT_S = 5
STATEMENT_MS = 10_000
LOCK_MS = 5_000
T = TypeVar("T")
_ANSWER_S = 2.0
_INTERVAL_S = 0.1
_NETWORK: Final[dict[str, int]] = {
    "connect_timeout": CONNECT_S,
    "keepalives_idle": 3,
    "keepalives_interval": 1,
    "keepalives_count": 3,
    "tcp_user_timeout": 6_000,
}
"""A network that is silent is given up by us after 6 s, and 2 s later by the server, which then frees our locks."""
_SETTINGS = (
    ("synchronous_commit", "on"),
    ("lock_timeout", f"{LOCK_MS}ms"),
    ("jit", "off"),
    ("idle_in_transaction_session_timeout", "60s"),
    ("tcp_keepalives_idle", "5"),
    ("tcp_keepalives_interval", "1"),
    ("tcp_keepalives_count", "3"),
    ("tcp_user_timeout", "8000"),
    ("client_encoding", "UTF8"),
    ("TimeZone", "UTC"),
)
_SAYS = {
    "08": "the connection is gone: check the network and that the server runs",
    "23": "another process wrote what this one was about to write: make sure that only one worker runs",
    "28": "the server refuses user or password: check FADEARENA_DATABASE_URL",
    "3D": "there is no such database: create it, or check FADEARENA_DATABASE_URL",
    "53100": "the server's disk is full: free some space",
    "53": "the server lacks connections or memory: raise its limits, or end other clients",
    "42501": "the user may not do that: grant it the schema",
    "25006": "the server only reads (a standby?): connect to the primary",
    "55P03": "another session holds a lock: end that one",
    "57014": "the server took too long: look at its load and at locks that others hold",
    "57P": "the server is going down or coming up: wait for it",
    "XX": "the server reports damage: look at its log, and restore a backup",
}


def address(database: PostgresDatabase, name: str) -> str:
    """
    Return where and how to connect, as libpq reads it; `name` is how the session is called in `pg_stat_activity`.

    Raises:
        InvalidInput: The URL cannot be read.
    """
    try:
        return make_conninfo(database.url, application_name=name, **_NETWORK)
    except psycopg.ProgrammingError as error:
        raise InvalidInput(f"the database URL cannot be read: {_first_line(error)}") from None


class _Connection(psycopg.Connection[tuple[Any, ...]]):
    """A connection that is given up where nothing at all is heard, though the server has a limit of its own."""

    patience_s: float | None = None

    def wait(self, gen: PQGen[T], interval: float = _INTERVAL_S, timeout: float | None = None) -> T:
        """
        Wait for an answer.

        Raises:
            OperationalError: None came in time; the connection is of no use any more.
        """
        try:
            return super().wait(gen, interval, self.patience_s if timeout is None else timeout)
        except psycopg.OperationalError as error:
            if error.sqlstate is None and self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self.close()
            raise


def connect(
    database: PostgresDatabase, tree: Tree, *, name: str = "fadearena", statement_ms: int = STATEMENT_MS
) -> psycopg.Connection:
    """
    Connect, with the schema of a tree in view.

    Args:
        database: Where it is.
        tree: Which tables are meant.
        name: How the session is called in `pg_stat_activity`.
        statement_ms: How long one statement may take; 0 for as long as it likes.

    Raises:
        StorageUnavailable: The server cannot be reached, or refuses.
    """
    with failures(database):
        connection = _Connection.connect(address(database, name), autocommit=True)
        connection.patience_s = statement_ms / 1_000 + _ANSWER_S if statement_ms else None
        try:
            settings = (*_SETTINGS, ("statement_timeout", str(statement_ms)), ("search_path", database.schema(tree)))
            asked = ", ".join("set_config(%s, %s, false)" for _ in settings)
            connection.execute(f"SELECT {asked}".encode(), [text for pair in settings for text in pair])
        except BaseException:
            connection.close()
            raise
    return connection


@contextmanager
def failures(where: object) -> Iterator[None]:
    """
    Turn errors of the driver into errors of ours.

    Raises:
        StorageOutdated: A table or a column is missing.
        StorageUnavailable: For all others; its text says what to do.
    """
    try:
        yield
    except psycopg.Error as error:
        raise failure(where, error) from error


def failure(where: object, error: BaseException) -> StorageError:
    """Return what an error of the driver means."""
    if isinstance(error, psycopg.errors.UndefinedTable | psycopg.errors.UndefinedColumn):
        return StorageOutdated(f"{where}: {_first_line(error)} - `fadearena db upgrade` makes the tables")
    state = (isinstance(error, psycopg.Error) and error.sqlstate) or ""
    if not state and isinstance(error, psycopg.OperationalError):
        state = "08"
    says = next((_SAYS[state[:size]] for size in (5, 3, 2) if state[:size] in _SAYS), None)
    advice = says or "nothing more is known: look at the server's log"
    return StorageUnavailable(f"{where}: {_first_line(error)} - {advice}, then start again")


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
