"""The command `mode`: simulation or live, shown and changed."""

from typing import Annotated

import typer

from fadearena.cli.options import AsJson, DataDir, Supervised


def mode(
    target: Annotated[str | None, typer.Argument(metavar="[live|simulation]")] = None,
    confirm: Annotated[
        str | None, typer.Option(metavar="TEXT", help='"GO LIVE", where nobody can be asked to type it.')
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="With live: make every check, and change nothing.")] = False,
    actor: Annotated[str | None, typer.Option(metavar="WHO", hidden=True, help="In whose name.")] = None,
    supervised: Supervised = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """
    Show which mode is active, or go live, or back to simulation.

    Going live makes every check, shows the limits, and asks for a typed confirmation; nothing may be open. The settings
    go along. A worker and an API that run begin anew in the other mode by themselves.
    """
    from fadearena.cli.switching import ModeRequest, mode
    from fadearena.kit.parent import end_with_parent

    if supervised:
        end_with_parent()
    mode(ModeRequest(target=target, confirm=confirm, is_check=check, actor=actor, as_json=as_json), data_dir)
