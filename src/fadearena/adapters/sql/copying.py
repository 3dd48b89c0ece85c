"""
All tables of one mode from one home into another, row by row, with the proof that they are the same.

1. The source is read as it is at one moment, and never changed.
2. A target is marked as unfinished before the first row is written, and only `finish` takes that away: no process works
   on half a copy. Whoever begins again begins from nothing.
3. All rows of a tree go in by one transaction, which commits only once they were read back: equal counts and checksums.
4. What is only of the moment (signs of life, what is in sight, sessions) stays behind.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, TypeAlias, cast

import msgspec
import psycopg
import sqlalchemy as sa
from psycopg import sql

from fadearena.adapters.sql import postgres, tables
from fadearena.adapters.sql.checksum import Checksum
from fadearena.adapters.sql.columns import NUMBER, TEXT
from fadearena.adapters.sql.database import Location, Tree
from fadearena.adapters.sql.engine import engine_of, failures
from fadearena.adapters.sql.journal.tables import KEPT, LEASE
from fadearena.adapters.sql.migrations import UNFINISHED, current, mark, require_head, upgrade
from fadearena.model.error import InvalidInput, StorageUnavailable

Home: TypeAlias = Mapping[Tree, Location]
"""Where both trees of one mode are."""

_ROWS: Final = 2_000
_KINDS: Final[dict[str, sa.types.TypeEngine[Any]]] = {
    "bigint": NUMBER,
    "int": sa.Integer(),
    "text": TEXT,
    "bytea": sa.LargeBinary(),
}


class TableCopy(msgspec.Struct, frozen=True, kw_only=True):
    """A table that was copied: how many rows, and a checksum over all of them, in whatever order."""

    name: str
    rows: int
    checksum: str


def prepare(source: Home, target: Home) -> None:
    """
    Make the target ready for `copy`: from now on no process works on it.

    Raises:
        InvalidInput: There is something in it already.
        StorageOutdated: The tables of either are of another version.
        StorageUnavailable: One of the databases cannot be used.
    """
    versions = {tree: current(location, tree) for tree, location in target.items()}
    for tree, location in source.items():
        require_head(location, tree)
    if UNFINISHED not in versions.values():
        for tree, location in target.items():
            if versions[tree] is not None:
                require_head(location, tree)
                _refuse_rows(location, tree)
    for tree, location in target.items():
        if versions[tree] != UNFINISHED:
            upgrade(location, tree)
            mark(location, tree, UNFINISHED)


def copy(source: Home, target: Home) -> tuple[TableCopy, ...]:
    """
    Copy everything that is worth it, and return what that was.

    Raises:
        StorageUnavailable: One of the databases fails, or what was read back is not what was written; nothing of that
            tree is there then.
    """
    return tuple(one for tree in target for one in _copy_tree(source[tree], target[tree], tree))


def finish(target: Home) -> None:
    """
    Let processes work on a copy.

    Raises:
        StorageUnavailable: The database cannot be changed.
    """
    for tree, location in target.items():
        mark(location, tree, None)


def _refuse_rows(location: Location, tree: Tree) -> None:
    with _transaction(location, tree) as connection:
        for table in _all(tree):
            if connection.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first():
                raise InvalidInput(f"{location} holds something already ({table.name}): give an empty one")


def _copy_tree(source: Location, target: Location, tree: Tree) -> list[TableCopy]:
    done = []
    with _reading(source, tree) as from_, _transaction(target, tree) as to:
        for table in reversed(_all(tree)):
            to.execute(sa.delete(table))
        for table in _worth_it(tree):
            given, kept = Checksum(), Checksum()
            for rows in _rows(from_, table):
                given.take(rows)
                _put(to, table, rows, target)
            for rows in _rows(to, table):
                kept.take(rows)
            if (given.rows, str(given)) != (kept.rows, str(kept)):
                raise StorageUnavailable(
                    f"{target}: {table.name} does not read back as it was written ({kept.rows} of {given.rows} rows): "
                    "nothing was kept, try again"
                )
            _count_on(to, table)
            done.append(TableCopy(name=f"{tree}.{table.name}", rows=given.rows, checksum=str(given)))
    return done


def _rows(connection: sa.Connection, table: sa.Table) -> Iterator[Sequence[sa.Row[Any]]]:
    """Iterate over a table bit by bit; databases sort texts in ways of their own, so nobody counts on an order."""
    return connection.execute(sa.select(table), execution_options={"yield_per": _ROWS}).partitions()


def _put(connection: sa.Connection, table: sa.Table, rows: Sequence[sa.Row[Any]], location: Location) -> None:
    """Add rows as quickly as the database can."""
    if connection.dialect.name != "postgresql":
        connection.execute(sa.insert(table), [row._asdict() for row in rows])
        return
    columns = sql.SQL(", ").join(sql.Identifier(column.name) for column in table.columns)
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table.name), columns)
    driver = cast("psycopg.Connection", connection.connection.driver_connection)
    with postgres.failures(location), driver.cursor() as cursor, cursor.copy(statement) as copied:
        for row in rows:
            copied.write_row(row)


def _count_on(connection: sa.Connection, table: sa.Table) -> None:
    """Let numbers that PostgreSQL gives out go on after those that were copied; SQLite does so by itself."""
    column = table.autoincrement_column
    if column is None or connection.dialect.name != "postgresql":
        return
    last = sa.select(sa.func.max(column)).scalar_subquery()
    counter = sa.func.pg_get_serial_sequence(table.name, column.name)
    connection.execute(sa.select(sa.func.setval(counter, last)).where(counter.is_not(None), last.is_not(None)))


def _all(tree: Tree) -> tuple[sa.Table, ...]:
    return _JOURNAL if tree == "journal" else tuple(tables.metadata.sorted_tables)


def _worth_it(tree: Tree) -> tuple[sa.Table, ...]:
    return tuple(table for table in _all(tree) if table not in tables.OF_THE_MOMENT)


@contextmanager
def _reading(location: Location, tree: Tree) -> Iterator[sa.Connection]:
    """See one moment."""
    with _opened(location, tree, "BEGIN") as engine:
        option = {} if engine.dialect.name == "sqlite" else {"isolation_level": "REPEATABLE READ"}
        with engine.execution_options(**option).begin() as connection:
            _be_patient(connection)
            yield connection


@contextmanager
def _transaction(location: Location, tree: Tree) -> Iterator[sa.Connection]:
    with _opened(location, tree, "BEGIN IMMEDIATE") as engine, engine.begin() as connection:
        _be_patient(connection)
        yield connection


def _be_patient(connection: sa.Connection) -> None:
    """Let one side wait while much is read on the other."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")


@contextmanager
def _opened(location: Location, tree: Tree, begin: str) -> Iterator[sa.Engine]:
    engine = engine_of(location, tree, begin=begin)
    try:
        with failures(location):
            yield engine
    finally:
        engine.dispose()


def _table(metadata: sa.MetaData, name: str, kinds: Mapping[str, str], key: Sequence[str]) -> sa.Table:
    columns = (
        sa.Column(column, _KINDS[kind], primary_key=column in key, autoincrement=False)
        for column, kind in kinds.items()
    )
    return sa.Table(name, metadata, *columns)


def _journal() -> tuple[sa.Table, ...]:
    metadata = sa.MetaData()
    return tuple(
        _table(metadata, table.name, dict(zip(table.columns, table.types, strict=True)), table.key)
        for table in (*KEPT, LEASE)
    )


_JOURNAL = _journal()
