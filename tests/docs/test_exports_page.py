"""docs/exports.md names every export with all of its columns, and no other."""

import re
from pathlib import Path

from fadearena.api.exports import TABLES
from fadearena.api.exports.parquet import GROUP_ROWS
from fadearena.api.routes.exports import AT_ONCE

PAGE = Path(__file__).parents[2] / "docs" / "exports.md"


def test_every_column_is_described() -> None:
    """Each table has its section with its columns in order, in the words of the program."""
    sections = dict(re.findall(r"^### `([a-z-]+)`\n(.*?)(?=^### |\Z)", PAGE.read_text(), re.DOTALL | re.MULTILINE))
    assert set(sections) == set(TABLES)
    for name, table in TABLES.items():
        assert table.says in sections[name]
        columns = re.findall(r"^\| `(\w+)` \| (.*) \|$", sections[name], re.MULTILINE)
        assert columns == [(column.name, column.says) for column in table.columns]


def test_limits_are_those_of_the_program() -> None:
    """How many go on at once, and how long a row group is."""
    text = PAGE.read_text()
    assert AT_ONCE == 3
    assert "Three\n  exports at most" in text
    assert f"row groups of {GROUP_ROWS:,}" in text
