"""Who waits inside a process hears at once what was committed there."""

import asyncio

from fadearena.adapters.memory.wakeups import MemoryWakeups
from fadearena.kit.clock import ManualClock
from fadearena.kit.jumping import run_jumping
from fadearena.ports.wakeups import Topic


def test_all_who_wait_are_woken() -> None:
    """One wake-up reaches each of them, at the time at which it comes."""
    clock = ManualClock()
    wakeups, woken = MemoryWakeups(clock), list[int]()

    async def waiting() -> None:
        await wakeups.wait(Topic.RECORDS, 1_000)
        woken.append(clock.now_ms())

    async def story() -> None:
        tasks = [asyncio.create_task(waiting()) for _ in range(3)]
        await clock.sleep_until(100)
        wakeups.wake(Topic.RECORDS)
        await asyncio.gather(*tasks)

    run_jumping(story(), clock)
    assert woken == [100, 100, 100]


def test_nobody_waits_longer_than_he_wants() -> None:
    """Without a wake-up, or with one for something else, the time ends the wait."""
    clock = ManualClock()
    wakeups = MemoryWakeups(clock)

    async def story() -> None:
        wakeups.wake(Topic.JOURNAL)
        await wakeups.wait(Topic.RECORDS, 25)

    run_jumping(story(), clock)
    assert clock.now_ms() == 25


def test_what_came_while_nobody_waited_is_not_missed() -> None:
    """The next wait for it ends at once, the one after that does not."""
    clock = ManualClock()
    wakeups, times = MemoryWakeups(clock), list[int]()

    async def story() -> None:
        wakeups.wake(Topic.RECORDS)
        wakeups.wake(Topic.RECORDS)
        for _ in range(2):
            await wakeups.wait(Topic.RECORDS, 25)
            times.append(clock.now_ms())

    run_jumping(story(), clock)
    assert times == [0, 25]
