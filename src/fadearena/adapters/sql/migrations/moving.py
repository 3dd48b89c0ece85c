"""Alembic, driven by this program: no settings file, one transaction, one at a time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from fadearena.adapters.sql.database import Location, PostgresDatabase, Tree
from fadearena.adapters.sql.engine import engine_of, failures
from fadearena.adapters.sql.migrations import VERSION_TABLE
from fadearena.model.error import InvalidInput, StorageOutdated

_LOCK = 7_160_532_046_451_012_001
"""Names the advisory lock of PostgreSQL that a migration holds; SQLite takes its write lock instead."""

_Steps = Callable[[Any, MigrationContext], Any]


def up(location: Location, tree: Tree, revision: str) -> None:
    """
    Carry out the steps up to `revision`.

    Raises:
        StorageOutdated: The database is at a version that this program does not know.
        StorageUnavailable: The database cannot be opened or changed.
    """
    try:
        _run(location, tree, lambda at, _: scripts(tree)._upgrade_revs(revision, at))  # noqa: SLF001 - as its own commands do
    except CommandError as error:
        raise StorageOutdated(
            f"{location} is of a version that this program does not know ({error}): install the newer program"
        ) from error


def down(location: Location, tree: Tree, revision: str) -> None:
    """
    Carry out the steps down to `revision`.

    Raises:
        InvalidInput: There is no such version below the present one.
        StorageUnavailable: The database cannot be opened or changed.
    """
    try:
        _run(location, tree, lambda at, _: scripts(tree)._downgrade_revs(revision, at))  # noqa: SLF001 - the same
    except CommandError as error:
        raise InvalidInput(f"{location} cannot be taken back to {revision!r}: {error}") from error


def mark(location: Location, tree: Tree, revision: str) -> None:
    """
    Say that the tables are of this version, whatever they are.

    Raises:
        StorageUnavailable: The database cannot be opened or changed.
    """
    with failures(location), _locked(location, tree) as connection:
        connection.execute(sa.text(f"UPDATE {VERSION_TABLE} SET version_num = :now"), {"now": revision})


def scripts(tree: Tree) -> ScriptDirectory:
    """Return the versions of a tree as Alembic reads them."""
    here = Path(__file__).parent
    return ScriptDirectory(str(here), version_locations=[str(here / tree)])


def _run(location: Location, tree: Tree, steps: _Steps) -> None:
    with failures(location), _locked(location, tree) as connection:
        schema = location.schema(tree) if isinstance(location, PostgresDatabase) else None
        context = MigrationContext.configure(
            connection,
            opts={
                "fn": steps,
                "transactional_ddl": True,
                "version_table": VERSION_TABLE,
                "version_table_schema": schema,
            },
        )
        with Operations.context(context):
            context.run_migrations()


@contextmanager
def _locked(location: Location, tree: Tree) -> Iterator[sa.Connection]:
    """Open a transaction in which nobody else migrates; on PostgreSQL the schema is there."""
    engine = engine_of(location, tree)
    try:
        with engine.begin() as connection:
            if isinstance(location, PostgresDatabase):
                connection.execute(sa.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
                schema = location.schema(tree)
                if connection.execute(sa.select(sa.func.to_regnamespace(schema))).scalar() is None:
                    connection.execute(sa.schema.CreateSchema(schema))
            yield connection
    finally:
        engine.dispose()
