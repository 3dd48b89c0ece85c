"""
The markets of a simulation: prices, books and funding rates, as they were told last.

1. A book or a quote's touch stands until a newer one replaces it; a touch is a book of one level a side.
2. What our own orders take is missing from the book until it is replaced, or for `REFILL_MS`.
3. Mark = the last one told; where none was, the middle of the book.
4. Where whole books are to be had, a touch stands for its book until an order needs the levels.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from fadearena.adapters.sim.matching import Matched, without
from fadearena.kit.decimals import exact_arithmetic, normalise
from fadearena.model.event import Event, Marks, QuoteUnreadable
from fadearena.model.ids import Coin, Dex, dex_of
from fadearena.model.instrument import Instrument
from fadearena.model.market import BookLevel, FundingRate, OrderBook, Quote
from fadearena.model.units import SECOND_MS, ZERO, EpochMs, Price, Ratio, Side, Usd

REFILL_MS = SECOND_MS
_ENDLESS = Decimal(10) ** 15

BookOf: TypeAlias = Callable[[Coin], OrderBook]
"""Returns a coin's whole book as it stands; its best prices are those of the last quote."""


@dataclass(slots=True)
class _Market:
    mark: Price | None = None
    oracle: Price | None = None
    oracle_time: EpochMs = 0
    rate: Ratio = ZERO
    full: OrderBook | None = None
    left: OrderBook | None = None
    refill_at: EpochMs = 0
    is_touch: bool = False

    def lay(self, book: OrderBook) -> None:
        """Replace the book."""
        self.full = self.left = book
        self.is_touch = False

    def standing(self, now: EpochMs) -> OrderBook | None:
        """Return what is left of the book now."""
        if self.left is not self.full and now >= self.refill_at:
            self.left = self.full
        return self.left

    def price(self) -> Price | None:
        """Return the mark, or the middle of the book."""
        return self.mark or _middle(self.full)


