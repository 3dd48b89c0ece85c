"""Tables that become newer: a copy of the journal is made before, of both modes."""

from pathlib import Path

import pytest

from fadearena.adapters.sql.database import SqliteFile
from fadearena.adapters.sql.journal import backup as copies
from fadearena.adapters.sql.migrations import HEADS, current, downgrade
from fadearena.bootstrap.places import Places
from fadearena.bootstrap.tables import upgrade_tables
from fadearena.cli.exit_codes import ExitCode
from fadearena.model.error import InvalidInput
from fadearena.model.policy import Mode
from tests.support.command import fadearena
from tests.support.edge import policy_of
from tests.support.live_home import set_policy

SETTINGS = {"FADEARENA_NETWORK": "sandbox"}


@pytest.fixture
def live(tmp_path: Path) -> Places:
    """Return places whose live read tables are of an older version."""
    places = set_policy(tmp_path / "d", policy_of(), SETTINGS, Mode.LIVE)
    downgrade(places.read, "read", "0001")
    return places


def test_an_upgrade_makes_a_copy_of_the_journal_first(live: Places) -> None:
    """Also of the mode that is not active; where all is up to date already none is made."""
    done = fadearena("db", "upgrade", "--data-dir", live.data_dir, "--json", settings=SETTINGS)
    assert done.code == ExitCode.OK, done.err
    copy = Path(done.report["liveBackup"])
    assert copy.parent == live.home / "backups"
    assert (current(live.read, "read"), current(SqliteFile(copy), "journal")) == (HEADS["read"], HEADS["journal"])
    again = fadearena("db", "upgrade", "--data-dir", live.data_dir, "--json", settings=SETTINGS).report
    assert again == dict(HEADS)
    assert list(copy.parent.iterdir()) == [copy]


def test_an_upgrade_without_a_copy_is_on_purpose_only(live: Places) -> None:
    """Where none can be made nothing is changed."""
    (live.home / "backups").write_text("in the way")
    with pytest.raises(InvalidInput, match="--no-backup"):
        upgrade_tables(live)
    assert current(live.read, "read") == "0001"
    assert upgrade_tables(live, keeps_copy=False) is None
    assert current(live.read, "read") == HEADS["read"]


def test_a_journal_of_an_older_version_is_copied_as_it_is(live: Places, tmp_path: Path) -> None:
    """A restore brings it up to date; a copy replaces nothing."""
    downgrade(live.journal, "journal", "base")
    target = tmp_path / "copy.db"
    copies.copy_of_any_version(live.journal, target)
    assert current(SqliteFile(target), "journal") is None
    with pytest.raises(InvalidInput, match="choose another name"):
        copies.copy_of_any_version(live.journal, target)
