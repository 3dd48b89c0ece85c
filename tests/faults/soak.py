"""
The soak: faulty feeds by the hundred, and a worker that is killed again and again on an exchange with many troubles.

    python -m tests.faults.soak              500 stories of faulty feeds, then a worker killed for 5 minutes
    python -m tests.faults.soak --short      the same, shorter: it ends within 10 minutes
    python -m tests.faults.soak --seed 17    one story of faulty feeds again
    python -m tests.faults.soak --part kills --minutes 30 --kills-seed 3

In the end everything is looked at; 1 where anything is wrong.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random

from fadearena.kit.clock import ManualClock
from tests.faults import feeds
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
STORIES, SHORT_STORIES = 500, 200
MINUTES, SHORT_MINUTES = 5.0, 2.0
FEEDS_MOST_S = 300
"""With `--short` no new story of feeds begins after this time: some are left out on a slow machine, and counted."""


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


def parsed(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="fewer stories and fewer kills: it ends within 10 minutes")
    parser.add_argument("--part", choices=("all", "feeds", "kills"), default="all", help="what is run")
    parser.add_argument("--stories", type=int, help=f"how many stories of faulty feeds are told ({STORIES})")
    parser.add_argument("--first-seed", type=int, default=0, help="the seed of the first of them")
    parser.add_argument("--seed", type=int, help="tell only the story of faulty feeds of this seed")
    parser.add_argument("--jobs", type=int, default=2, help="how many of these stories are told at once")
    parser.add_argument("--minutes", type=float, help=f"how long a worker is killed ({MINUTES:g})")
    parser.add_argument("--kills-seed", type=int, default=0, help="which bots, which moments, which mishaps")
    parser.add_argument("--keep", type=Path, help="where to keep the databases of a worker that ended badly")
    return parser.parse_args(arguments)


def run_feeds(chosen: argparse.Namespace) -> bool:
    """Tell stories of faulty feeds; tell whether all were survived."""
    began = time.monotonic()
    count = chosen.stories or (SHORT_STORIES if chosen.short else STORIES)
    seeds = range(chosen.first_seed, chosen.first_seed + count) if chosen.seed is None else (chosen.seed,)
    stories = []
    for told in feeds.run(seeds, chosen.jobs, FEEDS_MOST_S if chosen.short else None):
        stories.append(told)
        for problem in told.problems:
            say(f"seed {told.seed}: {problem}")
    return feeds.show(stories, began, say)


def run_kills(chosen: argparse.Namespace) -> bool:
    """Kill a worker for some minutes; tell whether it survived."""
    minutes, seed = chosen.minutes or (SHORT_MINUTES if chosen.short else MINUTES), chosen.kills_seed
    rounds = max(1, int((minutes * 60_000 * SPEED - FIRST_MS) / ROUND_MS))
    plot = Plot(seed, rounds, FIRST_MS)
    stage = Stage()
    try:
        place = stage.place()
        kills = soak(place, plot, seed)
        found = ending(place, plot.tale())
        if found.problems and chosen.keep is not None:
            place.copy_to(chosen.keep)
    finally:
        stage.close()
    for problem in found.problems:
        say(problem)
    say(f"kills: {kills} kills, {found.orders} orders, {found.entries} journal entries, {len(found.problems)} problems")
    return not found.problems


def main() -> int:
    """Soak, look, tell."""
    chosen = parsed()
    good = []
    if chosen.part != "kills":
        good.append(run_feeds(chosen))
    if chosen.part != "feeds" and chosen.seed is None:
        good.append(run_kills(chosen))
    return int(not all(good))


if __name__ == "__main__":
    sys.exit(main())
