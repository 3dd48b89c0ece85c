"""The commands that only look: `status` and `doctor`."""

from typing import Annotated

import typer

from fadearena.cli.options import AsJson, DataDir


def status(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Show how things stand: what runs, and what is stopped."""
    from fadearena.cli.showing import status

    status(data_dir, as_json=as_json)


def doctor(
    live: Annotated[bool, typer.Option("--live", help="Look at what live trading needs, too.")] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Look for what is wrong, and say what to do about it."""
    from fadearena.cli.examining import doctor

    doctor(data_dir, live=live, as_json=as_json)
