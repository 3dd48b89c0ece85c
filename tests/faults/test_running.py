"""
kill -9 from outside, at whatever the clock on the wall says: running time, threads, several workers at once.

Nothing here repeats itself exactly. The end of the story has to be the same all the same.
"""

import asyncio
import signal
from collections.abc import Iterator
from random import Random

import pytest

from fadearena.adapters.sql.journal.store import open_journal_reader
from fadearena.kit.clock import ManualClock
from fadearena.model.event import Started
from fadearena.model.units import SECOND_MS
from tests.support.crash_check import look
from tests.support.crash_life import Place
from tests.support.crash_runs import LIMIT_S, Plot, Stage, Told, run, start
from tests.support.truth import START_MS

SPEED = 10
SEEDS, KILLS = 3, 4
PLOT = Plot(seed=1, rounds=2, first_ms=40 * SECOND_MS)
"""Whoever begins to follow late follows less: so everybody has time to start before something happens."""
TAKEN_OVER_MS = 10 * SECOND_MS


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """Return a place for stories."""
    stage = Stage()
    yield stage
    stage.close()


@pytest.fixture(scope="module")
def still(stage: Stage) -> Told:
    """Return the story as it is without a death."""
    return stage.tell(PLOT)


def ending(place: Place, deaths: int) -> Told:
    """Look at what a story left."""
    tale = PLOT.tale()
    return Told(ending=asyncio.run(look(place, tale, ManualClock(tale.end))), passes={}, deaths=deaths)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(SEEDS))
def test_kills_from_outside(stage: Stage, still: Told, seed: int) -> None:
    """A worker that is killed four times within the story's half minute ends where it would have ended."""
    place, rng = stage.place(), Random(seed)
    first_s = PLOT.first_ms / SECOND_MS / SPEED
    each_s = (PLOT.tale().faults_until - START_MS) / SECOND_MS / SPEED - first_s
    for number in range(KILLS):
        worker = start(run, place.directory, PLOT, SPEED)
        worker.join((0 if number else first_s) + rng.uniform(0.3, 0.9) * each_s / KILLS)
        worker.kill()
        worker.join()
        assert worker.exitcode == -signal.SIGKILL
    worker = start(run, place.directory, PLOT, SPEED)
    worker.join(LIMIT_S)
    assert worker.exitcode == 0
    assert ending(place, KILLS).differences(still) == []


@pytest.mark.slow
def test_a_second_worker_takes_over(stage: Stage, still: Told) -> None:
    """Of two workers one works and the other stands by; when the one is killed the other goes on, once."""
    place = stage.place()
    first = start(run, place.directory, PLOT, SPEED)
    first.join(1)
    second = start(run, place.directory, PLOT, SPEED)
    second.join(PLOT.first_ms / SECOND_MS / SPEED)
    first.kill()
    first.join()
    second.join(LIMIT_S)
    assert second.exitcode == 0
    assert ending(place, 1).differences(still) == []
    starts = asyncio.run(gaps(place))
    assert len(starts) == 2
    assert starts[1] <= TAKEN_OVER_MS


async def gaps(place: Place) -> list[int]:
    """Return how long it was quiet before each start."""
    before, found = START_MS, []
    async with open_journal_reader(place.journal, inline=True) as store:
        async for entry in store.journal.read():
            if isinstance(entry.event, Started):
                found.append(entry.received - before)
            before = entry.received
    return found
