"""The tables of both databases: made where there are none, refused where they are of another version."""

from fadearena.adapters.sql.database import Tree
from fadearena.adapters.sql.migrations import current, head, require_head, upgrade
from fadearena.bootstrap.places import TREES, Places


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


def upgrade_tables(places: Places) -> dict[Tree, str]:
    """
    Bring all tables to the version of this program, and return which that is.

    Raises:
        StorageOutdated: Tables are of a newer version.
        StorageUnavailable: A database cannot be opened or changed.
    """
    places.prepare()
    for tree in TREES:
        upgrade(places.location(tree), tree)
    return {tree: head(tree) for tree in TREES}
