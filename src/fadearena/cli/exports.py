"""`fadearena export`: history as files for other programs, without a server."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from fadearena.cli.options import AsJson, Bot, DataDir


class What(StrEnum):
    """What can be exported."""

    TRADES = "trades"
    FILLS = "fills"
    DECISIONS = "decisions"
    ORDERS = "orders"
    EQUITY = "equity"
    FUNDING = "funding"
    LEDGER = "ledger"
    REALISED = "realised"
    REALISED_SUMMARY = "realised-summary"


class Written(StrEnum):
    """How a file can be written."""

    CSV = "csv"
    PARQUET = "parquet"


def export(  # noqa: PLR0913, PLR0917 - one for each option
    what: Annotated[What, typer.Argument(metavar="KIND", help=f"One of {', '.join(What)}.")],
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="Must not exist yet; without it CSV goes to stdout.")
    ] = None,
    form: Annotated[Written, typer.Option("--format", help="Parquet needs the extra `parquet`.")] = Written.CSV,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="Not before: 12h ago, 7d ago, 2026-11-22 or ISO 8601.")
    ] = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help="Not after; a day is its beginning.")] = None,
    bot: Bot = None,
    coin: Annotated[str | None, typer.Option(metavar="COIN", help="Only this coin, with its dex: xyz:NVDA.")] = None,
    year: Annotated[
        int | None, typer.Option(min=2000, max=9998, help="Of realised and realised-summary: which year of UTC.")
    ] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Write history to a file: the same that GET /api/export/ gives, and it needs no server."""
    from fadearena.cli.exporting import ExportRequest, export

    request = ExportRequest(
        what=what.value, form=form.value, file=file, since=since, until=until, bot=bot, coin=coin, year=year
    )
    export(request, data_dir, as_json=as_json)
