"""The pages of docs/decisions are numbered, listed and complete."""

import re
from pathlib import Path

import pytest

DECISIONS = Path(__file__).parents[2] / "docs" / "decisions"
PAGES = sorted(DECISIONS.glob("[0-9]*.md"))
HEADINGS = ["Context", "Decision", "Consequences", "Alternatives", "What enforces it"]


def test_the_pages_are_numbered_and_listed() -> None:
    """The numbers have no gap, and the list names every page in order."""
    names = [page.name for page in PAGES]
    assert [name[:4] for name in names] == [f"{n:04}" for n in range(1, len(names) + 1)]
    assert re.findall(r"\]\((\d{4}-[a-z-]+\.md)\)", (DECISIONS / "README.md").read_text()) == names


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_has_its_headings(page: Path) -> None:
    """Each page answers the same five questions, in one order."""
    assert re.findall(r"^## (.+)$", page.read_text(), flags=re.MULTILINE) == HEADINGS
