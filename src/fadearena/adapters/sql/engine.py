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
from fadearena.model.error import StorageError


def engine_of(
    location: Location, tree: Tree, *, pool: type[Pool] = NullPool, begin: str = "BEGIN IMMEDIATE"
) -> sa.Engine:
    """
    Return an engine whose connections see one tree of tables.

    Args:
        location: Where the database is; a missing SQLite file is made.
        tree: Which tables are meant.
        pool: What becomes of a connection after its use; by default it is closed.
        begin: How a transaction begins on SQLite; `BEGIN` where it only reads.
    """
    if isinstance(location, SqliteFile):
        engine = sa.create_engine("sqlite://", creator=lambda: sqlite.create(location), poolclass=pool)
        sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
        return engine
    from fadearena.adapters.sql import postgres  # noqa: PLC0415 - libpq is loaded only where it is used

    def connect() -> object:
        connection = postgres.connect(location, tree, statement_ms=0)
        connection.autocommit = False
        return connection

    is_kept = pool is not NullPool  # a kept connection may have broken since: it is asked before it is used again
    return sa.create_engine("postgresql+psycopg://", creator=connect, poolclass=pool, pool_pre_ping=is_kept)


@contextmanager
def failures(location: Location) -> Iterator[None]:
    """
    Turn errors of SQLAlchemy and of the drivers into errors of ours.

    Raises:
        StorageOutdated: A table or a column is missing.
        StorageUnavailable: For all others; its text says what to do.
    """
    try:
        yield
    except sa.exc.DBAPIError as error:
        raise _failure(location, error) from error


def _failure(location: Location, error: sa.exc.DBAPIError) -> StorageError:
    if isinstance(location, SqliteFile):
        return sqlite.failure(location, error.orig or error)
    from fadearena.adapters.sql import postgres  # noqa: PLC0415 - the same

    return postgres.failure(location, error.orig or error)
