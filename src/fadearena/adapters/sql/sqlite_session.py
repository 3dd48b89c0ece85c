"""A session on SQLite; see `session.py`."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any

from fadearena.adapters.sql import sqlite
from fadearena.adapters.sql.database import SqliteFile
from fadearena.adapters.sql.session import Table, Values

_ROWS_A_STATEMENT = 64


class SqliteSession:
    """A connection to SQLite."""

    for_share = ""
    is_local = True
    is_broken = False

    def __init__(self, file: SqliteFile, connection: sqlite3.Connection) -> None:
        self._file = file
        self._connection = connection

    def rows(self, sql: str, values: Values = ()) -> list[tuple[Any, ...]]:
        """Return what a query finds."""
        with sqlite.failures(self._file):
            return self._connection.execute(sql, values).fetchall()

    def change(self, sql: str, values: Values = ()) -> int:
        """Carry out a statement and return how many rows it changed."""
        with sqlite.failures(self._file):
            return self._connection.execute(sql, values).rowcount

    def insert(self, table: Table, rows: Sequence[Values], condition: str, values: Values) -> int:
        """Put rows in where the condition holds, all or none; return how many went in."""
        marks = f"({', '.join('?' * len(table.columns))})"
        size = _ROWS_A_STATEMENT
        if len(rows) > size and not self._connection.in_transaction:
            with self.transaction():
                return self.insert(table, rows, condition, values)
        count = 0
        for start in range(0, len(rows), size):
            slice_ = rows[start : start + size]
            if start:
                condition, values = "true", ()
            all_marks = ", ".join([marks] * len(slice_))
            sql = f"{table.into} SELECT * FROM (VALUES {all_marks}) WHERE {condition} {table.conflict}"
            found = self.change(sql, [value for row in slice_ for value in row] + list(values))
            count += found
            if not found:
                break
        return count

    def transaction(self) -> AbstractContextManager[None]:
        """Make one transaction of what is done inside; the write lock is taken at once."""
        return self._block("BEGIN IMMEDIATE")

    def reading(self) -> AbstractContextManager[None]:
        """Let all queries inside see the same moment."""
        return self._block("BEGIN")

    def close(self) -> None:
        """Close the connection; what was not committed is gone."""
        with suppress(sqlite3.Error):
            self._connection.close()

    @contextmanager
    def _block(self, begin: str) -> Iterator[None]:
        self.change(begin)
        try:
            yield
            self.change("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                self._connection.rollback()
            raise
