"""What a whole worker on a sandbox shows of what it sees, and who is told of a feed that is blind."""

import asyncio
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from fadearena.adapters.sql.journal.store import open_journal_reader
from fadearena.adapters.sql.read_store import open_read_store
from fadearena.bootstrap.demo import Demo, demo_on
from fadearena.bootstrap.outlook import Outlook, outlook_of
from fadearena.model.record import Alert
from fadearena.model.units import MINUTE_MS
from fadearena.ports.sightings import FeedState
from fadearena.runtime.worker import Worker
from fadearena.sandbox.gateway.faults import Clear, HalfOpen
from fadearena.sandbox.gateway.gateway import Gateway
from tests.support.command import nowhere
from tests.support.sandbox_play import play


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Demo]:
    """Return a data directory for a sandbox with seed 2."""
    with nowhere(), demo_on(tmp_path / "d", 2, Decimal(20)) as demo:
        yield demo


async def blind_for_a_while(gateway: Gateway, _worker: Worker) -> None:
    """Let sockets answer pings and tell nothing of the tape, after a minute and for two."""
    await gateway.clock.sleep_until(gateway.clock.now_ms() + MINUTE_MS)
    gateway.inflict(HalfOpen(channels=("trades",), lasting=True))
    await gateway.clock.sleep_until(gateway.clock.now_ms() + 2 * MINUTE_MS)
    gateway.inflict(Clear())


@pytest.mark.slow
def test_feeds_wallets_and_the_rate_are_shown_and_a_blind_feed_is_told(made: Demo) -> None:
    """All wallets are read, all feeds are well in the end; that the tape was silent was an alert, its end another."""
    play(made, 5 * MINUTE_MS, blind_for_a_while)

    async def look() -> tuple[Outlook, list[Alert]]:
        async with open_read_store(made.places.read) as read:
            outlook = await outlook_of(read.sightings, await read.records.bots(), 0)
        async with open_journal_reader(made.places.journal) as store:
            entries = [entry async for entry in store.journal.read(1)]
        records = (record for entry in entries for record in entry.records)
        return outlook, [each for each in records if isinstance(each, Alert) and each.category == "feed"]

    outlook, told = asyncio.run(look())
    sight = outlook.sight
    assert sight is not None
    assert sight.rate is not None
    assert {feed.name: feed.state for feed in sight.feeds} == dict.fromkeys(
        ("tape", "user", "snapshots", "equity", "markets"), FeedState.OK
    )
    assert (outlook.wallets, outlook.read, outlook.idle) == (12, 12, ())
    assert 0 < sight.rate.used <= sight.rate.per_minute
    assert [alert.subject for alert in told] == ["tape", "tape"]
    assert "heard again" in told[1].text
