"""Where databases are, and what the errors of their drivers mean."""

import sqlite3
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from fadearena.adapters.sql import postgres, sqlite
from fadearena.adapters.sql.database import PostgresDatabase, SqliteFile
from fadearena.adapters.sql.engine import engine_of, failures
from fadearena.model.error import InvalidInput, StorageOutdated, StorageUnavailable


def test_a_url_of_another_kind_of_server_is_refused() -> None:
    """Only PostgreSQL is a server that is known here."""
    with pytest.raises(InvalidInput, match="begins with postgresql://"):
        PostgresDatabase("mysql://localhost/fade")


def test_a_schema_is_named_after_its_tree() -> None:
    """A suffix tells two sets of tables in one database apart; it cannot smuggle anything into a statement."""
    database = PostgresDatabase("postgresql:///fade", suffix="_live")
    assert (database.schema("journal"), database.schema("read")) == ("journal_live", "read_live")
    with pytest.raises(InvalidInput, match="cannot end the name of a schema"):
        PostgresDatabase("postgresql:///fade", suffix='"; DROP')


def test_credentials_are_not_shown() -> None:
    """Neither text nor representation of a database contain user or password."""
    database = PostgresDatabase("postgresql://ann:s3cret@db.example/fade?sslmode=require")
    for text in (str(database), repr(database)):
        assert "s3cret" not in text
        assert "ann" not in text
        assert "fade at db.example" in text


def test_a_connection_to_sqlite_is_safe(tmp_path: Path) -> None:
    """It has a write-ahead log and waits for the disk at every commit; one for reading refuses to write."""
    file = SqliteFile(tmp_path / "new" / "data.db")
    writing = sqlite.create(file)
    pragmas = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
    assert [writing.execute(f"PRAGMA {name}").fetchone()[0] for name in pragmas] == ["wal", 2, 1, sqlite.BUSY_MS]
    writing.execute("CREATE TABLE t (n)")
    reading = sqlite.connect_reader(file)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reading.execute("INSERT INTO t VALUES (1)")
    for connection in (writing, reading):
        connection.close()


def test_a_missing_file_is_not_made_by_opening_it(tmp_path: Path) -> None:
    """Only an upgrade makes databases; a directory that cannot be made is told."""
    for connect in (sqlite.connect, sqlite.connect_reader):
        with pytest.raises(StorageOutdated, match="fadearena db upgrade"):
            connect(SqliteFile(tmp_path / "data.db"))
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageUnavailable, match="choose another directory"):
        sqlite.create(SqliteFile(tmp_path / "file" / "data.db"))
    with pytest.raises(StorageUnavailable, match="check that its directory is there and permitted"):
        sqlite.create(SqliteFile(tmp_path))


def test_a_file_system_without_a_write_ahead_log_is_refused() -> None:
    """Where SQLite keeps another kind of log the data would not be safe: memory stands for such a file system."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    with pytest.raises(StorageUnavailable, match="put the data directory on a local disk"):
        sqlite._make_safe(SqliteFile(Path("journal.db")), connection)
    connection.close()


def test_every_error_of_sqlite_says_what_to_do() -> None:
    """An error without advice of its own names the command that looks."""
    assert "fadearena doctor" in str(sqlite.failure("journal.db", sqlite3.ProgrammingError("?")))


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (psycopg.errors.DiskFull("no space"), "free some space"),
        (psycopg.errors.TooManyConnections("too many"), "lacks connections"),
        (psycopg.errors.InsufficientPrivilege("denied"), "grant it"),
        (psycopg.errors.InvalidPassword("no"), "user or password"),
        (psycopg.errors.InvalidCatalogName("none"), "create it"),
        (psycopg.errors.ReadOnlySqlTransaction("standby"), "connect to the primary"),
        (psycopg.errors.QueryCanceled("timeout"), "took too long"),
        (psycopg.errors.AdminShutdown("bye"), "wait for it"),
        (psycopg.errors.UniqueViolation("twice"), "only one worker"),
        (psycopg.errors.DataCorrupted("bad"), "restore a backup"),
        (psycopg.OperationalError("gone"), "check the network"),
        (psycopg.ProgrammingError("?"), "look at the server's log"),
    ],
)
def test_every_error_of_postgres_says_what_to_do(error: psycopg.Error, advice: str) -> None:
    """The class of the error, never its text, decides on the advice."""
    with pytest.raises(StorageUnavailable, match=advice), postgres.failures("here"):
        raise error


def test_missing_tables_are_told_apart() -> None:
    """They need an upgrade, not patience."""
    with pytest.raises(StorageOutdated, match="fadearena db upgrade"), postgres.failures("here"):
        raise psycopg.errors.UndefinedTable("no table")


def test_errors_through_sqlalchemy_mean_the_same(tmp_path: Path, pg_url: str) -> None:
    """Whoever uses an engine gets the errors of the driver that is below it."""
    for location, error in (
        (SqliteFile(tmp_path / "data.db"), StorageUnavailable),
        (PostgresDatabase(pg_url), StorageOutdated),
    ):
        engine = engine_of(location, "read")
        with pytest.raises(error), failures(location), engine.connect() as connection:
            connection.execute(sa.text("SELECT 1 FROM nothing"))
        engine.dispose()
