"""`python -m benchmarks.history [--part N] [--times N]`: what each question takes, on SQLite and on PostgreSQL."""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.history.asking import Taken, ask
from benchmarks.history.making import FULL, History, Shape, make_history
from benchmarks.storage import has_postgres, postgres_url
from fadearena.adapters.sql.database import Location, PostgresDatabase, SqliteFile
from fadearena.adapters.sql.read_store import open_read_store
from fadearena.kit import log

_SHOWN = 25


def main() -> None:
    """Make histories, ask, and print the slowest questions and a summary."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.history", description=__doc__)
    parser.add_argument("--part", type=int, default=1, help="an n-th of the whole history only")
    parser.add_argument("--times", type=int, default=100, help="how often each question is asked")
    parser.add_argument("--all", action="store_true", help="print every question, not only the slowest")
    asked = parser.parse_args()
    log.configure("error")
    shape = FULL.part(asked.part)
    with tempfile.TemporaryDirectory(prefix="fadearena-bench-") as home:
        _measure(SqliteFile(Path(home, "read.db")), shape, asked.times, _SHOWN if not asked.all else None)
    if has_postgres():
        _measure(PostgresDatabase(postgres_url(), suffix="_history"), shape, asked.times, None if asked.all else _SHOWN)


def _measure(location: Location, shape: Shape, times: int, shown: int | None) -> None:
    began = time.perf_counter()
    history = make_history(location, shape)
    made = time.perf_counter() - began
    taken = sorted(asyncio.run(_asked(location, history, times)), key=lambda one: -one.p99)
    kind = "SQLite" if isinstance(location, SqliteFile) else "PostgreSQL"
    lines = [f"{kind}: {history.records:,} records and {shape.days} days of curves made in {made:.0f} s", _HEAD]
    lines += [f"{one.name:<58}{one.p50:9.2f}{one.p99:9.2f}{one.longest:9.2f}" for one in taken[:shown]]
    sys.stdout.write("\n".join([*lines, "", ""]))


_HEAD = f"{'milliseconds':<58}{'p50':>9}{'p99':>9}{'max':>9}"


async def _asked(location: Location, history: History, times: int) -> list[Taken]:
    async with open_read_store(location) as database:
        return await ask(database, history, times)


if __name__ == "__main__":
    main()
