"""
Tables and progress for people, JSON for scripts.

Results go to stdout, everything else to stderr. Where stdout is no terminal there are no colours; NO_COLOR
and TERM=dumb are respected (rich does that).
"""

import re
import sys
from datetime import UTC, datetime
from typing import Any, Self

import msgspec
from rich.box import SIMPLE_HEAD
from rich.console import Console, RenderableType
from rich.measure import Measurement
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from fadearena.model.units import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, EpochMs

_PIPE_WIDTH = 200
_UNLIMITED = 10_000
_SHORT = re.compile(r"-?[0-9.,]+[kMB]")
_TENTHS_MS = 5 * SECOND_MS


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


def columns() -> int:
    """Return how many columns results have, on a terminal or elsewhere."""
    return _console().width


def show(*things: RenderableType, console: Console | None = None) -> None:
    """Print results for people, to stdout; nothing is ever cut off, however narrow the terminal is."""
    console = console or _console()
    for thing in things:
        if isinstance(thing, Table):
            _show_table(thing, console)
        else:
            console.print(thing, highlight=False, soft_wrap=isinstance(thing, str))


def _console() -> Console:
    return Console(width=None if sys.stdout.isatty() else _PIPE_WIDTH, markup=False, emoji=False)


def _show_table(made: Table, console: Console) -> None:
    """Print a table; one that is too wide with its words wrapped, or row by row, a line for each column."""
    if made.title:
        console.print(made.title, style="bold", highlight=False, soft_wrap=True)
        made.title = None
    for column in made.columns[1:]:
        if any(_is_word(str(cell)) for cell in column.cells):
            column.justify = "left"
    measured = Measurement.get(console, console.options.update(width=_UNLIMITED), made)
    if measured.maximum > console.width:
        for column in made.columns:
            column.no_wrap = not any(" " in str(text) for text in (column.header, *column.cells))
    if measured.minimum <= console.width:
        console.print(made, highlight=False)
        return
    names = [str(column.header) for column in made.columns]
    for first, *others in zip(*(column.cells for column in made.columns), strict=True):
        console.print(f"{names[0]} {first}", highlight=False, soft_wrap=True)
        for name, cell in zip(names[1:], others, strict=True):
            if str(cell):
                console.print(f"    {name}: {cell}", highlight=False, soft_wrap=True)


def _is_word(cell: str) -> bool:
    """Tell words and times of day from numbers, also from short ones as 48.9M and 1.3%."""
    return not _SHORT.fullmatch(cell) and any(character.isalpha() or character == ":" for character in cell)


def moment(ms: EpochMs) -> str:
    """Return a time as people read it, to the second."""
    return datetime.fromtimestamp(ms / SECOND_MS, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def span(ms: EpochMs) -> str:
    """Return how long something lasts as people read it: seconds up to five minutes, then days, hours or minutes."""
    for unit, least, name in ((DAY_MS, 2, "d"), (HOUR_MS, 2, "h"), (MINUTE_MS, 5, "min")):
        if ms >= least * unit:
            return f"{ms // unit} {name}"
    return f"{ms / SECOND_MS:.1f} s" if ms < _TENTHS_MS else f"{ms // SECOND_MS} s"


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

    def see(self, done: float, total: float | None = None) -> None:
        """Show how far things are."""
        self._progress.update(self._task, completed=done, total=total)
