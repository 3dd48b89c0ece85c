"""
Prices of the coins that somebody wants: mark and oracle from contexts, the touch from best bids and offers.

1. The exchange tells a touch only when it changed. A context that comes later on the same connection, with the middle
   of the touch that is known, says that it still stands: only that makes a touch younger.
2. Nothing is assumed after a lost connection: prices keep their age until they are heard again.
3. Coins beyond the limit of `Interest` are read on demand only.
4. All work is done while somebody iterates, and ends with it.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence

import msgspec
import structlog

from fadearena.adapters.hyperliquid import codec, wire
from fadearena.adapters.hyperliquid.limits import Lane, Purpose
from fadearena.adapters.hyperliquid.line import Line
from fadearena.adapters.hyperliquid.rows import UNREADABLE
from fadearena.adapters.hyperliquid.session import Connected, Failed, Lost, Message, Session
from fadearena.adapters.hyperliquid.status import status_of
from fadearena.kit.tasks import streamed
from fadearena.model.command import ReadBook
from fadearena.model.error import InvalidInput, VenueError, VenueProtocolError, VenueRefused
from fadearena.model.event import Event, Marks, QuoteUnreadable
from fadearena.model.ids import Coin, dex_of
from fadearena.model.market import FundingRate, OrderBook, Quote
from fadearena.model.units import SECOND_MS, EpochMs, Price
from fadearena.ports.market_feed import MarketNews
from fadearena.ports.sightings import FeedStatus

log = structlog.get_logger(__name__)
WAITING_MAX = 10_000
FRESH_MS = 3 * SECOND_MS
_BBO = msgspec.json.Decoder(wire.Bbo)
_CONTEXT = msgspec.json.Decoder(wire.ActiveContext)


class _Known:
    """What was told last of a coin; the touch only as long as its connection lasts."""

    def __init__(self) -> None:
        self.touch: Quote | None = None
        self.context: Quote | None = None
        self.rate: FundingRate | None = None

    def confirmed(self, mid: Price | None, now: EpochMs) -> Quote | None:
        """Return the touch as of now, if a middle price that was told after it proves that it stands."""
        if self.touch is None or mid is None or self.touch.mid != mid:
            return None
        self.touch = msgspec.structs.replace(self.touch, touch_time=max(now, self.touch.touch_time))
        return self.touch


class HyperliquidMarkets:
    """The exchange's prices as a `MarketFeed`."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._known: dict[Coin, _Known] = {}
        self._session: Session | None = None
        self._heard: EpochMs = 0

    def want(self, coins: Iterable[Coin]) -> None:
        """Have the prices of these coins told, too."""
        for coin in self._line.interest.want(coins):
            log.warning("coin_not_streamed", coin=coin)

    def __aiter__(self) -> AsyncIterator[MarketNews]:
        """Iterate over prices as they change; without end."""
        told: asyncio.Queue[MarketNews] = asyncio.Queue(WAITING_MAX)
        self._session = session = self._line.session("markets", Purpose.PRICES)
        return streamed(told, session.run(), self._hear(session, told))

    def feeds(self) -> Sequence[FeedStatus]:
        """Return how old the newest price is, and what is confirmed; none before somebody iterates."""
        return () if self._session is None else (status_of(self._line, "markets", (self._session,), self._heard),)

    async def book(self, coin: Coin) -> OrderBook:
        """
        Return a coin's book as it stands.

        Raises:
            VenueRefused: There is no such coin.
            VenueError: It cannot be asked, or the answer cannot be read.
        """
        self.want((coin,))
        found = await self._line.info.book(coin, lane=Lane.ORDER)
        if found is None:
            raise VenueRefused("unknown-coin", f"the exchange has no book of {coin!r}")
        if found.coin != coin:
            raise VenueProtocolError(f"asked for the book of {coin!r}, was given that of {found.coin!r}")
        return codec.order_book(found)

    async def read(self, command: ReadBook) -> Sequence[Event]:
        """
        Return a coin's prices as they stand: touch from its book, mark as it was told last or is told on demand.

        Raises:
            VenueError: It cannot be asked, or the answer cannot be read.
        """
        coin = command.coin
        try:
            book = await self.book(coin)
        except VenueRefused as refusal:
            return (_unreadable(coin, refusal.text),)
        touch = _touch_of(book)
        if touch is None:
            return (_unreadable(coin, "its book is empty"),)
        context = await self._context_of(coin)
        quote = touch if context is None else _joined(context, touch)
        return (Marks(time=0, received=0, quotes=(quote,)),)

    async def _context_of(self, coin: Coin) -> Quote | None:
        """Return mark and oracle, told lately or read now; None where they cannot be read."""
        known, now = self._known.get(coin), self._line.clock.now_ms()
        if known is not None and known.context is not None and now - known.context.mark_time <= FRESH_MS:
            return known.context
        try:
            meta, contexts = await self._line.info.meta_and_contexts(dex_of(coin), lane=Lane.ORDER)
            for asset, context in zip(meta.universe, contexts, strict=True):
                if asset.name == coin:
                    return codec.context_quote(coin, context, self._line.clock.now_ms())
        except (VenueError, ValueError) as error:
            log.warning("context_unreadable", coin=coin, error=str(error))
        return None

    async def _hear(self, session: Session, told: asyncio.Queue[MarketNews]) -> None:
        """Subscribe to what is wanted, and tell what is heard."""

        def subscribe(coin: Coin) -> None:
            session.subscribe({"type": "bbo", "coin": coin})
            session.subscribe({"type": "activeAssetCtx", "coin": coin})

        for coin in self._line.interest.coins:
            subscribe(coin)
        stop = self._line.interest.listen(subscribe)
        try:
            async for news in session:
                match news:
                    case Message():
                        for price in self._read(news):
                            self._heard = news.received
                            await told.put(price)
                    case Connected() | Lost():
                        for known in self._known.values():
                            known.touch = None
                    case Failed():
                        log.warning("subscription_failed", feed="markets", text=news.text)
                    case _:
                        pass
        finally:
            stop()

    def _read(self, message: Message) -> Sequence[MarketNews]:
        """Return what a message says of prices; one that cannot be read says nothing, and prices grow old."""
        try:
            match message.channel:
                case "bbo":
                    return self._on_bbo(_BBO.decode(message.data))
                case "activeAssetCtx":
                    return self._on_context(_CONTEXT.decode(message.data), message.received)
                case _:
                    return ()
        except (VenueProtocolError, *UNREADABLE) as error:
            log.warning("price_unreadable", channel=message.channel, error=str(error))
            return ()

    def _on_bbo(self, bbo: wire.Bbo) -> Sequence[MarketNews]:
        touch = codec.touch(bbo)
        known = self._known.setdefault(bbo.coin, _Known())
        if known.touch is not None and touch.touch_time < known.touch.touch_time:
            touch = msgspec.structs.replace(touch, touch_time=known.touch.touch_time)
        known.touch = touch
        return (touch,)

    def _on_context(self, message: wire.ActiveContext, received: EpochMs) -> Sequence[MarketNews]:
        coin = message.coin
        known = self._known.setdefault(coin, _Known())
        known.context = quote = codec.context_quote(coin, message.ctx, received)
        confirmed = known.confirmed(codec.context_mid(message.ctx), received)
        rate = codec.funding_rate(coin, message.ctx)
        told: list[MarketNews] = [quote if confirmed is None else _joined(quote, confirmed)]
        if rate is not None and rate != known.rate:
            known.rate = rate
            told.append(rate)
        return told


def _touch_of(book: OrderBook) -> Quote | None:
    """
    Return a book's touch; None where both sides are empty.

    Raises:
        VenueProtocolError: It is crossed.
    """
    if not book.bids and not book.asks:
        return None
    bid = book.bids[0].price if book.bids else None
    ask = book.asks[0].price if book.asks else None
    try:
        return Quote(coin=book.coin, bid=bid, ask=ask, touch_time=book.time)
    except InvalidInput as error:
        raise VenueProtocolError(f"a book that cannot be: {error}") from error


def _joined(context: Quote, touch: Quote) -> Quote:
    return msgspec.structs.replace(context, bid=touch.bid, ask=touch.ask, touch_time=touch.touch_time)


def _unreadable(coin: Coin, reason: str) -> QuoteUnreadable:
    return QuoteUnreadable(time=0, received=0, coin=coin, reason=reason)
