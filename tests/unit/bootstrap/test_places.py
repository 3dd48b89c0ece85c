"""The data directory and the mode that is active in it."""

from pathlib import Path

import msgspec
import pytest

from fadearena.adapters.sql.database import PostgresDatabase, SqliteFile
from fadearena.bootstrap.places import Places, places_of
from fadearena.config import Network, load
from fadearena.model.error import InvalidInput, StorageUnavailable
from fadearena.model.policy import Mode
from tests.support.command import nowhere


def placed(directory: Path, url: str = "", network: Network | None = None) -> Places:
    """Return the places of a data directory, on a network that was chosen or not."""
    file = next(path for path in directory.parents if path.is_dir()) / "settings.env"
    file.write_text(f"FADEARENA_DATABASE_URL={url}")
    with nowhere():
        return places_of(load(file, data_dir=directory, network=network))


def test_sqlite_lies_in_the_directory_of_the_mode(tmp_path: Path) -> None:
    """Journal and read store are files of their own."""
    places = placed(tmp_path / "d")
    assert places.journal == SqliteFile(tmp_path / "d" / "simulation" / "journal.db")
    assert places.location("read") == SqliteFile(tmp_path / "d" / "simulation" / "read.db")
    assert places.kill_file == tmp_path / "d" / "KILL"


def test_postgres_needs_only_mode_and_kill_file(tmp_path: Path) -> None:
    """Both trees are in the one database."""
    places = placed(tmp_path / "d", "postgresql://me:pw@db/fade")
    assert places.journal == places.read == PostgresDatabase("postgresql://me:pw@db/fade")
    assert places.mode_file == tmp_path / "d" / "mode.json"


def test_the_first_start_writes_mode_and_network_down(tmp_path: Path) -> None:
    """`mode.json` says simulation and mainnet, and is not written again."""
    places = placed(tmp_path / "d")
    places.prepare()
    assert places.mode_file.read_text() == '{"mode":"simulation","network":"mainnet"}\n'
    places.prepare()
    assert placed(tmp_path / "d") == places


def test_a_directory_belongs_to_its_network(tmp_path: Path) -> None:
    """Who chooses none gets that one; another one is refused before anything is written, but can still be looked at."""
    placed(tmp_path / "d", network=Network.SANDBOX).prepare()
    assert placed(tmp_path / "d").network is Network.SANDBOX
    placed(tmp_path / "d").prepare()
    other = placed(tmp_path / "d", network=Network.TESTNET)
    with pytest.raises(InvalidInput, match="belongs to the network sandbox: set FADEARENA_NETWORK=sandbox, or"):
        other.prepare()
    assert other.kill_file == tmp_path / "d" / "KILL"


def test_a_directory_of_an_older_version_is_the_arenas(tmp_path: Path) -> None:
    """Its file names no network: there was only one."""
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "mode.json").write_text('{"mode": "simulation"}')
    assert placed(tmp_path / "d").network is Network.ARENA
    with pytest.raises(InvalidInput, match="belongs to the network arena"):
        placed(tmp_path / "d", network=Network.MAINNET).prepare()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"mode": "lively"}', r'should be {"mode": "simulation"}'),
        ("{", "cannot be read"),
        ('{"mode": "simulation", "armed": true}', "cannot be read"),
    ],
)
def test_a_mode_that_cannot_be_read_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    """Whatever else the file may say is not guessed at."""
    directory = tmp_path / "d"
    directory.mkdir()
    (directory / "mode.json").write_text(text)
    with pytest.raises(InvalidInput, match=sentence):
        placed(directory)


def test_a_directory_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """The sentence says what to do."""
    (tmp_path / "d").write_text("a file")
    with pytest.raises(StorageUnavailable, match="--data-dir"):
        placed(tmp_path / "d" / "below").prepare()


def test_each_mode_has_databases_of_its_own(tmp_path: Path) -> None:
    """Simulation and live share the directory and nothing else, with either database."""
    file = tmp_path / "settings.env"
    lives = []
    for url in ("", "postgresql://me:pw@db/fade"):
        file.write_text(f"FADEARENA_DATABASE_URL={url}")
        with nowhere():
            config = load(file, data_dir=tmp_path / "d")
        simulation, live = (places_of(config, mode) for mode in Mode)
        assert (simulation.journal, simulation.read) != (live.journal, live.read)
        assert {str(simulation.home), str(live.home)} == {str(tmp_path / "d" / mode) for mode in Mode}
        lives.append(live.journal)
    assert lives == [
        SqliteFile(tmp_path / "d/live/journal.db"),
        PostgresDatabase("postgresql://me:pw@db/fade", "_live"),
    ]


def test_a_mode_is_active_from_one_moment_to_the_next(tmp_path: Path) -> None:
    """Whoever runs in the other one notices; a file that cannot be read at the moment says nothing."""
    places = placed(tmp_path / "d")
    assert places.is_active()
    places.prepare()
    live = msgspec.structs.replace(places, mode=Mode.LIVE)
    assert (places.is_active(), live.is_active()) == (True, False)
    live.activate()
    assert (places.is_active(), live.is_active()) == (False, True)
    assert placed(tmp_path / "d").mode is Mode.LIVE
    assert [path.name for path in (tmp_path / "d").iterdir() if path.is_file()] == ["mode.json"]
    places.mode_file.write_text("{")
    assert places.is_active()
