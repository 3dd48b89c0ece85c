"""docs/ARCHITECTURE.md names what is there, all of it in the core, and its worked example is true."""

import re
from decimal import Decimal
from pathlib import Path

import pytest

from fadearena.model.record import BotTrade, Decision, FollowUpdate, OrderUpdate, SleeveUpdate
from tests.support.world import World

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "fadearena"
PAGE = (ROOT / "docs" / "ARCHITECTURE.md").read_text()
NAMED = set(re.findall(r"`([\w./-]+)`", PAGE))
CORE = sorted(
    file.relative_to(PACKAGE).as_posix()
    for file in (PACKAGE / "core").rglob("*.py")
    if file.name != "__init__.py" or file.parent.name == "engine"
)


@pytest.mark.parametrize("file", CORE)
def test_every_file_of_the_core_is_named(file: str) -> None:
    """Each has its line in a table."""
    assert re.search(rf"^\| `{re.escape(file)}` \| \S", PAGE, flags=re.MULTILINE)


@pytest.mark.parametrize("path", sorted(name for name in NAMED if "/" in name or name.endswith(".py")))
def test_every_path_exists(path: str) -> None:
    """A path is below the repository or below the package; a directory ends with a slash."""
    found = [base / path for base in (ROOT, PACKAGE) if (base / path).exists()]
    assert found
    assert found[0].is_dir() == path.endswith("/")


def test_every_room_is_named() -> None:
    """Each package of the house stands in the table of rooms."""
    rooms = {f"src/fadearena/{file.parent.name}/" for file in PACKAGE.glob("*/__init__.py")} - {
        "src/fadearena/adapters/"
    }
    rooms |= {f"src/fadearena/adapters/{file.parent.name}/" for file in (PACKAGE / "adapters").glob("*/__init__.py")}
    assert rooms <= NAMED


def test_the_worked_example() -> None:
    """A fill travels as the page tells it, number by number."""
    world = World().started()
    world.wait(1_000)
    world.source("ETH", "10", "4000")
    terms, identity = world.order.terms, world.order.identity
    assert (terms.quantity, terms.limit, terms.reduce_only) == (Decimal("0.5"), Decimal(3_980), False)
    assert identity.label.endswith("-1760000003500-1.0")
    assert (identity.nonce, identity.expires_after) == (1_760_000_003_500, 1_760_000_008_500)
    kinds = [type(record) for record in world.turn.records]
    assert kinds == [BotTrade, SleeveUpdate, FollowUpdate, OrderUpdate, Decision]
    (decision,) = world.all(Decision)
    assert all(check.passed for check in decision.checks)
    assert f"evaluates {len(decision.checks)} checks" in PAGE
    world.fill(price="3999", fee="0.9")
    sleeve = world.all(SleeveUpdate)[-1]
    assert (sleeve.size, sleeve.cost) == (Decimal("-0.5"), Decimal("-1999.5"))
    assert world.state.accounts["main"].purse.equity == Decimal("9998.6")
