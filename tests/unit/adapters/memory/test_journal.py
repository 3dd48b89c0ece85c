"""The journals in memory keep order, and their fingerprint tells two histories apart."""

import asyncio
from collections.abc import Callable
from decimal import Decimal

import pytest

from fadearena.adapters.memory.journal import HashedJournal, MemoryJournal
from fadearena.model.command import WakeAt
from fadearena.model.error import InvalidInput
from fadearena.model.event import CashMoved, Woke
from fadearena.model.record import Alert
from fadearena.ports.journal import JournalEntry, JournalWriter


def entry(seq: int, key: str = "k") -> JournalEntry:
    """Make an entry with an event, a command and a record."""
    return JournalEntry(
        seq=seq,
        event=Woke(time=seq, received=seq, key=key),
        commands=(WakeAt(at_ms=seq + 1, key=key),),
        records=(Alert(level="info", category="c", subject="s", text="t"),),
    )


def fill(journal: JournalWriter, *entries: JournalEntry) -> None:
    """Append entries."""

    async def append() -> None:
        await journal.append(*entries)

    asyncio.run(append())


async def read(journal: HashedJournal, from_seq: int = 1) -> list[int]:
    """Return the numbers of the entries that a journal gives."""
    return [entry.seq async for entry in journal.read(from_seq)]


@pytest.mark.parametrize("make", [HashedJournal, MemoryJournal])
def test_numbers_have_no_gap(make: Callable[[], HashedJournal]) -> None:
    """An entry out of turn is refused, and nothing of its group is kept."""
    journal = make()
    fill(journal, entry(1))
    before = journal.journal_hash
    with pytest.raises(InvalidInput, match="journal entry 4 came, 3 is next"):
        fill(journal, entry(2), entry(4))
    assert (journal.last_seq, journal.journal_hash) == (1, before)


def test_entries_are_read_from_a_number_on() -> None:
    """Reading is inclusive and goes up to the newest entry."""
    journal = MemoryJournal()
    fill(journal, entry(1), entry(2))
    fill(journal, entry(3))
    assert asyncio.run(read(journal)) == [1, 2, 3]
    assert asyncio.run(read(journal, 3)) == [3]
    assert asyncio.run(read(journal, 4)) == []


def test_fingerprint_only_cannot_be_read_back() -> None:
    """A journal that kept nothing says so, instead of giving nothing."""
    journal = HashedJournal()
    assert asyncio.run(read(journal)) == []
    fill(journal, entry(1))
    assert asyncio.run(read(journal, 2)) == []
    with pytest.raises(InvalidInput, match="only a fingerprint"):
        asyncio.run(read(journal))


def test_fingerprint_depends_on_content_and_order_only() -> None:
    """The same entries give the same hash, kept or not, one by one or in a group; others another."""
    first, second, third = HashedJournal(), MemoryJournal(), MemoryJournal()
    fill(first, entry(1), entry(2, "x"))
    fill(second, entry(1))
    fill(second, entry(2, "x"))
    fill(third, entry(1), entry(2, "y"))
    assert first.journal_hash == second.journal_hash != third.journal_hash


def test_fingerprint_writes_money_exactly() -> None:
    """Amounts that differ in the last digit have different hashes."""
    hashes = set()
    for usd in ("0.1", "0.1000000000000000000000000001"):
        journal = HashedJournal()
        moved = CashMoved(time=1, received=1, key="k", account="main", usd=Decimal(usd))
        fill(journal, JournalEntry(seq=1, event=moved))
        hashes.add(journal.journal_hash)
    assert len(hashes) == 2


def test_entry_knows_when_its_event_came() -> None:
    """An entry's `received` is its event's."""
    assert entry(7).received == 7
