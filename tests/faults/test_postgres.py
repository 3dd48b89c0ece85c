"""A PostgreSQL server in trouble, under load: worker and servers go on by themselves, with nothing lost or doubled."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.postgres import Stress, serving, tell
from tests.support.crash_life import Place
from tests.support.crash_runs import Plot, Stage, Told
from tests.support.pg_play import ALERT_EACH, Trouble, journal_records
from tests.support.postgres import Server

pytestmark = pytest.mark.slow
PLOT = Plot(seed=1, rounds=2, first_ms=40_000, settled_ms=110_000)
"""
Whoever begins to follow late follows less: so everybody has time to start before something happens, and what people
order amid the troubles has come through before it goes on.
"""
RECORDS, EACH_MS, SERVERS = 200, 10, 3
SOON_MS = 1_000


@pytest.fixture(scope="module")
def still() -> Iterator[Told]:
    """Return the story as it is without a trouble."""
    stage = Stage()
    yield stage.tell(PLOT)
    stage.close()


def test_every_trouble_once(own_pg_server: Server, quick_path: Path, still: Told) -> None:
    """
    Cut, dropped, silent, paused, read-only, restarted, crashed: the end is that of the story without any of it.

    Every server reads every record once and in order, and every alert was told.
    """
    stress = Stress(plot=PLOT, speed=10, troubles=tuple(Trouble), length_s=0.4, pause_s=0.1)
    outcome = tell(own_pg_server, quick_path / "story", stress, still)
    assert outcome.problems == ()
    assert all(seen.away for seen in outcome.seen)


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_several_servers_at_once(quick_path: Path, database: str, request: pytest.FixtureRequest) -> None:
    """All project the same journal: each reads every record once, within a second, and each alert is told once."""
    url = request.getfixturevalue("pg_url") if database == "postgres" else None
    place = Place(quick_path / "story", url)
    place.prepare()
    with serving(place, SERVERS) as seen:
        committed = asyncio.run(journal_records(place, RECORDS, EACH_MS))
    for each in seen:
        assert each.records == list(range(1, RECORDS + 1))
        assert max(at - then for at, then in zip(each.times, committed, strict=True)) < SOON_MS
    told = [message for each in seen for message in each.messages]
    alerts = range(ALERT_EACH, RECORDS + 1, ALERT_EACH)
    assert sorted(told) == sorted(f"FadeArena (simulation) warning: c{n}, s: alert {n}" for n in alerts)
