"""The commands of `letters`: what no retry could mend, and what people make of it."""

from typing import Annotated

import typer

from fadearena.cli.options import AsJson, DataDir

app = typer.Typer(name="letters", help="Dead letters: what no retry could mend.", no_args_is_help=True)
Letter = Annotated[str, typer.Argument(metavar="ID", help="As `letters list` names it, or how it begins.")]


@app.command("list")
def list_(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List the dead letters that are open, the oldest first."""
    from fadearena.cli.lettering import show_letters

    show_letters(data_dir, as_json=as_json)


@app.command()
def show(letter: Letter, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Show one dead letter, whole."""
    from fadearena.cli.lettering import show_letter

    show_letter(letter, data_dir, as_json=as_json)


@app.command()
def retry(letter: Letter, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Decide anew, from how things are now, what a dead letter wanted."""
    from fadearena.cli.lettering import settle
    from fadearena.model.event import RetryDeadLetter

    settle(letter, lambda found: RetryDeadLetter(letter=found), data_dir, as_json=as_json)


@app.command()
def discard(letter: Letter, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Give a dead letter up."""
    from fadearena.cli.lettering import settle
    from fadearena.model.event import DiscardDeadLetter

    settle(letter, lambda found: DiscardDeadLetter(letter=found), data_dir, as_json=as_json)
