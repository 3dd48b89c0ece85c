"""The door to the journal: what happened and what was decided, in one row, before anything leaves."""

from collections.abc import AsyncIterator
from typing import Protocol

import msgspec

from fadearena.model.command import Command
from fadearena.model.event import Event
from fadearena.model.record import Record
from fadearena.model.units import EpochMs


class JournalEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One step: the event, the commands it led to, the records to be shown. `seq` counts from 1, gapless."""

    seq: int
    event: Event
    commands: tuple[Command, ...] = ()
    records: tuple[Record, ...] = ()

    @property
    def received(self) -> EpochMs:
        """When the event came in."""
        return self.event.received


class Journal(Protocol):
    """Keeps steps in order, durably."""

    @property
    def last_seq(self) -> int:
        """The number of the newest entry; 0 while there is none."""
        ...

    async def append(self, *entries: JournalEntry) -> None:
        """
        Keep entries, all or none; when it returns they are durable.

        Raises:
            InvalidInput: `seq` does not go on from `last_seq`.
            InvariantBroken: This process may not write any more (its lease went to another).
        """
        ...

    def read(self, from_seq: int = 1) -> AsyncIterator[JournalEntry]:
        """Iterate over the entries from `from_seq` (inclusive) on, up to the newest one."""
        ...
