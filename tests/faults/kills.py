"""Stories in which a worker is killed at every point and at random moments, and the faults that it survived."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tests.faults.test_kill import POINTS
from tests.support.crash import Death
from tests.support.crash_runs import LONG, Stage, Told, moments

Say = Callable[[str], None]


@dataclass(frozen=True)
class Case:
    """A story with its deaths."""

    name: str
    deaths: tuple[Death, ...]


@dataclass(frozen=True)
class Count:
    """How many faults there were, and how many of them were survived."""

    injected: int
    survived: int
    stories: int


def cases(seeds: range, passes: dict[str, int], *, with_points: bool) -> Iterator[Case]:
    """Return what is to be tried: every point once, and stories with random moments."""
    for point in POINTS if with_points else ():
        yield Case(point, (Death(point=point, nth=passes[point] // 2 + 1),))
    for seed in seeds:
        yield Case(f"seed {seed}", moments(seed, sum(passes.values())))


def outcome(stage: Stage, still: Told, case: Case) -> tuple[int, list[str]]:
    """Return how many deaths a story saw, and what was wrong with its end."""
    try:
        told = stage.tell(LONG, case.deaths)
    except AssertionError as error:
        return len(case.deaths), [str(error)]
    return told.deaths, told.differences(still)


def kill(seeds: range, say: Say, *, with_points: bool, jobs: int) -> Count:
    """Kill, compare, count."""
    stage, injected, survived = Stage(), 0, 0
    try:
        still = stage.tell(LONG)
        for problem in still.ending.problems:
            say(f"without a death: {problem}")
            injected += 1
        tried = list(cases(seeds, still.passes, with_points=with_points))
        with ThreadPoolExecutor(jobs) as pool:
            for case, found in zip(tried, pool.map(lambda each: outcome(stage, still, each), tried), strict=True):
                deaths, differences = found
                injected, survived = injected + deaths, survived + (0 if differences else deaths)
                if differences:
                    say(f"{case.name} ({', '.join(map(str, case.deaths))}):")
                    say("\n".join(f"    {difference}" for difference in differences))
    finally:
        stage.close()
    return Count(injected=injected, survived=survived, stories=len(tried))
