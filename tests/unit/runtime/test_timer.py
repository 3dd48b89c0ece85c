"""The timer wakes by key, at its time, in order; a later request for a key replaces the earlier one."""

import asyncio
from collections.abc import Callable

from fadearena.core.state import State
from fadearena.kit.clock import ManualClock
from fadearena.kit.jumping import run_jumping
from fadearena.kit.tasks import cancelled
from fadearena.model.event import Woke
from fadearena.runtime.corrected import CorrectedClock
from fadearena.runtime.inbox import Inbox
from fadearena.runtime.timer import Timer
from tests.support.room import wake

Clocked = list[tuple[int, str]]


def ringing(
    story: Callable[[ManualClock, Timer], object], until_ms: int = 1_000, state: State | None = None
) -> Clocked:
    """Run a timer beside a story; return when each wake came, by the machine's clock, and its key."""
    clock, inbox, rung = ManualClock(), Inbox(10), Clocked()
    timer = Timer(CorrectedClock(clock, state or State()), inbox)

    async def listen() -> None:
        while True:
            for incoming in await inbox.take(10):
                assert isinstance(incoming.event, Woke)
                rung.append((clock.now_ms(), incoming.event.key))

    async def main() -> None:
        running = [asyncio.create_task(timer.run()), asyncio.create_task(listen())]
        told = story(clock, timer)
        if asyncio.iscoroutine(told):
            await told
        await clock.sleep_until(until_ms)
        await cancelled(*running)

    run_jumping(main(), clock)
    return rung


def test_wakes_come_at_their_time_in_their_order() -> None:
    """Whatever the order in which they were asked for; of one millisecond all at once."""

    def story(_: ManualClock, timer: Timer) -> None:
        for at_ms, key in ((30, "c"), (10, "a"), (20, "b"), (20, "d"), (10, "e")):
            timer.set(wake(at_ms, key))
        assert len(timer) == 5

    assert ringing(story) == [(10, "a"), (10, "e"), (20, "b"), (20, "d"), (30, "c")]


def test_later_request_replaces_the_earlier_one_of_its_key() -> None:
    """To an earlier time as well as to a later one; it rings once."""

    def story(_: ManualClock, timer: Timer) -> None:
        timer.set(wake(10, "later"))
        timer.set(wake(50, "later"))
        timer.set(wake(60, "sooner"))
        timer.set(wake(20, "sooner"))
        timer.set(wake(30, "twice"))
        timer.set(wake(30, "twice"))
        assert len(timer) == 3

    assert ringing(story) == [(20, "sooner"), (30, "twice"), (50, "later")]


def test_earlier_wake_is_not_slept_through() -> None:
    """One that is asked for while the timer waits for another comes first."""

    async def story(clock: ManualClock, timer: Timer) -> None:
        timer.set(wake(100, "far"))
        await clock.sleep_until(10)
        timer.set(wake(20, "near"))

    assert ringing(story) == [(20, "near"), (100, "far")]


def test_wake_that_is_past_comes_at_once() -> None:
    """Also while nothing else is waited for."""

    async def story(clock: ManualClock, timer: Timer) -> None:
        await clock.sleep_until(50)
        timer.set(wake(10, "past"))

    assert ringing(story) == [(50, "past")]


def test_replaced_wakes_are_swept_out() -> None:
    """A key that is put off again and again does not fill the memory."""

    def story(_: ManualClock, timer: Timer) -> None:
        for at_ms in range(5_000):
            timer.set(wake(10_000 + at_ms, "put off"))
        timer.set(wake(500, "other"))
        assert len(timer._heap) < 2_000

    assert ringing(story, 20_000) == [(500, "other"), (14_999, "put off")]


def test_wakes_follow_the_corrected_clock() -> None:
    """Where ours is 300 ms ahead of the exchange's, a wake comes 300 ms later by ours, never early."""
    assert ringing(lambda _, timer: timer.set(wake(10)), state=State(clock_offset_ms=300)) == [(310, "k")]


def test_wake_that_an_offset_made_too_early_is_waited_for_on() -> None:
    """A clock that is found to be ahead while the timer waits does not make it ring early, nor in circles."""
    state = State()

    async def story(clock: ManualClock, timer: Timer) -> None:
        timer.set(wake(100))
        await clock.sleep_until(50)
        state.clock_offset_ms = 40

    assert ringing(story, state=state) == [(140, "k")]
