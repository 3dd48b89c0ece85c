"""
The tables, version by version: two trees, each with its own version table.

1. A tree goes up or down in one transaction, or not at all. Two processes that try at once do it one after the other.
2. `HEADS` names the versions that this program works with, so that opening a database needs no Alembic.
"""

from fadearena.adapters.sql import sqlite
from fadearena.adapters.sql.database import Location, SqliteFile, Tree
from fadearena.model.error import StorageOutdated

HEADS: dict[Tree, str] = {"journal": "0001", "read": "0008"}
VERSION_TABLE = "alembic_version"
UNFINISHED = "copying"
"""The version of tables into which somebody began to copy others."""
_VERSION = f"SELECT version_num FROM {VERSION_TABLE}"


def head(tree: Tree) -> str:
    """Return the version that this program works with."""
    return HEADS[tree]


def current(location: Location, tree: Tree) -> str | None:
    """
    Return the version that a database is at; None while it has no tables.

    Raises:
        StorageUnavailable: It cannot be opened.
    """
    if isinstance(location, SqliteFile):
        return _current_sqlite(location)
    from fadearena.adapters.sql import postgres  # noqa: PLC0415 - libpq is loaded only where it is used

    with postgres.failures(location), postgres.connect(location, tree) as connection:
        if connection.execute("SELECT to_regclass(%s)", (VERSION_TABLE,)).fetchone() == (None,):
            return None
        found = connection.execute(_VERSION.encode()).fetchone()
    return None if found is None else str(found[0])


def require_head(location: Location, tree: Tree) -> None:
    """
    Refuse a database that is of another version than this program.

    Raises:
        StorageOutdated: It is older, newer, or has no tables.
        StorageUnavailable: It cannot be opened.
    """
    found = current(location, tree)
    if found == HEADS[tree]:
        return
    if found is None:
        raise StorageOutdated(f"{location} has no tables ({tree}) yet: `fadearena db upgrade` makes them")
    if found == UNFINISHED:
        raise StorageOutdated(f"{location} is a copy that was not finished: repeat `fadearena db copy`")
    if found > HEADS[tree]:
        raise StorageOutdated(
            f"{location} is of a newer version of the program ({tree} {found}, not {HEADS[tree]}): install that one"
        )
    raise StorageOutdated(
        f"{location} is of an older version ({tree} {found}, not {HEADS[tree]}): run `fadearena db upgrade`"
    )


def upgrade(location: Location, tree: Tree) -> None:
    """
    Bring the tables of a tree to the version of this program; make them where there are none.

    Raises:
        StorageOutdated: They are of a newer version.
        StorageUnavailable: The database cannot be opened or changed.
    """
    from fadearena.adapters.sql.migrations import moving  # noqa: PLC0415 - Alembic is loaded only where it is used

    if current(location, tree) == UNFINISHED:
        require_head(location, tree)
    moving.up(location, tree, HEADS[tree])


def mark(location: Location, tree: Tree, version: str | None) -> None:
    """
    Say that the tables are of this version; None stands for this program's.

    Raises:
        StorageUnavailable: The database cannot be opened or changed.
    """
    from fadearena.adapters.sql.migrations import moving  # noqa: PLC0415 - Alembic is loaded only where it is used

    moving.mark(location, tree, version or HEADS[tree])


def downgrade(location: Location, tree: Tree, revision: str) -> None:
    """
    Take the tables of a tree back to a version; `base` removes them, with everything in them.

    Raises:
        InvalidInput: There is no such version below the present one.
        StorageUnavailable: The database cannot be opened or changed.
    """
    from fadearena.adapters.sql.migrations import moving  # noqa: PLC0415 - Alembic is loaded only where it is used

    moving.down(location, tree, revision)


def _current_sqlite(file: SqliteFile) -> str | None:
    if not file.path.exists():
        return None
    connection = sqlite.connect_reader(file)
    try:
        with sqlite.failures(file):
            if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (VERSION_TABLE,)).fetchone():
                return None
            found = connection.execute(_VERSION).fetchone()
    finally:
        connection.close()
    return None if found is None else str(found[0])
