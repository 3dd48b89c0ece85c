"""`status --alive` tells by its exit code whether a worker lives or stands by."""

import asyncio
from pathlib import Path

from fadearena.adapters.sql.read_store import open_read_store
from fadearena.bootstrap.places import places_of
from fadearena.cli.exit_codes import ExitCode
from fadearena.config import Config, Network
from fadearena.kit.clock import SystemClock
from fadearena.ports.heartbeat import Beat
from tests.support.command import fadearena


def test_a_worker_that_was_heard_of_lives(tmp_path: Path) -> None:
    """Before any there is none, an API alone is none, and one that stands by is as good as one that works."""
    assert fadearena("db", "upgrade", "--data-dir", tmp_path).code == 0
    before = fadearena("status", "--alive", "--data-dir", tmp_path)
    assert (before.code, "no worker is running" in before.err) == (ExitCode.NO_WORKER, True)
    places = places_of(Config(data_dir=tmp_path, network=Network.ARENA))

    async def beat(process: str) -> None:
        later = SystemClock().now_ms() + 60_000  # a busy machine must not let it grow old
        async with open_read_store(places.read) as store:
            await store.heartbeats.beat(
                Beat(process=process, pid=1, time=later, status="running", mode="simulation", journal_seq=0)
            )

    for process, code in (("api:1", ExitCode.NO_WORKER), ("standby", ExitCode.OK), ("worker", ExitCode.OK)):
        asyncio.run(beat(process))
        ended = fadearena("status", "--alive", "--json", "--data-dir", tmp_path)
        assert (ended.code, ended.report) == (code, {"alive": code is ExitCode.OK})
