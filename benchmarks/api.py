"""
What the API costs with years of history behind it: `python -m benchmarks.api [--quick] [--json]`.

1. An API process as people run it, on SQLite and on PostgreSQL, with the history of `benchmarks.history` to show.
2. The load is open: requests leave at their moments, 50 a second in all, whatever became of those before. What is
   counted is the time from that moment to the last byte of the answer, so that nothing that waits is left out. The
   first seconds are not counted: connections are opened then, and statements prepared.
3. Every operation that reads is asked, lists with 50 rows, with filters, and at their far ends. A year of equity is
   asked afterwards, again and again: in the mix all others would be measured by how long they wait for it.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from statistics import quantiles
from typing import Any, Final

import aiohttp
import msgspec
from rich.console import Console
from rich.table import Table

from benchmarks.history import FULL, History, Shape, make_history
from benchmarks.storage import has_postgres, postgres_url
from fadearena.adapters.sql.database import Location, PostgresDatabase, SqliteFile
from fadearena.model.units import DAY_MS

RATE: Final = 50
_SEED: Final = 1
_PATIENCE_S: Final = 60.0
_YEAR: Final = "equity, a year at 1h"


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How long is asked, how long before that without counting, and how much history there is."""

    seconds: int
    warm_up_s: int
    shape: Shape


