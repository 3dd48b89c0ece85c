"""
The long form: a worker is killed at every point and at random moments, and the faults that it survived are counted.

    python -m tests.faults [--moments 200] [--first-seed 0] [--only 17]

`--only` tells one seed's story again, as after a failure.
"""

import argparse
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tests.faults.test_kill import POINTS
from tests.support.crash import Death
from tests.support.crash_runs import LONG, Stage, Told, moments


@dataclass(frozen=True)
class Case:
    """A story with its deaths."""

    name: str
    deaths: tuple[Death, ...]


def say(text: str) -> None:
    """Show a line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def cases(chosen: argparse.Namespace, passes: dict[str, int]) -> Iterator[Case]:
    """Return what is to be tried: every point once, and stories with random moments."""
    if chosen.only is None:
        for point in POINTS:
            yield Case(point, (Death(point=point, nth=passes[point] // 2 + 1),))
    last = chosen.first_seed + chosen.moments
    for seed in range(chosen.first_seed, last) if chosen.only is None else (chosen.only,):
        yield Case(f"seed {seed}", moments(seed, sum(passes.values())))


def outcome(stage: Stage, still: Told, case: Case) -> tuple[int, list[str]]:
    """Return how many deaths a story saw, and what was wrong with its end."""
    try:
        told = stage.tell(LONG, case.deaths)
    except AssertionError as error:
        return len(case.deaths), [str(error)]
    return told.deaths, told.differences(still)


def main() -> int:
    """Kill, compare, count; 1 where something did not survive."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moments", type=int, default=200, help="how many random stories are told")
    parser.add_argument("--first-seed", type=int, default=0, help="the first story's seed")
    parser.add_argument("--only", type=int, help="tell only the story of this seed")
    parser.add_argument("--workers", type=int, default=2, help="how many stories are told at once")
    chosen = parser.parse_args()
    stage, injected, survived = Stage(), 0, 0
    try:
        still = stage.tell(LONG)
        for problem in still.ending.problems:
            say(f"without a death: {problem}")
        tried = list(cases(chosen, still.passes))
        with ThreadPoolExecutor(chosen.workers) as pool:
            for case, found in zip(tried, pool.map(lambda each: outcome(stage, still, each), tried), strict=True):
                deaths, differences = found
                injected, survived = injected + deaths, survived + (0 if differences else deaths)
                if differences:
                    say(f"{case.name} ({', '.join(map(str, case.deaths))}):")
                    say("\n".join(f"    {difference}" for difference in differences))
    finally:
        stage.close()
    say(f"{survived} of {injected} faults survived, in {len(tried)} stories")
    return int(survived < injected or bool(still.ending.problems))


if __name__ == "__main__":
    sys.exit(main())
