"""Tables for people: nothing is cut off, however narrow the terminal is."""

from io import StringIO

import pytest
from rich.console import Console

from fadearena.cli.output import columns, show, span, table
from fadearena.model.units import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS

ADDRESS = "0x5e9ee1089755c3435139848e47e6635505d5a13a"


def shown(columns: int) -> list[str]:
    """Return the lines of a table on a terminal of so many columns."""
    accounts = table("our accounts, all of them", "id", "address", "what it is for", "cap USD")
    accounts.add_row("main", ADDRESS, "trading with real money", "5000.00")
    accounts.add_row("other", ADDRESS, "", "")
    file = StringIO()
    show(accounts, "that is all", console=Console(width=columns, file=file))
    return [line.rstrip() for line in file.getvalue().splitlines() if line.strip()]


def test_a_table_that_fits_is_one() -> None:
    """Words stand to the left, numbers to the right, and the title is a line of its own."""
    lines = shown(120)
    assert (lines[0], lines[-1]) == ("our accounts, all of them", "that is all")
    assert lines[1] == f"  id      {'address':<42}   what it is for            cap USD"
    assert lines[3] == f"  main    {ADDRESS}   trading with real money   5000.00"


def test_words_are_wrapped_where_that_is_enough() -> None:
    """A table that is a little too wide stays one."""
    lines = shown(84)
    assert max(map(len, lines)) <= 84
    assert lines[3:5] == [f"  main    {ADDRESS}   trading with real   5000.00", f"{'money':>60}"]


def test_a_narrow_terminal_gets_a_line_for_each_column() -> None:
    """Nothing is cut off; what is empty is left out."""
    assert shown(60) == [
        "our accounts, all of them",
        "id main",
        f"    address: {ADDRESS}",
        "    what it is for: trading with real money",
        "    cap USD: 5000.00",
        "id other",
        f"    address: {ADDRESS}",
        "that is all",
    ]


def test_a_long_header_is_wrapped_and_never_cut() -> None:
    """Its words stand below each other where the column is narrower; short numbers stand to the right."""
    made = table("", "bot", "last trade", "account value")
    made.add_row("a", "3 h", "48.9M")
    made.add_row("b", "12 min", "-900.0k")
    file = StringIO()
    show(made, console=Console(width=32, file=file))
    text = file.getvalue()
    assert "…" not in text
    assert all(word in text for word in ("last", "trade", "account", "value"))
    assert "    48.9M" in text


def test_what_people_named_is_shown_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    """Square brackets and colons in a name are no markup."""
    made = table("", "name")
    made.add_row("a [/b] [red]c :smile:")
    show(made, "[bold]d")
    out = capsys.readouterr().out
    assert "a [/b] [red]c :smile:" in out
    assert "[bold]d" in out
    assert columns() == 200


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (1_260, "1.3 s"),
        (119 * SECOND_MS, "119 s"),
        (5 * MINUTE_MS, "5 min"),
        (2 * HOUR_MS - 1, "119 min"),
        (2 * HOUR_MS, "2 h"),
        (2 * DAY_MS, "2 d"),
        (400 * DAY_MS, "400 d"),
    ],
)
def test_a_span_is_said_in_one_unit(ms: int, text: str) -> None:
    """In the largest of which there are some."""
    assert span(ms) == text
