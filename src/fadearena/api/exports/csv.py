"""
Tables as CSV, as RFC 4180 has it: UTF-8, a header, lines that end in CR LF.

1. Decimals are written digit by digit. A time has two columns: ISO 8601 in UTC, and `...Ms` in milliseconds.
2. What is not known, or does not apply, is an empty cell.
3. A text that a spreadsheet would take for a formula has an apostrophe before it.
"""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Context, Inexact
from io import StringIO
from typing import Any

from fadearena.api.exports.columns import Cell, Column, Row
from fadearena.api.exports.moments import iso

MEDIA_TYPE = "text/csv; charset=utf-8"
_EXACT = Context(prec=100, traps=[Inexact])
"""Sums and products of what we calculate with have more digits than its 28; none is rounded away."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


class CsvFile:
    """Makes the bytes of a file, part by part."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = columns
        self._cells = tuple(_CELLS[column.cell] for column in columns)

    def begin(self) -> bytes:
        """Return the header."""
        return _lines([[name for column in self._columns for name in _names(column)]])

    def part(self, rows: Sequence[Row]) -> bytes:
        """Return rows."""
        return _lines(self._line(row) for row in rows)

    def end(self) -> bytes:
        """Return what ends the file: nothing."""
        return b""

    def _line(self, row: Row) -> Iterator[str]:
        for write, value in zip(self._cells, row, strict=True):
            yield from write(value)


def _names(column: Column) -> tuple[str, ...]:
    return (column.name, f"{column.name}Ms") if column.cell is Cell.TIME else (column.name,)


def _lines(rows: Iterable[Iterable[str]]) -> bytes:
    text = StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()


def _text(value: Any) -> tuple[str]:  # noqa: ANN401 - of a column of this kind
    if value is None:
        return ("",)
    return (f"'{value}",) if value.startswith(_FORMULA) else (value,)


def _decimal(value: Any) -> tuple[str]:  # noqa: ANN401 - as above
    if value is None:
        return ("",)
    return (format(_EXACT.normalize(value), "f"),) if value else ("0",)


def _time(value: Any) -> tuple[str, str]:  # noqa: ANN401 - as above
    return ("", "") if value is None else (iso(value), str(value))


def _count(value: Any) -> tuple[str]:  # noqa: ANN401 - as above
    return ("",) if value is None else (str(value),)


def _flag(value: Any) -> tuple[str]:  # noqa: ANN401 - as above
    return ("",) if value is None else ("true" if value else "false",)


_CELLS: dict[Cell, Callable[[Any], tuple[str, ...]]] = {
    Cell.TEXT: _text,
    Cell.DECIMAL: _decimal,
    Cell.TIME: _time,
    Cell.COUNT: _count,
    Cell.FLAG: _flag,
}
