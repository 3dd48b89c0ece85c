"""The page on reliability says what the tests do: its files exist, its counts are theirs."""

import re
from pathlib import Path

from tests.faults.test_kill import BATCHES, EACH, POINTS
from tests.faults.test_running import KILLS, SEEDS
from tests.faults.test_stops import SEEDS as STOP_SEEDS
from tests.faults.test_stops import TIMES
from tests.support.matrix import SENSELESS, Fault, Step, whole
from tests.support.truth import coins
from tests.support.truth_rush import NAMES, StopKind

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reliability.md").read_text()


def test_every_file_exists() -> None:
    """Every test that the page names is there."""
    links = re.findall(r"\(\.\./(tests/[^)]+)\)", PAGE)
    assert links
    assert [link for link in links if not (ROOT / link).is_file()] == []


def test_counts_are_those_of_the_tests() -> None:
    """Points, random stories, kills from outside and stops are as many as the page says."""
    assert f"each of {len(POINTS)} points" in PAGE
    assert f"random moments of {BATCHES * EACH} stories" in PAGE
    assert f"{KILLS * SEEDS} kills at moments" in PAGE
    assert f"{len(StopKind) * TIMES * STOP_SEEDS} stops of 100: {TIMES * STOP_SEEDS} by the table" in PAGE
    assert f"while {len(NAMES) * len(coins())} books grow" in PAGE


def test_the_matrix_is_that_of_the_tests() -> None:
    """Steps, faults and cells are those that are tried; each step and each fault is explained in a row of its own."""
    assert f"each of {len(Step)} steps beside each of {len(Fault)} faults" in PAGE
    assert [name for name in (*Step, *Fault) if f"\n| {name} |" not in PAGE] == []
    assert "Thirteen cells make no sense" in PAGE
    assert len(SENSELESS) == 13
    assert f"on a clock that jumps (two faults each) | {len(whole())} | {len(whole())} |" in PAGE


def test_every_target_exists() -> None:
    """Every `make` target that the page names is there."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"^    make ([a-z-]+)", PAGE, re.MULTILINE)) <= targets
