"""The kinds of storage that every test of a contract is run on."""

from pathlib import Path

import pytest

from fadearena.adapters.sql.database import SqliteFile
from tests.support.journals import MemoryStorage, SqlStorage, Storage

KINDS = ("memory", "sqlite", "sqlite-inline", "postgres", "postgres-inline")


@pytest.fixture(params=KINDS)
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    """Where a journal is kept that holds nothing yet."""
    kind, _, form = request.param.partition("-")
    if kind == "memory":
        return MemoryStorage()
    if kind == "sqlite":
        return SqlStorage(SqliteFile(tmp_path / "journal.db"), inline=bool(form))
    return SqlStorage(request.getfixturevalue("pg_schemas"), inline=bool(form))
