"""The commands of `db`: tables, default settings, backups."""

import asyncio
from pathlib import Path
from typing import Any

from fadearena.bootstrap import upkeep
from fadearena.bootstrap.copies import backup_journal, restore_journal
from fadearena.bootstrap.places import TREES, places_of
from fadearena.bootstrap.tables import upgrade_tables, versions
from fadearena.cli.output import print_json, show
from fadearena.cli.session import places
from fadearena.config import load
from fadearena.model.error import InvalidInput
from fadearena.model.policy import Mode


def upgrade(data_dir: Path | None, *, keeps_copy: bool, as_json: bool) -> None:
    """Bring the tables of the active mode, and of the other one where it has some, to the version of this program."""
    active, config = places(data_dir), load(data_dir=data_dir)
    others = [found for mode in Mode if (found := places_of(config, mode)) != active and found.home.exists()]
    copies = {str(one.mode): upgrade_tables(one, keeps_copy=keeps_copy) for one in (active, *others)}
    _tell(versions() | {f"{mode}Backup": str(copy) for mode, copy in copies.items() if copy}, as_json=as_json)


def downgrade(tree: str, revision: str, data_dir: Path | None, *, loses_data: bool, as_json: bool) -> None:
    """Take one tree of tables back."""
    known = next((each for each in TREES if each == tree), None)
    if known is None:
        raise InvalidInput(f"{tree!r} is no tree of tables: give one of {', '.join(TREES)}")
    asyncio.run(upkeep.go_back(places(data_dir), known, revision, loses_data=loses_data))
    _tell({tree: revision}, as_json=as_json)


def seed(data_dir: Path | None, *, as_json: bool) -> None:
    """Set the default settings where there are none."""
    is_done = asyncio.run(upkeep.seed(places(data_dir)))
    if as_json:
        print_json({"seeded": is_done})
    else:
        show("the default settings are in force" if is_done else "there are settings already: nothing was changed")


def rebuild(data_dir: Path | None, *, as_json: bool) -> None:
    """Make the read tables anew, and say how quickly that went."""
    made = asyncio.run(upkeep.make_read_tables_anew(places(data_dir)))
    reached = {"journalSeq": made.position.journal_seq, "recordSeq": made.position.record_seq}
    _tell(reached | {"events": made.events, "eventsPerSecond": round(made.events / made.seconds)}, as_json=as_json)


def backup(target: Path, data_dir: Path | None, *, as_json: bool) -> None:
    """Write a copy of the journal to a file."""
    _tell({"entries": asyncio.run(backup_journal(places(data_dir), target)), "file": str(target)}, as_json=as_json)


def restore(source: Path, data_dir: Path | None, *, as_json: bool) -> None:
    """Put a copy in place of an empty journal."""
    _tell({"entries": asyncio.run(restore_journal(places(data_dir), source)), "file": str(source)}, as_json=as_json)


def _tell(what: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(what)
    else:
        show(", ".join(f"{name}: {value}" for name, value in what.items()))
