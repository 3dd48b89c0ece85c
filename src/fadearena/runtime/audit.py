"""
Checks a journal against itself: every entry can be read, and what was recorded is what comes of the events again.

Each segment is stepped from the snapshot that opened it; the state at its end has to be the next one's snapshot. A
segment of other rules is only read: what came of its events then need not come of them now.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from itertools import zip_longest
from typing import TypeAlias

import msgspec

from fadearena.core.state import State, encode
from fadearena.ports.journal import JournalEntry, JournalReader
from fadearena.ports.snapshots import Snapshot, Snapshots
from fadearena.runtime.engine import Engine

Look: TypeAlias = Callable[[JournalEntry, State | None], None]
"""Is shown each entry with the state after it; None where that cannot be known."""

_ENCODER = msgspec.json.Encoder(order="sorted", decimal_format="string")
_PAUSE_EVERY = 50
_DIFFERENCES_MAX = 20


class Audit(msgspec.Struct, kw_only=True):
    """What was found: how much was read and stepped again, and where it differs (at most some of the places)."""

    entries: int = 0
    stepped: int = 0
    segments: int = 0
    differences: list[str] = []
    state: State | None = None

    def note(self, text: str) -> None:
        """Keep a difference."""
        if len(self.differences) < _DIFFERENCES_MAX:
            self.differences.append(text)


def _see_nothing(_entry: JournalEntry, _state: State | None) -> None:
    """Look at nothing."""


async def audit(
    journal: JournalReader, snapshots: Snapshots, engine: Engine, look: Look = _see_nothing, *, since: int = 1
) -> Audit:
    """
    Read everything that is kept, and step what can be stepped; `state` is where the journal ends.

    Segments that begin before entry `since` are left out.

    Raises:
        JournalCorrupt: An entry or a snapshot cannot be read.
        StorageUnavailable: The database cannot be read.
    """
    found = Audit()
    segments = [segment for segment in await snapshots.segments() if segment.first_seq >= since]
    newest = await snapshots.load()
    skipped = {mark.seq for mark in await journal.skipped()}
    for segment, following in zip_longest(segments, segments[1:]):
        found.segments += 1
        opening = await snapshots.load_opening(segment)
        is_ours = segment.rules_version == engine.rules_version
        found.state = engine.assemble(opening.parts.items()) if is_ours else None
        closing = newest if following is None else await snapshots.load_opening(following)
        walk = _Walk(found, opening.record_seq, skipped, engine, look)
        last = None if following is None else following.first_seq - 1
        await walk.through(journal.read(segment.first_seq, last), closing)
    return found


class _Walk:
    """Goes through one segment."""

    def __init__(self, found: Audit, record_seq: int, skipped: set[int], engine: Engine, look: Look) -> None:
        self._found = found
        self._record_seq = record_seq
        self._skipped = skipped
        self._engine = engine
        self._look = look

    async def through(self, entries: AsyncIterator[JournalEntry], closing: Snapshot | None) -> None:
        found = self._found
        async for entry in entries:
            found.entries += 1
            self._count_records(entry)
            if found.state is not None:
                self._step(found.state, entry)
            if found.state is not None and closing is not None and closing.seq == entry.seq:
                self._compare(found.state, closing)
            self._look(entry, found.state)
            if entry.seq % _PAUSE_EVERY == 0:
                await asyncio.sleep(0)

    def _count_records(self, entry: JournalEntry) -> None:
        self._record_seq += len(entry.records)
        if entry.record_seq != self._record_seq:
            self._found.note(f"entry {entry.seq}: its records end at {entry.record_seq}, not {self._record_seq}")
            self._record_seq = entry.record_seq

    def _step(self, state: State, entry: JournalEntry) -> None:
        self._found.stepped += 1
        if entry.seq in self._skipped:
            self._engine.adopt(state, entry.event, entry.commands)
            return
        turned = self._engine.step(state, entry.event)
        for name, now, then in (
            ("commands", turned.commands, entry.commands),
            ("records", turned.records, entry.records),
        ):
            if _ENCODER.encode(tuple(now)) != _ENCODER.encode(then):
                self._found.note(f"entry {entry.seq}: other {name} come of it now")
                self._found.state = None  # what follows would differ because of this

    def _compare(self, state: State, snapshot: Snapshot) -> None:
        if encode(self._engine.assemble(snapshot.parts.items())) != encode(state):
            self._found.note(f"the snapshot after entry {snapshot.seq} is not the state that comes of the entries")
