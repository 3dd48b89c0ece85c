"""
Where everything of one installation lies: the data directory, its files, and the databases of each mode.

    D/mode.json             which mode is active, and on which network; written at the first start
    D/KILL                  as long as it is there everything stays stopped
    D/keys                  private keys, where they are kept in a file
    D/simulation/, D/live/  journal.db and read.db, where the database is SQLite

Simulation and live share nothing but the directory: with PostgreSQL each has schemas of its own.
"""

import os
from pathlib import Path
from typing import get_args

import msgspec

from fadearena.adapters.sql.database import Location, PostgresDatabase, SqliteFile, Tree
from fadearena.config import Config, Network, variable
from fadearena.model.error import InvalidInput, StorageUnavailable
from fadearena.model.policy import Mode

TREES: tuple[Tree, ...] = get_args(Tree)
_SUFFIXES = {Mode.SIMULATION: "", Mode.LIVE: "_live"}


class Places(msgspec.Struct, frozen=True, kw_only=True):
    """The data directory, and the databases of one mode."""

    data_dir: Path
    mode: Mode
    network: Network
    journal: Location
    read: Location

    @property
    def home(self) -> Path:
        """The directory of the mode."""
        return self.data_dir / self.mode

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
            self.home.mkdir(exist_ok=True)
            if known is None:
                _write(self.mode_file, _ModeFile(mode=self.mode, network=self.network))
        except OSError as error:
            raise self._unwritable(error) from error

    def activate(self) -> None:
        """
        Make this mode the active one, durably and at once: whoever reads the file finds the one or the other.

        Raises:
            StorageUnavailable: The data directory cannot be written; the mode is as it was.
        """
        try:
            _write(self.mode_file, _ModeFile(mode=self.mode, network=self.network))
        except OSError as error:
            raise self._unwritable(error) from error

    def is_active(self) -> bool:
        """Tell whether this mode is still the active one; a file that cannot be read at the moment changes nothing."""
        try:
            known = _read(self.mode_file)
        except InvalidInput:
            return True
        return known is None or known.mode is self.mode

    def _unwritable(self, error: OSError) -> StorageUnavailable:
        advice = "mend its rights, or give another with --data-dir"
        return StorageUnavailable(f"{self.data_dir} cannot be written ({error.strerror}): {advice}")


class _ModeFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file that names no network is from a version that had the arena only."""

    mode: Mode
    network: Network = Network.ARENA


def places_of(config: Config, mode: Mode | None = None) -> Places:
    """
    Return where everything of a mode lies, by default of the one that is active.

    A network that nobody chose is the one that the data directory belongs to.

    Raises:
        InvalidInput: `mode.json` cannot be read.
    """
    known = _read(config.data_dir / "mode.json")
    active = Mode.SIMULATION if known is None else known.mode
    is_chosen = "network" in config.model_fields_set
    network = config.network if known is None or is_chosen else known.network
    wanted = mode or active
    home = config.data_dir / wanted
    journal: Location = SqliteFile(home / "journal.db")
    read: Location = SqliteFile(home / "read.db")
    if config.database is not None:
        journal = read = PostgresDatabase(config.database, _SUFFIXES[wanted])
    return Places(data_dir=config.data_dir, mode=wanted, network=network, journal=journal, read=read)


def _read(file: Path) -> _ModeFile | None:
    try:
        return msgspec.json.decode(file.read_bytes(), type=_ModeFile)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, msgspec.MsgspecError) as error:
        raise InvalidInput(f'{file} cannot be read ({error}): it should be {{"mode": "simulation"}}') from error


def _write(file: Path, content: _ModeFile) -> None:
    """Put a file in the place of what is there, so that a crash leaves the one or the other."""
    beside = file.with_name(f"{file.name}.{os.getpid()}")
    with beside.open("wb") as opened:
        opened.write(msgspec.json.encode(content) + b"\n")
        opened.flush()
        os.fsync(opened.fileno())
    beside.replace(file)
    directory = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
