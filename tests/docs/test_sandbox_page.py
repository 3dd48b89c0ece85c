"""docs/sandbox.md names every door of the sandbox and every fault, and its examples are taken."""

import re
from pathlib import Path
from typing import get_args

import msgspec

from fadearena.sandbox.control import SHOWN, TAKEN
from fadearena.sandbox.gateway.faults import Fault

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "sandbox.md").read_text()


def test_every_door_is_named() -> None:
    """Each request that the server takes beside the exchange's own stands in the table, and no other does."""
    doors = {("GET", f"/sandbox/{name}") for name in SHOWN} | {("POST", f"/sandbox/{name}") for name in TAKEN}
    assert doors == set(re.findall(r"^\| `(GET|POST) (/sandbox/\w+)` \| \S", PAGE, flags=re.MULTILINE))


def test_examples_of_doors_are_taken() -> None:
    """What the table shows as a body has the shape that its door takes."""
    rows = re.findall(r"^\| `POST /sandbox/(\w+)` \| `(\{.*?\})`", PAGE, flags=re.MULTILINE)
    assert {name for name, _ in rows} == {name for name, (kind, _) in TAKEN.items() if kind is not None} - {"faults"}
    for name, example in rows:
        msgspec.json.decode(example, type=TAKEN[name][0])


def test_every_fault_is_named() -> None:
    """Each fault has its example, which can be posted as it stands."""
    examples = re.findall(r"^\| `(\{\"kind\".*?\})` \| \S", PAGE, flags=re.MULTILINE)
    kinds = {type(msgspec.json.decode(example, type=Fault)) for example in examples}
    assert kinds == set(get_args(Fault))
