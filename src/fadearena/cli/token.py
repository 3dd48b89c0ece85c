"""The commands of `token`: who may use the API, and how much."""

from typing import Annotated

import typer

from fadearena.cli.options import AsJson, DataDir
from fadearena.ports.access import Role

app = typer.Typer(name="token", help="Who may use the API: tokens, and passwords of the page.", no_args_is_help=True)


@app.command()
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whose it is; it stands in every record.")],
    role: Annotated[Role, typer.Option(help="viewer may look, operator may change things.")],
    days: Annotated[int | None, typer.Option(min=1, max=3_650, metavar="N", help="Until it expires.")] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Make a token, and print it: this once, and never again."""
    from fadearena.cli.granting import create

    create(name, role, days, data_dir, as_json=as_json)


@app.command("list")
def list_(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List all tokens, also those that were revoked, and the roles that have a password."""
    from fadearena.cli.granting import list_grants

    list_grants(data_dir, as_json=as_json)


@app.command()
def revoke(
    name: Annotated[str, typer.Argument(metavar="NAME")], data_dir: DataDir = None, as_json: AsJson = False
) -> None:
    """Revoke a token at once, and end the sessions that were begun with it."""
    from fadearena.cli.granting import revoke

    revoke(name, data_dir, as_json=as_json)


@app.command()
def password(role: Annotated[Role, typer.Argument()], data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Set the password with which the page logs in; it is asked for, or read from standard input."""
    from fadearena.cli.granting import set_password

    set_password(role, data_dir, as_json=as_json)
