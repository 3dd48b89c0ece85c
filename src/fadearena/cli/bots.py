"""The commands of `bots`: who is followed, and how."""

from typing import Annotated

import typer

from fadearena.cli.options import AsJson, DataDir

app = typer.Typer(name="bots", help="Who is followed, and how.", no_args_is_help=True)

Id = Annotated[str, typer.Argument(metavar="ID")]
Fields = Annotated[
    list[str] | None,
    typer.Argument(metavar="KEY=VALUE...", help="Fields as `bots list --json` names them; null for none."),
]


@app.command("list")
def list_(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List the bots with their states and what they brought us."""
    from fadearena.cli.showing import bots

    bots(data_dir, as_json=as_json)


@app.command()
def add(
    bot: Id,
    wallet: Annotated[str, typer.Option(metavar="ADDRESS", help="Its public wallet: 0x and 40 hex digits.")],
    fields: Fields = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Follow one more bot."""
    from fadearena.cli.changing import add_bot

    add_bot(bot, [f"walletAddress={wallet}", *(fields or [])], data_dir, as_json=as_json)


@app.command("set")
def set_(bot: Id, fields: Fields = None, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Change how a bot is followed."""
    from fadearena.cli.changing import set_bot

    set_bot(bot, fields or [], data_dir, as_json=as_json)


@app.command()
def remove(bot: Id, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Follow a bot no more; refused while we hold something because of it."""
    from fadearena.cli.changing import remove_bot

    remove_bot(bot, data_dir, as_json=as_json)


@app.command()
def enable(bot: Id, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Follow a bot (again)."""
    from fadearena.cli.changing import set_bot

    set_bot(bot, ["enabled=true"], data_dir, as_json=as_json)


@app.command()
def disable(bot: Id, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Only reduce what is held because of a bot."""
    from fadearena.cli.changing import set_bot

    set_bot(bot, ["enabled=false"], data_dir, as_json=as_json)
