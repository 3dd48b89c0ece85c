"""What `fadearena export` does."""

import asyncio
import sys
from pathlib import Path
from typing import BinaryIO

import msgspec
import typer

from fadearena.api.exports import TABLES, Choice, FileForm, Scope, Table, year_of
from fadearena.bootstrap.exporting import export_to, export_to_file
from fadearena.cli.comparing import moment_of
from fadearena.cli.output import print_json, show
from fadearena.cli.session import places
from fadearena.kit.clock import SystemClock
from fadearena.model.error import InvalidInput


class ExportRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants to have."""

    what: str
    form: str
    file: Path | None = None
    since: str | None = None
    until: str | None = None
    bot: str | None = None
    coin: str | None = None
    year: int | None = None


def export(request: ExportRequest, data_dir: Path | None, *, as_json: bool) -> None:
    """
    Write an export to a file, or to stdout.

    Raises:
        InvalidInput: The options do not fit, the file is there already, or cannot be written.
        StorageError: The read store cannot be used.
    """
    table, form = TABLES[request.what], FileForm(request.form)
    scope = _scope(request, table)
    if request.file is not None:
        found = export_to_file(places(data_dir), form, table, scope, request.file)
        if as_json:
            print_json({"file": str(request.file), "bytes": found.bytes})
        else:
            show(f"{request.file}: {found.bytes} bytes")
        return
    if as_json or form is not FileForm.CSV:
        raise InvalidInput("a FILE is needed for --json and for Parquet: stdout takes the CSV itself")
    out: BinaryIO = sys.stdout.buffer
    asyncio.run(export_to(places(data_dir), form, table, scope, out.write))
    out.flush()


def _scope(request: ExportRequest, table: Table) -> Scope:
    """
    Return what part of history is wanted.

    Raises:
        InvalidInput: An option does not fit what is exported.
        typer.BadParameter: A time cannot be read.
    """
    of_year = (request.since, request.until, request.bot, request.coin)
    if table.choice is Choice.YEAR:
        if request.year is None or any(option is not None for option in of_year):
            raise InvalidInput(f"{table.name} is of a year: give --year, and no other part of history")
        return year_of(request.year)
    if request.year is not None:
        raise InvalidInput(f"--year is for realised and realised-summary: give --since and --until for {table.name}")
    if table.choice is Choice.BOT and request.coin is not None:
        raise InvalidInput(f"{table.name} has no coins: leave --coin away")
    now = SystemClock().now_ms()
    since = None if request.since is None else moment_of(request.since, now)
    until = None if request.until is None else moment_of(request.until, now, "--until")
    if since is not None and until is not None and since > until:
        raise typer.BadParameter("--since lies behind --until: nothing can be between them")
    return Scope(since=since, until=until, bot=request.bot, coin=request.coin)
