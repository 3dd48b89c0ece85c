"""
Stories told by processes that are killed and started again, and how they end.

Processes are forked from one that has everything imported. Each child writes what came of it to a file; what a child
raised is raised here.
"""

import asyncio
import logging
import multiprocessing
import shutil
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from itertools import count
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from random import Random
from signal import SIGKILL
from typing import Any

import msgspec
import structlog

from fadearena.adapters.sim.faults import Fault, seeded
from fadearena.kit.clock import ManualClock, ScaledClock
from fadearena.kit.jumping import run_jumping
from fadearena.runtime.life import WorkerDoors
from tests.support.crash import Death, Passes
from tests.support.crash_check import Ending, look
from tests.support.crash_life import Habits, Place, live, quick_directory
from tests.support.truth import SETTLED_MS, START_MS, Tale, tell
from tests.support.truth_venue import FaultyTruth, TruthVenue

LIMIT_S = 120
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload([__name__])


class Plot(msgspec.Struct, frozen=True):
    """Which story is told: its seed, how many rounds it has, when the first begins, and the rest after the last."""

    seed: int
    rounds: int = 5
    first_ms: int = 8_000
    settled_ms: int = SETTLED_MS

    def tale(self) -> Tale:
        """Return it."""
        return tell(self.seed, self.rounds, self.first_ms, self.settled_ms)


FAULTS = {Fault.LOST: 0.03, Fault.UNANSWERED: 0.03, Fault.DOUBLED: 0.05, Fault.LATE_FILLS: 0.05, Fault.REFUSED: 0.03}
SHORT = Plot(1, 2)
LONG = Plot(1, 3)


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A story that came to its end; `passes` are those of its last life, by point, up to the last fault."""

    ending: Ending
    passes: dict[str, int]
    deaths: int

    def differences(self, other: "Told") -> list[str]:
        """Return what is wrong with this ending, alone and beside that of a story without a death."""
        mine, theirs = self.ending, other.ending
        found = list(mine.problems)
        both = ((name, mine.money.get(name), theirs.money.get(name)) for name in sorted({*mine.money, *theirs.money}))
        found += [f"{name}: {now} instead of {then}" for name, now, then in both if now != then]
        lost, extra = set(theirs.trades) - set(mine.trades), set(mine.trades) - set(theirs.trades)
        found += [f"{len(lost)} fills of the bots are lost: {sorted(lost)[:3]}"] if lost else []
        found += [f"{len(extra)} fills of the bots are made up: {sorted(extra)[:3]}"] if extra else []
        if len(set(mine.trades)) < len(mine.trades):
            found.append("a fill of a bot was counted twice")
        return found


class Stage:
    """A place for stories: empty databases to begin with, and a directory that goes in the end."""

    def __init__(self) -> None:
        self.directory = quick_directory()
        self._empty = Place(self.directory / "empty")
        self._numbers = count(1)
        in_child(_prepare, self._empty.directory)

    def close(self) -> None:
        """Remove everything."""
        shutil.rmtree(self.directory, ignore_errors=True)

    def place(self) -> Place:
        """Return a place where nothing happened yet."""
        return self._empty.copy_to(self.directory / f"{next(self._numbers)}")

    def tell(self, plot: Plot, deaths: Sequence[Death] = ()) -> Told:
        """Tell a story; its n-th life ends by the n-th death, unless the story is over first."""
        place, died = self.place(), 0
        for death in (*deaths, None):
            code = in_child(_live, place.directory, plot, death)
            if code == 0:
                break
            died += 1
        told = msgspec.json.decode((place.directory / "told").read_bytes(), type=Told)
        shutil.rmtree(place.directory)
        return msgspec.structs.replace(told, deaths=died)


def moments(seed: int, passes: int) -> tuple[Death, ...]:
    """Return random moments to die at: one in the story, and often another soon after the next start."""
    rng = Random(seed)
    deaths = [Death(nth=rng.randint(1, passes))]
    while rng.random() < 0.4:
        deaths.append(Death(nth=rng.randint(1, 80)))
    return tuple(deaths)


def in_child(work: Callable[..., None], directory: Path, *arguments: Any) -> int:
    """
    Do some work in a process of its own; return 0, or what killed it (negative).

    Raises:
        AssertionError: It raised, or did not come to an end.
    """
    process = start(work, directory, *arguments)
    process.join(LIMIT_S)
    if process.exitcode is None:
        process.kill()
        process.join()
        raise AssertionError(f"{work.__name__}{arguments} did not end within {LIMIT_S} s")
    code = process.exitcode
    process.close()
    if code not in {0, -SIGKILL}:
        error = directory / "error"
        why = error.read_text() if error.exists() else "it says nothing"
        raise AssertionError(f"{work.__name__}{arguments} ended with {code}:\n{why}")
    return code


def start(work: Callable[..., None], directory: Path, *arguments: Any) -> ForkServerProcess:
    """Begin some work in a process of its own, to be killed from outside."""
    process = _FORKS.Process(target=_guarded, args=(work, directory, *arguments), daemon=True)
    process.start()
    return process


def run(directory: Path, plot: Plot, speed: int, seed: int | None = None, url: str | None = None) -> None:
    """Tell a story in running time, with threads; with a seed, messages to the exchange go wrong for most of it."""
    place, tale = Place(directory, url), plot.tale()
    now = time.time_ns() // 1_000_000
    with suppress(FileExistsError), (directory / "began").open("x") as began:
        began.write(str(now))
    passed = now - int((directory / "began").read_text() or now)
    clock = ScaledClock(START_MS + passed * speed, Decimal(speed))
    habits = Habits(inline=False, options=msgspec.structs.replace(Habits().options, control_poll_ms=200))

    def faulty(doors: WorkerDoors) -> WorkerDoors:
        if seed is None or not isinstance(doors.venue, TruthVenue):
            return doors
        drawn = seeded(seed + now, FAULTS)
        faults = (next(drawn) if clock.now_ms() < tale.faults_until else Fault.NONE for _ in count())
        return replace(doors, venue=FaultyTruth(doors.venue, clock, faults))

    asyncio.run(live(place, tale, clock, lambda _: None, habits, faulty))


def _guarded(work: Callable[..., None], directory: Path, *arguments: Any) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        work(directory, *arguments)
    except BaseException:
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "error").write_text(traceback.format_exc())
        raise


def _prepare(directory: Path) -> None:
    Place(directory).prepare()


def _live(directory: Path, plot: Plot, death: Death | None) -> None:
    place, tale = Place(directory), plot.tale()
    clock = ManualClock(place.resumes_at())
    passes = Passes(clock, place.died, death, tale.faults_until)
    run_jumping(live(place, tale, clock, passes), clock)
    ending = asyncio.run(look(place, tale, clock))
    told = Told(ending=ending, passes=dict(passes.by_point), deaths=0)
    (directory / "told").write_bytes(msgspec.json.encode(told))
