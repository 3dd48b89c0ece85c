"""Backups of the journal: made beside a worker, restored into an empty journal, whatever database it is in."""

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from fadearena.adapters.sql.database import Location, PostgresDatabase, SqliteFile
from fadearena.adapters.sql.journal.backup import backup, restore
from fadearena.adapters.sql.migrations import current, downgrade
from fadearena.model.error import InvalidInput, LeaseLost, StorageOutdated, StorageUnavailable
from fadearena.ports.journal import JournalEntry, Skipped
from fadearena.ports.snapshots import Part, Segment, Snapshot
from tests.support.journals import SqlStorage, cash, entries, entry, kept, open_full, working

MARK = Skipped(seq=2, actor="cli:ann", reason="poison", time=7)
Picture = tuple[list[JournalEntry], tuple[Skipped, ...], tuple[Segment, ...], Snapshot | None, list[Snapshot]]


@pytest.fixture
def place(tmp_path: Path, request: pytest.FixtureRequest) -> Callable[[str], Location]:
    """Make places of either kind."""

    def make(kind: str) -> Location:
        if kind == "sqlite":
            return SqliteFile(tmp_path / "data" / "journal.db")
        return PostgresDatabase(request.getfixturevalue("pg_url"))

    return make


async def fill(storage: SqlStorage) -> None:
    """Keep some of everything."""
    async with working(storage) as worker:
        await open_full(worker, 0, {"a": b"1", "b": b"1"})
        await worker.journal.append(*entries(1, 4), cash(5), *entries(6, 2_500))
        await worker.journal.skip(MARK)
        await worker.snapshots.write(7, [Part("b", None), Part("käse", b"7")])
        await worker.snapshots.seal(7, 7)


async def picture(storage: SqlStorage) -> Picture:
    """Return everything that can be read."""
    async with storage.open_reader() as reader:
        segments = await reader.snapshots.segments()
        return (
            await kept(reader.journal),
            await reader.journal.skipped(),
            segments,
            await reader.snapshots.load(),
            [await reader.snapshots.load_opening(each) for each in segments],
        )


@pytest.mark.parametrize(("first", "second"), [("sqlite", "postgres"), ("postgres", "sqlite"), ("sqlite", "sqlite")])
def test_a_backup_restores_everything(
    tmp_path: Path, place: Callable[[str], Location], first: str, second: str
) -> None:
    """Made beside a running worker, it brings back the same entries, marks, segments and snapshots, and goes on."""
    source, target = SqlStorage(place(first), inline=False), tmp_path / "backup.db"

    async def story() -> Picture:
        await fill(source)
        before = await picture(source)
        async with working(source) as worker:
            assert await asyncio.to_thread(backup, source.location, target) == 2_500
            await worker.journal.append(entry(2_501))
        return before

    before = asyncio.run(story())
    assert [file.name for file in tmp_path.glob("backup*")] == ["backup.db"]
    elsewhere = place(second) if second != first else SqliteFile(tmp_path / "other" / "journal.db")
    restored = SqlStorage(elsewhere, inline=False)
    assert restore(target, elsewhere) == 2_500

    async def go_on() -> None:
        assert await picture(restored) == before
        async with working(restored) as worker:
            await worker.journal.append(entry(2_501))

    asyncio.run(go_on())


def test_a_backup_can_be_opened_as_it_is(tmp_path: Path) -> None:
    """A backup is a journal of its own."""
    source = SqlStorage(SqliteFile(tmp_path / "journal.db"), inline=True)
    asyncio.run(fill(source))
    backup(source.location, tmp_path / "backup.db")
    copy = SqlStorage(SqliteFile(tmp_path / "backup.db"), inline=True)
    assert asyncio.run(picture(copy)) == asyncio.run(picture(source))


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """Neither a file by a backup, nor a journal that has entries by a restore."""
    source = SqlStorage(SqliteFile(tmp_path / "journal.db"), inline=True)
    asyncio.run(fill(source))
    target = tmp_path / "backup.db"
    backup(source.location, target)
    with pytest.raises(InvalidInput, match="choose another name"):
        backup(source.location, target)
    with pytest.raises(InvalidInput, match="2500 entries already: move it away"):
        restore(target, source.location)


def test_a_restore_beside_a_worker_is_refused(tmp_path: Path) -> None:
    """The journal of a running worker is left alone."""
    source = SqlStorage(SqliteFile(tmp_path / "journal.db"), inline=True)
    asyncio.run(fill(source))
    backup(source.location, tmp_path / "backup.db")
    other = SqlStorage(SqliteFile(tmp_path / "other" / "journal.db"), inline=True)

    async def story() -> None:
        async with working(other):
            with pytest.raises(LeaseLost, match="end it first"):
                restore(tmp_path / "backup.db", other.location)

    asyncio.run(story())


def test_a_failed_restore_leaves_the_journal_empty(tmp_path: Path) -> None:
    """A restore is one transaction: where it fails there is nothing, and it can be done again."""
    source = SqlStorage(SqliteFile(tmp_path / "journal.db"), inline=True)
    asyncio.run(fill(source))
    backup(source.location, tmp_path / "backup.db")
    with sqlite3.connect(tmp_path / "backup.db") as damaged:
        damaged.execute("DROP TABLE snapshot_part")
    damaged.close()
    other = SqlStorage(SqliteFile(tmp_path / "other" / "journal.db"), inline=True)
    with pytest.raises(StorageUnavailable, match="no such table"):
        restore(tmp_path / "backup.db", other.location)
    assert asyncio.run(picture(other)) == ([], (), (), None, [])


def test_what_is_no_backup_is_refused(tmp_path: Path) -> None:
    """A file without the tables of a journal, a missing one, and tables of another version each have their answer."""
    other = SqlStorage(SqliteFile(tmp_path / "journal.db"), inline=True)
    sqlite3.connect(tmp_path / "empty.db").close()
    for name in ("empty.db", "missing.db"):
        with pytest.raises(InvalidInput, match="no backup of a journal"):
            restore(tmp_path / name, other.location)
    assert not (tmp_path / "missing.db").exists()
    downgrade(other.location, "journal", "base")
    assert current(other.location, "journal") is None
    with pytest.raises(StorageOutdated, match="fadearena db upgrade"):
        backup(other.location, tmp_path / "backup.db")
