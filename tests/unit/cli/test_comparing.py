"""`parity` on the command line: what it prints, and what it says where there is nothing to compare."""

import asyncio
import json
from pathlib import Path

import pytest
import typer

from fadearena.adapters.sql.read_store import open_read_store
from fadearena.bootstrap.places import places_of
from fadearena.bootstrap.tables import make_tables
from fadearena.cli.comparing import moment_of, parity
from fadearena.config import load
from fadearena.model.error import InvalidInput
from fadearena.model.order import OrderStatus
from fadearena.model.policy import Mode
from fadearena.model.units import DAY_MS, HOUR_MS, MINUTE_MS
from tests.support.entries import Writer
from tests.support.shown import order, shadow

NOW = 1_795_000_000_000


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """A data directory in which three orders were traded live; one has no shadow, one paper did not fill."""
    places = places_of(load(tmp_path / "none", data_dir=tmp_path), Mode.LIVE)
    places.prepare()
    make_tables(places)
    done = OrderStatus.FILLED
    entry = Writer().entry(
        *(order(cloid, done, "0.5") for cloid in ("0x1", "0x2", "0x3")), shadow("0x1"), shadow("0x2", "0", None), at=NOW
    )

    async def fill() -> None:
        async with open_read_store(places.read, inline=True) as store:
            await store.records.project([entry])

    asyncio.run(fill())
    return tmp_path


def test_a_table_for_people(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What was compared and what was not, the figures, and the worst orders."""
    parity(None, None, None, data_dir, as_json=False)
    shown = capsys.readouterr().out
    assert "3 orders: 1 filled by both, 1 by live only, 0 by paper only, 0 by neither, 1 without a shadow" in shown
    assert "sell BTC a   0.5 @ 100.25   0.5 @ 100.2   -4.99   -4.49   -9.48" in shown
    assert "filled by live only: 50.12 USD" in shown


def test_json_for_scripts(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One object, with decimals as texts; what is asked for narrows it down."""
    parity("2026-11-01", "a", "BTC", data_dir, as_json=True)
    found = json.loads(capsys.readouterr().out)
    assert (found["orders"], found["compared"], found["unshadowed"]) == (3, 1, 1)
    assert found["worst"][0]["totalBps"] == found["totalBps"]["median"] == "-9.481"
    parity(None, "b", None, data_dir, as_json=True)
    assert json.loads(capsys.readouterr().out)["orders"] == 0


def test_where_nothing_was_traded_live_it_says_so(tmp_path: Path) -> None:
    """Simulated orders are compared with nothing."""
    with pytest.raises(InvalidInput, match="nothing was traded live yet"):
        parity(None, None, None, tmp_path, as_json=False)


def test_since_is_so_long_ago_or_a_day() -> None:
    """Anything else is refused with what to write."""
    assert moment_of(None, NOW) == 0
    assert [NOW - moment_of(text, NOW) for text in ("5m", "12h", "7d")] == [5 * MINUTE_MS, 12 * HOUR_MS, 7 * DAY_MS]
    assert moment_of("2026-11-22", NOW) == moment_of("2026-11-22T00:00:00+00:00", NOW) == 1_795_305_600_000
    with pytest.raises(typer.BadParameter, match="write 12h, 7d or a day"):
        moment_of("yesterday", NOW)
