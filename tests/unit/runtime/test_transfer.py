"""Journals leave and come as files."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec
import pytest

from fadearena.adapters.memory.journal import MemoryJournal
from fadearena.model.error import InvalidInput, JournalCorrupt
from fadearena.ports.journal import JournalEntry
from fadearena.ports.journal_row import line_of, to_row
from fadearena.runtime.transfer import export, import_lines
from tests.support.journals import entries, entry, kept


async def filled(count: int) -> MemoryJournal:
    """Make a journal of some entries."""
    journal = MemoryJournal()
    await journal.append(*entries(1, count))
    return journal


@pytest.mark.parametrize("name", ["journal.jsonl", "journal.jsonl.gz"])
@pytest.mark.parametrize("count", [0, 7, 500, 1_203])
def test_what_was_exported_can_be_imported(tmp_path: Path, name: str, count: int) -> None:
    """The same entries come back, plain or compressed."""

    async def story() -> None:
        journal = await filled(count)
        assert await export(journal, tmp_path / name) == count
        again = MemoryJournal()
        assert await import_lines(again, tmp_path / name) == count
        assert again.journal_hash == journal.journal_hash
        assert await kept(again) == await kept(journal)

    asyncio.run(story())
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_a_stretch_can_be_exported(tmp_path: Path) -> None:
    """Both ends are inclusive; a file that does not begin at the first entry cannot be imported."""

    async def story() -> None:
        file = tmp_path / "part.jsonl"
        assert await export(await filled(9), file, 3, 5) == 3
        assert file.read_bytes() == b"".join(line_of(to_row(each)) for each in entries(3, 5))
        with pytest.raises(InvalidInput, match="begins at entry 3, not at 1: restore a backup"):
            await import_lines(MemoryJournal(), file)

    asyncio.run(story())


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """An export needs a new name, an import an empty journal."""

    async def story() -> None:
        file = tmp_path / "journal.jsonl"
        journal = await filled(3)
        await export(journal, file)
        with pytest.raises(InvalidInput, match="choose another name"):
            await export(journal, file)
        with pytest.raises(InvalidInput, match="has 3 entries already"):
            await import_lines(journal, file)

    asyncio.run(story())


def test_an_export_that_fails_leaves_no_file(tmp_path: Path) -> None:
    """What could be taken for a whole export is never there."""

    async def story() -> None:
        with pytest.raises(InvalidInput, match="no end"):
            await export(Broken(), tmp_path / "journal.jsonl")

    asyncio.run(story())
    assert list(tmp_path.iterdir()) == []


class Broken(MemoryJournal):
    """A journal that cannot be read to its end."""

    async def read(
        self, from_seq: int = 1, to_seq: int | None = None, kinds: frozenset[str] = frozenset()
    ) -> AsyncIterator[JournalEntry]:
        """Give one entry, and fail."""
        yield entry(1)
        raise InvalidInput("no end")


def renumbered(lines: list[bytes]) -> list[bytes]:
    """Let the records of the third entry have other numbers, with a checksum that fits."""
    wrong = msgspec.structs.replace(entry(3), record_seq=7)
    return [*lines[:2], line_of(to_row(wrong)), *lines[3:]]


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda lines: [*lines[:2], *lines[3:]], "entry 3 is missing"),
        (lambda lines: [*lines[:3], lines[2], *lines[3:]], "entry 4 is missing"),
        (lambda lines: [*lines[:2], lines[2].replace(b'"k"', b'"x"'), *lines[3:]], "entry 3 does not fit its checksum"),
        (lambda lines: [*lines[:2], lines[2][:50] + b"\n"], "is no line of a journal"),
        (renumbered, "entry 3 ends with record 7"),
    ],
)
def test_a_damaged_file_is_not_imported_in_part(
    tmp_path: Path, damage: Callable[[list[bytes]], list[bytes]], says: str
) -> None:
    """All of it is checked first: nothing of a file that is wrong somewhere goes in."""

    async def story() -> None:
        file = tmp_path / "journal.jsonl.gz"
        lines = [line_of(to_row(each)) for each in entries(1, 5)]
        file.write_bytes(gzip.compress(b"".join(damage(lines))))
        journal = MemoryJournal()
        with pytest.raises((InvalidInput, JournalCorrupt), match=says):
            await import_lines(journal, file)
        assert await kept(journal) == []

    asyncio.run(story())


def test_entries_of_a_file_keep_everything(tmp_path: Path) -> None:
    """Text of any kind survives the way out and in."""

    async def story() -> None:
        journal = MemoryJournal()
        strange: list[JournalEntry] = [entry(1, 'quote " and \n newline'), entry(2, "käse \u0000 \U0001f9c0")]
        await journal.append(*strange)
        await export(journal, tmp_path / "journal.jsonl")
        again = MemoryJournal()
        await import_lines(again, tmp_path / "journal.jsonl")
        assert await kept(again) == strange

    asyncio.run(story())
