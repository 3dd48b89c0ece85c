"""What the house promises of its sources, read from their syntax trees."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

import fadearena
from fadearena.core.engine import _HANDLERS
from fadearena.model.event import Event

ROOT = Path(fadearena.__file__).parent
STAGES = sorted((ROOT / "core").rglob("*.py"))
LINES_MAX = 400
KNOW_THE_MODE = ("bootstrap/", "config.py")


def names(tree: ast.AST) -> Iterator[str]:
    """Return every name in a tree, the last part of dotted ones."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr


def trees() -> Iterator[tuple[str, ast.Module]]:
    """Return all sources with their paths below the package."""
    for file in sorted(ROOT.rglob("*.py")):
        yield file.relative_to(ROOT).as_posix(), ast.parse(file.read_text())


def test_an_order_is_made_in_risk_only() -> None:
    """`PlaceOrder(` is written in `core/risk.py` and nowhere else."""
    makers = {
        path
        for path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and "PlaceOrder" in set(names(node.func))
    }
    assert makers == {"core/risk.py"}


def test_nobody_asks_for_the_mode() -> None:
    """Nothing is compared with, matched against or looked up by `Mode` outside bootstrap, config and settings."""
    asked = [
        f"{path}:{node.lineno}"
        for path, tree in trees()
        if not path.startswith(KNOW_THE_MODE)
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare | ast.Subscript | ast.MatchValue) and "Mode" in set(names(node))
    ]
    assert asked == []


def test_every_event_has_a_handler() -> None:
    """`step` knows what to do with each type of event, and with nothing else."""
    assert set(_HANDLERS) == set(get_args(Event))


@pytest.mark.parametrize("file", STAGES, ids=[file.relative_to(ROOT).as_posix() for file in STAGES])
def test_a_file_of_the_core_can_be_read_in_one_go(file: Path) -> None:
    """No stage is longer than 400 lines: then it becomes a package."""
    assert len(file.read_text().splitlines()) <= LINES_MAX
