"""
Tables and progress for people, JSON for scripts.

Results go to stdout, everything else to stderr. Where stdout is no terminal there are no colours; NO_COLOR
and TERM=dumb are respected (rich does that).
"""

import sys
from datetime import UTC, datetime
from typing import Any, Self

import msgspec
from rich.box import SIMPLE_HEAD
from rich.console import Console, RenderableType
from rich.measure import Measurement
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from fadearena.model.units import SECOND_MS, EpochMs

_PIPE_WIDTH = 200
_UNLIMITED = 10_000


def print_json(value: Any) -> None:  # noqa: ANN401 - whatever can be encoded
    """Print one JSON object on one line."""
    sys.stdout.write(msgspec.json.encode(value).decode() + "\n")
    sys.stdout.flush()


def table(title: str, name: str, *numbers: str) -> Table:
    """Return an empty table: a column of names, then columns of numbers, or of words, which `show` puts to the left."""
    made = Table(title=title, title_justify="left", title_style="bold", header_style="dim", box=SIMPLE_HEAD)
    made.add_column(name, no_wrap=True)
    for number in numbers:
        made.add_column(number, justify="right", no_wrap=True)
    return made


def show(*things: RenderableType, console: Console | None = None) -> None:
    """Print results for people, to stdout; nothing is ever cut off, however narrow the terminal is."""
    console = console or Console(width=None if sys.stdout.isatty() else _PIPE_WIDTH)
    for thing in things:
        if isinstance(thing, Table):
            _show_table(thing, console)
        else:
            console.print(thing, highlight=False, soft_wrap=isinstance(thing, str))


def _show_table(made: Table, console: Console) -> None:
    """Print a table; one that is too wide with its words wrapped, or row by row, a line for each column."""
    if made.title:
        console.print(made.title, style="bold", highlight=False, soft_wrap=True)
        made.title = None
    for column in made.columns[1:]:
        if any(character.isalpha() or character == ":" for cell in column.cells for character in str(cell)):
            column.justify = "left"
    measured = Measurement.get(console, console.options.update(width=_UNLIMITED), made)
    if measured.maximum > console.width:
        for column in made.columns:
            column.no_wrap = not any(" " in str(cell) for cell in column.cells)
    if measured.minimum <= console.width:
        console.print(made, highlight=False)
        return
    names = [str(column.header) for column in made.columns]
    for first, *others in zip(*(column.cells for column in made.columns), strict=True):
        console.print(f"{names[0]} {first}", highlight=False, soft_wrap=True)
        for name, cell in zip(names[1:], others, strict=True):
            if str(cell):
                console.print(f"    {name}: {cell}", highlight=False, soft_wrap=True)


def moment(ms: EpochMs) -> str:
    """Return a time as people read it, to the second."""
    return datetime.fromtimestamp(ms / SECOND_MS, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


class Advance:
    """A bar on stderr, shown only on a terminal. `see` is told how far things are, and of how many."""

    def __init__(self, what: str) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            console=Console(stderr=True),
            transient=True,
            disable=not sys.stderr.isatty(),
        )
        self._task = self._progress.add_task(what, total=None)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def see(self, done: int, total: int | None = None) -> None:
        """Show how far things are."""
        self._progress.update(self._task, completed=done, total=total)
