"""
SQLAlchemy's engines over the connections that this room opens: for the read store and for migrations.

A transaction on SQLite takes the write lock at once (`BEGIN IMMEDIATE`), so that it never has to be upgraded.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy.pool import NullPool, Pool

from fadearena.adapters.sql import sqlite
from fadearena.adapters.sql.database import Location, SqliteFile, Tree

_READ_ONLY = "25006"


def engine_of(
    location: Location,
    tree: Tree,
    *,
    pool: type[Pool] = NullPool,
    begin: str = "BEGIN IMMEDIATE",
    statement_ms: int = 0,
    is_asked_first: bool = False,
) -> sa.Engine:
    """
    Return an engine whose connections see one tree of tables.

    Args:
        location: Where the database is; a missing SQLite file is made.
        tree: Which tables are meant.
        pool: What becomes of a connection after its use; by default it is closed.
        begin: How a transaction begins on SQLite; `BEGIN` where it only reads.
        statement_ms: How long one statement may take on PostgreSQL; 0 for as long as it likes.
        is_asked_first: Whether a connection that was kept is asked whether it still holds, before it is used again.
    """
    if isinstance(location, SqliteFile):
        engine = sa.create_engine("sqlite://", creator=lambda: sqlite.create(location), poolclass=pool)
        sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
        return engine
    from fadearena.adapters.sql import postgres  # noqa: PLC0415 - libpq is loaded only where it is used

    def connect() -> object:
        connection = postgres.connect(location, tree, statement_ms=statement_ms)
        connection.autocommit = False
        return connection

    engine = sa.create_engine("postgresql+psycopg://", creator=connect, poolclass=pool, pool_pre_ping=is_asked_first)
    sa.event.listen(engine, "handle_error", _leave_standby)
    return engine


def _leave_standby(context: sa.engine.ExceptionContext) -> None:
    """Drop the connection to a server that only reads now: another one is the primary perhaps."""
    if getattr(context.original_exception, "sqlstate", None) == _READ_ONLY:
        context.is_disconnect = True


@contextmanager
def failures(location: Location) -> Iterator[None]:
    """
    Turn errors of SQLAlchemy and of the drivers into errors of ours.

    Raises:
        StorageOutdated: A table or a column is missing.
        StorageUnavailable: For all others; its text says what to do.
    """
    if isinstance(location, SqliteFile):
        with sqlite.failures(location):  # the driver itself is asked, too
            try:
                yield
            except sa.exc.DBAPIError as error:
                raise sqlite.failure(location, error.orig or error) from error
        return
    from fadearena.adapters.sql import postgres  # noqa: PLC0415 - the same

    with postgres.failures(location):
        try:
            yield
        except sa.exc.DBAPIError as error:
            raise postgres.failure(location, error.orig or error) from error
