"""
One connection and the few things that are asked of it, the same on both databases.

1. Statements are written once, with `?` for values.
2. Rows go in by one statement for many of them: under load each statement costs a change of threads, and that is what
   a commit waits for.
3. Outside a `transaction` each statement is a transaction.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeAlias

import msgspec

from fadearena.ports.wakeups import Topic

Values: TypeAlias = Sequence[Any]


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """
    A table that rows go into.

    `types` are those of PostgreSQL; `key` are the columns that tell rows apart; `conflict` is what becomes of a row
    that is there already; `topic` is what others are told when rows went in, where the database can tell.
    """

    name: str
    columns: tuple[str, ...]
    types: tuple[str, ...]
    key: tuple[str, ...]
    conflict: str = ""
    topic: Topic | None = None

    @property
    def into(self) -> str:
        """The statement's beginning."""
        return f"INSERT INTO {self.name} ({', '.join(self.columns)})"


class Session(Protocol):
    """
    One connection, used by one thread at a time.

    Every method raises `StorageUnavailable` where the database fails.
    """

    for_share: str
    """What a query ends with so that the rows it found cannot change before the transaction ends."""
    is_local: bool
    """Whether the database is a file of this machine: a commit waits for the disk, and for nobody else's answer."""

    @property
    def is_broken(self) -> bool:
        """Whether the connection is gone for good."""
        ...

    def rows(self, sql: str, values: Values = ()) -> list[tuple[Any, ...]]:
        """Return what a query finds."""
        ...

    def change(self, sql: str, values: Values = ()) -> int:
        """Carry out a statement and return how many rows it changed."""
        ...

    def insert(self, table: Table, rows: Sequence[Values], condition: str, values: Values) -> int:
        """Put rows in where the condition holds, all or none; return how many went in."""
        ...

    def transaction(self) -> AbstractContextManager[None]:
        """Make one transaction, that writes, of what is done inside."""
        ...

    def reading(self) -> AbstractContextManager[None]:
        """Let all queries inside see the same moment."""
        ...

    def close(self) -> None:
        """Close the connection; what was not committed is gone."""
        ...
