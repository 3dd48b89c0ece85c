"""The door through which the doings of watched wallets come in."""

from collections.abc import AsyncIterator, Collection, Sequence
from typing import Protocol, TypeAlias

from fadearena.model.command import ReadRole, ReadSource, ReadSourceEquity, RepairSource
from fadearena.model.event import Event
from fadearena.model.ids import Address

SourceRead: TypeAlias = ReadSource | RepairSource | ReadRole | ReadSourceEquity


class WalletFeed(Protocol):
    """Tells what watched wallets do, and answers questions on them."""

    def __aiter__(self) -> AsyncIterator[Event]:
        """Iterate over what is pushed, in order of arrival: fills, repairs after a lost connection."""
        ...

    def follow(self, wallets: Collection[Address]) -> None:
        """Watch these wallets from now on, and no others; called first of all, and when the settings changed."""
        ...

    async def read(self, command: SourceRead) -> Sequence[Event]:
        """
        Answer one question with events for the inbox.

        Raises:
            VenueUnavailable: It could not be asked; it is safe to ask again.
            OutcomeUnknown: It was asked and not answered in time; it is safe to ask again.
            VenueRefused: A clear no.
            VenueProtocolError: The answer cannot be read or is incomplete.
        """
        ...