class ApiRow(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One operation on one database: milliseconds from its moment to the last byte."""

    database: str
    name: str
    count: int
    p50: float
    p99: float
    most: float
    status: int


def questions(history: History) -> dict[str, str]:
    """Return what is asked, by name."""
    pages = max(1, history.trades // 50)
    bot, asset, now = history.bots[0], history.coins[0], history.until
    return {
        "state": "/api/state",
        "models": "/api/models",
        "trades": "/api/trades",
        "trades, page in the middle": f"/api/trades?page={-(-pages // 2)}",
        "trades, last page": f"/api/trades?page={pages}",
        "trades, ours of a bot in a coin": f"/api/trades?type=mine&botId={bot}&asset={asset}",
        "trades of a bot, far back": f"/api/trades?botId={bot}&page={-(-pages // (4 * len(history.bots)))}",
        "equity, a day at 5m": "/api/equity",
        "equity, a month at 1h": f"/api/equity?interval=1h&startTime={now - 30 * DAY_MS}&endTime={now}",
        "settings": "/api/settings",
        "settings' history": "/api/settings/history",
        "health": "/api/health",
        "bot": f"/api/bots/{bot}",
        "leaderboard": "/api/bots",
        "positions": "/api/positions",
        "latches": "/api/latches",
        "accounts": "/api/accounts",
        "decisions": "/api/decisions",
        "decisions, skipped, of a bot in a coin": f"/api/decisions?outcome=skip&botId={bot}&asset={asset}",
        "decisions of a day": f"/api/decisions?startTime={now - DAY_MS}&endTime={now}",
        "orders": "/api/orders",
        "order": f"/api/orders/{history.cloid}",
        "fills": "/api/fills",
        "fills of a bot in a coin": f"/api/fills?botId={bot}&asset={asset}",
        "events": f"/api/events?since={history.records - 1_000}",
        "events from the beginning": "/api/events?since=0",
        "events of a level": "/api/events?level=warning",
        "events of a category": "/api/events?category=decision",
        "feeds": "/api/feeds",
        "latencies": "/api/latencies",
        "alerts": "/api/alerts",
        "dead letters": "/api/dead-letters",
        "audit": "/api/audit",
        "me": "/api/me",
        "metrics": "/metrics",
        _YEAR: f"/api/equity?interval=1h&startTime={now - 365 * DAY_MS}&endTime={now}",
    }


async def measure(url: str, asked: dict[str, str], plan: Plan, database: str) -> list[ApiRow]:
    """Ask everything at the rate, each operation equally often; then the year of equity."""
    rng, took, status = Random(_SEED), dict[str, list[float]](), dict[str, int]()
    names = [name for name in asked if name != _YEAR]
    uncounted, counted = (
        rng.sample(turns, k=len(turns))
        for turns in ([names[n % len(names)] for n in range(RATE * some)] for some in (plan.warm_up_s, plan.seconds))
    )
    connector = aiohttp.TCPConnector(limit=200)
    async with aiohttp.ClientSession(url, connector=connector) as session:

        async def ask(name: str, at: float, *, counts: bool) -> None:
            async with session.get(asked[name]) as answer:
                await answer.read()
                status[name] = max(status.get(name, 0), answer.status)
                if counts:
                    took.setdefault(name, []).append((time.perf_counter() - at) * 1e3)

        for name in asked:
            await ask(name, 0.0, counts=False)
        begin = time.perf_counter() + 0.1
        async with asyncio.TaskGroup() as group:
            for n, name in enumerate(uncounted + counted):
                at = begin + n / RATE
                await asyncio.sleep(max(0.0, at - time.perf_counter()))
                group.create_task(ask(name, at, counts=n >= len(uncounted)))
        for _ in range(max(plan.seconds // 4, 2)):
            await ask(_YEAR, time.perf_counter(), counts=True)
    return [_row(database, name, took[name], status[name]) for name in asked if name in took]


def _row(database: str, name: str, took: list[float], status: int) -> ApiRow:
    cuts = quantiles(took, n=100, method="inclusive") if len(took) > 1 else took * 99
    return ApiRow(
        database=database,
        name=name,
        count=len(took),
        p50=round(cuts[49], 2),
        p99=round(cuts[98], 2),
        most=round(max(took), 2),
        status=status,
    )


@asynccontextmanager
async def api_on(data_dir: Path, database_url: str | None) -> AsyncIterator[str]:
    """Run an API process on an installation, and tell where it listens."""
    environment = {"PATH": "/usr/bin:/bin", "FADEARENA_NETWORK": "arena", "FADEARENA_LOG_FORMAT": "json"}
    environment |= {"FADEARENA_DATABASE_URL": database_url} if database_url else {}
    command = (sys.executable, "-m", "fadearena", "api", "--port", "0", "--data-dir", str(data_dir))
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, env=environment, stderr=pipe, cwd=data_dir)
    draining: asyncio.Task[bytes] | None = None
    try:
        async with asyncio.timeout(_PATIENCE_S):
            assert process.stderr is not None  # noqa: S101 - it was asked for
            while True:
                line = await process.stderr.readline()
                if not line:
                    raise RuntimeError("the API ended before it listened")
                told = json.loads(line)
                if told.get("event") == "serving":
                    break
        draining = asyncio.create_task(process.stderr.read())
        yield str(told["url"])
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
        if draining is not None:
            await draining


def run(plan: Plan, database: str) -> list[ApiRow]:
    """Make the history on one database, and ask an API process there."""
    with tempfile.TemporaryDirectory(prefix="fadearena-bench-") as directory:
        home = Path(directory)
        (home / "simulation").mkdir()
        (home / "mode.json").write_text('{"mode": "simulation", "network": "arena"}')
        location: Location = SqliteFile(home / "simulation" / "read.db")
        url = None
        if database == "PostgreSQL":
            url = postgres_url()
            location = PostgresDatabase(url)
        history = make_history(location, plan.shape)
        return asyncio.run(_ask(home, url, questions(history), plan, database))


async def _ask(home: Path, url: str | None, asked: dict[str, str], plan: Plan, database: str) -> list[ApiRow]:
    async with api_on(home, url) as base:
        return await measure(base, asked, plan, database)


def show(rows: Sequence[ApiRow]) -> None:
    """Print a table for people: the operations, and what they took on each database."""
    databases = list(dict.fromkeys(row.database for row in rows))
    title = f"the API under {RATE} requests a second, ms from their moment to the last byte"
    table = Table("", title=title, title_justify="left", title_style="bold", header_style="dim", box=None)
    for database in databases:
        for heading in ("p50", "p99", "most"):
            table.add_column(f"{database}: {heading}" if heading == "p50" else heading, justify="right")
    for name in dict.fromkeys(row.name for row in rows):
        mine = {row.database: row for row in rows if row.name == name}
        cells = [
            f"{value:.1f}"
            for database in databases
            for value in (mine[database].p50, mine[database].p99, mine[database].most)
        ]
        table.add_row(name, *cells)
    Console(width=None if sys.stdout.isatty() else 120).print(table, highlight=False)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.api", description="What the API costs with long lists.")
    parser.add_argument("--quick", action="store_true", help="a small history, and a few seconds")
    parser.add_argument("--json", action="store_true", help="print one JSON object on one line")
    asked = parser.parse_args(arguments)
    long, short = Plan(seconds=120, warm_up_s=10, shape=FULL), Plan(seconds=6, warm_up_s=1, shape=FULL.part(100))
    plan = short if asked.quick else long
    databases = ["SQLite", *(["PostgreSQL"] if has_postgres() else [])]
    rows = [row for database in databases for row in run(plan, database)]
    if asked.json:
        told: dict[str, Any] = {"rate": RATE, "rows": rows}
        sys.stdout.write(msgspec.json.encode(told).decode() + "\n")
    else:
        show(rows)


if __name__ == "__main__":
    main()
