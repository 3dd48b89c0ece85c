"""The commands of `db`: tables, default settings, backups."""

from pathlib import Path
from typing import Annotated

import typer

from fadearena.cli.options import AsJson, DataDir

app = typer.Typer(name="db", help="Tables, default settings, backups.", no_args_is_help=True)


@app.command()
def upgrade(
    no_backup: Annotated[bool, typer.Option("--no-backup", help="Make no copy of the journal before.")] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Bring all tables to the version of this program, after a copy of the journal; make them where there are none."""
    from fadearena.cli.keeping import upgrade

    upgrade(data_dir, keeps_copy=not no_backup, as_json=as_json)


@app.command()
def downgrade(
    tree: Annotated[str, typer.Argument(metavar="TREE", help="`journal` or `read`.")],
    revision: Annotated[str, typer.Argument(metavar="REVISION", help="A version, or `base`: no tables at all.")],
    lose_data: Annotated[bool, typer.Option("--lose-data", help="Do it though the journal has entries.")] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Take tables back to an older version, while nothing runs. Back up first."""
    from fadearena.cli.keeping import downgrade

    downgrade(tree, revision, data_dir, loses_data=lose_data, as_json=as_json)


@app.command()
def seed(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Set the default settings where there are none; those that are there stay."""
    from fadearena.cli.keeping import seed

    seed(data_dir, as_json=as_json)


@app.command()
def rebuild(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Make the read tables anew from the journal, while no API process runs."""
    from fadearena.cli.keeping import rebuild

    rebuild(data_dir, as_json=as_json)


@app.command()
def backup(
    target: Annotated[Path, typer.Argument(metavar="FILE", help="Must not exist yet.")],
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Write a copy of the journal to a file, also while a worker runs. The read tables follow from it."""
    from fadearena.cli.keeping import backup

    backup(target, data_dir, as_json=as_json)


@app.command()
def restore(
    source: Annotated[Path, typer.Argument(metavar="FILE", help="What `db backup` wrote.")],
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Put a backup in place of an empty journal, and make the read tables anew."""
    from fadearena.cli.keeping import restore

    restore(source, data_dir, as_json=as_json)


@app.command()
def copy(
    source: Annotated[str, typer.Argument(metavar="FROM", help="A data directory, or postgresql://...")],
    target: Annotated[str, typer.Argument(metavar="TO", help="The same; nothing may be there yet.")],
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """
    Copy everything into another database, compare both row by row, and say what to set. Nothing may run meanwhile.

    A copy that was interrupted cannot be used, and can be begun again.
    """
    from fadearena.cli.copying import copy

    copy(source, target, data_dir, as_json=as_json)
