"""The commands that run: `up`, `worker`, `server`."""

from typing import Annotated

import typer

from fadearena.cli.options import DataDir

Supervised = Annotated[bool, typer.Option("--supervised", hidden=True, help="End when standard input ends.")]


def up(data_dir: DataDir = None) -> None:
    """
    Run worker and server until Ctrl-C; start again what dies.

    On an empty data directory it makes the tables and the default settings first.
    """
    from fadearena.cli.running import up

    up(data_dir)


def worker(data_dir: DataDir = None, supervised: Supervised = False) -> None:
    """Run the worker alone: it follows, decides and trades. A second one stands by."""
    from fadearena.cli.running import worker

    worker(data_dir, supervised=supervised)


def server(data_dir: DataDir = None, supervised: Supervised = False) -> None:
    """Run the server alone: it shows what the worker journaled."""
    from fadearena.cli.running import server

    server(data_dir, supervised=supervised)
