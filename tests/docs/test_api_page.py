"""docs/api.md: every endpoint stands there, and what it shows works."""

import re
from pathlib import Path

from fadearena.api.app import description

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text()


def test_every_endpoint_stands_there_and_no_other() -> None:
    """The table has what the description has."""
    described = {f"{method.upper()} {path}" for path, methods in description()["paths"].items() for method in methods}
    assert set(re.findall(r"^\| `([A-Z]+ /\S+)` \|", PAGE, re.MULTILINE)) == described
