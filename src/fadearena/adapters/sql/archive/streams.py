"""Everything of a kind, the oldest first, in parts, each a transaction of its own that goes on after the last row."""

from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import Connection, Row, Table

from fadearena.adapters.sql.lane import Lane
from fadearena.model.units import EpochMs

T = TypeVar("T")
PART = 1_000
Span = tuple[EpochMs | None, EpochMs | None]


async def parts(
    lane: Lane,
    table: Table,
    span: Span,
    turn: Callable[[Connection, list[Row[Any]]], tuple[T, ...]],
    clock: str = "time",
) -> AsyncIterator[tuple[T, ...]]:
    """
    Yield all rows of a table from `span[0]` to `span[1]`, inclusive, by time and number.

    Args:
        lane: Where it is read.
        table: It has a record's number and a time.
        span: None is without a bound.
        turn: Makes values of rows.
        clock: The column that is the time.
    """
    number, time = table.c.record_seq, table.c[clock]
    first = sa.select(table).order_by(time, number).limit(PART)
    if span[1] is not None:
        first = first.where(time <= span[1])
    asked = first if span[0] is None else first.where(time >= span[0])

    def read(connection: Connection) -> tuple[list[Row[Any]], tuple[T, ...]]:
        rows = list(connection.execute(asked))
        return rows, turn(connection, rows)

    while True:
        rows, values = await lane.run(read)
        if values:
            yield values
        if len(rows) < PART:
            return
        last = rows[-1]
        asked = first.where(sa.tuple_(time, number) > sa.tuple_(getattr(last, clock), last.record_seq))
