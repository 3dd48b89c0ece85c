"""The supervisor starts again what dies, gives up what cannot live, and ends everything together."""

import asyncio
import signal
from collections.abc import Coroutine
from functools import partial
from typing import Any

from fadearena.kit.clock import ManualClock
from fadearena.kit.jumping import run_jumping
from fadearena.runtime.supervisor import Patience, Program, Supervisor

FOREVER = 10**9
FINAL = 4


class Life:
    """How one process goes: it ends by itself after `lasts_ms` with `code`, or `obeys_ms` after SIGTERM."""

    def __init__(self, lasts_ms: int = FOREVER, code: int = 1, obeys_ms: int = 100) -> None:
        self.lasts_ms = lasts_ms
        self.code = code
        self.obeys_ms = obeys_ms


class FakeChild:
    """A process that only pretends."""

    pid = 1

    def __init__(self, clock: ManualClock, life: Life) -> None:
        self._clock = clock
        self._life = life
        self._code = life.code
        self._ends_at = clock.now_ms() + life.lasts_ms
        self._moved = asyncio.Event()
        self.is_gone = False
        self.signals: list[int] = []

    async def wait(self) -> int:
        """Wait until it ended."""
        while self._clock.now_ms() < self._ends_at:
            self._moved.clear()
            sleep = asyncio.ensure_future(self._clock.sleep_until(self._ends_at))
            moved = asyncio.ensure_future(self._moved.wait())
            await asyncio.wait({sleep, moved}, return_when=asyncio.FIRST_COMPLETED)
            sleep.cancel()
            moved.cancel()
        self.is_gone = True
        return self._code

    def send_signal(self, number: int, /) -> None:
        """Obey in its own time."""
        if self.is_gone:
            raise ProcessLookupError
        self.signals.append(number)
        if number == signal.SIGTERM:
            self._code, self._ends_at = 0, self._clock.now_ms() + self._life.obeys_ms
        elif number == signal.SIGKILL:
            self._code, self._ends_at = -signal.SIGKILL, self._clock.now_ms()
        self._moved.set()


class Stage:
    """Programs by name with the lives that they will have, one after the other; the last repeats itself."""

    def __init__(self, **lives: list[Life]) -> None:
        self.clock = ManualClock()
        self._lives = lives
        self.born: list[tuple[str, int]] = []
        self.children: list[FakeChild] = []

    def supervisor(self, limit: int = 10) -> Supervisor:
        """Return a supervisor of all programs."""
        programs = [Program(name=name, launch=partial(self._launch, name)) for name in self._lives]
        return Supervisor(programs, self.clock, Patience(limit=limit, final=frozenset({FINAL})))

    def births(self, name: str) -> list[int]:
        """Return when a program was started, in seconds."""
        return [at // 1_000 for who, at in self.born if who == name]

    async def _launch(self, name: str) -> FakeChild:
        lives = self._lives[name]
        self.born.append((name, self.clock.now_ms()))
        child = FakeChild(self.clock, lives.pop(0) if len(lives) > 1 else lives[0])
        self.children.append(child)
        return child

    def play(self, main: Coroutine[Any, Any, int]) -> int:
        """Run it as fast as it can."""
        return run_jumping(main, self.clock)


def test_who_dies_is_started_again_later_and_later() -> None:
    """The waits are 1, 2, 4 .. 60 s, until the limit of deaths in a row; then its exit code is ours."""
    stage = Stage(worker=[Life(0, code=9)])
    assert stage.play(stage.supervisor(limit=9).run()) == 9
    assert stage.births("worker") == [0, 1, 3, 7, 15, 31, 63, 123, 183]


def test_a_minute_of_life_ends_the_row() -> None:
    """Who lived for a minute begins with the shortest wait again, and is not given up."""
    stage = Stage(worker=[Life(0), Life(0), Life(60_000), Life(0), Life(0, code=FINAL)])
    assert stage.play(stage.supervisor(limit=4).run()) == FINAL
    assert stage.births("worker") == [0, 1, 3, 64, 66]


def test_what_will_be_the_same_is_not_tried_again() -> None:
    """An exit code that is final ends all programs at once, the others in good order."""
    stage = Stage(worker=[Life(5_000, code=FINAL)], server=[Life()])
    assert stage.play(stage.supervisor().run()) == FINAL
    worker, server = stage.children
    assert worker.signals == []
    assert server.signals == [signal.SIGTERM]
    assert stage.clock.now_ms() == 5_100


def test_who_was_killed_by_a_signal_ends_with_one() -> None:
    """A signal's negative code is no exit code of ours."""
    stage = Stage(worker=[Life(0, code=-9)])
    assert stage.play(stage.supervisor(limit=1).run()) == 1


def test_a_stop_ends_one_after_the_other() -> None:
    """Each has ten seconds once those before it have ended, and is killed then; nobody is started again."""
    stage = Stage(worker=[Life(obeys_ms=4_000)], server=[Life(obeys_ms=FOREVER)])

    async def main() -> int:
        supervisor = stage.supervisor()
        run = asyncio.ensure_future(supervisor.run())
        await stage.clock.sleep_until(1_000)
        supervisor.stop()
        return await run

    assert stage.play(main()) == 0
    worker, server = stage.children
    assert worker.signals == [signal.SIGTERM]
    assert server.signals == [signal.SIGTERM, signal.SIGKILL]
    assert stage.clock.now_ms() == 15_000


def test_a_second_stop_does_not_wait() -> None:
    """Asked again after a second, it kills at once; a signal that came twice counts once."""
    stage = Stage(worker=[Life(obeys_ms=FOREVER)])

    async def main() -> int:
        supervisor = stage.supervisor()
        run = asyncio.ensure_future(supervisor.run())
        await stage.clock.sleep_until(1_000)
        supervisor.stop()
        supervisor.stop()
        await stage.clock.sleep_until(2_000)
        supervisor.stop()
        return await run

    assert stage.play(main()) == 0
    assert stage.clock.now_ms() == 2_000


def test_a_stop_between_two_lives_ends_the_wait() -> None:
    """A program that waits to be started again is not started any more."""
    stage = Stage(worker=[Life(0)])

    async def main() -> int:
        supervisor = stage.supervisor()
        run = asyncio.ensure_future(supervisor.run())
        await stage.clock.sleep_until(5_000)
        supervisor.stop()
        return await run

    assert stage.play(main()) == 0
    assert stage.births("worker") == [0, 1, 3]


def test_a_signal_reaches_the_program_now_or_when_it_lives_again() -> None:
    """A signal for a living program is passed on; one that comes between two lives waits for the next."""
    stage = Stage(worker=[Life(1_000), Life()])

    async def main() -> int:
        supervisor = stage.supervisor()
        run = asyncio.ensure_future(supervisor.run())
        await stage.clock.sleep_until(500)
        supervisor.send("worker", signal.SIGUSR1)
        await stage.clock.sleep_until(1_500)
        supervisor.send("worker", signal.SIGUSR1)
        await stage.clock.sleep_until(10_000)
        supervisor.stop()
        return await run

    assert stage.play(main()) == 0
    assert [child.signals for child in stage.children] == [[signal.SIGUSR1], [signal.SIGUSR1, signal.SIGTERM]]
