"""
A journal in memory, with a running fingerprint.

`journal_hash` is BLAKE2b over the canonical JSON (sorted keys) of every (event, commands, records): two runs
that decided the same have the same hash.
"""

import hashlib
from collections.abc import AsyncIterator

import msgspec

from fadearena.adapters.memory.lease import MemoryLease
from fadearena.adapters.memory.storage import JournalMemory
from fadearena.model.error import InvalidInput, JournalCorrupt
from fadearena.ports.journal import JournalEntry, Skipped

_DIGEST_BYTES = 32
_ENCODER = msgspec.json.Encoder(order="sorted", decimal_format="string")


class HashedJournal:
    """Keeps the count and the fingerprint only: for replays whose entries nobody reads back."""

    def __init__(self) -> None:
        self._last_seq = 0
        self._hash = hashlib.blake2b(digest_size=_DIGEST_BYTES)

    @property
    def last_seq(self) -> int:
        """The number of the newest entry; 0 while there is none."""
        return self._last_seq

    @property
    def journal_hash(self) -> str:
        """The fingerprint of everything so far, as hex digits."""
        return self._hash.hexdigest()

    async def append(self, *entries: JournalEntry) -> None:
        """
        Count entries and add them to the fingerprint.

        Raises:
            InvalidInput: `seq` does not go on from `last_seq`.
        """
        for number, entry in enumerate(entries, self._last_seq + 1):
            if entry.seq != number:
                raise InvalidInput(f"journal entry {entry.seq} came, {number} is next")
        self.add(*entries)

    async def read(self, from_seq: int = 1) -> AsyncIterator[JournalEntry]:
        """
        Refuse: nothing was kept.

        Raises:
            InvalidInput: There are entries from `from_seq` on.
        """
        if from_seq <= self._last_seq:
            raise InvalidInput("this journal keeps only a fingerprint, its entries cannot be read")
        nothing: tuple[JournalEntry, ...] = ()
        for entry in nothing:
            yield entry

    def add(self, *entries: JournalEntry) -> None:
        """Add entries to the fingerprint, whatever came before them."""
        for entry in entries:
            self._hash.update(_ENCODER.encode((entry.event, entry.commands, entry.records)))
            self._hash.update(b"\n")
            self._last_seq = entry.seq


class MemoryJournal(HashedJournal):
    """
    Keeps the entries, too.

    Several handles may share a memory; with a lease only the one that holds it can write.
    """

    def __init__(self, memory: JournalMemory | None = None, lease: MemoryLease | None = None) -> None:
        super().__init__()
        self._memory = memory or JournalMemory()
        self._lease = lease
        self.add(*self._memory.entries.values())

    async def append(self, *entries: JournalEntry) -> None:
        """
        Keep entries, all or none.

        Raises:
            InvalidInput: `seq` does not go on from `last_seq`.
            LeaseLost: Another handle holds the lease.
        """
        self._guard()
        await super().append(*entries)
        self._memory.entries |= {entry.seq: entry for entry in entries}

    async def reopen(self) -> None:
        """
        Find out anew where the journal ends.

        Raises:
            LeaseLost: Another handle took the lease meanwhile.
        """
        if self._lease is not None:
            self._lease.renew()
        super().__init__()
        self.add(*self._memory.entries.values())

    async def read(
        self, from_seq: int = 1, to_seq: int | None = None, kinds: frozenset[str] = frozenset()
    ) -> AsyncIterator[JournalEntry]:
        """
        Iterate over the entries, those included that are appended meanwhile.

        Raises:
            InvalidInput: Without `kinds`, `from_seq` lies before the oldest segment that is kept.
            JournalCorrupt: A number is missing.
        """
        seq = max(from_seq, 1)
        if not kinds and seq < self._memory.oldest_seq:
            raise InvalidInput(f"the journal begins at entry {self._memory.oldest_seq}: what came before was deleted")
        while seq <= (self._memory.last_seq if to_seq is None else min(to_seq, self._memory.last_seq)):
            entry = self._memory.entries.get(seq)
            if entry is None and not kinds:
                raise JournalCorrupt(seq, "is missing")
            if entry is not None and (not kinds or entry.kind in kinds):
                yield entry
            seq += 1

    async def skipped(self) -> tuple[Skipped, ...]:
        """Return the entries that an operator had left out, by number."""
        return tuple(mark for _, mark in sorted(self._memory.skipped.items()))

    async def skip(self, skipped: Skipped) -> None:
        """
        Have an entry left out from now on; one that is left out already stays so.

        Raises:
            InvalidInput: There is no entry of this number.
            LeaseLost: Another handle holds the lease.
        """
        self._guard()
        if skipped.seq not in self._memory.entries:
            raise InvalidInput(f"the journal has no entry {skipped.seq}")
        self._memory.skipped.setdefault(skipped.seq, skipped)

    def _guard(self) -> None:
        self._memory.guard(None if self._lease is None else self._lease.epoch)
