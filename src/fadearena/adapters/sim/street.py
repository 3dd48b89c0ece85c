"""
A market feed that paper accounts trade on: it passes on what the feed tells, and keeps marks and funding rates.

1. An order fills against the book that is fetched when it arrives. What our orders took from it is missing until a
   newer book comes, or for the time in which a book refills.
2. Unknown is never zero: nothing is paid or liquidated, and no account is valued, while a held coin's mark is older
   than `STALE_MS` or its rate was never told.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Sequence
from typing import TypeAlias

from fadearena.adapters.sim.exchange import SimExchange
from fadearena.adapters.sim.paper import PaperAccount
from fadearena.kit.clock import Clock
from fadearena.model.command import PlaceOrder, ReadAccount, ReadBook, SetLeverage
from fadearena.model.error import VenueError, VenueUnavailable
from fadearena.model.event import Event
from fadearena.model.ids import Coin
from fadearena.model.instrument import Instrument
from fadearena.model.market import FundingRate, OrderBook, Quote
from fadearena.model.units import MINUTE_MS, SECOND_MS, EpochMs
from fadearena.ports.market_feed import MarketFeed, MarketNews
from fadearena.ports.venue import VenueCommand

STALE_MS = MINUTE_MS
_TOLD_MS = 2 * SECOND_MS
_LOOK_MS = SECOND_MS // 10

FetchBook: TypeAlias = Callable[[Coin], Awaitable[OrderBook]]
"""Fetches a coin's whole book of the moment; a `VenueError` says why not."""
Listed: TypeAlias = Callable[[], Iterable[Instrument]]


class MarketStreet:
    """
    A `MarketFeed` over another one, and the `Street` of paper accounts.

    Args:
        clock: The exchange's time.
        feed: Tells prices; what it tells has to be iterated over by somebody.
        book_of: Fetches the book that an order fills against.
        listed: Returns the markets that exist, as far as they are known.
        latency_ms: From an order to its arrival.
    """

    def __init__(
        self, clock: Clock, feed: MarketFeed, book_of: FetchBook, listed: Listed, *, latency_ms: EpochMs
    ) -> None:
        self.clock = clock
        self._feed = feed
        self._book_of = book_of
        self._listed = listed
        self._latency_ms = latency_ms
        self._known: dict[Coin, Instrument] = {}
        self._marks: dict[Coin, Quote] = {}
        self._rates: dict[Coin, FundingRate] = {}
        self._untold: set[Coin] = set()
        self._book_times: dict[Coin, EpochMs] = {}

    # --- as a market feed

    async def __aiter__(self) -> AsyncIterator[MarketNews]:
        """Iterate over prices as the feed tells them."""
        async for news in self._feed:
            self._take(news)
            yield news

    async def read(self, command: ReadBook) -> Sequence[Event]:
        """Fetch a coin's prices now; what the feed raises is raised here."""
        events = await self._feed.read(command)
        for event in events:
            for quote in event.quotes:
                self._take(quote)
        return events

    # --- as a street

    def on_instruments(self, instruments: Iterable[Instrument]) -> None:
        """Take markets as they were known last: they hold as long as the exchange does not list them anew."""
        self._known = {instrument.coin: instrument for instrument in instruments}

    def open(self, accounts: Sequence[PaperAccount]) -> SimExchange:
        """Return an exchange of the markets that are listed."""
        self._untold = set(self._marks) | set(self._rates)
        self._book_times.clear()
        return SimExchange(self.clock, accounts, (*self._known.values(), *self._listed()))

    async def arrive(self, command: VenueCommand, exchange: SimExchange) -> None:
        """
        Let as much time pass as a command takes to arrive, and fetch the prices that it needs.

        Raises:
            VenueUnavailable: They could not be fetched: nothing happened.
        """
        await self.clock.sleep_until(self.clock.now_ms() + self._latency_ms)
        try:
            if isinstance(command, ReadAccount | SetLeverage) or _increases(command):
                await self._fetch_marks(exchange.held)
            if isinstance(command, PlaceOrder) and self._is_listed(command.terms.coin):
                await self._fetch_book(command.terms.coin, exchange)
        except VenueUnavailable:
            raise
        except VenueError as error:
            raise VenueUnavailable(f"prices could not be fetched, nothing happened on paper: {error}") from error

    def show(self, exchange: SimExchange) -> bool:
        """Show the exchange what is new since it was shown last; False while it lacks prices of what is held."""
        exchange.on_instruments(self._listed())
        for coin in self._untold:
            if coin in self._marks:
                exchange.on_quote(self._marks[coin])
            if coin in self._rates:
                exchange.on_funding(self._rates[coin])
        self._untold.clear()
        return all(coin in self._rates and self._is_fresh(coin) for coin in exchange.held)

    def _take(self, news: MarketNews) -> None:
        match news:
            case Quote(coin=coin, mark=mark, mark_time=time) if mark is not None:
                known = self._marks.get(coin)
                if known is None or time >= known.mark_time:
                    self._marks[coin] = Quote(coin=coin, mark=mark, mark_time=time, oracle=news.oracle)
                    self._untold.add(coin)
            case FundingRate(coin=coin):
                self._rates[coin] = news
                self._untold.add(coin)
            case _:
                pass

    def _is_listed(self, coin: Coin) -> bool:
        return coin in self._known or any(instrument.coin == coin for instrument in self._listed())

    def _is_fresh(self, coin: Coin) -> bool:
        known = self._marks.get(coin)
        return known is not None and known.mark_time >= self.clock.now_ms() - STALE_MS

    async def _fetch_marks(self, coins: Collection[Coin]) -> None:
        """See to it that marks are fresh: after a start they are told in a moment, which is cheaper than asking."""
        ends = self.clock.now_ms() + _TOLD_MS
        while not all(map(self._is_fresh, coins)) and self.clock.now_ms() < ends:
            await self.clock.sleep_until(self.clock.now_ms() + _LOOK_MS)
        for coin in sorted(coins):
            if not self._is_fresh(coin):
                await self.read(ReadBook(coin=coin))
            if not self._is_fresh(coin):
                raise VenueUnavailable(f"the mark of {coin} is not known: the account cannot be valued")

    async def _fetch_book(self, coin: Coin, exchange: SimExchange) -> None:
        book = await self._book_of(coin)
        if book.time > self._book_times.get(coin, 0):
            self._book_times[coin] = book.time
            exchange.on_book(book)


def _increases(command: VenueCommand) -> bool:
    return isinstance(command, PlaceOrder) and not command.terms.reduce_only
