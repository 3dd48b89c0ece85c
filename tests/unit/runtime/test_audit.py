"""A journal is checked against itself: what was recorded is what comes of its events again."""

import asyncio
from dataclasses import replace

import msgspec
import pytest

from fadearena.core.state import State, encode
from fadearena.model.error import JournalCorrupt
from fadearena.ports.journal import JournalEntry, Skipped
from fadearena.runtime.audit import Audit, Look, audit
from fadearena.runtime.engine import Engine
from tests.support.room import Room

ENGINE = Engine()


async def trade(room: Room) -> None:
    """Follow a bot for a while."""
    await room.settled()
    for change in ("1", "1", "-2", "1"):
        room.wallets.trade("BTC", change)
        await room.wait(6_000)


@pytest.fixture
def room() -> Room:
    """Return a journal of several segments, with snapshots in between."""
    room = Room()
    room.play(trade, snapshot_every=5, segment_every=20)
    assert len(room.memory.segments) > 1
    return room


def audited(room: Room, engine: Engine = ENGINE, look: Look | None = None) -> Audit:
    """Return what an audit finds."""
    return asyncio.run(audit(room.journal, room.snapshots, engine, *([look] if look else [])))


def spoil(room: Room, entry: JournalEntry, **fields: object) -> None:
    """Change an entry behind everybody's back."""
    room.memory.entries[entry.seq] = msgspec.structs.replace(entry, **fields)


def test_a_sound_journal_has_no_differences(room: Room) -> None:
    """Everything is read and stepped, over all segments; the state at the end is the worker's."""
    found = audited(room)
    assert found.differences == []
    assert found.entries == found.stepped == len(room.entries)
    assert found.segments == len(room.memory.segments)
    assert found.state is not None
    assert encode(found.state) == encode(room.state)


def test_whoever_looks_sees_every_entry_with_its_state(room: Room) -> None:
    """Each entry is shown once, in order, with the state after it."""
    seen: list[tuple[int, int]] = []

    def look(entry: JournalEntry, state: State | None) -> None:
        assert state is not None
        seen.append((entry.seq, state.seq))

    audited(room, look=look)
    assert seen == [(entry.seq, entry.seq) for entry in room.entries]


def test_older_segments_can_be_left_out(room: Room) -> None:
    """From a segment on everything is as it is of the whole."""
    since = sorted(room.memory.segments)[1]
    found = asyncio.run(audit(room.journal, room.snapshots, ENGINE, since=since))
    assert (found.stepped, found.segments) == (len(room.entries) - since + 1, len(room.memory.segments) - 1)
    assert found.differences == []
    assert found.state is not None
    assert encode(found.state) == encode(room.state)


def test_other_commands_and_records_are_found(room: Room) -> None:
    """The first entry that differs is named; what follows in its segment is read only."""
    ordered = next(entry for entry in room.entries if entry.commands and entry.records)
    spoil(room, ordered, commands=())
    found = audited(room)
    assert found.differences == [f"entry {ordered.seq}: other commands come of it now"]
    assert found.entries == len(room.entries) > found.stepped
    spoil(room, ordered, records=ordered.records[:-1])
    assert any("other records" in text for text in audited(room).differences)


def test_numbers_of_records_have_to_go_on(room: Room) -> None:
    """A number that does not follow from the one before is told."""
    entry = room.entries[5]
    spoil(room, entry, record_seq=entry.record_seq + 1)
    assert any("its records end at" in text for text in audited(room).differences)


def test_a_snapshot_has_to_be_the_state(room: Room) -> None:
    """A segment that opens with another state than the one before it ended with is told."""
    first, second = sorted(room.memory.segments)[:2]
    opening = room.memory.openings[second]
    other = msgspec.structs.replace(opening, parts=room.memory.openings[first].parts)
    room.memory.openings[second] = other
    found = audited(room).differences
    assert f"the snapshot after entry {second - 1} is not the state that comes of the entries" in found


def test_an_entry_that_was_left_out_is_adopted(room: Room) -> None:
    """Its event is not stepped, so its records are not compared."""
    last = room.entries[-1]
    spoil(room, last, records=())
    room.memory.skipped[last.seq] = Skipped(seq=last.seq, actor="me", reason="poison", time=0)
    assert f"entry {last.seq}: other records come of it now" not in audited(room).differences


def test_other_rules_are_read_and_not_compared(room: Room) -> None:
    """Nothing is claimed of what was decided under other rules."""
    found = audited(room, replace(ENGINE, rules_version=99))
    assert (found.stepped, found.entries, found.differences) == (0, len(room.entries), [])
    assert found.state is None


def test_an_empty_journal_is_sound() -> None:
    """There is nothing to find where there is nothing."""
    assert audited(Room()).entries == 0


def test_differences_are_bounded() -> None:
    """At most twenty are kept."""
    found = Audit()
    for n in range(50):
        found.note(str(n))
    assert len(found.differences) == 20


def test_what_cannot_be_read_is_raised(room: Room) -> None:
    """A missing entry ends the audit, and is named."""
    del room.memory.entries[3]
    with pytest.raises(JournalCorrupt, match="entry 3"):
        audited(room)
