"""The door through which the doings of watched wallets come in."""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol, TypeAlias

import msgspec

from fadearena.model.command import ReadRole, ReadSource, ReadSourceEquity, RepairSource
from fadearena.model.event import Event
from fadearena.model.ids import Address
from fadearena.ports.sightings import FeedStatus, Sighting

SourceRead: TypeAlias = ReadSource | RepairSource | ReadRole | ReadSourceEquity


class Roster(msgspec.Struct, frozen=True, kw_only=True):
    """
    Whose doings matter; a wallet stands in one of the three.

    What those in `held` and `followed` do is told. `held` are those that a sleeve is open for: where something is
    scarce they come first. Those in `watched` are kept in sight only: their positions are known, nothing is told.
    """

    held: tuple[Address, ...] = ()
    followed: tuple[Address, ...] = ()
    watched: tuple[Address, ...] = ()

    @property
    def told(self) -> tuple[Address, ...]:
        """Those whose doings are told, the most important first."""
        return (*self.held, *self.followed)


class WalletFeed(Protocol):
    """Tells what watched wallets do, and answers questions on them."""

    def __aiter__(self) -> AsyncIterator[Event]:
        """Iterate over what is pushed, in order of arrival: fills, readings, repairs after a lost connection."""
        ...

    def follow(self, roster: Roster) -> None:
        """Watch these wallets from now on, and no others; called first of all, and whenever it changed."""
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

    def feeds(self) -> Sequence[FeedStatus]:
        """Return how the feeds behind it do, each by the age of its data."""
        ...

    def sightings(self) -> Sequence[Sighting]:
        """Return what is known of the wallets of which something changed since this was asked last."""
        ...
