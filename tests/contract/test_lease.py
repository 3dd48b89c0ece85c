"""What every lease keeps to: one worker writes, and a stale one cannot."""

import asyncio

import pytest

from fadearena.model.error import LeaseLost
from fadearena.ports.journal import Skipped
from fadearena.ports.snapshots import Part
from tests.support.journals import HOLDER, Handle, Storage, entry, numbers, open_full, segment, working


def test_one_worker_at_a_time(storage: Storage) -> None:
    """While one holds the lease another is refused, and is told by whom; afterwards it gets it under a higher epoch."""

    async def story() -> None:
        async with storage.open() as first, storage.open() as second:
            assert await first.lease.holder() is None
            assert (first.lease.epoch, first.lease.is_held) == (0, False)
            assert await first.lease.acquire(HOLDER)
            assert await first.lease.acquire(HOLDER)
            assert not await second.lease.acquire("worker 2")
            assert await second.lease.holder() == HOLDER
            before = first.lease.epoch
            await first.lease.release()
            assert (first.lease.epoch, first.lease.is_held) == (0, False)
            assert await second.lease.acquire("worker 2")
            assert second.lease.epoch > before
            assert not await first.lease.acquire(HOLDER)
            assert await first.lease.holder() == "worker 2"

    asyncio.run(story())


def test_closing_gives_the_lease_back(storage: Storage) -> None:
    """A worker that ended in good order stands in nobody's way."""

    async def story() -> None:
        async with working(storage) as first:
            epoch = first.lease.epoch
        async with working(storage, "worker 2") as second:
            assert second.lease.epoch > epoch

    asyncio.run(story())


def test_a_standby_goes_on_where_the_other_ended(storage: Storage) -> None:
    """Whoever takes the lease over learns what was appended while it waited."""

    async def story() -> None:
        async with storage.open() as standby:
            async with working(storage) as first:
                await first.journal.append(entry(1), entry(2))
            assert await standby.lease.acquire("worker 2")
            await standby.journal.reopen()
            await standby.journal.append(entry(3))
            assert await numbers(standby.journal) == [1, 2, 3]

    asyncio.run(story())


def test_who_reads_never_gets_the_lease(storage: Storage) -> None:
    """Releasing what was never held does nothing."""

    async def story() -> None:
        async with working(storage) as worker, storage.open_reader() as reader:
            assert not await reader.lease.acquire("reader")
            await reader.lease.release()
            assert worker.lease.is_held

    asyncio.run(story())


def test_reopening_keeps_the_lease(storage: Storage) -> None:
    """The lease stays with its worker, under a new epoch, and nobody gets in between."""

    async def story() -> None:
        async with working(storage) as worker, storage.open() as other:
            await worker.journal.append(entry(1))
            before = worker.lease.epoch
            await worker.journal.reopen()
            assert worker.lease.epoch > before
            assert worker.lease.is_held
            assert not await other.lease.acquire("worker 2")
            await worker.journal.append(entry(2))

    asyncio.run(story())


async def append(worker: Handle) -> None:
    """Try to append."""
    await worker.journal.append(entry(5))


async def skip(worker: Handle) -> None:
    """Try to have an entry left out."""
    await worker.journal.skip(Skipped(seq=1, actor="a", reason="r", time=1))


async def write(worker: Handle) -> None:
    """Try to write a slice."""
    await worker.snapshots.write(4, [Part("a", b"late")])


async def seal(worker: Handle) -> None:
    """Try to seal."""
    await worker.snapshots.seal(4, 4)


async def open_segment(worker: Handle) -> None:
    """Try to open a segment."""
    await worker.snapshots.open_segment(4, segment(5))


async def discard(worker: Handle) -> None:
    """Try to discard."""
    await worker.snapshots.discard()


async def prune(worker: Handle) -> None:
    """Try to prune."""
    await worker.snapshots.prune(segment(3))


@pytest.mark.parametrize("act", [append, skip, write, seal, open_segment, discard, prune])
def test_a_stale_worker_can_write_nothing(storage: Storage, act: object) -> None:
    """Whatever a worker does whose lease went to another fails inside the transaction, and it knows from then on."""

    async def story() -> None:
        async with working(storage) as worker:
            await worker.journal.append(*(entry(seq) for seq in range(1, 5)))
            for seq in (0, 2, 4):
                await open_full(worker, seq, {"a": b"%d" % seq})
            await storage.steal()
            with pytest.raises(LeaseLost, match="thief"):
                await act(worker)  # type: ignore[operator]
            assert not worker.lease.is_held
            with pytest.raises(LeaseLost):
                await append(worker)
        async with storage.open_reader() as reader:
            assert await numbers(reader.journal) == [1, 2, 3, 4]
            assert await reader.journal.skipped() == ()
            assert [each.first_seq for each in await reader.snapshots.segments()] == [1, 3, 5]
            newest = await reader.snapshots.load()
            assert newest is not None
            assert newest.parts == {"a": b"4"}

    asyncio.run(story())


def test_a_stale_worker_cannot_reopen(storage: Storage) -> None:
    """Looking anew does not bring a lease back that went to another."""

    async def story() -> None:
        async with working(storage) as worker:
            await storage.steal()
            with pytest.raises(LeaseLost, match="thief"):
                await worker.journal.reopen()
            assert not worker.lease.is_held

    asyncio.run(story())
