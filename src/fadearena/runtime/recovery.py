"""
How a worker comes to know where it stands: the same at the first start and after a crash.

The newest snapshot is taken, and the entries after it are stepped again. Recorded commands are compared with what
comes of it and win; none of them is sent: `Started`, the first event afterwards, has every order in flight settled.
"""

import asyncio
from collections.abc import Callable, Sequence

import msgspec

from fadearena.core.state import Parts, State
from fadearena.model.command import Command
from fadearena.model.error import JournalCorrupt
from fadearena.model.event import Event
from fadearena.ports.journal import Journal, JournalEntry
from fadearena.ports.snapshots import Segment, Snapshots
from fadearena.runtime.engine import Engine

_DIFFERENCES_MAX = 20
_PAUSE_EVERY = 50
_Way = Callable[[State, Event, Sequence[Command]], list[str] | None]


class Recovered(msgspec.Struct, kw_only=True):
    """
    Where the journal ends.

    `differences` say where the recorded commands were not what comes of the same events now: the first of them, and
    how many more there are.
    `segment` is the newest one; None in a journal that has none yet. `left_out` are the entries of the tail that an
    operator had left out.
    """

    state: State
    parts: Parts
    seq: int
    record_seq: int
    snapshot_seq: int
    segment: Segment | None
    differences: tuple[str, ...] = ()
    left_out: tuple[int, ...] = ()


async def recover(journal: Journal, snapshots: Snapshots, engine: Engine) -> Recovered:
    """
    Rebuild the state from the newest snapshot and what was journaled since.

    Raises:
        JournalCorrupt: A snapshot or an entry cannot be read, or an entry cannot be stepped.
        StorageUnavailable: The database cannot be read.
    """
    snapshot = await snapshots.load()
    segments = await snapshots.segments()
    saved = None if snapshot is None else snapshot.parts
    state = State() if saved is None else engine.assemble(saved.items())
    parts = engine.parts(state, saved)
    skipped = {mark.seq for mark in await journal.skipped()}
    seq, record_seq = (0, 0) if snapshot is None else (snapshot.seq, snapshot.record_seq)
    start, differences, left_out = seq, _Differences(), list[int]()
    async for entry in journal.read(seq + 1):
        is_left_out = entry.seq in skipped
        differences.add(_stepped(state, entry, engine.adopt if is_left_out else engine.replay))
        left_out += [entry.seq] if is_left_out else []
        seq, record_seq = entry.seq, entry.record_seq
        if seq % _PAUSE_EVERY == 0:
            await asyncio.sleep(0)
    return Recovered(
        state=state,
        parts=parts,
        seq=seq,
        record_seq=record_seq,
        snapshot_seq=start,
        segment=segments[-1] if segments else None,
        differences=differences.told(),
        left_out=tuple(left_out),
    )


class _Differences:
    """Remembers the first, and counts the others."""

    def __init__(self) -> None:
        self._first: list[str] = []
        self._count = 0

    def add(self, texts: list[str]) -> None:
        self._count += len(texts)
        self._first += texts[: _DIFFERENCES_MAX - len(self._first)]

    def told(self) -> tuple[str, ...]:
        more = self._count - len(self._first)
        return (*self._first, f"{more} more differences") if more else tuple(self._first)


def _stepped(state: State, entry: JournalEntry, way: _Way) -> list[str]:
    """Take an entry in; whatever is raised over it would be raised again, until somebody has it left out."""
    try:
        found = way(state, entry.event, entry.commands) or []
    except Exception as error:
        why = f"({entry.event.__struct_config__.tag}) cannot be stepped again ({type(error).__name__}: {error})"
        raise JournalCorrupt(entry.seq, why) from error
    return [f"entry {entry.seq}: {text}" for text in found]
