"""The commands of `alerts`: what people were told, what waits, and whether it arrives."""

from typing import Annotated

import typer

from fadearena.cli.options import AsJson, DataDir

app = typer.Typer(name="alerts", help="What people are told, and whether it arrives.", no_args_is_help=True)


@app.command("list")
def list_(
    limit: Annotated[int, typer.Option(min=1, max=1_000, metavar="N", help="At most so many, the newest first.")] = 20,
    failed: Annotated[bool, typer.Option("--failed", help="Only those that were given up.")] = False,
    waiting: Annotated[bool, typer.Option("--waiting", help="Only those that wait.")] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List alerts with what became of them."""
    from fadearena.cli.alerting import show_alerts

    show_alerts(limit, data_dir, only_failed=failed, only_waiting=waiting, as_json=as_json)


@app.command("test")
def try_(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Send a message to every destination, and say what each answered."""
    from fadearena.cli.alerting import send_test

    send_test(data_dir, as_json=as_json)


@app.command()
def retry(
    ids: Annotated[
        list[int] | None, typer.Argument(metavar="[ID]...", help="As `alerts list` names them; without, all.")
    ] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Queue alerts again that were given up."""
    from fadearena.cli.alerting import retry

    retry(ids or [], data_dir, as_json=as_json)
