"""`python -m benchmarks [--quick | --long] [--json]`."""

import argparse
import platform
import sys
from collections.abc import Callable, Sequence

import msgspec
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

import fadearena
from benchmarks.rows import FULL, LONG, QUICK, Scale, groups
from benchmarks.timing import Group, Row, measure
from fadearena.kit import log

_PIPE_WIDTH = 120
_NAME_WIDTH = 38
_FORMS = {"full": FULL, "quick": QUICK, "long": LONG}


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What `--json` prints."""

    version: str
    python: str
    form: str
    rows: tuple[Row, ...]


def main(arguments: Sequence[str] | None = None, asked_of: Callable[[Scale], Sequence[Group]] = groups) -> None:
    """Measure the groups of a form, and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="What deciding costs, and how it grows.")
    form = parser.add_mutually_exclusive_group()
    form.set_defaults(form="full")
    for name, what in (("quick", "fewer rounds and smaller samples"), ("long", "large states and long runs")):
        form.add_argument(f"--{name}", dest="form", action="store_const", const=name, help=what)
    parser.add_argument("--json", action="store_true", help="print one JSON object on one line")
    asked = parser.parse_args(arguments)
    log.configure("error")
    rows = measure_all(asked_of(_FORMS[asked.form]))
    if asked.json:
        report = Report(
            version=fadearena.__version__,
            python=platform.python_version(),
            form=asked.form,
            rows=rows,
        )
        sys.stdout.write(msgspec.json.encode(report).decode() + "\n")
    else:
        show(rows)


def measure_all(asked: Sequence[Group]) -> tuple[Row, ...]:
    """Run all groups; a bar on stderr shows how far things are."""
    rows = list[Row]()
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("measuring", total=sum(len(group.works) * group.rounds for group in asked))
        for group in asked:
            rows += measure(group, lambda: bar.advance(task))
    return tuple(rows)


def show(rows: Sequence[Row]) -> None:
    """Print a table for each group: one line for each work, beside each other what was counted."""
    console = Console(width=None if sys.stdout.isatty() else _PIPE_WIDTH)
    for title in dict.fromkeys(row.group for row in rows):
        members = [row for row in rows if row.group == title]
        pers, headings = dict.fromkeys(row.per for row in members), _headings(members[0])
        table = Table(title=title, title_justify="left", title_style="bold", header_style="dim", box=None)
        table.add_column("", no_wrap=True, width=_NAME_WIDTH)
        for heading in (
            f"{per}: {headings[0]}" if not n else headings[n] for per in pers for n in range(len(headings))
        ):
            table.add_column(heading, justify="right", no_wrap=True, min_width=8)
        table.add_column("± %", justify="right", no_wrap=True)
        for name in dict.fromkeys(row.name for row in members):
            mine = {row.per: row for row in members if row.name == name}
            cells = [cell for per in pers for cell in _cells(mine.get(per), len(headings))]
            table.add_row(name, *cells, f"{max(row.spread for row in mine.values()) * 50:.0f}")
        console.print(table, highlight=False)
        console.print()
    console.print(
        "Medians of interleaved rounds: µs of processor time, ms on the wall. Ratios compare with the first line of a "
        "table. ± is half the distance of the slowest and the fastest round.",
        style="dim",
        highlight=False,
    )


def _headings(row: Row) -> tuple[str, ...]:
    return ("ratio", "ms") if row.is_wall else ("ratio", "µs", "a second")


def _cells(row: Row | None, count: int) -> tuple[str, ...]:
    if row is None:
        return ("",) * count
    if row.is_wall:
        return f"{row.ratio:.2f}", f"{row.microseconds / 1_000:,.2f}"
    return f"{row.ratio:.2f}", f"{row.microseconds:,.0f}", f"{row.per_second:,.0f}"


if __name__ == "__main__":
    main()
