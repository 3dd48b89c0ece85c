"""
The kill switch 100 times, live over real sockets: who was answered, and when the last order was accepted.

    python -m tests.faults.kill_switch [--tries 100] [--batch 10] [--rate 80] [--flow 50]

A quarter by the table, by the table with a flatten, by the file and by the signal; each batch is an installation of
its own. Prints a line a try, a summary, and a JSON line; ends with 1 where an order came later than 100 ms.
"""

import argparse
import contextlib
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.support.kill_runs import Try, Way, kills


def main() -> int:
    """Try, and tell."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0] if __doc__ else None)
    parser.add_argument("--tries", type=int, default=100)
    parser.add_argument("--batch", type=int, default=10)
    parser.add_argument("--rate", type=int, default=80, help="trades of the leaders in a second")
    parser.add_argument("--flow", type=int, default=50, help="orders of ours in a second that each try waits for")
    chosen = parser.parse_args()
    ways = [list(Way)[number % len(Way)] for number in range(chosen.tries)]
    tries: list[Try] = []
    for begin in range(0, len(ways), chosen.batch):
        with tempfile.TemporaryDirectory() as directory, quiet():
            found = kills(Path(directory), ways[begin : begin + chosen.batch], chosen.rate, chosen.flow)
        for one in found:
            tries.append(one)
            end = "" if one.is_flat else "  NOT FLAT"
            counts = f"late {len(one.late)}, strays {len(one.strays)}"
            say(f"{len(tries):4}  {one.way:8} {one.a_second:4}/s  last {one.last_ms:8.1f} ms  {counts}{end}")
    passed, in_time = sum(one.is_passed for one in tries), sum(one.is_in_time for one in tries)
    say(f"kill switch: nothing left after the stop in {passed} of {len(tries)}, nothing was accepted late in {in_time}")
    report = {
        "tries": len(tries),
        "passed": passed,
        "inTime": in_time,
        "ordersASecond": round(statistics.mean(one.a_second for one in tries), 1),
        "latestMs": max(one.last_ms for one in tries),
    }
    say(json.dumps(report))
    return 0 if in_time == len(tries) else 1


def say(text: str) -> None:
    """Show a line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Let the sandbox and the setting up say nothing."""
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
        yield


if __name__ == "__main__":
    sys.exit(main())
