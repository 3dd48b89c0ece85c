"""What a backtest drives: doors that stand still until they are asked, and a clock that it moves."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from fadearena.kit.clock import ManualClock
from fadearena.model.command import ReadBook
from fadearena.model.event import Event
from fadearena.model.ids import Coin
from fadearena.model.market import FundingRate, OrderBook, Quote
from fadearena.model.units import EpochMs
from fadearena.ports.journal import JournalWriter
from fadearena.ports.market_feed import MarketNews
from fadearena.ports.venue import Executor
from fadearena.ports.wallet_feed import SourceRead


class Playback(Protocol):
    """A wallet feed that can be asked what comes next, and when."""

    @property
    def next_time(self) -> EpochMs | None:
        """When the next event arrives; None after the last."""

    def deliver(self) -> Event | None:
        """Return the next event; from now on reads know it."""

    async def read(self, command: SourceRead) -> Sequence[Event]:
        """Answer a question on a wallet, as a wallet feed does."""


class PaperVenue(Executor, Protocol):
    """A venue that fills against prices that it is shown."""

    def on_quote(self, quote: Quote) -> None:
        """Take a quote; its touch is the book until a book comes."""

    def on_book(self, book: OrderBook) -> None:
        """Take a book."""

    def on_funding(self, funding: FundingRate) -> None:
        """Take a coin's hourly funding rate."""

    def advance(self, now: EpochMs) -> Sequence[Event]:
        """Bring funding and liquidations up to `now`, and return them."""

    async def read(self, command: ReadBook) -> Sequence[Event]:
        """Answer a request for a book, as a market feed does."""


QuoteOf: TypeAlias = Callable[[Coin, EpochMs], Quote | None]


def show(venue: PaperVenue, news: MarketNews) -> None:
    """Show the venue one piece of news."""
    match news:
        case Quote():
            venue.on_quote(news)
        case OrderBook():
            venue.on_book(news)
        case FundingRate():
            venue.on_funding(news)


def _no_news() -> Iterable[MarketNews]:
    return ()


@dataclass(frozen=True)
class Doors:
    """
    All of them.

    `quote` gives a coin's prices as they stand at the venue. `news` tells what changed in the markets beside
    the quotes of the feed's last event.
    """

    feed: Playback
    venue: PaperVenue
    journal: JournalWriter
    clock: ManualClock
    quote: QuoteOf
    news: Callable[[], Iterable[MarketNews]] = _no_news
