"""The commands that run: `up`, `worker`, `api`, `sandbox`; and `openapi`, which says what `api` can do."""

from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from fadearena.cli import options
from fadearena.cli.options import AsJson, DataDir, Host, Port, Supervised


def up(data_dir: DataDir = None, host: Host = None, port: Port = None) -> None:
    """
    Run worker and API until Ctrl-C; start again what dies.

    On an empty data directory it makes the tables and the default settings first.
    """
    from fadearena.cli.running import up

    up(data_dir, host, port)


def worker(data_dir: DataDir = None, supervised: Supervised = False) -> None:
    """Run the worker alone: it follows, decides and trades. A second one stands by."""
    from fadearena.cli.running import worker

    worker(data_dir, supervised=supervised)


def api(data_dir: DataDir = None, host: Host = None, port: Port = None, supervised: Supervised = False) -> None:
    """Run the API alone: it shows what the worker journaled, and hands over what people order."""
    from fadearena.cli.running import api

    api(data_dir, host, port, supervised=supervised)


def openapi() -> None:
    """Print what the API can do, as OpenAPI 3.1: programs are made from it."""
    from fadearena.cli.describing import openapi

    openapi()


def sandbox(  # noqa: PLR0913, PLR0917 - one option for each question
    port: Annotated[int, typer.Option(min=0, max=65_535, metavar="P", help="Where it listens; 0 is any.")] = 4810,
    seed: Annotated[int, typer.Option(min=0, metavar="N", help="Another seed, another market.")] = 1,
    speed: Annotated[
        Decimal, typer.Option(parser=options.speed, metavar="X", help="Its seconds in one second of ours.")
    ] = Decimal(1),
    state: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Go on from this file, and write it at the end.")
    ] = None,
    host: Annotated[str, typer.Option(metavar="HOST", help="The address that it listens at.")] = "127.0.0.1",
    is_open: Annotated[
        bool, typer.Option("--open", help="Allow a host that others can reach: nothing is protected.")
    ] = False,
    traders: Annotated[
        int, typer.Option(min=0, metavar="N", help="How many trade besides those with a name; not with --state.")
    ] = 0,
    trades_per_second: Annotated[
        Decimal, typer.Option(parser=options.pace, metavar="X", help="How often two of them meet.")
    ] = Decimal(100),
    coins: Annotated[int, typer.Option(min=0, metavar="N", help="List made-up coins until so many trade.")] = 0,
    limits_factor: Annotated[
        int, typer.Option(min=1, metavar="X", help="The exchange's limits for an IP address, so many times.")
    ] = 1,
    as_json: AsJson = False,
    supervised: Supervised = False,
) -> None:
    """
    Run an exchange in a box that speaks as Hyperliquid does.

    It runs until Ctrl-C. Market and traders are made up. It needs no network, no key and no database.
    """
    from fadearena.cli.sandboxing import SandboxRequest, sandbox

    sandbox(
        SandboxRequest(
            host=host,
            port=port,
            seed=seed,
            speed=speed,
            state=state,
            is_open=is_open,
            as_json=as_json,
            supervised=supervised,
            traders=traders,
            trades_per_second=trades_per_second,
            coins=coins,
            limits_factor=limits_factor,
        )
    )
