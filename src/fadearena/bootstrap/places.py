"""
Where everything of one installation lies: the data directory, its files, and the databases.

    D/mode.json             which mode is active; written at the first start
    D/KILL                  as long as it is there everything stays stopped
    D/simulation/           journal.db and read.db, where the database is SQLite
"""

from pathlib import Path
from typing import get_args

import msgspec

from fadearena.adapters.sql.database import Location, PostgresDatabase, SqliteFile, Tree
from fadearena.config import Config
from fadearena.model.error import InvalidInput, StorageUnavailable
from fadearena.model.policy import Mode

TREES: tuple[Tree, ...] = get_args(Tree)


class Places(msgspec.Struct, frozen=True, kw_only=True):
    """The data directory, and the databases of the mode that is active."""

    data_dir: Path
    mode: Mode
    journal: Location
    read: Location

    @property
    def kill_file(self) -> Path:
        """Whoever creates it stops everything."""
        return self.data_dir / "KILL"

    @property
    def mode_file(self) -> Path:
        """Names the mode that is active."""
        return self.data_dir / "mode.json"

    def location(self, tree: Tree) -> Location:
        """Return where a tree of tables is."""
        return self.journal if tree == "journal" else self.read

    def prepare(self) -> None:
        """
        Make the directories, and write down the mode where it is not written yet.

        Raises:
            StorageUnavailable: The data directory cannot be written.
        """
        try:
            (self.data_dir / self.mode).mkdir(parents=True, exist_ok=True)
            if not self.mode_file.exists():
                self.mode_file.write_bytes(msgspec.json.encode(_ModeFile(mode=self.mode)) + b"\n")
        except OSError as error:
            advice = "mend its rights, or give another with --data-dir"
            raise StorageUnavailable(f"{self.data_dir} cannot be written ({error.strerror}): {advice}") from error


class _ModeFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    mode: Mode


def places_of(config: Config) -> Places:
    """
    Return where everything lies.

    Raises:
        InvalidInput: `mode.json` cannot be read, or names a mode that this version does not have.
    """
    mode = _mode(config.data_dir / "mode.json")
    if mode is not Mode.SIMULATION:
        raise InvalidInput(
            f"{config.data_dir / 'mode.json'} says {mode}: {mode} trading is not in this version; "
            "use another data directory"
        )
    home = config.data_dir / mode
    if config.database is not None:
        journal: Location = PostgresDatabase(config.database)
        return Places(data_dir=config.data_dir, mode=mode, journal=journal, read=journal)
    return Places(
        data_dir=config.data_dir,
        mode=mode,
        journal=SqliteFile(home / "journal.db"),
        read=SqliteFile(home / "read.db"),
    )


def _mode(file: Path) -> Mode:
    try:
        return msgspec.json.decode(file.read_bytes(), type=_ModeFile).mode
    except (FileNotFoundError, NotADirectoryError):
        return Mode.SIMULATION
    except (OSError, msgspec.MsgspecError) as error:
        raise InvalidInput(f'{file} cannot be read ({error}): it should be {{"mode": "simulation"}}') from error
