"""The command with which everything begins: `init`."""

from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from fadearena.cli import options
from fadearena.cli.options import AsJson


def init(  # noqa: PLR0913, PLR0917 - one option for each question
    network: Annotated[str | None, typer.Option(metavar="NAME", help="Where wallets and prices come from.")] = None,
    data_dir: Annotated[Path | None, typer.Option(metavar="DIR", help="Where everything is kept.")] = None,
    database_url: Annotated[str | None, typer.Option(metavar="URL", help="A PostgreSQL database; else SQLite.")] = None,
    equity: Annotated[
        Decimal | None, typer.Option(parser=options.usd, metavar="USD", help="What the paper account starts with.")
    ] = None,
    bots: Annotated[str | None, typer.Option(metavar="ID,...", help="Who is faded.")] = None,
    multiplier: Annotated[
        Decimal | None, typer.Option(parser=options.multiplier, metavar="X", help="Our size per unit of theirs.")
    ] = None,
    exposure_cap: Annotated[
        Decimal | None, typer.Option(parser=options.usd, metavar="USD", help="Most exposure, all bots together.")
    ] = None,
    daily_loss: Annotated[
        Decimal | None, typer.Option(parser=options.usd, metavar="USD", help="Loss of a day that stops us.")
    ] = None,
    account: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Yours at the exchange: a key of its own is made for it.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing: what is not given has its default.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace a .env that is there.")] = False,
    as_json: AsJson = False,
) -> None:
    """
    Ask what has to be decided before the first start.

    It writes .env in the working directory, makes the tables, and sets the first settings where there are none.
    """
    from fadearena.cli.initialising import InitRequest, init

    init(
        InitRequest(
            network=network,
            data_dir=data_dir,
            database_url=database_url,
            equity=equity,
            bots=bots,
            multiplier=multiplier,
            exposure_cap=exposure_cap,
            daily_loss=daily_loss,
            account=account,
            yes=yes,
            force=force,
            as_json=as_json,
        )
    )
