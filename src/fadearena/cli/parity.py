"""`fadearena parity`: what live orders paid, against what simulation would have paid."""

from typing import Annotated

import typer

from fadearena.cli.options import AsJson, Bot, DataDir


def parity(
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="Only orders since then: 12h, 7d or 2026-11-22; all without it.")
    ] = None,
    bot: Bot = None,
    coin: Annotated[str | None, typer.Option(metavar="COIN", help="Only this coin, with its dex: xyz:NVDA.")] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Compare live orders with what simulation would have paid."""
    from fadearena.cli.comparing import parity

    parity(since, bot, coin, data_dir, as_json=as_json)
