"""The thread that writes: what piled up is one commit, order is kept, and whoever waits hears how it went."""

import asyncio
import threading
from collections.abc import Sequence
from types import SimpleNamespace
from typing import cast

import pytest

from fadearena.adapters.sql.journal.keeper import Keeper
from fadearena.adapters.sql.journal.writer import ThreadWriter
from fadearena.adapters.sql.session import Values
from fadearena.model.error import InvalidInput, StorageUnavailable


class Notebook:
    """A keeper that notes what it is asked for, by whom, and is held up until it may go on."""

    def __init__(self, *, is_local: bool = True) -> None:
        self.session = SimpleNamespace(is_local=is_local)
        self.commits: list[list[int]] = []
        self.threads: list[str] = []
        self.may_go_on = threading.Event()
        self.is_closed = False
        self.failure: BaseException | None = None

    def append(self, rows: Sequence[Values]) -> None:
        """Note the numbers of one commit."""
        self.may_go_on.wait()
        if self.failure is not None:
            raise self.failure
        self.threads.append(threading.current_thread().name)
        self.commits.append([row[0] for row in rows])

    def close(self) -> None:
        """Note the end."""
        self.is_closed = True


def writer_on(notebook: Notebook) -> ThreadWriter:
    """Start a thread that writes into a notebook."""
    return ThreadWriter(cast("Keeper", notebook))


def test_what_piled_up_is_one_commit() -> None:
    """While the first commit runs the next appends wait; all of them make the second one."""

    async def story() -> None:
        notebook = Notebook()
        writer = writer_on(notebook)
        tasks = [asyncio.ensure_future(writer.append([(seq,)])) for seq in range(1, 21)]
        await asyncio.sleep(0)
        notebook.may_go_on.set()
        await asyncio.gather(*tasks)
        await writer.close()
        assert [seq for commit in notebook.commits for seq in commit] == list(range(1, 21))
        assert len(notebook.commits) <= 2

    asyncio.run(story())


def test_a_commit_has_a_limit() -> None:
    """Appends that are too many for one commit make several; one that is large alone stays whole."""

    async def story() -> None:
        notebook = Notebook()
        writer = writer_on(notebook)
        sizes = (1, 600, 600, 1_500, 3)
        tasks = [asyncio.ensure_future(writer.append([(size,)] * size)) for size in sizes]
        await asyncio.sleep(0)
        notebook.may_go_on.set()
        await asyncio.gather(*tasks)
        await writer.close()
        assert sum(len(commit) for commit in notebook.commits) == sum(sizes)
        assert 1_500 in {len(commit) for commit in notebook.commits}
        assert all(len(commit) <= 1_000 or len(commit) == 1_500 for commit in notebook.commits)

    asyncio.run(story())


def test_other_work_waits_for_its_turn() -> None:
    """What was handed over before it is done before it, and its answer or error reaches its caller only."""

    async def story() -> None:
        notebook = Notebook()
        writer = writer_on(notebook)
        before = asyncio.ensure_future(writer.append([(1,)]))
        count = asyncio.create_task(writer.call(lambda _: len(notebook.commits)))
        wrong = asyncio.create_task(writer.call(complain))
        await asyncio.sleep(0)
        after = asyncio.ensure_future(writer.append([(2,)]))
        notebook.may_go_on.set()
        assert await count == 1
        with pytest.raises(InvalidInput, match="wrong"):
            await wrong
        await before
        await after
        await writer.close()
        assert notebook.commits == [[1], [2]]
        assert notebook.is_closed

    asyncio.run(story())


def complain(_: Keeper) -> None:
    """Fail."""
    raise InvalidInput("wrong")


def test_all_who_wait_for_a_failed_commit_hear_of_it() -> None:
    """Each gets an error of its own, with the first one as its cause."""

    async def story() -> None:
        notebook = Notebook()
        notebook.failure = StorageUnavailable("full")
        writer = writer_on(notebook)
        tasks = [asyncio.ensure_future(writer.append([(seq,)])) for seq in range(1, 4)]
        await asyncio.sleep(0)
        notebook.may_go_on.set()
        errors = await asyncio.gather(*tasks, return_exceptions=True)
        await writer.close()
        assert [str(error) for error in errors] == ["full"] * 3
        assert len({id(error) for error in errors}) == 3
        assert all(isinstance(error, StorageUnavailable) for error in errors)

    asyncio.run(story())


