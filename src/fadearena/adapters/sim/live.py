"""
The synthetic arena in running time: doors that tell what happens when the clock says that it does.

1. One mover: whoever listens or asks first brings the arena up to the clock's moment, never beyond it.
2. It follows from its seed, also across a restart: what happened meanwhile was lived through by the wallets, and is
   found by who asks for it. That costs a tenth of a second for each hour since the arena began.
3. Prices are told as they stand, so a slow listener misses those between. Of wallets at most `QUEUE_MAX` events
   wait; beyond that they are given up, and fetched again from the wallets' history.
"""

from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence

from fadearena.adapters.sim.arena import Arena
from fadearena.adapters.sim.exchange import SimExchange
from fadearena.adapters.sim.paper import PaperAccount
from fadearena.adapters.sim.venue import next_second
from fadearena.kit.clock import Clock, ManualClock
from fadearena.kit.decimals import exact_arithmetic
from fadearena.model.command import ReadBook, RepairSource
from fadearena.model.event import Event, Marks, QuoteUnreadable
from fadearena.model.ids import Address, BotId, Coin
from fadearena.model.instrument import Instrument
from fadearena.model.market import FundingRate, OrderBook, Quote
from fadearena.model.units import HOUR_MS, MINUTE_MS, SECOND_MS, EpochMs
from fadearena.ports.market_feed import MarketNews
from fadearena.ports.sightings import FeedState, FeedStatus, Sighting
from fadearena.ports.venue import VenueCommand
from fadearena.ports.wallet_feed import Roster, SourceRead

QUEUE_MAX = 10_000
AWAY_MS = 10 * MINUTE_MS
_LATE_MS = 5 * SECOND_MS  # more than any message of the arena is under way


class LiveArena:
    """
    A made-up market with made-up traders, of which `wallets` and `markets` tell.

    `clock` is waited for; `moment` stands at the moment up to which the arena was brought.

    Args:
        clock: Shows made-up time, from `START_MS` on.
        seed: Two arenas with one seed tell the same story.
        wallets: The wallets of some bots; the others have made-up ones.
        bots: How many trade.
        coins: How many coins they trade in.
        latency_ms: How long an answer takes.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        seed: int,
        wallets: Mapping[BotId, Address],
        bots: int = 6,
        coins: int = 6,
        latency_ms: EpochMs = 0,
    ) -> None:
        self.clock = clock
        self.moment = ManualClock(clock.now_ms())
        self._latency_ms = latency_ms
        self._arena = Arena(seed, self.moment, bots=bots, coins=coins, wallets=wallets)
        self._arena.live_through(self.moment.now_ms())
        self._heard: deque[Event] = deque()
        self._missed_from: EpochMs | None = None
        self.wallets = LiveWallets(self)
        self.markets = LiveMarkets(self)

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        """The markets that exist."""
        return tuple(self._arena.market.instruments.values())

    def quotes(self) -> tuple[Quote, ...]:
        """Return all prices of the moment."""
        self.catch_up()
        with exact_arithmetic():
            return self._arena.market.all_quotes()

    def rates(self) -> tuple[FundingRate, ...]:
        """Return the funding rates of the moment."""
        self.catch_up()
        with exact_arithmetic():
            return tuple(map(self._arena.market.funding, self._arena.market.coins))

    def book(self, coin: Coin) -> OrderBook:
        """Return the book of the moment."""
        self.catch_up()
        with exact_arithmetic():
            return self._arena.market.book(coin)

    def catch_up(self) -> None:
        """Bring the arena up to the clock's moment."""
        now = max(self.clock.now_ms(), self.moment.now_ms())
        self.moment.move_to(now)
        if now - self._arena.market.time > AWAY_MS:
            self._miss(self._arena.market.time)
            self._arena.live_through(now)
        while self.next_time <= now:
            event = self._arena.deliver()
            if event is not None and not isinstance(event, Marks):
                self._heard.append(event)
        if len(self._heard) > QUEUE_MAX:
            self._miss(self._heard[0].received)
            self._heard.clear()

    async def delay(self) -> None:
        """Let as much time pass as an answer takes."""
        await self.clock.sleep_until(self.clock.now_ms() + self._latency_ms)

    async def ask(self, command: SourceRead) -> Sequence[Event]:
        """Answer a question on a wallet with the truth of the clock's moment."""
        self.catch_up()
        return await self._arena.read(command)

    async def heard(self) -> Event | None:
        """Return the next event of a wallet; None once all that happened was told."""
        self.catch_up()
        if self._missed_from is not None and not self._heard:
            await self._fetch_missed()
        return self._heard.popleft() if self._heard else None

    @property
    def next_time(self) -> EpochMs:
        """When something happens next."""
        return self._arena.next_time or self._arena.market.time + SECOND_MS

    def _miss(self, since: EpochMs) -> None:
        if self._missed_from is None:
            self._missed_from = since - _LATE_MS

    async def _fetch_missed(self) -> None:
        """Put in what was given up, as it is fetched after a lost connection."""
        since, self._missed_from = self._missed_from or 0, None
        for trader in self._arena.traders:
            self._heard += await self._arena.read(RepairSource(wallet=trader.wallet, since=since))


