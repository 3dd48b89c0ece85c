"""Golden journals: the rules do what their version says, and journals of older rules are read with their commands."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest

from fadearena.core.engine import RULES_VERSION
from fadearena.core.engine.replay import replay
from fadearena.core.invariants import violations
from fadearena.core.state import State
from fadearena.model.command import PlaceOrder
from fadearena.model.event import Started
from fadearena.model.units import SECOND_MS
from fadearena.ports.journal import JournalEntry
from fadearena.ports.journal_row import from_line, from_row, line_of, to_row
from tests.golden.story import HERE

PRESENT = HERE / f"rules-{RULES_VERSION}.jsonl.gz"
OLDER = [HERE / f"rules-{version}.jsonl.gz" for version in range(1, RULES_VERSION)]
DIFFERENCES = {
    "rules-1": [4, 1410],
    "rules-2": [4, 1409, 1417, 1421, 1425, 1429, 1433, 1436],
    "rules-3": [4, 1643, 1652, 1656, 1660, 1664, 1668, 1671],
    "rules-4": [],
}
"""By journal of older rules, the entries of which the present ones bring other commands."""
LARGEST = 300_000
CHANGED = (
    "the rules bring something else than they did: raise RULES_VERSION in core/engine/__init__.py, keep a journal of "
    "the new rules with `python -m tests.golden.story`, and list in DIFFERENCES what became of the older ones"
)


def lines(file: Path) -> Iterator[bytes]:
    """Return the lines of a kept journal."""
    with gzip.open(file) as text:
        yield from text


def entries(file: Path) -> Iterator[JournalEntry]:
    """Return the entries of a kept journal."""
    return (from_row(from_line(line)) for line in lines(file))


def test_a_journal_of_the_present_rules_is_kept() -> None:
    """Every version has its journal, and none is large."""
    kept = sorted(HERE.glob("rules-*.jsonl.gz"))
    assert kept == sorted([*OLDER, PRESENT]), "keep a journal of the new rules: `python -m tests.golden.story`"
    assert all(file.stat().st_size < LARGEST for file in kept)


def test_the_present_rules_bring_what_they_brought() -> None:
    """Behaviour cannot change without a new version: every command and record comes again, byte for byte."""
    state, differing = State(), list[str]()
    for entry in entries(PRESENT):
        differing += replay(state, entry.event, entry.commands, entry.records)
    assert differing == [], CHANGED
    assert violations(state) == []


@pytest.mark.parametrize("file", [*OLDER, PRESENT], ids=lambda file: file.name)
def test_a_kept_journal_is_read_and_written_as_it_is(file: Path) -> None:
    """Checksums fit, numbers have no gap; what was written under the present rules is written again, byte for byte."""
    record_seq = 0
    for number, line in enumerate(lines(file), 1):
        entry = from_row(from_line(line))
        record_seq += len(entry.records)
        assert (entry.seq, entry.record_seq) == (number, record_seq)
        assert file != PRESENT or line_of(to_row(entry)) == line


@pytest.mark.parametrize("file", OLDER, ids=lambda file: file.name)
def test_commands_that_older_rules_recorded_are_kept(file: Path) -> None:
    """Under the present rules every order of an older journal is known, nothing breaks, and a start settles them."""
    state, differing, now = State(), list[int](), 0
    for entry in entries(file):
        if replay(state, entry.event, entry.commands):
            differing.append(entry.seq)
            assert violations(state) == []
        orders = [command for command in entry.commands if isinstance(command, PlaceOrder)]
        assert all(state.orders[order.identity.cloid].terms == order.terms for order in orders)
        now = entry.received
    assert differing == DIFFERENCES[file.name.partition(".")[0]]
    replay(state, Started(time=now, received=now + SECOND_MS, rules_version=RULES_VERSION, worker="next"), [])
    assert state.settling
    assert violations(state) == []
