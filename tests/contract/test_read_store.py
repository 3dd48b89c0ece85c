"""What every read store does: one story for each rule, on every kind."""

import asyncio

import pytest

from fadearena.model.error import InvalidInput
from fadearena.model.record import Alert
from fadearena.model.units import HOUR_MS
from fadearena.ports.read_store import EquityQuery, Grain, LogQuery, Position, ReadStore, SystemView
from tests.support.entries import Writer, golden
from tests.support.read_stores import Doors, Opener, opener, opener_of, tell
from tests.support.shown import (
    letter,
    one_of_each,
    order,
    settings,
)

__all__ = ["opener"]
ALERT = Alert(level="info", category="c", subject="s", text="t")
T = 1_760_000_000_000 - 1_760_000_000_000 % HOUR_MS


async def everything(records: ReadStore) -> list[object]:
    """Return all that a store shows."""
    series = [f"{kind}:{name}" for kind in ("mirror", "bot") for name in ("grok-4", "qwen3-max")] + ["account:main"]
    curves = [await records.equity(EquityQuery(series=name, grain=grain)) for name in series for grain in Grain]
    log = [await records.log(LogQuery(after=after, limit=1_000)) for after in (0, 1_000)]
    standing = [await records.settings(), await records.system(), await records.bots(), await records.accounts()]
    things = [await records.sleeves(), await records.sources(), await records.orders(1_000), await records.letters()]
    return [await records.position(), *log, *standing, *things, *curves]


def test_records_are_numbered_as_in_the_journal(opener: Opener) -> None:
    """Every record has its number, its entry, its time, and is the same that went in."""
    writer = Writer()
    entries = [writer.entry(at=1), writer.entry(*one_of_each(), at=2), writer.entry(ALERT, settings(), at=3)]
    count = len(one_of_each())
    end = Position(journal_seq=3, record_seq=count + 2)

    async def story(doors: Doors) -> None:
        assert await doors.records.position() == Position()
        reached = await doors.records.project(entries)
        assert reached == end == await doors.records.position()
        logged = (await doors.records.log(LogQuery())).records
        assert [r.record for r in logged] == [*one_of_each(), ALERT, settings()]
        assert [r.record_seq for r in logged] == list(range(1, count + 3))
        assert [(r.journal_seq, r.time) for r in logged] == [(2, 2)] * count + [(3, 3)] * 2

    tell(opener, story)
    assert tell(opener, lambda doors: doors.records.position()) == end


def test_an_entry_that_is_in_changes_nothing(opener: Opener) -> None:
    """Entries may come again after a crash, alone or in front of new ones."""
    writer = Writer()
    entries = [writer.entry(ALERT, order(f"0x{n}")) for n in range(3)]

    async def story(doors: Doors) -> None:
        await doors.records.project(entries[:2])
        assert await doors.records.project(entries[:1]) == Position(journal_seq=2, record_seq=4)
        assert await doors.records.project(entries) == Position(journal_seq=3, record_seq=6)
        assert await doors.records.project([]) == Position(journal_seq=3, record_seq=6)
        assert len((await doors.records.log(LogQuery())).records) == 6
        assert len(await doors.records.orders()) == 3

    tell(opener, story)


def test_a_missing_entry_is_refused(opener: Opener) -> None:
    """A gap before the first, between two, or in the numbers of records: nothing of the group is taken in."""
    writer = Writer()
    first, second, third = (writer.entry(ALERT) for _ in range(3))
    miscounted = Writer(seq=1, record_seq=5).entry(ALERT)

    async def story(doors: Doors) -> None:
        with pytest.raises(InvalidInput, match="journal entry 2 came, 1 is next"):
            await doors.records.project([second])
        await doors.records.project([first])
        with pytest.raises(InvalidInput, match="journal entry 4 came, 3 is next"):
            await doors.records.project([second, Writer(seq=3, record_seq=2).entry(ALERT)])
        with pytest.raises(InvalidInput, match="begin after 5, not 1"):
            await doors.records.project([miscounted])
        assert await doors.records.position() == Position(journal_seq=1, record_seq=1)
        assert len((await doors.records.log(LogQuery())).records) == 1
        assert (await doors.records.project([second, third])).journal_seq == 3

    tell(opener, story)


def test_the_log_is_read_in_parts(opener: Opener) -> None:
    """A part ends at the limit and says where the next one begins; the last one says nothing."""

    async def story(doors: Doors) -> None:
        await doors.records.project([Writer().entry(ALERT, order("0x1"), letter("l"), ALERT)])
        first = await doors.records.log(LogQuery(limit=3))
        assert ([r.record_seq for r in first.records], first.next_after) == ([1, 2, 3], 3)
        rest = await doors.records.log(LogQuery(after=3, limit=3))
        assert ([r.record_seq for r in rest.records], rest.next_after) == ([4], None)
        some = await doors.records.log(LogQuery(kinds=("alert", "dead-letter"), limit=2))
        assert ([r.record_seq for r in some.records], some.next_after) == ([1, 3], 3)
        assert (await doors.records.log(LogQuery(after=4))).records == ()

    tell(opener, story)


