"""What the doctor finds, check by check."""

from pathlib import Path

import pytest

from fadearena.bootstrap import doctor
from fadearena.bootstrap.client import Status
from fadearena.bootstrap.places import Places, places_of
from fadearena.config import load
from fadearena.model.finding import Level
from fadearena.model.record import DeadLetter, Record, TradingStateChange
from tests.support.command import nowhere
from tests.support.installation import Installation


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    """Return an installation in which nothing runs."""
    return Installation(tmp_path)


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """Return places of an installation that is not there yet."""
    with nowhere():
        return places_of(load(data_dir=tmp_path / "data"))


def status_of(installation: Installation, *records: Record) -> Status:
    """Return how things stand after these records were shown."""

    async def main() -> Status:
        await installation.show(*records)
        return await installation.client.status()

    return installation.play(main())


def latch(name: str, *, is_set: bool = True) -> TradingStateChange:
    """Return a latch of everything that was set."""
    return TradingStateChange(scope="all", state="halted", latch=name, is_set=is_set, actor="me", reason="why")


def test_a_directory_that_is_not_there_yet(places: Places) -> None:
    """It is no failure, and nothing is made."""
    assert doctor._directory(places).level is Level.WARN
    assert doctor._space(places).level is Level.OK
    assert not places.data_dir.exists()
    places.prepare()
    assert doctor._directory(places).level is Level.OK


def test_the_kill_file(places: Places) -> None:
    """It is told how everything goes on."""
    places.prepare()
    assert doctor._kill_file(places).level is Level.OK
    places.kill_file.touch()
    assert "release" in doctor._kill_file(places).advice


def test_a_large_log_is_told(places: Places, tmp_path: Path) -> None:
    """A write-ahead log that is never taken in says that somebody reads for very long."""
    places.prepare()
    wal = places.data_dir / "simulation" / "journal.db-wal"
    with wal.open("wb") as file:
        file.truncate(300_000_000)
    levels = {found.check: found.level for found in doctor._wal(places)}
    assert levels == {"log of journal": Level.WARN, "log of read": Level.OK}


def test_worker_and_api_are_looked_for(installation: Installation) -> None:
    """A process that beats is well; a worker that recovers is told; an old beat is none."""
    client = installation.client
    assert doctor._worker(client, status_of(installation)).level is Level.FAIL
    installation.play(installation.beat())
    installation.play(installation.beat("api:7@here"))
    status = status_of(installation)
    assert doctor._worker(client, status).level is Level.OK
    assert doctor._api(client, status).level is Level.OK
    installation.play(installation.beat(status="recovering", journal_seq=5_000))
    status = status_of(installation)
    assert doctor._worker(client, status).level is Level.WARN
    assert doctor._api(client, status).level is Level.WARN
    installation.clock.move_by(5_000)
    assert doctor._worker(client, status_of(installation)).level is Level.FAIL
    assert doctor._api(client, status_of(installation)).level is Level.FAIL


def test_a_beat_of_the_future_is_told(installation: Installation) -> None:
    """Then a clock was set back, or two machines differ."""
    installation.play(installation.beat())
    status = status_of(installation)
    assert doctor._clock(status).level is Level.OK
    status = Status(**{name: getattr(status, name) for name in status.__struct_fields__} | {"now": status.now - 6_000})
    assert doctor._clock(status).level is Level.WARN


def test_stops_are_told_by_how_bad_they_are(installation: Installation) -> None:
    """A bot that is switched off is no news, a kill is a warning, an event that was set aside a failure."""
    assert doctor._stops(status_of(installation, latch("disabled"))).level is Level.OK
    found = doctor._stops(status_of(installation, latch("kill")))
    assert (found.level, "release" in found.advice) == (Level.WARN, True)
    found = doctor._stops(status_of(installation, latch("quarantine")))
    assert (found.level, "journal skip" in found.advice) == (Level.FAIL, True)


def test_dead_letters_are_told(installation: Installation) -> None:
    """What nobody retried or discarded is named."""
    letter = DeadLetter(id="1", state="open", kind="order", subject="BTC", error="no margin", attempts=3)
    assert doctor._letters(status_of(installation)).level is Level.OK
    found = doctor._letters(status_of(installation, letter))
    assert (found.level, "no margin" in found.text) == (Level.WARN, True)
