"""From a table to the bytes of a file, read and written in parts."""

import asyncio
import importlib
import importlib.util
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from enum import StrEnum
from typing import Protocol, cast

from fadearena.api.exports.columns import Column, Row, Table
from fadearena.api.exports.csv import MEDIA_TYPE, CsvFile
from fadearena.api.exports.scope import Scope, Sources
from fadearena.model.error import InvalidInput

MISSING = 'Parquet needs pyarrow, which is not installed here: `pip install "fadearena[parquet]"`, or ask for CSV'


class FileForm(StrEnum):
    """How a file is written."""

    CSV = "csv"
    PARQUET = "parquet"

    @property
    def media_type(self) -> str:
        """What it is called in a request."""
        return MEDIA_TYPE if self is FileForm.CSV else "application/vnd.apache.parquet"


class File(Protocol):
    """Makes the bytes of a file, part by part."""

    def begin(self) -> bytes:
        """Return what begins the file."""
        ...

    def part(self, rows: Sequence[Row]) -> bytes:
        """Take rows, and return what was written of these and earlier ones."""
        ...

    def end(self) -> bytes:
        """Return what ends the file."""
        ...


def has_parquet() -> bool:
    """Tell whether Parquet can be written here."""
    return importlib.util.find_spec("pyarrow") is not None


def file_of(form: FileForm, columns: Sequence[Column]) -> File:
    """
    Return what makes a file.

    Raises:
        InvalidInput: This form needs something that is not installed.
    """
    if form is FileForm.CSV:
        return CsvFile(columns)
    if not has_parquet():
        raise InvalidInput(MISSING)
    parquet = importlib.import_module("fadearena.api.exports.parquet")  # where it is not installed CSV works still
    return cast("File", parquet.ParquetFile(columns))


async def written(form: FileForm, table: Table, sources: Sources, scope: Scope) -> AsyncGenerator[bytes, None]:
    """
    Yield a table as the bytes of a file; nothing before the first rows could be read.

    Raises:
        StorageUnavailable: The database cannot be read; what was yielded is no whole file.
        InvalidInput: A value does not fit the form, as above; or the form needs something that is not installed.
    """
    file = file_of(form, table.columns)
    waiting = file.begin()
    async with aclosing(table.rows(sources, scope)) as parts:
        async for rows in parts:
            waiting += await asyncio.to_thread(file.part, rows)
            if waiting:
                yield waiting
                waiting = b""
    yield waiting + await asyncio.to_thread(file.end)
