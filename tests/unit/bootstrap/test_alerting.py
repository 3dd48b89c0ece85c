"""What the doctor says of alerts: whether people are told, and whether it arrives."""

import asyncio
from pathlib import Path

import msgspec
import pytest
from pydantic import SecretStr

from fadearena.adapters.sql.read_store import open_read_store
from fadearena.bootstrap.alerting import examine_alerts, rules_of
from fadearena.bootstrap.places import Places, places_of
from fadearena.config import Config, Network
from fadearena.model.finding import Level
from fadearena.model.policy import Mode
from fadearena.model.record import Alert
from fadearena.ports.outbox import Delivery
from fadearena.runtime.sorting import Rules
from tests.support.tables import lay

ALERT = Alert(level="critical", category="drift", subject="main ETH", text="t")


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """Return where an installation with one alert lies."""
    found = places_of(Config(data_dir=tmp_path, network=Network.ARENA))
    lay(found.read, "read")

    async def story() -> None:
        async with open_read_store(found.read, inline=True) as store:
            await store.outbox.put("one", ALERT, 1)

    asyncio.run(story())
    return found


def config(urls: str | None = None) -> Config:
    """Return settings with these destinations."""
    return Config(alert_urls=None if urls is None else SecretStr(urls))


def test_without_destinations_live_trading_warns(places: Places) -> None:
    """In simulation the log is enough."""
    assert asyncio.run(examine_alerts(config(), places)).level is Level.OK
    live = msgspec.structs.replace(places, mode=Mode.LIVE)
    found = asyncio.run(examine_alerts(config(), live))
    assert (found.level, "FADEARENA_ALERT_URLS" in found.advice) == (Level.WARN, True)
    assert asyncio.run(examine_alerts(config("json://x"), live)).level is Level.OK


@pytest.mark.parametrize("state", [Delivery.QUEUED, Delivery.FAILED])
def test_what_does_not_arrive_is_a_warning(places: Places, state: Delivery) -> None:
    """With the reason, and what to do."""

    async def story() -> None:
        async with open_read_store(places.read, inline=True) as store:
            (row,) = await store.outbox.queued(1)
            await store.outbox.save([msgspec.structs.replace(row, state=state, attempts=1, error="1:json: no route")])

    asyncio.run(story())
    found = asyncio.run(examine_alerts(config("json://x"), places))
    assert (found.level, found.text.endswith("the newest: 1:json: no route")) == (Level.WARN, True)
    assert "alerts test" in found.advice


def test_how_much_is_told_follows_the_settings() -> None:
    """Seconds become milliseconds."""
    assert rules_of(Config()) == Rules()
    assert rules_of(Config(alert_window_s=60, alerts_an_hour=5)) == Rules(window_ms=60_000, an_hour=5)
