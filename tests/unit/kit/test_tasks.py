"""Waiting for the first of several, and finding the first error of many."""

import asyncio
from contextlib import suppress

import pytest

from fadearena.kit.clock import ManualClock
from fadearena.kit.jumping import run_jumping
from fadearena.kit.tasks import Joined, cancelled, either, first_cause, in_turns, streamed


async def ended(clock: ManualClock, at_ms: int, log: list[str], name: str) -> None:
    """Note when it ended, and how."""
    try:
        await clock.sleep_until(at_ms)
    except asyncio.CancelledError:
        log.append(f"{name} given up at {clock.now_ms()}")
        raise
    log.append(f"{name} done at {clock.now_ms()}")


def test_either_ends_with_the_first_and_leaves_nothing_behind() -> None:
    """The others have ended, too, when it returns."""
    clock, log = ManualClock(), list[str]()

    async def main() -> int:
        await either(ended(clock, 10, log, "a"), ended(clock, 20, log, "b"))
        return len(asyncio.all_tasks())

    assert run_jumping(main(), clock) == 1
    assert log == ["a done at 10", "b given up at 10"]


def test_either_raises_what_its_first_raised() -> None:
    """An error is not swallowed."""
    clock, log = ManualClock(), list[str]()

    async def fails() -> None:
        await clock.sleep_until(5)
        raise ValueError("five")

    with pytest.raises(ValueError, match="five"):
        run_jumping(either(fails(), ended(clock, 10, log, "a")), clock)
    assert log == ["a given up at 5"]


def test_either_that_is_cancelled_ends_all_its_ways() -> None:
    """Nothing goes on where nobody waits any more."""
    clock, log = ManualClock(), list[str]()

    async def main() -> None:
        task = asyncio.ensure_future(either(ended(clock, 10, log, "a"), ended(clock, 20, log, "b")))
        await clock.sleep_until(5)
        await cancelled(task)
        assert task.cancelled()

    run_jumping(main(), clock)
    assert sorted(log) == ["a given up at 5", "b given up at 5"]


def test_cancelled_waits_for_the_end_of_each_and_forgives_errors() -> None:
    """What a task raises on its way out is no concern of whoever gave it up."""
    clock, log = ManualClock(), list[str]()

    async def stubborn() -> None:
        try:
            await clock.sleep_until(100)
        finally:
            log.append("cleared up")
            raise ValueError("on the way out")

    async def main() -> None:
        task = asyncio.create_task(stubborn())
        await clock.sleep_until(1)
        await cancelled(task)
        assert task.done()

    run_jumping(main(), clock)
    assert log == ["cleared up"]


def test_first_cause_is_no_group() -> None:
    """Groups in groups are opened up to the first error."""
    inner = ValueError("one")
    group = ExceptionGroup("a", [ExceptionGroup("b", [inner, ValueError("two")]), ValueError("three")])
    assert first_cause(group) is inner


def test_streamed_tells_what_its_tasks_put_in_and_ends_with_them() -> None:
    """In order of arrival, and what is left in the queue, too."""
    clock, told = ManualClock(), asyncio.Queue[int]()

    async def puts(*numbers: int) -> None:
        for number in numbers:
            await clock.sleep_until(number)
            await told.put(number)

    async def main() -> list[int]:
        return [number async for number in streamed(told, puts(1, 3, 5), puts(2, 5))]

    assert run_jumping(main(), clock) == [1, 2, 3, 5, 5]


def test_streamed_raises_what_a_task_raised_and_ends_the_others() -> None:
    """Nobody goes on listening to half of it."""
    clock, log = ManualClock(), list[str]()

    async def fails() -> None:
        await clock.sleep_until(5)
        raise ValueError("five")

    async def main() -> None:
        async for _ in streamed(asyncio.Queue[int](), fails(), ended(clock, 10, log, "a")):
            pass

    with pytest.raises(ValueError, match="five"):
        run_jumping(main(), clock)
    assert log == ["a given up at 5"]


