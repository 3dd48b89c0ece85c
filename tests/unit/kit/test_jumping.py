"""Asynchronous work on a clock that jumps: as fast as it can, the same way each time."""

import asyncio
import socket
import threading
from collections.abc import Callable

import pytest

from fadearena.kit.clock import ManualClock
from fadearena.kit.jumping import Deadlock, JumpingLoop, run_jumping

HOUR_MS = 3_600_000


def test_the_clock_jumps_to_the_next_time_for_which_somebody_waits() -> None:
    """Hours pass at once; each wakes at its own time, and work that is ready goes before any jump."""
    clock, seen = ManualClock(1_000), list[tuple[str, int]]()

    async def tick(name: str, every_ms: int, times: int) -> None:
        for n in range(1, times + 1):
            await clock.sleep_until(1_000 + n * every_ms)
            await asyncio.sleep(0)
            seen.append((name, clock.now_ms()))

    async def main() -> str:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(tick("a", HOUR_MS, 2))
            tasks.create_task(tick("b", HOUR_MS // 2, 3))
        return "done"

    assert run_jumping(main(), clock) == "done"
    half = HOUR_MS // 2
    expected = [("b", half), ("a", 2 * half), ("b", 2 * half), ("b", 3 * half), ("a", 4 * half)]
    assert seen == [(name, 1_000 + at) for name, at in expected]


def test_sleeps_and_timeouts_of_asyncio_are_on_the_same_clock() -> None:
    """`asyncio.sleep` and `asyncio.timeout` wait for the clock; fractions of a millisecond are rounded up."""
    clock = ManualClock(7)

    async def main() -> None:
        await asyncio.sleep(0.1 + 0.2)
        assert clock.now_ms() == 307
        await asyncio.sleep(0.0001)
        assert clock.now_ms() == 308
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(60):
                await clock.sleep_until(HOUR_MS)
        assert clock.now_ms() == 60_308
        await asyncio.sleep(48 * 3_600)
        assert clock.now_ms() == 60_308 + 48 * HOUR_MS

    run_jumping(main(), clock)


def test_nothing_to_wait_for_is_an_error_that_says_so() -> None:
    """Where nothing can run and nobody waits for a time, the run ends with an error instead of standing for ever."""

    async def main() -> None:
        await asyncio.Event().wait()

    with pytest.raises(Deadlock, match="nothing can run"):
        run_jumping(main(), ManualClock())


def test_work_in_a_thread_takes_no_time() -> None:
    """The clock stands until a thread of the loop has come back, although somebody waits for a time."""
    clock, left = ManualClock(), threading.Event()

    async def impatient() -> None:
        await clock.sleep_until(5)

    async def main() -> int:
        waiting = asyncio.create_task(impatient())
        asyncio.get_running_loop().call_soon(left.set)
        await asyncio.to_thread(left.wait)
        now = clock.now_ms()
        await waiting
        return now

    assert run_jumping(main(), clock) == 0
    assert clock.now_ms() == 5


def test_while_busy_the_clock_stands_for_what_comes_from_outside() -> None:
    """Inside `busy` a thread of one's own is waited for, and time goes on afterwards."""
    clock = ManualClock()

    async def main() -> int:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, JumpingLoop)
        answer = loop.create_future()
        tell: Callable[[int], None] = answer.set_result
        thread = threading.Thread(target=loop.call_soon_threadsafe, args=(tell, 42))
        waiting = asyncio.create_task(clock.sleep_until(1))
        with loop.busy():
            thread.start()
            assert await answer == 42
        assert clock.now_ms() == 0
        thread.join()
        await waiting
        return clock.now_ms()

    assert run_jumping(main(), clock) == 1


def test_what_is_ready_outside_goes_before_a_jump() -> None:
    """Bytes that lie on a socket already are read before time passes."""
    clock = ManualClock()

    async def main() -> None:
        near, far = socket.socketpair()
        reader, writer = await asyncio.open_connection(sock=near)
        far.send(b"news")
        waiting = asyncio.create_task(clock.sleep_until(10))
        assert await reader.readexactly(4) == b"news"
        assert clock.now_ms() == 0
        await waiting
        far.close()
        writer.close()
        await writer.wait_closed()

    run_jumping(main(), clock)
