"""
The door to the journal: what happened and what was decided, in one row, before anything leaves.

A journal is a list of segments. Each begins with a full snapshot of the state and holds entries of one
`rules_version`; replay from zero is claimed inside a segment.
"""

from collections.abc import AsyncIterator, Awaitable
from typing import Protocol

import msgspec

from fadearena.model.command import Command
from fadearena.model.event import Event
from fadearena.model.record import Record
from fadearena.model.units import EpochMs


class JournalEntry(msgspec.Struct, frozen=True, kw_only=True):
    """
    One step: the event, the commands it led to, the records to be shown.

    `seq` counts from 1, gapless. `record_seq` is the number of its last record, counted over the whole journal: that
    of the entry before it plus the number of its own.
    """

    seq: int
    event: Event
    commands: tuple[Command, ...] = ()
    records: tuple[Record, ...] = ()
    rules_version: int = 1
    record_seq: int = 0

    @property
    def received(self) -> EpochMs:
        """When the event came in."""
        return self.event.received

    @property
    def kind(self) -> str:
        """The event's tag."""
        return str(self.event.__struct_config__.tag)


KEPT_KINDS = frozenset({"own-fills", "funding-paid", "cash-moved", "leverage-read", "directly-flattened"})
"""What our accounts are made of: these entries stay when the segment around them is deleted."""


class Skipped(msgspec.Struct, frozen=True, kw_only=True):
    """An entry that an operator had left out: its commands stand, its event is not stepped again."""

    seq: int
    actor: str
    reason: str
    time: EpochMs


class JournalWriter(Protocol):
    """Keeps steps in order, durably."""

    @property
    def last_seq(self) -> int:
        """The number of the newest durable entry that this process knows of; 0 while there is none."""
        ...

    def append(self, *entries: JournalEntry) -> Awaitable[None]:
        """
        Hand entries over, to be kept all or none; once what is returned was awaited they are durable.

        It is awaited at once or after work that does not wait. What is raised is raised by either.

        Raises:
            InvalidInput: `seq` does not go on from the entry that was given last.
            LeaseLost: This process may not write (any more): its lease went to another.
            StorageUnavailable: The commit failed, or nobody knows. Nothing else is appended before `reopen`.
        """
        ...


class JournalReader(Protocol):
    """Gives out what is kept; the process that writes may be another one."""

    def read(
        self, from_seq: int = 1, to_seq: int | None = None, kinds: frozenset[str] = frozenset()
    ) -> AsyncIterator[JournalEntry]:
        """
        Iterate over the entries from `from_seq` to `to_seq` (inclusive), by default up to the newest one.

        With `kinds` only over those whose event bears one of these tags, and also over those of `KEPT_KINDS` that
        outlived their segment.

        Raises:
            InvalidInput: Without `kinds`, `from_seq` lies before the oldest segment that is kept.
            JournalCorrupt: An entry's checksum does not fit, it cannot be decoded, or its number is missing.
            StorageUnavailable: The database cannot be read.
        """
        ...

    async def skipped(self) -> tuple[Skipped, ...]:
        """Return the entries that an operator had left out, by number."""
        ...


class Journal(JournalWriter, JournalReader, Protocol):
    """A journal, in the hands of the process that writes it."""

    async def reopen(self) -> None:
        """
        Find out anew where the journal ends: at the start, and after a commit of which nobody knows.

        Nothing that was appended before can become durable afterwards; the lease is kept, under a new epoch.

        Raises:
            LeaseLost: Another process took the lease meanwhile.
            StorageUnavailable: The database is still away; try again later.
        """
        ...

    async def skip(self, skipped: Skipped) -> None:
        """
        Have an entry left out from now on; one that is left out already stays so.

        Raises:
            InvalidInput: There is no entry of this number.
            LeaseLost: Another process holds the lease.
        """
        ...
