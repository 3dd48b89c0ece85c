"""Runs stories of the fault matrix, over sockets or in memory, several at a time, and counts what they survived."""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import msgspec

from fadearena.adapters.sql.database import SqliteFile
from tests.support import matrix_memory, matrix_sockets
from tests.support.crash_life import quick_directory
from tests.support.matrix import SENSELESS, Hit, Schedule, table
from tests.support.quiet import quiet
from tests.support.tables import lay

Say = Callable[[str], None]
_LOG_LINES = 5


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """How a story ended: which faults began, and what is wrong."""

    schedule: Schedule
    injected: tuple[Hit, ...] = ()
    recovered_ms: int = 0
    problems: tuple[str, ...] = ()

    def missing(self) -> int:
        """Return how many of its faults never began."""
        return len(self.schedule.hits) - len(self.injected)


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What all stories came to, for programs."""

    stories: int
    survived: int
    faults: int
    senseless: int
    recovered_ms_median: int
    recovered_ms_most: int
    seconds: float
    failed: tuple[str, ...]


@contextmanager
def workshop() -> Iterator[Path]:
    """Make a directory with empty databases for every story to begin with."""
    directory = quick_directory()
    empty = directory / "empty"
    empty.mkdir(parents=True)
    lay(SqliteFile(empty / "journal.db"), "journal")
    lay(SqliteFile(empty / "read.db"), "read")
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


async def over_sockets(schedules: Sequence[Schedule], jobs: int, speed: Decimal) -> AsyncIterator[Ended]:
    """Tell stories with real processes, and yield their ends as they come."""
    gate = asyncio.Semaphore(jobs)
    with workshop() as directory:

        async def tell(number: int, schedule: Schedule) -> Ended:
            async with gate:
                place = directory / f"{number}"
                ended = await _told(schedule, directory / "empty", place, speed)
                await asyncio.to_thread(shutil.rmtree, place, ignore_errors=True)
                return ended

        tasks = [asyncio.create_task(tell(number, each)) for number, each in enumerate(schedules)]
        try:
            for task in asyncio.as_completed(tasks):
                yield await task
        finally:
            for each in tasks:
                each.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def in_memory(schedule: Schedule) -> Ended:
    """Tell a story on the clock that jumps."""
    quiet()
    try:
        course, problems = matrix_memory.told(schedule)
    except Exception as error:  # noqa: BLE001 - a story that breaks is one that failed
        return Ended(schedule=schedule, problems=(f"{type(error).__name__}: {error}",))
    return Ended(
        schedule=schedule,
        injected=course.injected,
        recovered_ms=course.recovered_ms,
        problems=tuple(problems),
    )


def run_memory(schedules: Sequence[Schedule], jobs: int) -> Iterator[Ended]:
    """Tell stories in memory, each by one of some processes."""
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(in_memory, schedules)


def reported(ends: Sequence[Ended], began: float, *, needs_all: bool) -> Report:
    """Count."""
    failed = tuple(each.schedule.name for each in ends if has_failed(each, needs_all=needs_all))
    took = sorted(each.recovered_ms for each in ends) or [0]
    return Report(
        stories=len(ends),
        survived=len(ends) - len(failed),
        faults=sum(len(each.injected) for each in ends),
        senseless=len(SENSELESS),
        recovered_ms_median=took[len(took) // 2],
        recovered_ms_most=took[-1],
        seconds=round(time.monotonic() - began, 1),
        failed=failed,
    )


def has_failed(ended: Ended, *, needs_all: bool) -> bool:
    """Tell whether something is wrong, or a fault never began that has to."""
    return bool(ended.problems) or (needs_all and ended.missing() > 0)


def show(ends: Sequence[Ended], report: Report, say: Say, *, is_whole: bool) -> None:
    """Show the table, the cells that make no sense, the count, and a line for programs."""
    if is_whole:
        for line in table({each.schedule.hits[0]: not has_failed(each, needs_all=True) for each in ends}):
            say(line)
        reasons: dict[str, list[str]] = {}
        for (step, fault), reason in SENSELESS.items():
            reasons.setdefault(reason, []).append(f"{step} / {fault}")
        for reason, names in reasons.items():
            say(f"- {reason}: {', '.join(names)}")
    say(f"faults survived {report.survived} of {report.stories}")
    say(msgspec.json.encode(report).decode())


def tell_problems(ended: Ended, say: Say, *, needs_all: bool) -> None:
    """Say what is wrong with a story, where something is."""
    if has_failed(ended, needs_all=needs_all):
        say(f"{ended.schedule.name} (hits: {'; '.join(map(str, ended.schedule.hits))}):")
        for problem in ended.problems:
            say(f"    {problem}")
        if needs_all and ended.missing():
            say(f"    {ended.missing()} of its faults never began: no order came to this step")


async def _told(schedule: Schedule, empty: Path, place: Path, speed: Decimal) -> Ended:
    try:
        course, problems = await matrix_sockets.told(schedule, empty, place, speed)
    except Exception as error:  # noqa: BLE001 - a story that breaks is one that failed
        log = place / "worker.log"
        last = log.read_text(errors="replace").splitlines()[-_LOG_LINES:] if log.exists() else []
        return Ended(schedule=schedule, problems=(f"{type(error).__name__}: {error}", *last))
    return Ended(
        schedule=schedule,
        injected=course.injected,
        recovered_ms=course.recovered_ms,
        problems=tuple(problems),
    )
