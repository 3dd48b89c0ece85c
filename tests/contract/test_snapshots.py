"""What all snapshots keep to: they count when they are sealed, and the newest is whole."""

import asyncio
from collections.abc import Mapping

import pytest

from fadearena.model.error import InvalidInput
from fadearena.ports.snapshots import Part, Snapshot
from tests.support.journals import Storage, cash, entries, kept, open_full, segment, working


def parts(**payloads: bytes | None) -> list[Part]:
    """Make a slice."""
    return [Part(key, payload) for key, payload in payloads.items()]


async def newest(storage: Storage) -> tuple[int, int, Mapping[str, bytes]] | None:
    """Return what a process that opens the journal now would begin with."""
    async with storage.open_reader() as reader:
        found = await reader.snapshots.load()
        return None if found is None else (found.seq, found.record_seq, found.parts)


def test_there_is_none_at_first(storage: Storage) -> None:
    """A new journal has neither snapshot nor segment, and nothing to discard."""

    async def story() -> None:
        async with working(storage) as worker:
            await worker.snapshots.discard()
            assert await worker.snapshots.segments() == ()
            assert await newest(storage) is None
            with pytest.raises(InvalidInput, match="no segment begins at entry 1"):
                await worker.snapshots.load_opening(segment(1))

    asyncio.run(story())


def test_slices_count_once_they_are_sealed(storage: Storage) -> None:
    """Before the seal the older snapshot is the newest; the seal makes all slices count at once."""

    async def story() -> None:
        async with working(storage) as worker:
            await worker.snapshots.write(0, parts(a=b"1", b=b"1"))
            assert await newest(storage) is None
            await worker.snapshots.write(0, parts(c=b""))
            await worker.snapshots.open_segment(0, segment(1))
            assert await newest(storage) == (0, 0, {"a": b"1", "b": b"1", "c": b""})
            await worker.journal.append(*entries(1, 5))
            await worker.snapshots.write(5, parts(a=b"2", b=None))
            assert await newest(storage) == (0, 0, {"a": b"1", "b": b"1", "c": b""})
            await worker.snapshots.seal(5, 5)
            assert await newest(storage) == (5, 5, {"a": b"2", "c": b""})

    asyncio.run(story())


def test_changed_parts_lie_over_the_full_one(storage: Storage) -> None:
    """Of each part the newest sealed version counts; one that is gone stays gone until it is written again."""

    async def story() -> None:
        async with working(storage) as worker:
            await worker.journal.append(*entries(1, 40))
            opened = await open_full(worker, 10, {"a": b"1", "b": b"1"})
            for seq, slices in (
                (11, [parts(a=b"2"), parts(c=b"2")]),
                (12, [parts(b=None)]),
                (13, [parts(a=None)]),
                (14, [parts(a=b"5", c=b"5")]),
                (15, []),
                (16, [parts(c=b"6")]),
            ):
                for slice_ in slices:
                    await worker.snapshots.write(seq, slice_)
                await worker.snapshots.seal(seq, seq)
            assert await newest(storage) == (16, 16, {"a": b"5", "c": b"6"})
            opening = await worker.snapshots.load_opening(opened)
            assert opening == Snapshot(seq=10, record_seq=10, parts={"a": b"1", "b": b"1"})

    asyncio.run(story())


def test_a_snapshot_that_was_given_up_leaves_nothing(storage: Storage) -> None:
    """Slices go when they are discarded, when another snapshot begins, and when their worker died."""

    async def story() -> None:
        async with working(storage) as worker:
            await worker.journal.append(*entries(1, 9))
            await open_full(worker, 0, {"a": b"1"})
            await worker.snapshots.write(3, parts(x=b"3"))
            await worker.snapshots.discard()
            await worker.snapshots.write(4, parts(y=b"4"))
            await worker.snapshots.write(5, parts(z=b"5"))
            await worker.snapshots.seal(5, 5)
            assert await newest(storage) == (5, 5, {"a": b"1", "z": b"5"})
            await worker.snapshots.write(6, parts(late=b"6"))
        async with working(storage) as worker:
            await worker.snapshots.write(6, parts(a=b"6"))
            await worker.snapshots.seal(6, 6)
            assert await newest(storage) == (6, 6, {"a": b"6", "z": b"5"})

    asyncio.run(story())


