"""What stands in the tables of a read store: to compare two of them, row by row."""

from typing import TypeAlias

import sqlalchemy as sa

from fadearena.adapters.sql import tables
from fadearena.adapters.sql.database import Location
from fadearena.adapters.sql.engine import engine_of

Dump: TypeAlias = dict[str, list[tuple[object, ...]]]


def dump(location: Location) -> Dump:
    """Return all rows of all projected tables, each table in the order of its rows' texts."""
    engine = engine_of(location, "read", begin="BEGIN")
    try:
        with engine.begin() as connection:
            return {
                table.name: sorted((tuple(row) for row in connection.execute(sa.select(table))), key=repr)
                for table in tables.PROJECTED
            }
    finally:
        engine.dispose()
