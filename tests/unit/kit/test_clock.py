"""Clocks tell milliseconds and wake who waits; the manual one goes only forwards, the scaled ones faster."""

import asyncio
import time
from decimal import Decimal

import pytest

from fadearena.kit.clock import LEAP_MS, AffineClock, Clock, ManualClock, ScaledClock, SystemClock
from fadearena.kit.jumping import run_jumping


def test_system_clock_tells_the_machines_time_in_milliseconds() -> None:
    """The system clock lies between two readings of the machine's own."""
    before = time.time_ns() // 1_000_000
    now = SystemClock().now_ms()
    assert before <= now <= time.time_ns() // 1_000_000


def test_system_clock_waits_for_its_time() -> None:
    """Who waits is woken when it is that late and not before, also where it is that late already."""

    async def wait(ahead_ms: int) -> int:
        clock = SystemClock()
        at_ms = clock.now_ms() + ahead_ms
        await clock.sleep_until(at_ms)
        return clock.now_ms() - at_ms

    assert asyncio.run(wait(3)) >= 0
    assert asyncio.run(wait(-5)) >= 5


def test_manual_clock_stands_until_it_is_moved() -> None:
    """A manual clock shows what it was set to, and moves by steps or to a time."""
    clock = ManualClock(5)
    assert clock.now_ms() == 5
    clock.move_by(10)
    clock.move_to(20)
    assert clock.now_ms() == 20


def test_manual_clock_never_goes_back() -> None:
    """A step back is refused and changes nothing."""
    clock = ManualClock(20)
    with pytest.raises(ValueError, match="cannot go back"):
        clock.move_by(-1)
    assert clock.now_ms() == 20


async def settle() -> None:
    """Let everybody have a turn."""
    for _ in range(3):
        await asyncio.sleep(0)


def test_who_waits_at_a_manual_clock_is_woken_in_order_of_time_then_of_request() -> None:
    """A move wakes all whose time has come, the earliest first, and nobody else."""

    async def tell() -> None:
        clock, woken = ManualClock(100), list[str]()

        async def wait(name: str, at_ms: int) -> None:
            await clock.sleep_until(at_ms)
            woken.append(name)

        async with asyncio.TaskGroup() as tasks:
            for name, at_ms in (("late", 300), ("second", 150), ("first", 120), ("third", 150), ("past", 90)):
                tasks.create_task(wait(name, at_ms))
            await settle()
            assert woken == ["past"]
            assert clock.next_waiter_ms == 120
            clock.move_to(200)
            await settle()
            assert woken == ["past", "first", "second", "third"]
            assert clock.next_waiter_ms == 300
            clock.move_to(300)
        assert woken[-1] == "late"
        assert clock.next_waiter_ms is None

    asyncio.run(tell())


def test_manual_clock_forgets_who_was_cancelled() -> None:
    """A cancelled wait is waited for no more, before its task has noticed and after."""

    async def tell() -> None:
        clock = ManualClock()
        waits = [asyncio.create_task(clock.sleep_until(at_ms)) for at_ms in (30, 10, 20)]
        await settle()
        waits[1].cancel()
        assert clock.next_waiter_ms in {10, 20}
        await settle()
        assert clock.next_waiter_ms == 20
        waits[2].cancel()
        clock.move_to(25)
        await settle()
        assert [wait.done() for wait in waits] == [False, True, True]
        waits[0].cancel()
        await asyncio.gather(*waits, return_exceptions=True)
        assert clock.next_waiter_ms is None

    asyncio.run(tell())


@pytest.mark.parametrize(("speed", "shown"), [("60", 1_600), ("1", 1_010), ("0.25", 1_002)])
def test_scaled_clock_runs_as_many_times_as_fast(speed: str, shown: int) -> None:
    """Ten milliseconds of the other clock are `speed` times as many here, from the origin on."""
    inner = ManualClock(50)
    clock = ScaledClock(1_000, Decimal(speed), inner)
    assert clock.now_ms() == 1_000
    inner.move_by(10)
    assert clock.now_ms() == shown


@pytest.mark.parametrize("speed", ["60", "7", "0.3", "1", "5000"])
def test_scaled_clock_wakes_at_its_own_time(speed: str) -> None:
    """Who waits is woken as soon as the other clock lets it tell that it is that late."""
    inner = ManualClock(5)
    clock = ScaledClock(1_000, Decimal(speed), inner)

    async def wait() -> None:
        for at_ms in (1_001, 1_500, 9_999, 60_000):
            await clock.sleep_until(at_ms)
            assert at_ms <= clock.now_ms() < at_ms + Decimal(speed) + 1
        await clock.sleep_until(1_000)

    run_jumping(wait(), inner)
    if Decimal(speed) < LEAP_MS:
        passed = (inner.now_ms() - 5) * Decimal(speed)
        assert 59_000 <= passed <= 59_000 + 4 * Decimal(speed)


def test_scaled_clock_neither_leaps_nor_goes_back() -> None:
    """What a process slept through is left out, and where the other clock is set back this one stands."""

    class Set:
        now = 10

        def now_ms(self) -> int:
            return self.now

        async def sleep_until(self, at_ms: int) -> None:
            raise NotImplementedError

    inner = Set()
    clock: Clock = ScaledClock(0, Decimal(2), inner)
    for now, shown in ((20, 20), (12, 20), (13, 22), (3_600_013, 22 + LEAP_MS), (3_600_014, 24 + LEAP_MS)):
        inner.now = now
        assert clock.now_ms() == shown


@pytest.mark.parametrize("speed", ["60", "7", "0.3", "1", "5000"])
def test_affine_clocks_that_share_three_numbers_share_the_time(speed: str) -> None:
    """Two of them tell the same at any moment, whenever they were made, and wake who waits at that time."""
    inner = ManualClock(1_000)
    early = AffineClock(500_000, 900, Decimal(speed), inner)

    async def wait() -> None:
        for at_ms in (500_001, 500_777, 560_000):
            await early.sleep_until(at_ms)
            late = AffineClock(early.origin_ms, early.wall_origin_ms, early.speed, inner)
            assert late.now_ms() == early.now_ms()
            assert at_ms <= early.now_ms()
        await early.sleep_until(500_000)

    run_jumping(wait(), inner)
    assert early.now_ms() - 500_000 == int((inner.now_ms() - 900) * Decimal(speed))


def test_an_affine_clock_leaps_and_steps_back_with_the_other_one() -> None:
    """Before its origin it shows earlier times, and it has no memory."""
    inner = ManualClock(10)
    clock: Clock = AffineClock(1_000, 20, Decimal("1.5"), inner)
    assert clock.now_ms() == 985
    inner.move_to(3_600_020)
    assert clock.now_ms() == 1_000 + 5_400_000
