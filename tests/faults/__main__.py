"""
The long form: faults are injected by the hundred, and those that were survived are counted.

    python -m tests.faults [--jobs 6]                     every cell of the matrix over sockets, then every kill
    python -m tests.faults --cell "after send / kill -9"  one cell again
    python -m tests.faults --random 1000                  random schedules of several faults
    python -m tests.faults --seed 17                      one of these again
    python -m tests.faults --only 17                      one story of kills again

With `--in-memory` the matrix runs in one process a story and on a clock that jumps: the same each time.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence
from decimal import Decimal

from tests.faults import kills, matrix
from tests.support.matrix import Schedule, random_schedule, whole
from tests.support.quiet import quiet


def say(text: str) -> None:
    """Show a line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def parsed(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cell", help="only the cells whose name begins so")
    parser.add_argument("--random", type=int, help="so many random schedules instead")
    parser.add_argument("--seed", type=int, help="only the random schedule of this seed")
    parser.add_argument("--first-seed", type=int, default=0, help="the first seed of random schedules or stories")
    parser.add_argument("--moments", type=int, default=200, help="how many random stories of kills are told")
    parser.add_argument("--only", type=int, help="tell only the story of kills of this seed")
    parser.add_argument("--part", choices=("all", "matrix", "kills"), default="all", help="what is run")
    parser.add_argument("--jobs", type=int, default=6, help="how many stories are told at once")
    parser.add_argument("--speed", type=Decimal, default=Decimal(5), help="how fast the sandbox runs")
    parser.add_argument("--in-memory", action="store_true", help="without sockets, processes and waiting")
    return parser.parse_args(arguments)


def schedules_of(chosen: argparse.Namespace) -> list[Schedule]:
    """Return the stories that were asked for."""
    if chosen.seed is not None:
        return [random_schedule(chosen.seed)]
    if chosen.random is not None:
        return [random_schedule(seed) for seed in range(chosen.first_seed, chosen.first_seed + chosen.random)]
    return [each for each in whole() if chosen.cell is None or each.name.startswith(chosen.cell)]


async def _over_sockets(chosen: argparse.Namespace, *, needs_all: bool) -> list[matrix.Ended]:
    ends = []
    async for ended in matrix.over_sockets(schedules_of(chosen), chosen.jobs, chosen.speed):
        matrix.tell_problems(ended, say, needs_all=needs_all)
        ends.append(ended)
    return ends


def run_matrix(chosen: argparse.Namespace) -> bool:
    """Run the matrix; tell whether all was survived."""
    began, needs_all = time.monotonic(), chosen.random is None and chosen.seed is None
    if chosen.in_memory:
        ends = []
        for ended in matrix.run_memory(schedules_of(chosen), chosen.jobs):
            matrix.tell_problems(ended, say, needs_all=needs_all)
            ends.append(ended)
    else:
        ends = asyncio.run(_over_sockets(chosen, needs_all=needs_all))
    report = matrix.reported(ends, began, needs_all=needs_all)
    matrix.show(ends, report, say, is_whole=needs_all)
    return report.stories > 0 and not report.failed


def run_kills(chosen: argparse.Namespace) -> bool:
    """Kill at every point and at random moments; tell whether all was survived."""
    is_one = chosen.only is not None
    first, count = (chosen.only, 1) if is_one else (chosen.first_seed, chosen.moments)
    counted = kills.kill(range(first, first + count), say, with_points=not is_one, jobs=min(chosen.jobs, 2))
    say(f"{counted.survived} of {counted.injected} faults survived, in {counted.stories} stories")
    return counted.survived == counted.injected


def main() -> int:
    """Inject, compare, count; 1 where something did not survive."""
    chosen = parsed()
    quiet()
    is_part = chosen.cell is not None or chosen.random is not None or chosen.seed is not None
    ends = []
    if chosen.only is None and chosen.part != "kills":
        ends.append(run_matrix(chosen))
    if chosen.part != "matrix" and not is_part:
        ends.append(run_kills(chosen))
    return int(not all(ends))


if __name__ == "__main__":
    sys.exit(main())
