"""
Keeps processes running: starts them, starts them again when they die, ends them together.

1. A process that dies is started again after 1, 2, 4 .. 60 s; one that lived for a minute begins at 1 s again.
2. Where starting again cannot help (a wrong option, tables of another version), or after `limit` deaths in a row, all
   are ended: half a system is harder to see than none.
3. One that ended only to begin anew (another mode is active now) is started again at once.
4. Who is asked to end has 10 s for it. One after the other is asked, in the order in which they were given: who shows
   what others write ends after them, and has shown all of it.
"""

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec
import structlog

from fadearena.kit.clock import Clock
from fadearena.kit.tasks import either
from fadearena.model.units import MINUTE_MS, SECOND_MS, EpochMs

log = structlog.get_logger(__name__)
_TWICE_MS = SECOND_MS
"""Some senders send a signal twice at once, to the process and to its group."""
_LONGEST_S = 60


class Child(Protocol):
    """A process that was started."""

    @property
    def pid(self) -> int:
        """Its number."""
        ...

    async def wait(self) -> int:
        """Wait until it ended, and return its exit code; negative where a signal ended it."""
        ...

    def send_signal(self, signal: int, /) -> None:
        """Send it a signal; `ProcessLookupError` where it is gone."""
        ...


@dataclass(frozen=True, kw_only=True)
class Program:
    """What is kept running under which name."""

    name: str
    launch: Callable[[], Awaitable[Child]]


class Patience(msgspec.Struct, frozen=True, kw_only=True):
    """
    When to give up.

    `limit` deaths in a row are too many, after `healthy_ms` a row is over, and an exit code in `final` will be the
    same next time; one in `again` is no death. Whoever does not end within `grace_ms` of being asked to is killed.
    """

    limit: int = 10
    healthy_ms: EpochMs = MINUTE_MS
    grace_ms: EpochMs = 10 * SECOND_MS
    final: frozenset[int] = frozenset()
    again: frozenset[int] = frozenset()


class Supervisor:
    """Runs programs until it is told to stop or has to give one up."""

    def __init__(self, programs: Sequence[Program], clock: Clock, patience: Patience) -> None:
        self._programs = tuple(programs)
        self._clock = clock
        self._patience = patience
        self._stopping = asyncio.Event()
        self._children: dict[str, Child] = {}
        self._ended = {program.name: asyncio.Event() for program in programs}
        self._held: dict[str, int] = {}
        self._code = 0
        self._asked: EpochMs | None = None

    async def run(self) -> int:
        """Run until everything ended; return 0, or the exit code of the program that was given up."""
        async with asyncio.TaskGroup() as group:
            for place, program in enumerate(self._programs):
                before = [self._ended[other.name] for other in self._programs[:place]]
                group.create_task(self._keep(program, before), name=f"keep-{program.name}")
        return self._code

    def stop(self) -> None:
        """End all programs in good order; asked again a second later, end them at once."""
        now = self._clock.now_ms()
        if self._asked is not None and now >= self._asked + _TWICE_MS:
            for child in self._children.values():
                _send(child, signal.SIGKILL)
        self._asked = now if self._asked is None else self._asked
        self._stopping.set()

    def send(self, name: str, number: int) -> None:
        """Send a signal to a program; one that is not running at the moment gets it when it was started again."""
        child = self._children.get(name)
        if child is None or not _send(child, number):
            self._held[name] = number

    async def _keep(self, program: Program, before: Sequence[asyncio.Event]) -> None:
        """Keep a program running; a stop ends it once those before it have ended."""
        try:
            await self._keep_alive(program, before)
        finally:
            self._ended[program.name].set()

    async def _keep_alive(self, program: Program, before: Sequence[asyncio.Event]) -> None:
        deaths = 0
        while not self._stopping.is_set():
            born = self._clock.now_ms()
            child = self._children[program.name] = await program.launch()
            log.info("process_started", process=program.name, pid=child.pid)
            if program.name in self._held:
                _send(child, self._held.pop(program.name))
            code = await self._end_of(child, before)
            del self._children[program.name]
            if self._stopping.is_set():
                log.info("process_ended", process=program.name, code=code)
                return
            if code in self._patience.again:
                log.info("process_begins_anew", process=program.name, code=code)
                deaths = 0
                continue
            deaths = 1 if self._clock.now_ms() - born >= self._patience.healthy_ms else deaths + 1
            if code in self._patience.final or deaths >= self._patience.limit:
                log.error("process_given_up", process=program.name, code=code, deaths=deaths)
                self._code = code if code > 0 else 1
                self._stopping.set()
                return
            delay = min(2 ** (deaths - 1), _LONGEST_S) * SECOND_MS
            log.warning("process_died", process=program.name, code=code, deaths=deaths, again_in_ms=delay)
            await either(self._clock.sleep_until(self._clock.now_ms() + delay), self._stopping.wait())

    async def _end_of(self, child: Child, before: Sequence[asyncio.Event]) -> int:
        """Wait until a child ended by itself, or was asked to when its turn was and did, or was killed."""
        end = asyncio.create_task(child.wait())
        try:
            for event in (self._stopping, *before):
                await either(asyncio.shield(end), event.wait())
            if not end.done():
                _send(child, signal.SIGTERM)
                await either(
                    asyncio.shield(end), self._clock.sleep_until(self._clock.now_ms() + self._patience.grace_ms)
                )
            if not end.done():
                log.error("process_killed", pid=child.pid)
                _send(child, signal.SIGKILL)
            return await end
        finally:
            end.cancel()


def _send(child: Child, number: int) -> bool:
    with contextlib.suppress(ProcessLookupError):
        child.send_signal(number)
        return True
    return False