def test_the_queue_has_a_limit() -> None:
    """Where too much waits already an append fails before it is queued; what waits is kept."""

    async def story() -> None:
        notebook = Notebook()
        writer = writer_on(notebook)
        waiting = asyncio.ensure_future(writer.append([(1,)] * 10_000))
        await asyncio.sleep(0)
        with pytest.raises(StorageUnavailable, match="10000 entries wait for the database"):
            await writer.append([(2,)])
        notebook.may_go_on.set()
        await waiting
        await writer.append([(3,)])
        await writer.close()
        assert [len(commit) for commit in notebook.commits] == [10_000, 1]

    asyncio.run(story())


@pytest.mark.parametrize(("is_local", "by"), [(True, "MainThread"), (False, "journal")])
def test_what_is_urgent_is_written_by_who_waits(by: str, *, is_local: bool) -> None:
    """The thread writes it where the database is elsewhere, and whatever is not urgent."""

    async def story() -> None:
        notebook = Notebook(is_local=is_local)
        notebook.may_go_on.set()
        writer = writer_on(notebook)
        await writer.append([(1,)], is_urgent=True)
        await writer.append([(2,)])
        await writer.append([(3,)], is_urgent=True)
        await writer.close()
        assert notebook.commits == [[1], [2], [3]]
        assert notebook.threads == [by, "journal", by]

    asyncio.run(story())


def test_what_is_urgent_overtakes_nothing() -> None:
    """While the thread has something to do it goes there, too, and nothing else is written beside it."""

    async def story() -> None:
        notebook = Notebook()
        writer = writer_on(notebook)
        tasks = [asyncio.ensure_future(writer.append([(seq,)], is_urgent=seq % 2 == 0)) for seq in range(1, 21)]
        await asyncio.sleep(0)
        notebook.may_go_on.set()
        await asyncio.gather(*tasks)
        await writer.close()
        assert [seq for commit in notebook.commits for seq in commit] == list(range(1, 21))
        assert set(notebook.threads) == {"journal"}

    asyncio.run(story())


def test_after_a_long_commit_in_the_caller_others_have_their_turn_first() -> None:
    """A stop that came while everything stood still is heard before what waited for the commit goes on."""

    async def story() -> None:
        notebook = Notebook()
        notebook.may_go_on.set()
        writer = ThreadWriter(cast("Keeper", notebook), long_s=0)
        heard: list[str] = []
        asyncio.get_running_loop().call_later(0, heard.append, "stop")
        await writer.append([(1,)], is_urgent=True)
        assert heard == ["stop"]
        await writer.close()

    asyncio.run(story())


def test_a_failure_of_what_is_urgent_is_heard_at_once() -> None:
    """Nothing is in the thread's way afterwards; a closed writer takes nothing urgent either."""

    async def story() -> None:
        notebook = Notebook()
        notebook.may_go_on.set()
        writer = writer_on(notebook)
        notebook.failure = StorageUnavailable("the disk is full")
        with pytest.raises(StorageUnavailable, match="the disk is full"):
            await writer.append([(1,)], is_urgent=True)
        notebook.failure = None
        await writer.append([(2,)])
        await writer.close()
        with pytest.raises(StorageUnavailable, match="was closed"):
            await writer.append([(3,)], is_urgent=True)
        assert notebook.commits == [[2]]

    asyncio.run(story())


def test_a_closed_writer_takes_nothing() -> None:
    """What was handed over is finished; afterwards nothing is taken, and closing again does nothing."""

    async def story() -> None:
        notebook = Notebook()
        notebook.may_go_on.set()
        writer = writer_on(notebook)
        await writer.append([(1,)])
        await writer.close()
        await writer.close()
        with pytest.raises(StorageUnavailable, match="was closed"):
            await writer.append([(2,)])
        with pytest.raises(StorageUnavailable, match="was closed"):
            await writer.call(complain)
        assert notebook.commits == [[1]]

    asyncio.run(story())


def test_a_loop_that_is_gone_does_not_stop_the_thread() -> None:
    """If nobody waits any more the commit is made all the same."""
    notebook = Notebook()
    writers: list[ThreadWriter] = []

    async def story() -> None:
        writers.append(writer_on(notebook))
        task = asyncio.ensure_future(writers[0].append([(1,)]))
        await asyncio.sleep(0)
        task.cancel()

    asyncio.run(story())
    notebook.may_go_on.set()

    async def end() -> None:
        await writers[0].close()

    asyncio.run(end())
    assert notebook.commits == [[1]]
