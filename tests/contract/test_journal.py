"""What every journal keeps to, whatever it is kept in."""

import asyncio

import pytest

from fadearena.adapters.sql.journal.journal import PAGE
from fadearena.model.error import InvalidInput, LeaseLost
from fadearena.ports.journal import Skipped
from tests.support.journals import Storage, cash, entries, entry, kept, numbers, open_full, signed, working


def test_what_was_appended_is_there_for_whoever_opens_it_again(storage: Storage) -> None:
    """Entries come back as they were, in their order, to a process that reads and to the next worker."""

    async def story() -> None:
        given = [entry(1), cash(2), entry(3, "käse \u0000 \U0001f9c0")]
        async with working(storage) as worker:
            await worker.journal.append(*given[:2])
            await worker.journal.append(given[2])
            assert worker.journal.last_seq == 3
            async with storage.open_reader() as reader:
                assert await kept(reader.journal) == given
                assert reader.journal.last_seq == 3
        async with working(storage) as worker:
            assert worker.journal.last_seq == 3
            await worker.journal.append(entry(4))
            assert await kept(worker.journal) == [*given, entry(4)]

    asyncio.run(story())


def test_nothing_comes_of_nothing(storage: Storage) -> None:
    """An empty journal ends at 0, gives nothing, and stays so when nothing is appended."""

    async def story() -> None:
        async with working(storage) as worker:
            await worker.journal.append()
            assert worker.journal.last_seq == 0
            assert await kept(worker.journal) == []
            assert await worker.journal.skipped() == ()

    asyncio.run(story())


def test_an_entry_out_of_turn_is_refused_with_all_its_group(storage: Storage) -> None:
    """A gap and a repetition are the caller's mistakes: nothing of the call is kept, and the right number goes on."""

    async def story() -> None:
        async with working(storage) as worker:
            await worker.journal.append(entry(1))
            for wrong in ([entry(2), entry(4)], [entry(1)], [entry(3)]):
                with pytest.raises(InvalidInput, match=r"journal entry \d came, \d is next"):
                    await worker.journal.append(*wrong)
            await worker.journal.append(entry(2))
            assert await numbers(worker.journal) == [1, 2]

    asyncio.run(story())


def test_calls_at_once_keep_their_order(storage: Storage) -> None:
    """Many appends that wait together become durable in the order of the calls, whatever waits for them."""

    async def story() -> None:
        async with working(storage) as worker:
            await worker.journal.append(signed(1), entry(2))
            groups = ([entry(seq), signed(seq + 1) if seq % 3 else entry(seq + 1)] for seq in range(3, 200, 2))
            await asyncio.gather(*(worker.journal.append(*group) for group in groups))
        async with storage.open_reader() as reader:
            assert await numbers(reader.journal) == list(range(1, 201))

    asyncio.run(story())


def test_a_caller_who_gives_up_loses_and_doubles_nothing(storage: Storage) -> None:
    """An append whose caller is cancelled while it waits is kept once, and the next one follows it."""

    async def story() -> None:
        async with working(storage) as worker:
            waiting = [asyncio.ensure_future(worker.journal.append(entry(seq))) for seq in range(1, 30)]
            await asyncio.sleep(0)
            for task in waiting[::2]:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
            await worker.journal.append(entry(30))
            assert await numbers(worker.journal) == list(range(1, 31))

    asyncio.run(story())


def test_closing_finishes_what_was_handed_over(storage: Storage) -> None:
    """What was given before the store was closed is durable, even if nobody waited for it."""

    async def story() -> None:
        async with working(storage) as worker:
            waiting = asyncio.ensure_future(worker.journal.append(*entries(1, 50)))
            await asyncio.sleep(0)
        await waiting
        async with storage.open_reader() as reader:
            assert await numbers(reader.journal) == list(range(1, 51))

    asyncio.run(story())


def test_a_large_group_is_kept_whole(storage: Storage) -> None:
    """A group of many more entries than one statement takes is one commit all the same."""

    async def story() -> None:
        async with working(storage) as worker:
            await worker.journal.append(*entries(1, 700))
            assert await numbers(worker.journal) == list(range(1, 701))

    asyncio.run(story())


