"""
Where the databases are, shared by the journal and the read store.

1. SQLite: each of the two trees of tables has a file of its own. PostgreSQL: each has a schema of its own.
2. Whatever a driver raises leaves this room as a `StorageError` whose text says what to do next.
"""

import re
from pathlib import Path
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

import msgspec

from fadearena.model.error import InvalidInput

Tree: TypeAlias = Literal["journal", "read"]
"""The journal is written by the worker; the read store by the server, and never by the worker."""

_SUFFIX = re.compile(r"[a-z0-9_]{0,32}")
_SCHEMES = ("postgresql", "postgres")


class SqliteFile(msgspec.Struct, frozen=True):
    """One tree of tables in one file."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)


class PostgresDatabase(msgspec.Struct, frozen=True):
    """A database of which each tree of tables has a schema: the tree's name and `suffix`."""

    url: str
    suffix: str = ""

    def __post_init__(self) -> None:
        """
        Check both.

        Raises:
            InvalidInput: The URL is not one of PostgreSQL, or the suffix has other characters than a-z, 0-9 and `_`.
        """
        if urlsplit(self.url).scheme not in _SCHEMES:
            raise InvalidInput("a database URL begins with postgresql://")
        if not _SUFFIX.fullmatch(self.suffix):
            raise InvalidInput(f"{self.suffix!r} cannot end the name of a schema: use a-z, 0-9 and _")

    def schema(self, tree: Tree) -> str:
        """Return the schema of a tree of tables."""
        return tree + self.suffix

    def __repr__(self) -> str:
        """Show where it is without the password."""
        return f"PostgresDatabase({str(self)!r})"

    def __str__(self) -> str:
        parts = urlsplit(self.url)
        return f"PostgreSQL database {parts.path.lstrip('/') or 'postgres'} at {parts.hostname or 'this machine'}"


Location: TypeAlias = SqliteFile | PostgresDatabase
