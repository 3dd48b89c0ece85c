"""Empty tables, quickly: for SQLite each tree is migrated once in a process, and copied from then on."""

import tempfile
from functools import cache
from pathlib import Path

from fadearena.adapters.sql.database import Location, SqliteFile, Tree
from fadearena.adapters.sql.migrations import upgrade


def lay(location: Location, tree: Tree) -> Location:
    """Make the empty tables of a tree where there is nothing yet, and return where that is."""
    if isinstance(location, SqliteFile):
        location.path.parent.mkdir(parents=True, exist_ok=True)
        location.path.touch(mode=0o600, exist_ok=False)
        location.path.write_bytes(_migrated(tree))
    else:
        upgrade(location, tree)
    return location


@cache
def _migrated(tree: Tree) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = SqliteFile(Path(folder) / "migrated.db")
        upgrade(file, tree)
        assert list(file.path.parent.iterdir()) == [file.path]
        return file.path.read_bytes()