def test_streamed_tells_what_waits_before_it_raises() -> None:
    """Where the queue was full when a task failed, too."""
    told, heard = asyncio.Queue[int](2), list[int]()

    async def fails() -> None:
        told.put_nowait(1)
        told.put_nowait(2)
        raise ValueError("three")

    async def goes_on() -> None:
        await asyncio.get_running_loop().create_future()

    async def main() -> None:
        async for number in streamed(told, fails(), goes_on()):
            heard.append(number)

    with pytest.raises(ValueError, match="three"):
        run_jumping(main(), ManualClock())
    assert heard == [1, 2]


def test_streamed_lets_others_have_their_turn() -> None:
    """However much waits in the queue: it is not all told in one turn of the loop."""
    told, turns = asyncio.Queue[int](), list[int]()

    async def puts_at_once() -> None:
        for number in range(500):
            told.put_nowait(number)

    async def main() -> None:
        loop, turn = asyncio.get_running_loop(), 0

        def next_turn() -> None:
            nonlocal turn
            turn += 1
            loop.call_soon(next_turn)

        loop.call_soon(next_turn)
        turns.extend([turn async for _ in streamed(told, puts_at_once())])

    asyncio.run(main())
    assert len(turns) == 500
    assert max(turns.count(turn) for turn in turns) <= 51


def test_who_stops_listening_ends_the_tasks() -> None:
    """Nothing is left behind a listener that was cancelled."""
    clock, log = ManualClock(), list[str]()

    async def main() -> int:
        async def listen() -> None:
            async for _ in streamed(asyncio.Queue[int](), ended(clock, 10, log, "a")):
                pass

        task = asyncio.create_task(listen())
        await clock.sleep_until(5)
        await cancelled(task)
        return len(asyncio.all_tasks())

    assert run_jumping(main(), clock) == 1
    assert log == ["a given up at 5"]


def test_others_have_their_turn_between_many_items() -> None:
    """After every so many of them, and each item comes once, in order."""
    seen: list[int] = []

    async def count() -> list[int]:
        async for item in in_turns(range(7), 3):
            seen.append(item)  # noqa: PERF401 - what was seen between counts
        return seen

    async def main() -> tuple[list[int], int]:
        counting = asyncio.create_task(count())
        await asyncio.sleep(0)
        between = len(seen)
        return await counting, between

    assert asyncio.run(main()) == (list(range(7)), 3)


def test_joined_questions_are_asked_once_whoever_goes_away() -> None:
    """One who gives up does not take the answer from the others; an error reaches all who wait."""
    clock, asked = ManualClock(), list[int]()
    joined = Joined[str, int]()

    async def answer() -> int:
        asked.append(clock.now_ms())
        await clock.sleep_until(clock.now_ms() + 10)
        if len(asked) > 1:
            raise ValueError("no more")
        return 7

    async def main() -> list[object]:
        gone, stays = (asyncio.create_task(joined.ask("q", answer)) for _ in range(2))
        await clock.sleep_until(5)
        await cancelled(gone)
        first = await stays
        return [first, *await asyncio.gather(*(joined.ask("q", answer) for _ in range(2)), return_exceptions=True)]

    first, *errors = run_jumping(main(), clock)
    assert (first, asked) == (7, [0, 10])
    assert [str(error) for error in errors] == ["no more"] * 2


def test_a_question_that_nobody_waits_for_any_more_is_given_up() -> None:
    """Whoever asks after that has it asked anew, also before it came to its end."""
    clock, log = ManualClock(), list[str]()
    joined = Joined[str, int]()

    async def answer() -> int:
        try:
            await clock.sleep_until(clock.now_ms() + 10)
        finally:
            log.append(f"over at {clock.now_ms()}")
        return 7

    async def main() -> int:
        gone = asyncio.create_task(joined.ask("q", answer))
        await clock.sleep_until(5)
        gone.cancel()
        with suppress(asyncio.CancelledError):
            await gone
        return await joined.ask("q", answer)

    assert run_jumping(main(), clock) == 7
    assert log == ["over at 5", "over at 15"]
