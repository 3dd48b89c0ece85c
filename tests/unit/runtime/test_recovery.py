"""Recovery: snapshot and tail give the state as it was; recorded commands win, what breaks has a number."""

from collections.abc import Sequence

import msgspec
import pytest

from fadearena.adapters.memory.journal import MemoryJournal
from fadearena.adapters.memory.snapshots import MemorySnapshots
from fadearena.adapters.memory.storage import JournalMemory
from fadearena.core.engine import RULES_VERSION, step
from fadearena.core.engine.replay import replay
from fadearena.core.state import Parts, State, encode
from fadearena.model.command import Command, WakeAt
from fadearena.model.error import InvariantBroken, JournalCorrupt
from fadearena.model.event import Event
from fadearena.ports.journal import JournalEntry, Skipped
from fadearena.ports.snapshots import Part, Segment
from fadearena.runtime.engine import Engine
from fadearena.runtime.immediate import immediately
from fadearena.runtime.recovery import Recovered, recover
from tests.support.story import Story, begun


def told() -> Story:
    """Return a story with positions, an order in flight, and wakes ahead."""
    story = begun()
    story.holding("BTC", "1", "100000").holding("ETH", "-10", "2000")
    story.sent(story.opened("SOL", "20", "100"))
    return story


class Kept:
    """A story as a journal, with snapshots where they are wanted."""

    def __init__(self, *snapshots: int, story: Story | None = None) -> None:
        self.memory = JournalMemory()
        self.journal = MemoryJournal(self.memory)
        self.snapshots = MemorySnapshots(self.memory)
        self.state = State()
        self._parts = Parts(self.state)
        self._snapshot(0, 0)
        record_seq = 0
        for seq, (event, turned) in enumerate((story or told()).journal, 1):
            again = step(self.state, event)
            record_seq += len(again.records)
            entry = JournalEntry(
                seq=seq,
                event=event,
                commands=tuple(turned.commands),
                records=tuple(turned.records),
                rules_version=RULES_VERSION,
                record_seq=record_seq,
            )
            immediately(self.journal.append(entry))
            if seq in snapshots:
                self._snapshot(seq, record_seq)

    def _snapshot(self, seq: int, record_seq: int) -> None:
        cut = self._parts.begin(full=not seq)
        while found := cut.take(100):
            immediately(self.snapshots.write(seq, [Part(key, text) for key, text in found]))
        if seq:
            immediately(self.snapshots.seal(seq, record_seq))
        else:
            segment = Segment(first_seq=1, rules_version=RULES_VERSION, opened=1, record_seq=0)
            immediately(self.snapshots.open_segment(0, segment))
        self._parts.saved(cut)

    def change(self, seq: int, **fields: object) -> None:
        """Change an entry that was written."""
        self.memory.entries[seq] = msgspec.structs.replace(self.memory.entries[seq], **fields)

    def recover(self, engine: Engine | None = None) -> Recovered:
        """Recover."""
        return immediately(recover(self.journal, self.snapshots, engine or Engine()))


def refusing(*seqs: int) -> Engine:
    """Return a core that cannot step some entries any more."""

    def refuse(state: State, event: Event, recorded: Sequence[Command]) -> list[str]:
        if state.seq + 1 in seqs:
            raise InvariantBroken("the books no longer add up")
        return replay(state, event, recorded)

    return Engine(replay=refuse)


def test_empty_journal_is_where_everything_begins() -> None:
    """The first start goes the same way as every other."""
    memory = JournalMemory()
    found = immediately(recover(MemoryJournal(memory), MemorySnapshots(memory), Engine()))
    assert (found.seq, found.record_seq, found.snapshot_seq, found.segment) == (0, 0, 0, None)
    assert encode(found.state) == encode(State())


@pytest.mark.parametrize("snapshots", [(), (3,), (3, 10, 20), (23,)])
def test_snapshot_and_tail_are_the_same_as_everything_from_zero(snapshots: tuple[int, ...]) -> None:
    """Byte for byte, wherever the snapshot was taken; the numbers go on."""
    kept = Kept(*snapshots)
    found = kept.recover()
    assert encode(found.state) == encode(kept.state)
    assert found.seq == found.state.seq == len(kept.memory.entries)
    assert found.record_seq == kept.memory.entries[found.seq].record_seq
    assert found.snapshot_seq == max((0, *snapshots))
    assert found.differences == ()
    assert found.left_out == ()
    assert found.segment == kept.memory.segments[1]


def test_snapshot_of_everything_needs_no_tail() -> None:
    """A worker that was stopped right after a snapshot is back at once."""
    last = len(told().journal)
    kept = Kept(last)
    found = kept.recover()
    assert (found.snapshot_seq, found.seq) == (last, last)
    assert encode(found.state) == encode(kept.state)


def test_recorded_commands_win() -> None:
    """Where other commands were recorded than come of the event now, it is told with the number of the entry."""
    kept = Kept()
    extra = WakeAt(at_ms=2_000_000_000_000, key="day")
    kept.change(5, commands=(*kept.memory.entries[5].commands, extra))
    found = kept.recover()
    assert found.state.wakes["day"] == extra.at_ms
    assert [text.partition(":")[0] for text in found.differences] == ["entry 5"]


def test_only_the_first_differences_are_told_and_the_others_counted() -> None:
    """A journal of other rules may differ at every entry."""
    kept = Kept()
    for seq in range(1, 24):
        extra = WakeAt(at_ms=2_000_000_000_000 + seq, key="day")
        kept.change(seq, commands=(*kept.memory.entries[seq].commands, extra))
    found = kept.recover()
    assert len(found.differences) == 21
    assert found.differences[-1].endswith("more differences")


def test_entry_that_was_left_out_is_not_stepped() -> None:
    """Its commands stand; the numbers go on."""
    kept = Kept()
    seq = len(kept.memory.entries)
    immediately(kept.journal.skip(Skipped(seq=seq, actor="ann", reason="broken", time=1)))
    found = kept.recover(refusing(seq))
    assert found.left_out == (seq,)
    assert (found.seq, found.state.seq) == (seq, seq)


@pytest.mark.parametrize("seq", [4, 11])
def test_entry_that_cannot_be_stepped_again_is_named_with_the_way_out(seq: int) -> None:
    """Whatever the core raises; nothing goes on before somebody looked."""
    with pytest.raises(JournalCorrupt, match=rf"entry {seq} \(.*add up.*journal skip {seq}") as raised:
        Kept().recover(refusing(seq))
    assert raised.value.seq == seq


def test_missing_entry_is_named() -> None:
    """A hole is no end."""
    kept = Kept()
    del kept.memory.entries[7]
    with pytest.raises(JournalCorrupt, match="entry 7 is missing"):
        kept.recover()


def test_entry_of_a_state_that_is_not_left_out_breaks_with_any_error() -> None:
    """Also an error that nobody raised on purpose."""

    def broken(state: State, event: Event, recorded: Sequence[Command]) -> list[str]:
        raise KeyError("BTC")

    with pytest.raises(JournalCorrupt, match="KeyError: 'BTC'"):
        Kept().recover(Engine(replay=broken))
