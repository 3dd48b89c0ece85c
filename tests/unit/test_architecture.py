"""What the house promises of its sources, read from their syntax trees."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import get_args

import pytest

import fadearena
from fadearena.core.engine import _HANDLERS
from fadearena.model.event import Event

ROOT = Path(fadearena.__file__).parent
STAGES = sorted((ROOT / "core").rglob("*.py"))
LINES_MAX = 400
SIGNING = {
    "LiveWorld": {"bootstrap/live.py"},
    "live_world": {"bootstrap/world.py"},
    "HyperliquidVenue": {"bootstrap/live.py"},
    "ExchangeClient": {"bootstrap/live.py", "bootstrap/switching.py", "bootstrap/emergency.py"},
    "open_keys": {"bootstrap/live.py", "bootstrap/switching.py", "bootstrap/agents.py", "bootstrap/emergency.py"},
    "Signer": {"bootstrap/keys.py", "adapters/hyperliquid/signing.py"},
    "FileKeys": {"bootstrap/keys.py"},
    "EnvironmentKeys": {"bootstrap/keys.py"},
    "RingKeys": {"bootstrap/keys.py"},
}
KNOW_THE_MODE = ("bootstrap/", "config.py", "model/policy/", "api/switching.py", "cli/switching.py")
"""Who plugs things together, the settings themselves, and where people switch it."""


def names(tree: ast.AST) -> Iterator[str]:
    """Return every name in a tree, the last part of dotted ones."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr


@cache
def trees() -> tuple[tuple[str, ast.Module], ...]:
    """Return all sources with their paths below the package."""
    return tuple(
        (file.relative_to(ROOT).as_posix(), ast.parse(file.read_text())) for file in sorted(ROOT.rglob("*.py"))
    )


@pytest.mark.parametrize("command", ["PlaceOrder", "PlaceStop"])
def test_an_order_is_made_in_risk_only(command: str) -> None:
    """Orders and stops are made in `core/risk` and nowhere else."""
    makers = {
        path
        for path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and command in set(names(node.func))
    }
    assert makers == {"core/risk/__init__.py"}


def test_nobody_asks_for_the_mode() -> None:
    """Nothing is compared with, matched against or looked up by `Mode` but where it has to be known."""
    asked = [
        f"{path}:{node.lineno}"
        for path, tree in trees()
        if not path.startswith(KNOW_THE_MODE)
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare | ast.Subscript | ast.MatchValue) and "Mode" in set(names(node))
    ]
    assert asked == []


def test_only_what_is_live_can_sign() -> None:
    """What signs, and what looks for a key, is made in few places; no world of a simulation is among them."""
    made: dict[str, set[str]] = {maker: set() for maker in SIGNING}
    for path, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in made:
                made[node.func.id].add(path)
    assert made == SIGNING


def test_every_event_has_a_handler() -> None:
    """`step` knows what to do with each type of event, and with nothing else."""
    assert set(_HANDLERS) == set(get_args(Event))


@pytest.mark.parametrize("file", STAGES, ids=[file.relative_to(ROOT).as_posix() for file in STAGES])
def test_a_file_of_the_core_can_be_read_in_one_go(file: Path) -> None:
    """No stage is longer than 400 lines: then it becomes a package."""
    assert len(file.read_text().splitlines()) <= LINES_MAX