@pytest.mark.parametrize("limit", [0, 1_001])
def test_too_much_or_nothing_is_not_given_out(opener: Opener, limit: int) -> None:
    """Limits have bounds."""
    with pytest.raises(InvalidInput):
        tell(opener, lambda doors: doors.records.orders(limit))
    with pytest.raises(InvalidInput):
        LogQuery(limit=limit)


def test_questions_that_make_no_sense_are_refused() -> None:
    """A log does not begin before its first record, and a curve has at least one point."""
    with pytest.raises(InvalidInput):
        LogQuery(after=-1)
    with pytest.raises(InvalidInput):
        EquityQuery(series="bot:a", limit=0)


@pytest.mark.parametrize("size", [61, 500, 2_000])
def test_a_golden_journal_looks_the_same_in_every_store(opener: Opener, size: int) -> None:
    """However it is cut into groups, and wherever it is kept, the same is shown."""
    entries = golden()

    async def in_groups(doors: Doors) -> list[object]:
        for start in range(0, len(entries), size):
            await doors.records.project(entries[start : start + size])
        return await everything(doors.records)

    async def at_once(doors: Doors) -> list[object]:
        await doors.records.project(entries)
        return await everything(doors.records)

    for ours, theirs in zip(tell(opener, in_groups), tell(opener_of(None), at_once), strict=True):
        assert ours == theirs


def test_a_rebuilt_store_shows_the_same(opener: Opener) -> None:
    """What was forgotten and projected again is as it was, with the same numbers."""
    entries = golden()[:400]

    async def story(doors: Doors) -> None:
        await doors.records.project(entries)
        before = await everything(doors.records)
        await doors.records.clear()
        assert await doors.records.position() == Position()
        assert await doors.records.system() == SystemView()
        assert (await doors.records.log(LogQuery())).records == ()
        await doors.records.project(entries)
        assert await everything(doors.records) == before

    tell(opener, story)


def test_a_journal_may_begin_late(opener: Opener) -> None:
    """Where old segments were deleted, a store goes on after them, and the records keep their numbers."""
    writer = Writer(seq=100, record_seq=230)
    entries = [writer.entry(ALERT, ALERT), writer.entry(ALERT)]

    async def story(doors: Doors) -> None:
        await doors.records.project([Writer().entry(ALERT)])
        await doors.records.clear(Position(journal_seq=100, record_seq=230))
        with pytest.raises(InvalidInput, match="journal entry 102 came"):
            await doors.records.project(entries[1:])
        assert await doors.records.project(entries) == Position(journal_seq=102, record_seq=233)
        assert [r.record_seq for r in (await doors.records.log(LogQuery())).records] == [231, 232, 233]
        assert [r.record_seq for r in (await doors.records.log(LogQuery(after=231))).records] == [232, 233]

    tell(opener, story)


def test_questions_and_entries_at_once_see_whole_groups(opener: Opener) -> None:
    """Whoever asks while entries are taken in sees a group with its position, or nothing of it."""
    writer = Writer()
    groups = [[writer.entry(ALERT, order(f"0x{n}-{m}")) for m in range(5)] for n in range(8)]

    async def story(doors: Doors) -> None:
        async def ask() -> None:
            for _ in range(8):
                log = await doors.records.log(LogQuery(limit=1_000))
                assert len(log.records) % 10 == 0
                await asyncio.sleep(0)

        async def take_in() -> None:
            for group in groups:
                await doors.records.project(group)
                await asyncio.sleep(0)

        await asyncio.gather(take_in(), ask(), ask())
        assert (await doors.records.position()).journal_seq == 40

    tell(opener, story)


def test_two_projectors_do_no_harm(opener: Opener) -> None:
    """Two processes that take in the same entries at once leave each record once."""
    writer = Writer()
    entries = [writer.entry(ALERT, order(f"0x{n}")) for n in range(30)]

    async def story(doors: Doors) -> None:
        async with opener() as other:

            async def take_in(records: ReadStore) -> None:
                for start in range(0, 30, 3):
                    await records.project(entries[start : start + 3])

            await asyncio.gather(take_in(doors.records), take_in(other.records))
            assert [r.record_seq for r in (await other.records.log(LogQuery(limit=99))).records] == list(range(1, 61))

    tell(opener, story)
