"""Statements that more than one part of the read store needs."""

from functools import cache
from typing import Any, TypeAlias

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

from fadearena.adapters.sql.tables import FIRST, KEYS, SINGLE

Row: TypeAlias = dict[str, Any]

_ENCODER = msgspec.json.Encoder(order="sorted", decimal_format="string")


def text_of(value: object) -> str:
    """Return a value as canonical JSON."""
    return _ENCODER.encode(value).decode()


def run(connection: Connection, statement: sa.Executable, rows: list[Row]) -> None:
    """Carry a statement out for each of the rows, of which there may be none."""
    if rows:
        connection.execute(statement, rows)


def upsert(connection: Connection, table: Table, *rows: Row) -> None:
    """Add rows that have the same columns; where a key is there already, those columns are replaced."""
    if rows:
        run(connection, _upsert(table, connection.dialect.name, tuple(rows[0])), list(rows))


def insert_new(connection: Connection, table: Table, key: str) -> sa.Executable:
    """Return the statement that adds a row and returns its id; where this key is there already, it does neither."""
    return _insert_new(table, connection.dialect.name, key)


def single(connection: Connection, table: Table, **values: int | str) -> Row:
    """Return the only row of a table, made of `values` where it is missing; nobody else can have it meanwhile."""
    made, found = _single(table, connection.dialect.name)
    connection.execute(made, {"id": SINGLE} | values)
    return connection.execute(found).one()._asdict()


def _insert(table: Table, dialect: str) -> Any:  # noqa: ANN401  # two classes with the same methods
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


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
