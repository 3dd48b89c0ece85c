"""The command `flatten`: closes everything past the journal, for the hour in which nothing can be written there."""

from typing import Annotated

import typer

from fadearena.cli.options import AsJson, DataDir


def flatten(
    direct: Annotated[bool, typer.Option("--direct", help="Past the worker and its journal; needed.")] = False,
    account: Annotated[
        list[str] | None,
        typer.Option(metavar="ADDRESS", help="Close this account, where nobody can read which there are; repeatable."),
    ] = None,
    signer: Annotated[
        list[str] | None, typer.Option(metavar="ADDRESS", help="Who signs for it; one for all, or one for each.")
    ] = None,
    vault: Annotated[
        list[str] | None, typer.Option(metavar="ADDRESS", help="Which of these accounts are sub-accounts; repeatable.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="No worker runs, and you are certain: the database cannot tell.")
    ] = False,
    confirm: Annotated[str | None, typer.Option(metavar="FLATTEN", help="FLATTEN, instead of typing it.")] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """
    Close everything without a worker and without a database.

    The way out when nothing can be journaled: the disk is full, or the database is gone. As long as a worker can
    write, `kill --flatten` is the better way. This one cancels every order and closes every position in all accounts,
    ours or not, until the exchange shows nothing, and tells the next worker by a file.
    """
    from fadearena.cli.directing import FlattenRequest, flatten

    if not direct:
        raise typer.BadParameter("`fadearena kill --flatten` closes everything; without a worker, give --direct")
    request = FlattenRequest(
        accounts=tuple(account or ()),
        signers=tuple(signer or ()),
        vaults=tuple(vault or ()),
        force=force,
        confirm=confirm,
        data_dir=data_dir,
        as_json=as_json,
    )
    flatten(request)