class SimMarkets:
    """
    Prices by coin.

    Args:
        instruments: The markets by coin; depth is cut to their lots.
        depth_usd: What rests at each price of a book that is made from a quote; None is without end.
        book_of: Is asked for the book behind a quote; None where a quote is all that is known.
    """

    def __init__(
        self, instruments: Mapping[Coin, Instrument], depth_usd: Usd | None = None, book_of: BookOf | None = None
    ) -> None:
        self._instruments = instruments
        self._depth_usd = depth_usd
        self._book_of = book_of
        self._markets: dict[Coin, _Market] = {}
        self._capped: dict[Dex, frozenset[Coin]] = {}

    def on_quote(self, quote: Quote) -> None:
        """Take a quote; a mark or touch that it leaves open stays, and so does a book newer than its touch."""
        market = self._market(quote.coin)
        market.mark = market.mark if quote.mark is None else normalise(quote.mark)
        if quote.oracle is not None:
            market.oracle, market.oracle_time = quote.oracle, quote.mark_time
        has_touch = quote.bid is not None or quote.ask is not None
        instrument = self._instruments.get(quote.coin)
        if has_touch and (market.full is None or quote.touch_time >= market.full.time):
            market.lay(
                OrderBook(
                    coin=quote.coin,
                    time=quote.touch_time,
                    bids=_level(quote.bid, self._depth_usd, instrument),
                    asks=_level(quote.ask, self._depth_usd, instrument),
                )
            )
            market.is_touch = True

    def on_book(self, book: OrderBook) -> None:
        """Take a book, unless a newer one is known."""
        market = self._market(book.coin)
        if market.full is None or book.time >= market.full.time:
            market.lay(book)

    def on_funding(self, funding: FundingRate) -> None:
        """Take a coin's hourly rate and oracle price."""
        market = self._market(funding.coin)
        market.rate, market.oracle = funding.rate, funding.oracle

    def on_capped(self, dex: Dex, coins: Iterable[Coin]) -> None:
        """Take the markets of a dex whose open interest is at its cap; all others are not."""
        self._capped[dex] = frozenset(coins)

    def is_capped(self, coin: Coin) -> bool:
        """Tell whether a market's open interest is at its cap."""
        return coin in self._capped.get(dex_of(coin), ())

    def is_current(self, coin: Coin, since: EpochMs) -> bool:
        """Tell whether a coin's book stood at some time since then."""
        market = self._markets.get(coin)
        return market is not None and market.full is not None and market.full.time >= since

    def oracle_at(self, coin: Coin, since: EpochMs) -> Price | None:
        """Return the oracle price, unless it was heard before `since`."""
        market = self._markets.get(coin)
        return market.oracle if market is not None and market.oracle_time >= since else None

    def book(self, coin: Coin, now: EpochMs) -> OrderBook | None:
        """Return what can be taken now; None where nothing was ever told."""
        market = self._markets.get(coin)
        if market is None:
            return None
        if market.is_touch and self._book_of is not None:
            market.lay(self._book_of(coin))
        return market.standing(now)

    def take(self, coin: Coin, side: Side, matched: Matched, now: EpochMs) -> None:
        """Take what an order of `side` matched out of the book."""
        market = self._market(coin)
        if market.left is not None and matched.fills:
            market.left = without(market.left, side, matched.fills)
            market.refill_at = now + REFILL_MS

    def mark(self, coin: Coin) -> Price | None:
        """Return the mark price, or the middle of the book; None where neither is known."""
        market = self._markets.get(coin)
        return None if market is None else market.price()

    def mid(self, coin: Coin) -> Price | None:
        """Return the middle of the book; None where a side is empty."""
        market = self._markets.get(coin)
        return None if market is None else _middle(market.full)

    def funding(self, coin: Coin) -> FundingRate | None:
        """Return rate and price for a funding payment: the oracle's, else the mark; None without a price."""
        market = self._markets.get(coin)
        price = None if market is None else market.oracle or self.mark(coin)
        if market is None or price is None:
            return None
        return FundingRate(coin=coin, rate=market.rate, oracle=price)

    def quote(self, coin: Coin, now: EpochMs) -> Quote | None:
        """Return a coin's prices as they stand now; None where nothing is known."""
        market = self._markets.get(coin)
        if market is None:
            return None
        book, mark = market.standing(now), market.mark
        if mark is None and (middle := _middle(market.full)) is not None:
            mark = normalise(middle)
        if mark is None and book is None:
            return None
        return Quote(
            coin=coin,
            mark=mark,
            mark_time=now if mark is not None else 0,
            bid=book.bids[0].price if book is not None and book.bids else None,
            ask=book.asks[0].price if book is not None and book.asks else None,
            touch_time=now if book is not None else 0,
            oracle=market.oracle,
        )

    def read_book(self, coin: Coin, now: EpochMs) -> Sequence[Event]:
        """Answer a request for a book: in a simulation prices stand until they are moved."""
        quote = self.quote(coin, now)
        if quote is None:
            return (QuoteUnreadable(time=now, received=now, coin=coin, reason="no price was ever told"),)
        return (Marks(time=now, received=now, quotes=(quote,)),)

    def _market(self, coin: Coin) -> _Market:
        market = self._markets.get(coin)
        if market is None:
            market = self._markets[coin] = _Market()
        return market


def _level(price: Price | None, depth_usd: Usd | None, instrument: Instrument | None) -> tuple[BookLevel, ...]:
    """Return a side of a book that is made from a quote, in whole lots."""
    if price is None:
        return ()
    if depth_usd is None or instrument is None:
        return (BookLevel(price, _ENDLESS),)
    with exact_arithmetic():
        quantity = normalise(instrument.floor(depth_usd / price))
    return (BookLevel(price, quantity),) if quantity else ()


def _middle(book: OrderBook | None) -> Price | None:
    if book is None or not book.bids or not book.asks:
        return None
    return (book.bids[0].price + book.asks[0].price) / 2
