"""
PostgreSQL troubled under load: what a worker and several servers make of it, compared with a story without troubles.

    python -m tests.faults.postgres [--stories 5] [--pause 8]

Each story has every trouble once, in an order of its own.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from fadearena.adapters.sql.journal.store import open_journal_reader
from fadearena.adapters.sql.read_store import open_read_store
from fadearena.kit.clock import ManualClock
from fadearena.model.record import Alert
from fadearena.model.units import SECOND_MS
from fadearena.ports.outbox import Delivery
from tests.support.crash_check import look
from tests.support.crash_life import Place
from tests.support.crash_runs import LIMIT_S, Plot, Stage, Told, run, start
from tests.support.pg_play import Mischief, Seen, Trouble, drawn, serve
from tests.support.pg_wire import wired
from tests.support.postgres import Server, find_binaries
from tests.support.quiet import quiet
from tests.support.truth import Tale
from tests.support.waiting import until

SERVERS = 2


class Stress(msgspec.Struct, frozen=True, kw_only=True):
    """Which story is told, how fast, and its troubles: how many seconds each lasts, and the pause after it."""

    plot: Plot
    speed: int
    troubles: tuple[Trouble, ...]
    length_s: float
    pause_s: float = 0.3


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What was wrong in the end, and what the servers saw."""

    problems: tuple[str, ...]
    seen: tuple[Seen, ...]


@contextmanager
def serving(place: Place, count: int) -> Iterator[list[Seen]]:
    """Have servers run; what each of them saw is there afterwards, once they read everything."""
    servers = [start(serve, place.directory, place.url, number) for number in range(count)]
    until(lambda: all((place.directory / f"ready-{number}").exists() for number in range(count)))
    seen: list[Seen] = []
    yield seen
    (place.directory / "end").touch()
    ended(place.directory, *servers)
    files = [place.directory / f"seen-{number}" for number in range(count)]
    seen += [msgspec.json.decode(file.read_bytes(), type=Seen) for file in files]


def ended(directory: Path, *processes: ForkServerProcess) -> None:
    """Check that processes end in good order."""
    for process in processes:
        process.join(LIMIT_S)
    codes = [process.exitcode for process in processes]
    error = directory / "error"
    assert not any(code != 0 for code in codes), (codes, error.read_text() if error.exists() else "no error")


def tell(server: Server, directory: Path, stress: Stress, still: Told) -> Outcome:
    """Tell a story with troubles, and look at what it left."""
    with wired(server.socket) as wire:
        place = Place(directory, f"postgresql://postgres@127.0.0.1:{wire.port}/postgres")
        place.prepare()
        with serving(place, SERVERS) as seen:
            worker = start(run, directory, stress.plot, stress.speed, None, place.url)
            time.sleep(stress.plot.first_ms / SECOND_MS / stress.speed)
            mischief = Mischief(server, wire)
            for trouble in stress.troubles:
                mischief.do(trouble, stress.length_s)
                time.sleep(stress.pause_s)
            ended(directory, worker)
        return Outcome(problems=tuple(asyncio.run(_problems(place, stress.plot.tale(), still, seen))), seen=tuple(seen))


async def _problems(place: Place, tale: Tale, still: Told, seen: Sequence[Seen]) -> list[str]:
    ending = await look(place, tale, ManualClock(tale.end))
    found = Told(ending=ending, passes={}, deaths=0).differences(still)
    async with open_journal_reader(place.journal) as store, open_read_store(place.read) as read:
        position = await read.records.position()
        entries = [entry async for entry in store.journal.read()]
        rows = [row for row in await read.outbox.rows(1_000) if row.record_seq is not None]
    for number, each in enumerate(seen):
        if each.records != list(range(1, position.record_seq + 1)):
            found.append(f"server {number} did not read every record once, in order")
    alerts = sum(isinstance(record, Alert) for entry in entries for record in entry.records)
    if len(rows) != alerts or any(row.state not in {Delivery.SENT, Delivery.MERGED} for row in rows):
        found.append(f"{alerts} alerts were journaled, and these are told: {[row.state for row in rows]}")
    return found


def main() -> int:
    """Tell stories, count troubles; 1 where something did not survive."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stories", type=int, default=5, help="how many stories are told")
    parser.add_argument("--pause", type=float, default=8, help="how many seconds a trouble lasts")
    chosen = parser.parse_args()
    quiet()
    stage, plot = Stage(), Plot(seed=1, rounds=3)
    injected = survived = 0
    try:
        still = stage.tell(plot)
        for seed in range(chosen.stories):
            stress = Stress(plot=plot, speed=1, troubles=drawn(seed), length_s=chosen.pause)
            outcome = _told(stress, still)
            injected += len(stress.troubles)
            survived += 0 if outcome.problems else len(stress.troubles)
            for problem in outcome.problems:
                sys.stdout.write(f"story {seed} ({', '.join(stress.troubles)}): {problem}\n")
            sys.stdout.write(f"{survived} of {injected} troubles survived\n")
            sys.stdout.flush()
    finally:
        stage.close()
    return int(survived != injected)


def _told(stress: Stress, still: Told) -> Outcome:
    """Tell a story on a server of its own."""
    binaries = find_binaries()
    if binaries is None:
        raise RuntimeError("there is no PostgreSQL here: install the development dependencies")
    server = Server(binaries)
    try:
        server.start()
        with TemporaryDirectory() as directory:
            return tell(server, Path(directory), stress, still)
    finally:
        server.remove()


if __name__ == "__main__":
    sys.exit(main())
