"""Tables for people: nothing is cut off, however narrow the terminal is."""

from io import StringIO

from rich.console import Console

from fadearena.cli.output import show, table

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
