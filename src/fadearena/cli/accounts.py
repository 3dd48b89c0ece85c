"""The commands of `accounts`: which accounts of ours trade, and who signs for them."""

from typing import Annotated

import typer

from fadearena.cli.options import AsJson, DataDir

app = typer.Typer(name="accounts", help="Our accounts, and who signs for them.", no_args_is_help=True)

Id = Annotated[str, typer.Argument(metavar="ID")]
Fields = Annotated[
    list[str] | None,
    typer.Argument(metavar="KEY=VALUE...", help="Fields as `accounts list --json` names them; null for none."),
]


@app.command("list")
def list_(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List our accounts as the settings have them."""
    from fadearena.cli.changing import list_accounts

    list_accounts(data_dir, as_json=as_json)


@app.command()
def add(
    account: Id,
    address: Annotated[str, typer.Option(metavar="ADDRESS", help="Its address: of the master or sub-account.")],
    signer: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Who signs for it; without it the account's own key.")
    ] = None,
    fields: Fields = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Trade with one more account."""
    from fadearena.cli.changing import add_account

    add_account(
        account, [f"address={address}", f"signer={signer or address}", *(fields or [])], data_dir, as_json=as_json
    )


@app.command("set")
def set_(account: Id, fields: Fields = None, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Change an account: its address only while it holds nothing, its signer at any time."""
    from fadearena.cli.changing import set_account

    set_account(account, fields or [], data_dir, as_json=as_json)


@app.command()
def remove(account: Id, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Trade with an account no more; refused while it holds something, or a bot uses it."""
    from fadearena.cli.changing import remove_account

    remove_account(account, data_dir, as_json=as_json)