def test_reading_has_a_beginning_and_an_end(storage: Storage) -> None:
    """Both ends are inclusive; what lies beyond the newest entry is not waited for."""

    async def story() -> None:
        async with working(storage) as worker:
            await worker.journal.append(*entries(1, 9))
            assert [each.seq for each in await kept(worker.journal, 3, 5)] == [3, 4, 5]
            assert [each.seq for each in await kept(worker.journal, 8, 100)] == [8, 9]
            assert await kept(worker.journal, 10) == []
            assert await kept(worker.journal, 5, 4) == []

    asyncio.run(story())


def test_reading_goes_page_by_page_while_others_append(storage: Storage) -> None:
    """Over several pages nothing is missed or given twice; what was appended before the last page is found, too."""

    async def story() -> None:
        async with working(storage) as worker, storage.open_reader() as reader:
            size = 2 * PAGE + 7
            await worker.journal.append(*entries(1, size))
            found: list[int] = []
            async for each in reader.journal.read():
                found.append(each.seq)
                if each.seq in {1, PAGE + 1}:
                    await worker.journal.append(*entries(size + 1, size + 20))
                    size += 20
            assert found == list(range(1, 2 * PAGE + 7 + 40 + 1))

    asyncio.run(story())


def test_reading_full_pages_ends(storage: Storage) -> None:
    """A journal that ends with a page ends there."""

    async def story() -> None:
        async with working(storage) as worker:
            await worker.journal.append(*entries(1, PAGE))
            assert len(await numbers(worker.journal)) == PAGE

    asyncio.run(story())


def test_kinds_can_be_read_alone(storage: Storage) -> None:
    """With kinds only their entries come, in order, over several pages, between both ends."""

    async def story() -> None:
        async with working(storage) as worker:
            given = [cash(seq) if seq % 3 == 0 else entry(seq) for seq in range(1, 3 * PAGE + 31)]
            await worker.journal.append(*given)
            wanted = [each for each in given if each.kind == "cash-moved"]
            assert await kept(worker.journal, kinds=["cash-moved"]) == wanted
            assert await kept(worker.journal, kinds=["cash-moved", "woke"]) == given
            assert [each.seq for each in await kept(worker.journal, 4, 11, ["cash-moved"])] == [6, 9]
            assert await kept(worker.journal, kinds=["role-read"]) == []

    asyncio.run(story())


def test_an_entry_is_left_out_once(storage: Storage) -> None:
    """The mark says who, why and when; a second one changes nothing, and every reader sees it."""

    async def story() -> None:
        mark = Skipped(seq=2, actor="cli:ann", reason="poison", time=7)
        async with working(storage) as worker:
            await worker.journal.append(*entries(1, 3))
            await worker.journal.skip(mark)
            await worker.journal.skip(Skipped(seq=2, actor="cli:bob", reason="other", time=8))
            with pytest.raises(InvalidInput, match="no entry 4"):
                await worker.journal.skip(Skipped(seq=4, actor="cli:ann", reason="none", time=7))
            assert await numbers(worker.journal) == [1, 2, 3]
        async with storage.open_reader() as reader:
            assert await reader.journal.skipped() == (mark,)

    asyncio.run(story())


def test_who_does_not_hold_the_lease_cannot_write(storage: Storage) -> None:
    """Neither a worker that has not taken it nor a process that only reads can append or skip."""

    async def story() -> None:
        async with storage.open() as worker, storage.open_reader() as reader:
            for handle in (worker, reader):
                with pytest.raises(LeaseLost, match="does not hold the lease"):
                    await handle.journal.append(entry(1))
            assert await kept(worker.journal) == []

    asyncio.run(story())


def test_a_pruned_journal_begins_later(storage: Storage) -> None:
    """What came before the oldest segment is refused, except for the kinds that are kept for good."""

    async def story() -> None:
        async with working(storage) as worker:
            await worker.journal.append(entry(1), cash(2), entry(3), entry(4))
            await open_full(worker, 0, {"a": b"0"})
            second = await open_full(worker, 2, {"a": b"1"})
            await open_full(worker, 4, {"a": b"2"})
            await worker.journal.append(cash(5), entry(6))
            assert await worker.snapshots.prune(second) == 1
            with pytest.raises(InvalidInput, match="begins at entry 3"):
                await numbers(worker.journal, 2)
            assert await numbers(worker.journal, 3) == [3, 4, 5, 6]
            assert [each.seq for each in await kept(worker.journal, kinds=["cash-moved"])] == [2, 5]
            await worker.journal.append(entry(7))

    asyncio.run(story())
