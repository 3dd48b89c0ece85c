"""The door through which prices come in."""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol, TypeAlias

from fadearena.model.command import ReadBook
from fadearena.model.event import Event
from fadearena.model.market import FundingRate, OrderBook, Quote
from fadearena.ports.sightings import FeedStatus

MarketNews: TypeAlias = Quote | OrderBook | FundingRate


class MarketFeed(Protocol):
    """Tells prices, which are kept and attached to events, and answers a request for a book."""

    def __aiter__(self) -> AsyncIterator[MarketNews]:
        """Iterate over prices as they change; they are news for the quotes, not events of their own."""
        ...

    async def read(self, command: ReadBook) -> Sequence[Event]:
        """
        Fetch a coin's prices now: `Marks` with one quote, or `QuoteUnreadable` where there are none.

        Raises:
            VenueUnavailable: It could not be asked; it is safe to ask again.
            OutcomeUnknown: It was asked and not answered in time; it is safe to ask again.
            VenueRefused: A clear no.
            VenueProtocolError: The answer cannot be read.
        """
        ...

    def feeds(self) -> Sequence[FeedStatus]:
        """Return how the feeds behind it do, each by the age of its data."""
        ...
