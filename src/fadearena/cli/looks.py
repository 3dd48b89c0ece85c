"""The commands that only look: `status`, `doctor` and `bundle`."""

from pathlib import Path
from typing import Annotated

import typer

from fadearena.cli.options import AsJson, DataDir


def status(
    alive: Annotated[
        bool, typer.Option("--alive", help="Only tell by the exit code whether a worker lives or stands by.")
    ] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show how things stand: what runs, and what is stopped."""
    if alive:
        from fadearena.cli import living

        living.alive(data_dir, as_json=as_json)
        return
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


def bundle(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="Must not exist yet; by default by the time.")
    ] = None,
    log: Annotated[Path | None, typer.Option(metavar="FILE", help="A log file, whose end goes in, too.")] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Write a redacted archive for a bug report, and say what is in it."""
    from fadearena.cli.bundling import bundle

    bundle(file, log, data_dir, as_json=as_json)
