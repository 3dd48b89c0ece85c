"""
A journal as a file: JSON Lines, one entry a line, compressed where the name ends in `.gz`.

An import goes into an empty journal and takes the whole file, after all of it was checked, or nothing.
"""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from fadearena.model.error import InvalidInput, JournalCorrupt
from fadearena.ports.journal import Journal, JournalEntry, JournalReader
from fadearena.ports.journal_row import from_line, from_row, line_of, to_row

_GROUP = 500


async def export(journal: JournalReader, file: Path, from_seq: int = 1, to_seq: int | None = None) -> int:
    """
    Write entries to a new file, which is there only when it is complete; return how many.

    Raises:
        InvalidInput: The file is there already, or `from_seq` lies before the oldest entry.
        JournalCorrupt: An entry cannot be read.
        OSError: The file cannot be written.
        StorageUnavailable: The database cannot be read.
    """
    count = 0
    with _fresh(file) as lines:
        async for entry in journal.read(from_seq, to_seq):
            lines.write(line_of(to_row(entry)))
            count += 1
    return count


async def import_lines(journal: Journal, file: Path) -> int:
    """
    Append the entries of a file to an empty journal; return how many.

    Raises:
        InvalidInput: The journal is not empty, the file does not begin at entry 1, or a line is none of an export.
        JournalCorrupt: An entry's checksum does not fit, it cannot be decoded, or a number is missing.
        OSError: The file cannot be read.
        LeaseLost: This process does not hold the lease.
        StorageUnavailable: A commit failed.
    """
    if journal.last_seq:
        raise InvalidInput(f"the journal has {journal.last_seq} entries already: import into an empty one")
    count = sum(1 for _ in _checked(file))
    group: list[JournalEntry] = []
    for entry in _checked(file):
        group.append(entry)
        if len(group) == _GROUP or entry.seq == count:
            await journal.append(*group)
            group.clear()
    return count


def _checked(file: Path) -> Iterator[JournalEntry]:
    """Yield the entries of a file; their numbers and those of their records have no gap."""
    seq = record_seq = 0
    with _opened(file, file, "rb") as lines:
        for line in lines:
            entry = from_row(from_line(line))
            if not seq and entry.seq != 1:
                raise InvalidInput(f"{file} begins at entry {entry.seq}, not at 1: restore a backup instead")
            seq += 1
            record_seq += len(entry.records)
            if entry.seq != seq:
                raise JournalCorrupt(seq, f"is missing in {file}")
            if entry.record_seq != record_seq:
                raise JournalCorrupt(seq, f"ends with record {entry.record_seq} in {file}, not with {record_seq}")
            yield entry


@contextmanager
def _fresh(file: Path) -> Iterator[BinaryIO]:
    """Open a file for writing that gets its name once all of it is there."""
    if file.exists():
        raise InvalidInput(f"{file} is there already: choose another name")
    part = file.with_name(f"{file.name}.part")
    try:
        with _opened(file, part, "wb") as lines:
            yield lines
        part.rename(file)
    finally:
        part.unlink(missing_ok=True)


def _opened(name: Path, file: Path, mode: str) -> BinaryIO:
    if name.suffix == ".gz":
        return cast("BinaryIO", gzip.open(file, mode))
    return cast("BinaryIO", file.open(mode))
