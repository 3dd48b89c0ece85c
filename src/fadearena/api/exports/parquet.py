"""
Tables as Parquet: times as `timestamp[ms, UTC]`, decimals as `decimal128(38, 18)`, row groups of 20,000 rows.

A file without its end cannot be read: one that was broken off is never taken for a whole one. The 18 digits behind the
point hold prices, sizes and fees to the last one; of quotients, such as a part of a cost, what lies behind is rounded.
"""

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from fadearena.api.exports.columns import Cell, Column, Row
from fadearena.model.error import InvalidInput

MEDIA_TYPE = "application/vnd.apache.parquet"
GROUP_ROWS = 20_000
_DIGITS, _SCALE = 38, 18
_LAST = Decimal(1).scaleb(-_SCALE)
_EXACT = Context(prec=_DIGITS, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation])
_TYPES = {
    Cell.TEXT: pa.string(),
    Cell.COUNT: pa.int64(),
    Cell.FLAG: pa.bool_(),
    Cell.DECIMAL: pa.decimal128(_DIGITS, _SCALE),
    Cell.TIME: pa.timestamp("ms", tz="UTC"),
}


class _Sink:
    """Takes what is written, until somebody carries it away."""

    closed = False

    def __init__(self) -> None:
        self._written: list[bytes] = []

    def write(self, data: Any) -> int:  # noqa: ANN401 - any buffer
        """Take bytes."""
        self._written.append(bytes(data))
        return len(self._written[-1])

    def take(self) -> bytes:
        """Return what was written since the last time."""
        taken, self._written = b"".join(self._written), []
        return taken

    def flush(self) -> None:
        """Do nothing: whoever takes the bytes brings them further."""

    def close(self) -> None:
        """Do nothing: the last bytes are still to be taken."""


class ParquetFile:
    """Makes the bytes of a file, row group by row group."""

    def __init__(self, columns: Sequence[Column]) -> None:
        fields = [pa.field(c.name, _TYPES[c.cell], metadata={"description": c.says}) for c in columns]
        self._columns = tuple(columns)
        self._schema = pa.schema(fields)
        self._sink = _Sink()
        self._writer = pq.ParquetWriter(pa.PythonFile(self._sink, mode="w"), self._schema, compression="zstd")
        self._rows: list[Row] = []

    def begin(self) -> bytes:
        """Return what begins the file."""
        return self._sink.take()

    def part(self, rows: Sequence[Row]) -> bytes:
        """
        Take rows, and return what was written of these and earlier ones.

        Raises:
            InvalidInput: A number is too large for the form.
        """
        self._rows += rows
        while len(self._rows) >= GROUP_ROWS:
            self._write(self._rows[:GROUP_ROWS])
            del self._rows[:GROUP_ROWS]
        return self._sink.take()

    def end(self) -> bytes:
        """
        Return the rest, and what ends the file.

        Raises:
            InvalidInput: A number is too large for the form.
        """
        if self._rows:
            self._write(self._rows)
        self._writer.close()
        return self._sink.take()

    def _write(self, rows: Sequence[Row]) -> None:
        columns = [
            pa.array(_values(column, [row[n] for row in rows]), type=_TYPES[column.cell])
            for n, column in enumerate(self._columns)
        ]
        self._writer.write_table(pa.Table.from_arrays(columns, schema=self._schema))


def _values(column: Column, values: list[Any]) -> list[Any]:
    if column.cell is not Cell.DECIMAL:
        return values
    try:
        return [None if value is None else _EXACT.quantize(value, _LAST) for value in values]
    except InvalidOperation:
        raise InvalidInput(f"a {column.name} is too large for Parquet's decimals: export it as CSV") from None
