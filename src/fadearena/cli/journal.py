"""The commands of `journal`: what happened, and what was decided."""

from pathlib import Path
from typing import Annotated

import typer

from fadearena.cli.options import AsJson, DataDir

app = typer.Typer(name="journal", help="What happened, and what was decided.", no_args_is_help=True)

Seq = Annotated[int, typer.Argument(metavar="SEQ", min=1)]


@app.command()
def show(seq: Seq, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Show one entry: the event, the commands and the records."""
    from fadearena.cli.journaling import show_entry

    show_entry(seq, data_dir, as_json=as_json)


@app.command("list")
def list_(
    start: Annotated[int | None, typer.Option("--from", min=1, metavar="SEQ", help="Begin with this entry.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many.")] = 50,
    kind: Annotated[
        list[str] | None, typer.Option(metavar="KIND", help="Only events of this kind, as `own-fills`; repeatable.")
    ] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List entries; without --from the newest ones."""
    from fadearena.cli.journaling import list_entries

    list_entries(start, limit, frozenset(kind or ()), data_dir, as_json=as_json)


@app.command()
def segments(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List the segments: where each begins, and under which rules."""
    from fadearena.cli.journaling import show_segments

    show_segments(data_dir, as_json=as_json)


@app.command()
def verify(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Check every entry's checksum and number, step all anew, and compare with what was recorded."""
    from fadearena.cli.journaling import verify

    verify(data_dir, as_json=as_json)


@app.command()
def export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="JSON Lines; gzip if it ends in .gz.")],
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Write all entries to a file."""
    from fadearena.cli.journaling import export

    export(file, data_dir, as_json=as_json)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `journal export` wrote.")],
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Read entries from a file into an empty journal."""
    from fadearena.cli.journaling import import_entries

    import_entries(file, data_dir, as_json=as_json)


@app.command()
def skip(
    seq: Seq,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why; it is kept with the mark.")],
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """
    Leave an event out that the core cannot cope with.

    An event that was set aside (quarantine) is given up by the running worker. An entry that a worker cannot get past
    when it recovers is marked, while no worker runs; its recorded commands stand.
    """
    from fadearena.cli.journaling import skip

    skip(seq, reason, data_dir, as_json=as_json)


@app.command()
def prune(
    keep: Annotated[int, typer.Option(min=2, metavar="N", help="How many of the newest segments to keep.")],
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Delete old segments, while no worker runs; what our accounts are made of stays. Export first."""
    from fadearena.cli.journaling import prune

    prune(keep, data_dir, as_json=as_json)
