"""
Copies of the journal: backups of the database, exports as text, and the way back.

Everything else follows from the journal: after a way back the read tables are made anew, and no command's number is
given out a second time.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fadearena.adapters.sql.journal.backup import backup as back_up
from fadearena.adapters.sql.journal.backup import restore as put_back
from fadearena.adapters.sql.journal.store import JournalStore, open_journal_reader
from fadearena.adapters.sql.read_store import open_read_store
from fadearena.bootstrap.places import Places
from fadearena.bootstrap.tables import make_tables
from fadearena.bootstrap.upkeep import alone, make_read_tables_anew
from fadearena.core.state import State
from fadearena.kit.clock import SystemClock
from fadearena.model.error import InvalidInput
from fadearena.model.event import Operator
from fadearena.ports.snapshots import Part, Segment
from fadearena.runtime.engine import Engine
from fadearena.runtime.transfer import export, import_lines

_SLICE = 200


async def backup_journal(places: Places, target: Path) -> int:
    """
    Copy the journal to a new file, also beside a running worker; return how many entries it holds.

    Raises:
        InvalidInput: The file is there already, or cannot be written.
    """
    with _file_errors(target):
        return await asyncio.to_thread(back_up, places.journal, target)


async def restore_journal(places: Places, source: Path) -> int:
    """
    Put a backup in place of an empty journal; return how many entries it holds.

    Raises:
        InvalidInput: The file is no backup, the journal has entries, or an API process is running.
        LeaseLost: A worker is running.
    """
    make_tables(places)
    with _file_errors(source):
        count = await asyncio.to_thread(put_back, source, places.journal)
    await _show_anew(places)
    return count


async def export_journal(places: Places, file: Path) -> int:
    """
    Write all entries from the oldest segment on to a new file; return how many.

    Raises:
        InvalidInput: The file is there already, or cannot be written.
        JournalCorrupt: An entry cannot be read.
    """
    async with open_journal_reader(places.journal) as store:
        segments = await store.snapshots.segments()
        with _file_errors(file):
            return await export(store.journal, file, segments[0].first_seq if segments else 1)


async def import_journal(places: Places, file: Path) -> int:
    """
    Take the entries of a file into an empty journal; return how many.

    Raises:
        InvalidInput: The file is no export from entry 1 on, the journal has entries, or an API process is running.
        JournalCorrupt: A line's checksum does not fit.
        LeaseLost: A worker is running.
    """
    make_tables(places)
    async with alone(places) as store:
        with _file_errors(file):
            count = await import_lines(store.journal, file)
        await _open_first_segment(store)
    await _show_anew(places)
    return count


async def _open_first_segment(store: JournalStore) -> None:
    """Let the first segment begin with the first entry, from nothing, under the rules of that entry."""
    engine = Engine()
    cut = engine.parts(State(), None).begin(full=True)
    while parts := cut.take(_SLICE):
        await store.snapshots.write(0, [Part(key, payload) for key, payload in parts])
    async for first in store.journal.read(1, 1):
        now = SystemClock().now_ms()
        segment = Segment(first_seq=1, rules_version=first.rules_version, opened=now, record_seq=0)
        await store.snapshots.open_segment(0, segment)


async def _show_anew(places: Places) -> None:
    await make_read_tables_anew(places)
    async with open_journal_reader(places.journal) as journal, open_read_store(places.read) as read:
        async for entry in journal.journal.read(1, None, frozenset({"operator"})):
            if isinstance(entry.event, Operator):
                await read.control.continue_after(entry.event.control_id)


@contextmanager
def _file_errors(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InvalidInput(
            f"{file} cannot be used ({error.strerror}): give another file, or mend its rights"
        ) from error
