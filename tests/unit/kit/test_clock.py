"""Clocks tell milliseconds, and the manual one goes only forwards."""

import time

import pytest

from fadearena.kit.clock import ManualClock, SystemClock


def test_system_clock_tells_the_machines_time_in_milliseconds() -> None:
    """The system clock lies between two readings of the machine's own."""
    before = time.time_ns() // 1_000_000
    now = SystemClock().now_ms()
    assert before <= now <= time.time_ns() // 1_000_000


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
