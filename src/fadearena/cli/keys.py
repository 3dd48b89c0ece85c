"""The commands of `keys`: private keys that sign live orders. None of them ever shows one."""

from typing import Annotated

import typer

from fadearena.cli.options import AsJson, DataDir

app = typer.Typer(name="keys", help="Private keys that sign live orders; none is ever shown.", no_args_is_help=True)


@app.command()
def new(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Make a key for an agent, keep it, and say how to approve it."""
    from fadearena.cli.keeping_keys import new

    new(data_dir, as_json=as_json)


@app.command()
def add(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Keep a key that was made elsewhere: it is asked for, or read from standard input."""
    from fadearena.cli.keeping_keys import add

    add(data_dir, as_json=as_json)


@app.command("list")
def list_(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List the addresses whose keys are there, and for which accounts they sign."""
    from fadearena.cli.keeping_keys import list_keys

    list_keys(data_dir, as_json=as_json)


@app.command()
def remove(
    address: Annotated[str, typer.Argument(metavar="ADDRESS")], data_dir: DataDir = None, as_json: AsJson = False
) -> None:
    """Forget a key that no account needs any more."""
    from fadearena.cli.keeping_keys import remove

    remove(address, data_dir, as_json=as_json)


@app.command()
def rotate(
    account: Annotated[str, typer.Argument(metavar="ACCOUNT")],
    minutes: Annotated[
        int, typer.Option(min=0, max=1_440, metavar="N", help="How long to wait for its approval.")
    ] = 15,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """
    Give an account a new signer while everything runs: make a key, wait until it is approved, and use it.

    The old key stays, since orders that it signed may have to be settled with it; `keys remove` forgets it later.
    """
    from fadearena.cli.keeping_keys import rotate

    rotate(account, data_dir, minutes=minutes, as_json=as_json)