def test_a_new_segment_begins_with_everything(storage: Storage) -> None:
    """The full snapshot of a new segment replaces what was known; the older opening can still be loaded."""

    async def story() -> None:
        async with working(storage) as worker:
            first = await open_full(worker, 0, {"a": b"1", "b": b"1"})
            await worker.journal.append(*entries(1, 9))
            await worker.snapshots.write(4, parts(b=b"4", c=b"4"))
            await worker.snapshots.seal(4, 4)
            second = await open_full(worker, 9, {"a": b"9"})
            assert await worker.snapshots.segments() == (first, second)
            assert await newest(storage) == (9, 9, {"a": b"9"})
            assert (await worker.snapshots.load_opening(first)).parts == {"a": b"1", "b": b"1"}
            assert (await worker.snapshots.load_opening(second)).parts == {"a": b"9"}

    asyncio.run(story())


def test_a_segment_without_entries_is_opened_anew(storage: Storage) -> None:
    """Other rules, at a start with nothing in between, take the place of the segment that was to begin there."""

    async def story() -> None:
        async with working(storage) as worker:
            await open_full(worker, 0, {"a": b"1"})
            anew = segment(1, rules_version=3)
            await worker.snapshots.write(0, parts(b=b"2"))
            await worker.snapshots.open_segment(0, anew)
            assert await worker.snapshots.segments() == (anew,)
            assert await newest(storage) == (0, 0, {"b": b"2"})
            assert (await worker.snapshots.load_opening(anew)).parts == {"b": b"2"}

    asyncio.run(story())


def test_many_parts(storage: Storage) -> None:
    """Thousands of parts go in and out by slices, twice over."""

    async def story() -> None:
        async with working(storage) as worker:
            await worker.journal.append(*entries(1, 2))
            wanted = {f"sleeves/{number}": b"x" * (number % 50) for number in range(2_500)}
            listed = [Part(key, payload) for key, payload in wanted.items()]
            for seq in (1, 2):
                for start in range(0, len(listed), 200):
                    await worker.snapshots.write(seq, listed[start : start + 200])
                await worker.snapshots.open_segment(seq, segment(seq + 1))
            assert await newest(storage) == (2, 2, wanted)

    asyncio.run(story())


@pytest.mark.parametrize(("seq", "first_seq"), [(1, 1), (1, 3), (4, 5)])
def test_a_segment_begins_right_after_its_snapshot(storage: Storage, seq: int, first_seq: int) -> None:
    """A segment that begins elsewhere is refused, and so is a snapshot of what has not happened yet."""

    async def story() -> None:
        async with working(storage) as worker:
            await worker.journal.append(*entries(1, 3))
            await worker.snapshots.write(seq, parts(a=b"1"))
            with pytest.raises(InvalidInput, match=r"begins at|ends at entry 3"):
                await worker.snapshots.open_segment(seq, segment(first_seq))
            assert await worker.snapshots.segments() == ()

    asyncio.run(story())


def test_changed_parts_need_a_full_snapshot_first(storage: Storage) -> None:
    """Without a segment there is nothing that changed parts could lie over."""

    async def story() -> None:
        async with working(storage) as worker:
            await worker.snapshots.write(0, parts(a=b"1"))
            with pytest.raises(InvalidInput, match="needs a full one"):
                await worker.snapshots.seal(0, 0)

    asyncio.run(story())


def test_pruning_keeps_two_segments_and_what_our_accounts_are_made_of(storage: Storage) -> None:
    """Older segments go with their snapshots and marks; fewer than two full snapshots are never left."""

    async def story() -> None:
        async with working(storage) as worker:
            first = await open_full(worker, 0, {"a": b"0"})
            await worker.journal.append(*entries(1, 4), cash(5), *entries(6, 9))
            second = await open_full(worker, 6, {"a": b"6"})
            third = await open_full(worker, 9, {"a": b"9"})
            with pytest.raises(InvalidInput, match="two full snapshots"):
                await worker.snapshots.prune(third)
            with pytest.raises(InvalidInput, match="no segment begins at entry 5"):
                await worker.snapshots.prune(segment(5))
            assert await worker.snapshots.prune(first) == 0
            assert await worker.snapshots.prune(second) == 5
            assert await worker.snapshots.segments() == (second, third)
            assert [each.seq for each in await kept(worker.journal, 7)] == [7, 8, 9]
            assert await kept(worker.journal, kinds=["cash-moved"]) == [cash(5)]
            with pytest.raises(InvalidInput, match="no segment begins at entry 1"):
                await worker.snapshots.load_opening(first)
            assert await newest(storage) == (9, 9, {"a": b"9"})
            assert await worker.snapshots.prune(second) == 0

    asyncio.run(story())
