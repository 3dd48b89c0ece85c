"""The commands of `settings`: limits and caps, changed while the worker runs."""

from typing import Annotated

import typer

from fadearena.cli.options import AsJson, DataDir

app = typer.Typer(name="settings", help="Limits, caps and rules, changed while a worker runs.", no_args_is_help=True)


@app.command()
def show(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Show the settings in force; those of bots are shown by `bots`."""
    from fadearena.cli.showing import settings

    settings(data_dir, as_json=as_json)


@app.command("set")
def set_(
    fields: Annotated[
        list[str],
        typer.Argument(metavar="KEY=VALUE...", help="Fields as `settings show` names them; null for no limit."),
    ],
    expected_version: Annotated[
        int | None, typer.Option(metavar="N", help="Refuse if the settings are at another version by then.")
    ] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Change some settings: all of them or none."""
    from fadearena.cli.changing import set_settings

    set_settings(fields, data_dir, expected_version=expected_version, as_json=as_json)


@app.command()
def history(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List the changes of the settings: when, by whom, and what."""
    from fadearena.cli.showing import history

    history(data_dir, as_json=as_json)
