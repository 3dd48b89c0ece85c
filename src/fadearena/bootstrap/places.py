"""
Where everything of one installation lies: the data directory, its files, and the databases.

    D/mode.json             which mode is active, and on which network; written at the first start
    D/KILL                  as long as it is there everything stays stopped
    D/simulation/           journal.db and read.db, where the database is SQLite
"""

from pathlib import Path
from typing import get_args

import msgspec

from fadearena.adapters.sql.database import Location, PostgresDatabase, SqliteFile, Tree
from fadearena.config import Config, Network, variable
from fadearena.model.error import InvalidInput, StorageUnavailable
from fadearena.model.policy import Mode

TREES: tuple[Tree, ...] = get_args(Tree)


class Places(msgspec.Struct, frozen=True, kw_only=True):
    """The data directory, and the databases of the mode that is active."""

    data_dir: Path
    mode: Mode
    network: Network
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
        Make the directories, and write down mode and network where they are not written yet.

        Raises:
            InvalidInput: The data directory belongs to another network.
            StorageUnavailable: The data directory cannot be written.
        """
        known = _read(self.mode_file)
        if known is not None and known.network is not self.network:
            raise InvalidInput(
                f"{self.data_dir} belongs to the network {known.network}: set {variable('network')}={known.network}, "
                f"or give another directory with --data-dir for {self.network}"
            )
        try:
            self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            (self.data_dir / self.mode).mkdir(exist_ok=True)
            if known is None:
                written = _ModeFile(mode=self.mode, network=self.network)
                self.mode_file.write_bytes(msgspec.json.encode(written) + b"\n")
        except OSError as error:
            advice = "mend its rights, or give another with --data-dir"
            raise StorageUnavailable(f"{self.data_dir} cannot be written ({error.strerror}): {advice}") from error


class _ModeFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file that names no network is from a version that had the arena only."""

    mode: Mode
    network: Network = Network.ARENA


def places_of(config: Config) -> Places:
    """
    Return where everything lies; a network that nobody chose is the one that the data directory belongs to.

    Raises:
        InvalidInput: `mode.json` cannot be read, or names a mode that this version does not have.
    """
    known = _read(config.data_dir / "mode.json")
    mode = Mode.SIMULATION if known is None else known.mode
    is_chosen = "network" in config.model_fields_set
    network = config.network if known is None or is_chosen else known.network
    if mode is not Mode.SIMULATION:
        raise InvalidInput(
            f"{config.data_dir / 'mode.json'} says {mode}: {mode} trading is not in this version; "
            "use another data directory"
        )
    home = config.data_dir / mode
    if config.database is not None:
        journal: Location = PostgresDatabase(config.database)
        return Places(data_dir=config.data_dir, mode=mode, network=network, journal=journal, read=journal)
    return Places(
        data_dir=config.data_dir,
        mode=mode,
        network=network,
        journal=SqliteFile(home / "journal.db"),
        read=SqliteFile(home / "read.db"),
    )


def _read(file: Path) -> _ModeFile | None:
    try:
        return msgspec.json.decode(file.read_bytes(), type=_ModeFile)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, msgspec.MsgspecError) as error:
        raise InvalidInput(f'{file} cannot be read ({error}): it should be {{"mode": "simulation"}}') from error
