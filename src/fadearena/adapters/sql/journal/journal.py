"""The journal, as its port has it."""

from collections.abc import AsyncIterator, Awaitable
from functools import partial
from operator import attrgetter

from fadearena.adapters.sql.journal import entries
from fadearena.adapters.sql.journal.keeper import Keeper
from fadearena.adapters.sql.journal.reader import Reader
from fadearena.adapters.sql.journal.tables import ENTRY
from fadearena.adapters.sql.journal.writer import Writer
from fadearena.model.error import InvalidInput
from fadearena.ports.journal import JournalEntry, Skipped
from fadearena.ports.journal_row import to_row
from fadearena.ports.venue import SignedCommand

PAGE = 500
_values = attrgetter(*ENTRY.columns)


async def _nothing() -> None:
    """Keep nothing."""


class SqlJournal:
    """
    Keeps steps in order, durably.

    Entries are encoded by the caller: the thread that writes would only take the interpreter from him for it. Those
    with signed commands are urgent: an order waits for them.
    """

    def __init__(self, keeper: Keeper, writer: Writer, reader: Reader) -> None:
        self._keeper = keeper
        self._writer = writer
        self._reader = reader

    @property
    def last_seq(self) -> int:
        """The number of the newest entry that is known to be durable; 0 while there is none."""
        return self._keeper.last_seq

    def append(self, *entries_: JournalEntry) -> Awaitable[None]:
        """
        Hand entries over, to be kept all or none; once what is returned was awaited they are durable.

        Raises:
            InvalidInput: `seq` does not go on from the entry that was given last.
            LeaseLost: This process may not write any more.
            StorageUnavailable: The commit failed, or nobody knows: `reopen`, and recover, before anything else.
        """
        self._keeper.check()
        for number, entry in enumerate(entries_, self._keeper.given_seq + 1):
            if entry.seq != number:
                raise InvalidInput(f"journal entry {entry.seq} came, {number} is next")
        rows = [_values(to_row(entry)) for entry in entries_]
        self._keeper.given_seq += len(rows)
        is_urgent = any(isinstance(command, SignedCommand) for entry in entries_ for command in entry.commands)
        return self._writer.append(rows, is_urgent=is_urgent) if rows else _nothing()

    async def reopen(self) -> None:
        """
        Find out anew where the journal ends; from now on this process writes under a new epoch of the lease.

        Raises:
            LeaseLost: Another process took the lease meanwhile.
            StorageUnavailable: The database is still away; try again later.
        """
        await self._writer.call(Keeper.reopen)

    async def read(
        self, from_seq: int = 1, to_seq: int | None = None, kinds: frozenset[str] = frozenset()
    ) -> AsyncIterator[JournalEntry]:
        """
        Iterate over entries, a page at a time.

        Raises:
            InvalidInput: Without `kinds`, `from_seq` lies before the oldest segment that is kept.
            JournalCorrupt: An entry's checksum does not fit, it cannot be decoded, or its number is missing.
            StorageUnavailable: The database cannot be read.
        """
        at, size = max(from_seq, 1), PAGE
        while size == PAGE:
            ask = partial(entries.page, from_seq=at, to_seq=to_seq, kinds=kinds, size=PAGE)
            found = await self._reader.call(ask)
            for entry in found:
                self._keeper.saw(entry.seq)
                yield entry
            size = len(found)
            at = found[-1].seq + 1 if found else at

    async def skipped(self) -> tuple[Skipped, ...]:
        """Return the entries that an operator had left out, by number."""
        return await self._reader.call(entries.skipped)

    async def skip(self, skipped: Skipped) -> None:
        """
        Have an entry left out from now on; one that is left out already stays so.

        Raises:
            InvalidInput: There is no entry of this number.
            LeaseLost: Another process holds the lease.
        """
        await self._writer.call(lambda keeper: keeper.write(partial(entries.skip, mark=skipped)))
