"""
A journal in memory, with a running fingerprint.

`journal_hash` is BLAKE2b over the canonical JSON (sorted keys) of every (event, commands, records): two runs
that decided the same have the same hash.
"""

import hashlib
from collections.abc import AsyncIterator

import msgspec

from fadearena.model.error import InvalidInput
from fadearena.ports.journal import JournalEntry

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
        for entry in entries:
            self._hash.update(_ENCODER.encode((entry.event, entry.commands, entry.records)))
            self._hash.update(b"\n")
        self._last_seq += len(entries)

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


class MemoryJournal(HashedJournal):
    """Keeps the entries, too."""

    def __init__(self) -> None:
        super().__init__()
        self._entries: list[JournalEntry] = []

    async def append(self, *entries: JournalEntry) -> None:
        """
        Keep entries, all or none.

        Raises:
            InvalidInput: `seq` does not go on from `last_seq`.
        """
        await super().append(*entries)
        self._entries += entries

    async def read(self, from_seq: int = 1) -> AsyncIterator[JournalEntry]:
        """Iterate over the entries from `from_seq` (inclusive) on."""
        for entry in self._entries[max(from_seq, 1) - 1 :]:
            yield entry
