"""A session on PostgreSQL; see `session.py`."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any

import psycopg

from fadearena.adapters.sql import postgres
from fadearena.adapters.sql.database import PostgresDatabase
from fadearena.adapters.sql.session import Table, Values
from fadearena.adapters.sql.telling import told


class PostgresSession:
    """A connection to PostgreSQL."""

    for_share = " FOR SHARE"
    is_local = False

    def __init__(self, database: PostgresDatabase, connection: psycopg.Connection) -> None:
        self._database = database
        self._connection = connection

    @property
    def is_broken(self) -> bool:
        """Whether the connection is gone for good."""
        return self._connection.closed

    @contextmanager
    def _failures(self) -> Iterator[None]:
        """Turn errors into ours; a server that only reads now is left, since another one is the primary perhaps."""
        with postgres.failures(self._database):
            try:
                yield
            except psycopg.errors.ReadOnlySqlTransaction:
                self.close()
                raise

    @property
    def pid(self) -> int:
        """The number of the server's process behind it."""
        return self._connection.info.backend_pid

    def rows(self, sql: str, values: Values = ()) -> list[tuple[Any, ...]]:
        """Return what a query finds."""
        with self._failures():
            return self._connection.execute(_marked(sql), values, binary=True).fetchall()

    def change(self, sql: str, values: Values = ()) -> int:
        """Carry out a statement and return how many rows it changed."""
        with self._failures():
            return self._connection.execute(_marked(sql), values).rowcount

    def insert(self, table: Table, rows: Sequence[Values], condition: str, values: Values) -> int:
        """Put rows in where the condition holds, all or none; return how many went in."""
        with self._failures():
            columns = [list(column) for column in zip(*rows, strict=True)]
            done = self._connection.execute(_insertion(table, condition), [*columns, *values])
            return done.rowcount if table.topic is None else int(done.fetchall()[0][0])

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make one transaction of what is done inside."""
        with self._failures(), self._connection.transaction():
            yield

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Let all queries inside see the same moment."""
        with self.transaction():
            self.change("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            yield

    def close(self) -> None:
        """Close the connection; what was not committed is gone."""
        with suppress(psycopg.Error):
            self._connection.close()


@cache
def _marked(sql: str) -> bytes:
    return sql.replace("?", "%s").encode()


@cache
def _insertion(table: Table, condition: str) -> bytes:
    """Return a statement that takes one array a column: the same text for any number of rows, sent in binary form."""
    arrays = ", ".join(f"%b::{type_}[]" for type_ in table.types)
    condition = condition.replace("?", "%s")
    statement = f"{table.into} SELECT * FROM unnest({arrays}) WHERE {condition} {table.conflict}"
    if table.topic is not None:
        statement = f"WITH kept AS ({statement} RETURNING 1) SELECT count(*), {told(table.topic)} FROM kept"
    return statement.encode()
