"""Waiting for the first of several, and finding the first error of many."""

import asyncio

import pytest

from fadearena.kit.clock import ManualClock
from fadearena.kit.jumping import run_jumping
from fadearena.kit.tasks import cancelled, either, first_cause


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
