"""The tables of both databases: made where there are none, refused where they are of another version."""

from datetime import UTC, datetime
from pathlib import Path

from fadearena.adapters.sql.journal.backup import copy_of_any_version
from fadearena.adapters.sql.migrations import current, head, require_head, upgrade
from fadearena.bootstrap.places import TREES, Places
from fadearena.model.error import InvalidInput


def make_tables(places: Places) -> None:
    """
    Make directories and tables where there are none; leave those that are there.

    Raises:
        StorageOutdated: Tables are of another version.
        StorageUnavailable: A database cannot be opened or written.
    """
    places.prepare()
    for tree in TREES:
        location = places.location(tree)
        if current(location, tree) is None:
            upgrade(location, tree)
        require_head(location, tree)


def upgrade_tables(places: Places, *, keeps_copy: bool = True) -> Path | None:
    """
    Bring all tables to the version of this program; return the copy of the journal that was made before.

    None is made where there are no tables yet, where all are up to date, or where nobody wants one.

    Raises:
        InvalidInput: A copy cannot be made.
        StorageOutdated: Tables are of a newer version.
        StorageUnavailable: A database cannot be opened or changed.
    """
    places.prepare()
    found = {tree: current(places.location(tree), tree) for tree in TREES}
    copy = None
    if keeps_copy and found["journal"] is not None and any(found[tree] != head(tree) for tree in TREES):
        copy = _copy(places)
    for tree in TREES:
        upgrade(places.location(tree), tree)
    return copy


def versions() -> dict[str, str]:
    """Return the version of each tree that this program works with."""
    return {tree: head(tree) for tree in TREES}


def _copy(places: Places) -> Path:
    directory = places.home / "backups"
    target = directory / f"journal-{datetime.now(UTC):%Y%m%d-%H%M%S}.db"
    try:
        directory.mkdir(mode=0o700, exist_ok=True)
        copy_of_any_version(places.journal, target)
    except OSError as error:
        raise InvalidInput(
            f"no copy can be made in {directory} ({error.strerror}): mend that, or say --no-backup"
        ) from error
    return target
