"""Journals of every kind, in the hands of tests: storage that can be opened again and again."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from decimal import Decimal
from typing import Protocol

import msgspec
import pytest
import sqlalchemy as sa

from fadearena.adapters.memory.journal import MemoryJournal
from fadearena.adapters.memory.lease import MemoryLease
from fadearena.adapters.memory.snapshots import MemorySnapshots
from fadearena.adapters.memory.storage import JournalMemory
from fadearena.adapters.sql.database import Location
from fadearena.adapters.sql.engine import engine_of
from fadearena.adapters.sql.journal.store import open_journal, open_journal_reader
from fadearena.adapters.sql.migrations import upgrade
from fadearena.adapters.sql.session import Session
from fadearena.model.command import BurnNonce, WakeAt
from fadearena.model.error import StorageUnavailable
from fadearena.model.event import CashMoved, Woke
from fadearena.model.record import Alert
from fadearena.ports.journal import Journal, JournalEntry, JournalReader
from fadearena.ports.lease import Lease
from fadearena.ports.snapshots import Part, Segment, Snapshots

HOLDER = "worker 1"


class Handle(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker has of a journal."""

    journal: Journal
    snapshots: Snapshots
    lease: Lease


class Storage(Protocol):
    """Where a journal is kept: whoever opens it again finds what was durable."""

    def open(self) -> AbstractAsyncContextManager[Handle]:
        """Open it as a worker would, without taking the lease."""
        ...

    def open_reader(self) -> AbstractAsyncContextManager[Handle]:
        """Open it as a process would that only reads."""
        ...

    async def steal(self) -> None:
        """Let another worker take the lease, whoever holds it: the lock was lost and nobody noticed."""
        ...


class MemoryStorage:
    """A journal in memory."""

    def __init__(self) -> None:
        self._memory = JournalMemory()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Handle]:
        """Open it as a worker would."""
        lease = MemoryLease(self._memory)
        journal = MemoryJournal(self._memory, lease)
        yield Handle(journal=journal, snapshots=MemorySnapshots(self._memory, lease), lease=lease)
        await lease.release()

    def open_reader(self) -> AbstractAsyncContextManager[Handle]:
        """Open it as a process would that only reads."""
        return self.open()

    async def steal(self) -> None:
        """Let another worker take the lease."""
        self._memory.epoch += 1
        self._memory.holder = "thief"


class SqlStorage:
    """A journal in a database."""

    def __init__(self, location: Location, *, inline: bool) -> None:
        self.location = location
        self.inline = inline
        upgrade(location, "journal")

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Handle]:
        """Open it as a worker would."""
        async with open_journal(self.location, inline=self.inline, busy_ms=100) as store:
            yield Handle(journal=store.journal, snapshots=store.snapshots, lease=store.lease)

    @asynccontextmanager
    async def open_reader(self) -> AsyncIterator[Handle]:
        """Open it as a process would that only reads."""
        async with open_journal_reader(self.location, inline=self.inline) as store:
            yield Handle(journal=store.journal, snapshots=store.snapshots, lease=store.lease)

    async def steal(self) -> None:
        """Let another worker take the lease."""
        self.execute("UPDATE lease SET epoch = epoch + 1, holder = 'thief'")

    def execute(self, sql: str) -> None:
        """Change the tables behind everybody's back."""
        engine = engine_of(self.location, "journal")
        with engine.begin() as connection:
            connection.execute(sa.text(sql))
        engine.dispose()


@asynccontextmanager
async def working(storage: Storage, holder: str = HOLDER) -> AsyncIterator[Handle]:
    """Open a journal as the worker that holds the lease."""
    async with storage.open() as handle:
        assert await handle.lease.acquire(holder)
        await handle.journal.reopen()
        yield handle


def entry(seq: int, key: str = "k") -> JournalEntry:
    """Make an entry with an event, a command and a record."""
    return JournalEntry(
        seq=seq,
        event=Woke(time=seq, received=seq, key=key),
        commands=(WakeAt(at_ms=seq + 1, key=key),),
        records=(Alert(level="info", category="c", subject="s", text="t"),),
        rules_version=2,
        record_seq=seq,
    )


def signed(seq: int) -> JournalEntry:
    """Make an entry with a signed command, which waits for it."""
    burn = BurnNonce(account="main", signer=f"0x{1:040x}", cloid=f"0x{seq:032x}", nonce=seq)
    return msgspec.structs.replace(entry(seq), commands=(burn,))


def cash(seq: int) -> JournalEntry:
    """Make an entry of a kind that is kept."""
    moved = CashMoved(time=seq, received=seq, key=f"c{seq}", account="main", usd=Decimal("0.10"))
    return JournalEntry(seq=seq, event=moved, record_seq=seq - 1)


def entries(first: int, last: int) -> list[JournalEntry]:
    """Make entries, the last one included."""
    return [entry(seq) for seq in range(first, last + 1)]


async def kept(
    journal: JournalReader, from_seq: int = 1, to_seq: int | None = None, kinds: Sequence[str] = ()
) -> list[JournalEntry]:
    """Return what a journal gives."""
    return [each async for each in journal.read(from_seq, to_seq, frozenset(kinds))]


async def numbers(journal: JournalReader, from_seq: int = 1) -> list[int]:
    """Return the numbers of what a journal gives."""
    return [each.seq for each in await kept(journal, from_seq)]


def segment(first_seq: int, rules_version: int = 2) -> Segment:
    """Make a segment."""
    return Segment(first_seq=first_seq, rules_version=rules_version, opened=first_seq, record_seq=first_seq - 1)


async def open_full(handle: Handle, seq: int, parts: dict[str, bytes]) -> Segment:
    """Write a full snapshot after an entry and open a segment with it."""
    opened = segment(seq + 1)
    await handle.snapshots.write(seq, [Part(key, payload) for key, payload in parts.items()])
    await handle.snapshots.open_segment(seq, opened)
    return opened


def session_of(worker: Handle) -> Session:
    """Return the connection that a worker writes over."""
    return worker.journal._keeper.session  # type: ignore[attr-defined, no-any-return]


async def refused(worker: Handle, seq: int, advice: str) -> None:
    """Check that an entry cannot be kept, that the reason says what to do, and that the next one fails at once."""
    with pytest.raises(StorageUnavailable, match=advice):
        await worker.journal.append(entry(seq))
    assert not worker.lease.is_held
    with pytest.raises(StorageUnavailable, match=advice):
        await worker.journal.append(entry(seq + 1))


async def goes_on(worker: Handle, last: int) -> None:
    """Check that after a look at what is durable the journal goes on right after it."""
    await worker.journal.reopen()
    assert worker.lease.is_held
    assert worker.journal.last_seq == last
    await worker.journal.append(*entries(last + 1, last + 3))
    assert await kept(worker.journal) == entries(1, last + 3)
