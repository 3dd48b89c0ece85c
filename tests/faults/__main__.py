"""
The long form: a worker is killed at every point and at random moments, and the faults that it survived are counted.

    python -m tests.faults [--moments 200] [--first-seed 0] [--only 17]

`--only` tells one seed's story again, as after a failure.
"""

import argparse
import sys
from collections.abc import Sequence

from tests.faults.test_kill import POINTS
from tests.support.crash import Death
from tests.support.crash_runs import LONG, Stage, Told, moments


def say(text: str) -> None:
    """Show a line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


class Count:
    """How many faults were injected, and how many survived."""

    def __init__(self, stage: Stage) -> None:
        self.injected = 0
        self.survived = 0
        self._stage = stage
        self.still = stage.tell(LONG)
        for problem in self.still.ending.problems:
            say(f"without a death: {problem}")

    def tell(self, name: str, deaths: Sequence[Death]) -> None:
        """Tell a story and count."""
        told = self._told(name, deaths)
        self.injected += len(deaths) if told is None else told.deaths
        differences = ["it did not come to an end"] if told is None else told.differences(self.still)
        if not differences:
            self.survived += 0 if told is None else told.deaths
            return
        say(f"{name} ({', '.join(map(str, deaths))}):")
        for difference in differences:
            say(f"    {difference}")

    def _told(self, name: str, deaths: Sequence[Death]) -> Told | None:
        try:
            return self._stage.tell(LONG, deaths)
        except AssertionError as error:
            say(f"{name}: {error}")
            return None


def main() -> int:
    """Kill, compare, count; 1 where something did not survive."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moments", type=int, default=200, help="how many random stories are told")
    parser.add_argument("--first-seed", type=int, default=0, help="the first story's seed")
    parser.add_argument("--only", type=int, help="tell only the story of this seed")
    chosen = parser.parse_args()
    stage = Stage()
    try:
        count = Count(stage)
        passes = count.still.passes
        if chosen.only is None:
            for point in POINTS:
                count.tell(point, [Death(point=point, nth=passes[point] // 2 + 1)])
        last = chosen.first_seed + chosen.moments
        for seed in range(chosen.first_seed, last) if chosen.only is None else (chosen.only,):
            count.tell(f"seed {seed}", moments(seed, sum(passes.values())))
    finally:
        stage.close()
    say(f"{count.survived} of {count.injected} faults survived")
    return int(count.survived < count.injected or bool(count.still.ending.problems))


if __name__ == "__main__":
    sys.exit(main())
