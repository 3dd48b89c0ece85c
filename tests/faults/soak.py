"""
The soak: a worker in running time, killed again and again, on an exchange with which much goes wrong.

    python -m tests.faults.soak [--minutes 5] [--seed 0] [--keep DIRECTORY]

In the end everything is looked at as after the other stories; 1 where anything is wrong.
"""

import argparse
import asyncio
import sys
import time
from pathlib import Path
from random import Random

from fadearena.kit.clock import ManualClock
from tests.faults.__main__ import say
from tests.support.crash_check import Ending, look
from tests.support.crash_life import Place
from tests.support.crash_runs import Plot, Stage, run, start
from tests.support.truth import START_MS, Tale

SPEED = 10
LIVES_S = (4.0, 14.0)
FIRST_MS = 40_000
ROUND_MS = 10_000
LAST_LIFE_S = 300


def soak(place: Place, plot: Plot, seed: int) -> int:
    """Kill and start again until the story's faults end, then let it come to its end; return the number of kills."""
    rng, kills = Random(seed), 0
    end = time.monotonic() + (plot.tale().faults_until - START_MS) / 1_000 / SPEED
    while True:
        worker = start(run, place.directory, plot, SPEED, seed)
        left = end - time.monotonic()
        worker.join(min(rng.uniform(*LIVES_S), left) if left > 0 else LAST_LIFE_S)
        if worker.exitcode is not None or left <= 0:
            break
        worker.kill()
        worker.join()
        kills += 1
    if worker.exitcode != 0:
        worker.kill()
        error = place.directory / "error"
        raise SystemExit(error.read_text() if error.exists() else "the story did not come to its end")
    return kills


def ending(place: Place, tale: Tale) -> Ending:
    """Look at what was left."""
    return asyncio.run(look(place, tale, ManualClock(tale.end)))


def main() -> int:
    """Soak, look, tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=5, help="how long it goes on")
    parser.add_argument("--seed", type=int, default=0, help="which bots, which moments, which mishaps")
    parser.add_argument("--keep", type=Path, help="where to keep the databases of a story that ended badly")
    chosen = parser.parse_args()
    rounds = max(1, int((chosen.minutes * 60_000 * SPEED - FIRST_MS) / ROUND_MS))
    plot = Plot(chosen.seed, rounds, FIRST_MS)
    stage = Stage()
    try:
        place = stage.place()
        kills = soak(place, plot, chosen.seed)
        found = ending(place, plot.tale())
        if found.problems and chosen.keep is not None:
            place.copy_to(chosen.keep)
    finally:
        stage.close()
    for problem in found.problems:
        say(problem)
    say(f"{kills} kills, {found.orders} orders, {found.entries} journal entries, {len(found.problems)} problems")
    return int(bool(found.problems))


if __name__ == "__main__":
    sys.exit(main())
