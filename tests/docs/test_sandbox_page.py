"""docs/sandbox.md names every door of the sandbox and every fault, and its examples are taken."""

import re
from pathlib import Path
from typing import get_args

import msgspec

from fadearena.sandbox import server
from fadearena.sandbox.gateway.faults import Fault

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "sandbox.md").read_text()
SOURCE = Path(server.__file__).read_text()


def test_every_door_is_named() -> None:
    """Each request that the server takes beside the exchange's own stands in the table, and no other does."""
    doors = {(method.upper(), path) for method, path in re.findall(r'web\.(get|post)\("(/sandbox/\w+)"', SOURCE)}
    assert doors
    assert doors == set(re.findall(r"^\| `(GET|POST) (/sandbox/\w+)` \| \S", PAGE, flags=re.MULTILINE))


def test_every_fault_is_named() -> None:
    """Each fault has its example, which can be posted as it stands."""
    examples = re.findall(r"^\| `(\{\"kind\".*?\})` \| \S", PAGE, flags=re.MULTILINE)
    kinds = {type(msgspec.json.decode(example, type=Fault)) for example in examples}
    assert kinds == set(get_args(Fault))
