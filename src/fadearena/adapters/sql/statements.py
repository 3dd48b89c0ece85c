"""Statements that more than one part of the read store needs."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cache
from typing import Any, TypeAlias, TypeVar

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

from fadearena.adapters.sql.columns import Exact
from fadearena.adapters.sql.tables import FIRST, KEYS, SINGLE
from fadearena.kit import decimals

Row: TypeAlias = dict[str, Any]
Filled = TypeVar("Filled", bound=msgspec.Struct)

_MANY = 50
_ENCODER = msgspec.json.Encoder(order="sorted", decimal_format="string")


def text_of(value: object) -> str:
    """Return a value as canonical JSON."""
    return _ENCODER.encode(value).decode()


def run(connection: Connection, statement: sa.Executable, rows: list[Row]) -> None:
    """Carry a statement out for each of the rows, of which there may be none."""
    if rows:
        connection.execute(statement, rows)


def found(connection: Connection, sql: str, values: Sequence[str | int]) -> Iterator[tuple[Any, ...]]:
    """Yield what a query finds as the driver gives it, which takes half the time; `?` stands for values."""
    cursor = _driver_of(connection).cursor()
    try:
        yield from cursor.execute(sql if connection.dialect.name == "sqlite" else sql.replace("?", "%s"), values)
    finally:
        cursor.close()


def append(connection: Connection, table: Table, rows: list[tuple[Any, ...]]) -> None:
    """Add rows, their values in the order of the columns: many at once cost a fraction of what `run` takes for them."""
    dialect = connection.dialect.name
    statement, exact = _append(table, dialect)
    if exact:
        kept = decimals.plain if dialect == "sqlite" else decimals.normalise
        rows = [_with_decimals(row, exact, kept) for row in rows]
    if dialect == "sqlite" or len(rows) < _MANY:
        connection.exec_driver_sql(statement, rows)
        return
    names, driver = ", ".join(f'"{column.name}"' for column in table.columns), _driver_of(connection)
    with driver.cursor() as cursor, cursor.copy(f"COPY {table.name} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def upsert(connection: Connection, table: Table, *rows: Row) -> None:
    """Add rows that have the same columns; where a key is there already, those columns are replaced."""
    if rows:
        run(connection, _upsert(table, connection.dialect.name, tuple(rows[0])), list(rows))


def add_up(connection: Connection, table: Table, counts: Mapping[tuple[str | int, ...], int]) -> None:
    """Add to what is counted in a table whose last column is the count."""
    keys = KEYS[table]
    rows = [dict(zip(keys, key, strict=True)) | {"count": count} for key, count in counts.items()]
    run(connection, _add_up(table, connection.dialect.name), rows)


def replace_older(connection: Connection, table: Table, rows: list[Row]) -> None:
    """Add rows; where a key is there already, the row with the later `time` stays; the old one is not written."""
    run(connection, _replace_older(table, connection.dialect.name), rows)


def filled(kind: type[Filled], row: sa.Row[Any]) -> Filled:
    """Return the value whose fields have columns of their names."""
    return msgspec.convert(dict(zip(_plain(row._fields), row, strict=True)), kind)


def insert_new(connection: Connection, table: Table, key: str) -> sa.Executable:
    """Return the statement that adds a row and returns its id; where this key is there already, it does neither."""
    return _insert_new(table, connection.dialect.name, key)


def insert_once(connection: Connection, table: Table) -> sa.Executable:
    """Return the statement that adds a row where its key is not there yet."""
    statement: sa.Executable = _insert(table, connection.dialect.name).on_conflict_do_nothing()
    return statement


def single(connection: Connection, table: Table, **values: int | str) -> Row:
    """Return the only row of a table, made of `values` where it is missing; nobody else can have it meanwhile."""
    made, found = _single(table, connection.dialect.name)
    connection.execute(made, {"id": SINGLE} | values)
    return connection.execute(found).one()._asdict()


@cache
def _plain(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return names of columns without what SQLAlchemy knows of them."""
    return tuple(map(str, names))


def _driver_of(connection: Connection) -> Any:  # noqa: ANN401  # psycopg is known only where it is used
    return connection.connection.driver_connection


def _with_decimals(row: tuple[Any, ...], exact: tuple[int, ...], kept: Callable[[Decimal], Any]) -> tuple[Any, ...]:
    """Return a row with its decimals as the database keeps them."""
    values = list(row)
    for place in exact:
        number = values[place]
        values[place] = None if number is None else kept(number)
    return tuple(values)


@cache
def _append(table: Table, dialect: str) -> tuple[str, tuple[int, ...]]:
    """Return the statement, and where decimals stand in a row."""
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    marks = ", ".join(["?" if dialect == "sqlite" else "%s"] * len(table.columns))
    exact = tuple(place for place, column in enumerate(table.columns) if isinstance(column.type, Exact))
    return f"INSERT INTO {table.name} ({names}) VALUES ({marks})", exact


def _insert(table: Table, dialect: str) -> Any:  # noqa: ANN401  # two classes with the same methods
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


@cache
def _add_up(table: Table, dialect: str) -> sa.Executable:
    statement = _insert(table, dialect)
    counted: sa.Executable = statement.on_conflict_do_update(
        index_elements=KEYS[table], set_={"count": table.c.count + statement.excluded["count"]}
    )
    return counted


@cache
def _replace_older(table: Table, dialect: str) -> sa.Executable:
    statement, keys = _insert(table, dialect), KEYS[table]
    replaced = [column.name for column in table.columns if column.name not in keys]
    newer: sa.Executable = statement.on_conflict_do_update(
        index_elements=keys,
        set_={name: statement.excluded[name] for name in replaced},
        where=statement.excluded["time"] > table.c.time,
    )
    return newer


@cache
def _insert_new(table: Table, dialect: str, key: str) -> sa.Executable:
    statement: sa.Executable = (
        _insert(table, dialect).on_conflict_do_nothing(index_elements=[key]).returning(table.c.id)
    )
    return statement


@cache
def _single(table: Table, dialect: str) -> tuple[sa.Executable, sa.Select[Any]]:
    made: sa.Executable = _insert(table, dialect).on_conflict_do_nothing()
    return made, sa.select(table).where(table.c.id == SINGLE).with_for_update()


@cache
def _upsert(table: Table, dialect: str, columns: tuple[str, ...]) -> sa.Executable:
    statement, keys = _insert(table, dialect), KEYS[table]
    replaced = [name for name in columns if name not in (*keys, *FIRST.get(table, ()))]
    upserted: sa.Executable = statement.on_conflict_do_update(
        index_elements=keys, set_={name: statement.excluded[name] for name in replaced}
    )
    return upserted
