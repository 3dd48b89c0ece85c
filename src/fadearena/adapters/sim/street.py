"""
A market feed that paper accounts trade on: it passes on what the feed tells, and keeps marks and funding rates.

1. An order fills against the book that is fetched when it arrives. What our orders took from it is missing until a
   newer book comes, or for the time in which a book refills. A stop that is reached has a book fetched, too.
2. Unknown is never zero: nothing is liquidated, and no account is valued, while a held coin's mark is older than
   `STALE_MS`, and an hour is paid once its own rate is known. Without `conditions` that is the rate told last.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from typing import TypeAlias

import structlog

from fadearena.adapters.sim.conditions import Conditions, Upkeep
from fadearena.adapters.sim.exchange import SimExchange
from fadearena.adapters.sim.journey import Journey
from fadearena.adapters.sim.meeting import FetchBook, Meeting
from fadearena.adapters.sim.paper import PaperAccount
from fadearena.kit.clock import Clock
from fadearena.model.command import PlaceOrder, ReadAccount, ReadBook, SetLeverage
from fadearena.model.error import VenueError, VenueUnavailable
from fadearena.model.event import Event
from fadearena.model.ids import AccountId, Address, Coin, dex_of
from fadearena.model.instrument import Instrument
from fadearena.model.market import FundingRate, Quote
from fadearena.model.order import OrderTerms
from fadearena.model.units import MINUTE_MS, SECOND_MS, EpochMs
from fadearena.ports.market_feed import MarketFeed, MarketNews
from fadearena.ports.sightings import FeedStatus
from fadearena.ports.venue import VenueCommand

log = structlog.get_logger(__name__)
STALE_MS = MINUTE_MS
_TOLD_MS = 2 * SECOND_MS
_LOOK_MS = SECOND_MS // 10

Listed: TypeAlias = Callable[[], Iterable[Instrument]]


class MarketStreet:
    """
    A `MarketFeed` over another one, and the `Street` of paper accounts.

    Args:
        clock: The exchange's time.
        feed: Tells prices; what it tells has to be iterated over by somebody.
        book_of: Fetches the book that an order fills against.
        listed: Returns the markets that exist, as far as they are known.
        journey: How long orders are under way.
        conditions: What the exchange says of rates, fees and caps; None knows of none.
    """

    def __init__(
        self,
        clock: Clock,
        feed: MarketFeed,
        book_of: FetchBook,
        listed: Listed,
        *,
        journey: Journey,
        conditions: Conditions | None = None,
    ) -> None:
        self.clock = clock
        self._feed = feed
        self._meeting = Meeting(clock, book_of, journey)
        self._journey = journey
        self._upkeep = None if conditions is None else Upkeep(clock, conditions)
        self._listed = listed
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

    def feeds(self) -> Sequence[FeedStatus]:
        """Return how the feeds behind the prices do."""
        return self._feed.feeds()

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
        waits = self._upkeep is not None
        return SimExchange(self.clock, accounts, (*self._known.values(), *self._listed()), waits_for_rates=waits)

    def serve(self, addresses: Mapping[AccountId, Address]) -> None:
        """Have accounts pay the fees of these addresses."""
        if self._upkeep is not None:
            self._upkeep.serve(addresses)

    async def follow(self, exchange: Callable[[], SimExchange]) -> None:
        """Read again and again what the exchange lacks; for ever."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._fetch_awaited(exchange))
            if self._upkeep is not None:
                group.create_task(self._upkeep.follow(exchange))

    async def arrive(self, command: VenueCommand, exchange: SimExchange) -> None:
        """
        Let as much time pass as a command takes to arrive, and fetch the prices that it needs.

        Raises:
            VenueUnavailable: They could not be fetched: nothing happened.
        """
        sent = self.clock.now_ms()
        try:
            if isinstance(command, PlaceOrder):
                await self._meet_order(command.terms, sent + self._journey.order_ms, exchange)
                return
            await self.clock.sleep_until(sent + self._journey.action_ms)
            if isinstance(command, ReadAccount | SetLeverage):
                await self._fetch_marks(exchange.held)
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
        is_told = self._upkeep is not None
        return all((is_told or coin in self._rates) and self._is_fresh(coin) for coin in exchange.held)

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

    async def _meet_order(self, terms: OrderTerms, arrival: EpochMs, exchange: SimExchange) -> None:
        """See to all that decides on an order while it is under way."""
        if not terms.reduce_only:
            await self._fetch_marks(exchange.held)
            if self._upkeep is not None:
                await self._upkeep.look_at_caps(exchange, dex_of(terms.coin))
        if self._is_listed(terms.coin):
            await self._meet(terms.coin, arrival, exchange)
        await self.clock.sleep_until(arrival)

    async def _fetch_awaited(self, exchange: Callable[[], SimExchange]) -> None:
        """Fetch the books of stops that are reached."""
        while True:
            for coin in sorted(exchange().awaited):
                try:
                    await self._meet(coin, self.clock.now_ms(), exchange())
                except VenueError as error:
                    log.warning("book_unreadable", coin=coin, error=str(error))
            await self.clock.sleep_until(self.clock.now_ms() + SECOND_MS)

    async def _meet(self, coin: Coin, arrival: EpochMs, exchange: SimExchange) -> None:
        """Have the exchange know the book that is met then."""
        book = await self._meeting.book(coin, arrival)
        if book.time > self._book_times.get(coin, 0):
            self._book_times[coin] = book.time
            exchange.on_book(book)
