"""The command `mode`: simulation or live, shown and changed."""

from typing import Annotated

import typer

from fadearena.cli.options import AsJson, DataDir


def mode(
    target: Annotated[str | None, typer.Argument(metavar="[live|simulation]")] = None,
    confirm: Annotated[
        str | None, typer.Option(metavar="TEXT", help='"GO LIVE", where nobody can be asked to type it.')
    ] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """
    Show which mode is active, or go live, or back to simulation.

    Going live makes every check, shows the limits, and asks for a typed confirmation; nothing may be open. The settings
    go along. A worker and a server that run begin anew in the other mode by themselves.
    """
    from fadearena.cli.switching import mode

    mode(target, confirm, data_dir, as_json=as_json)