class LiveWallets:
    """The arena's traders as a `WalletFeed`."""

    def __init__(self, arena: LiveArena) -> None:
        self._arena = arena

    async def __aiter__(self) -> AsyncIterator[Event]:
        """Iterate over what they do, when it arrives; without end."""
        while True:
            while (event := await self._arena.heard()) is not None:
                yield event
            await self._arena.clock.sleep_until(self._arena.next_time)

    def follow(self, roster: Roster) -> None:
        """Change nothing: all traders are told of, there are only a few."""

    def feeds(self) -> Sequence[FeedStatus]:
        """Return one that is as old as the moment up to which the arena was brought."""
        return (FeedStatus(name="tape", state=FeedState.OK, heard=self._arena.moment.now_ms()),)

    def sightings(self) -> Sequence[Sighting]:
        """Return none: what the arena's traders hold is told at once."""
        return ()

    async def read(self, command: SourceRead) -> Sequence[Event]:
        """Answer one question with the truth of the moment at which it arrives."""
        await self._arena.delay()
        return await self._arena.ask(command)


class LiveMarkets:
    """The arena's prices as a `MarketFeed`."""

    def __init__(self, arena: LiveArena) -> None:
        self._arena = arena

    async def __aiter__(self) -> AsyncIterator[MarketNews]:
        """Iterate over all prices each second, and over funding rates each hour; without end."""
        hour = 0
        while True:
            for quote in self._arena.quotes():
                yield quote
            hour_now = self._arena.moment.now_ms() // HOUR_MS
            for rate in self._arena.rates() if hour_now != hour else ():
                yield rate
            hour = hour_now
            await next_second(self._arena.clock)

    def feeds(self) -> Sequence[FeedStatus]:
        """Return one that is as old as the moment up to which the arena was brought."""
        return (FeedStatus(name="markets", state=FeedState.OK, heard=self._arena.moment.now_ms()),)

    async def read(self, command: ReadBook) -> Sequence[Event]:
        """Return a coin's prices of the moment at which the question arrives."""
        await self._arena.delay()
        coin = command.coin
        quotes = tuple(quote for quote in self._arena.quotes() if quote.coin == coin)
        now = self._arena.moment.now_ms()
        if not quotes:
            return (QuoteUnreadable(time=now, received=now, coin=coin, reason="the arena has no such coin"),)
        return (Marks(time=now, received=now, heard=now, quotes=quotes),)


class LiveStreet:
    """The arena's prices as the street of a paper venue."""

    def __init__(self, arena: LiveArena) -> None:
        self.clock = arena.clock
        self._arena = arena
        self._shown: EpochMs = 0

    def open(self, accounts: Sequence[PaperAccount]) -> SimExchange:
        """Return an exchange of the arena's markets, at the present."""
        arena = self._arena
        arena.catch_up()
        self._shown = 0
        return SimExchange(arena.moment, accounts, arena.instruments, book_of=arena.book)

    async def arrive(self, _command: VenueCommand, _exchange: SimExchange) -> None:
        """Let as much time pass as a command takes to arrive; all prices are at hand."""
        await self._arena.delay()

    async def follow(self, exchange: Callable[[], SimExchange]) -> None:
        """Read nothing: all that is to be known is at hand."""

    def show(self, exchange: SimExchange) -> bool:
        """Show the exchange the prices of the moment, unless it knows them: its book lacks what our orders took."""
        quotes = self._arena.quotes()
        if quotes[0].touch_time != self._shown:
            self._shown = quotes[0].touch_time
            for quote in quotes:
                exchange.on_quote(quote)
            for rate in self._arena.rates():
                exchange.on_funding(rate)
        return True
