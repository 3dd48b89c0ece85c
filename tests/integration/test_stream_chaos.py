"""Clients that are dropped, and servers that are restarted: each record reaches each client once, in order."""

import asyncio
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from fadearena.adapters.sql.database import Location, PostgresDatabase, SqliteFile
from fadearena.api.stream import MESSAGE_BYTES
from tests.support.stream_chaos import Chaos, chaos, serving
from tests.support.tables import lay


def run(location: Location, home: Path, what: Chaos) -> None:
    """Let it happen, and look at what every client heard."""
    lay(location, "read")
    heard = asyncio.run(chaos(location, home, what))
    for each in heard:
        assert each.seqs == list(range(1, what.records + 1))
        assert each.late_s < 1
    assert sum(each.visits for each in heard) > 2 * what.clients


def test_each_record_comes_once_and_in_order(tmp_path: Path) -> None:
    """Over two servers on one SQLite store, each of which is restarted meanwhile."""
    run(SqliteFile(tmp_path / "read.db"), tmp_path, Chaos(seed=1))


def test_ends_are_told_by_their_codes(tmp_path: Path) -> None:
    """A message that is too large is answered with 1009, the end of the server with 1001; what is sent is text."""
    location = SqliteFile(tmp_path / "read.db")
    lay(location, "read")

    async def story() -> tuple[bool, list[int | None]]:
        async with serving(location, tmp_path) as address:
            large, last = await connect(address), await connect(address)
            is_text = isinstance(await last.recv(), str)
            await large.send("x" * (MESSAGE_BYTES + 1))
            await large.wait_closed()
        await last.wait_closed()
        return is_text, [large.close_code, last.close_code]

    assert asyncio.run(story()) == (True, [1009, 1001])


@pytest.mark.alone
@pytest.mark.slow
def test_longer_chaos_ends_the_same(tmp_path: Path) -> None:
    """More clients, more records, more restarts."""
    run(SqliteFile(tmp_path / "read.db"), tmp_path, Chaos(seed=2, records=1_000, clients=12))


@pytest.mark.alone
@pytest.mark.slow
def test_on_postgresql_it_ends_the_same(pg_url: str, tmp_path: Path) -> None:
    """There the servers are woken by what another process committed."""
    run(PostgresDatabase(pg_url), tmp_path, Chaos(seed=3))
