"""
Made-up prices: correlated walks with trends, jumps, quiet hours, funding and a book.

1. Everything is drawn from one seeded generator, in whole numbers: the same seed gives the same prices on
   every machine. Prices are kept in billionths of a dollar and rounded to a tick only where they are shown.
2. Marks, quotes and books are functions of path and time and draw nothing, so that looking at them changes nothing;
   they are made when somebody looks.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from math import isqrt
from random import Random

import msgspec

from fadearena.kit.decimals import normalise
from fadearena.model.funding import hourly_rate
from fadearena.model.ids import Coin
from fadearena.model.instrument import Instrument
from fadearena.model.margin import MarginTier
from fadearena.model.market import BookLevel, FundingRate, OrderBook, Quote
from fadearena.model.units import BPS, HOUR_MS, SECOND_MS, ZERO, EpochMs, Price, Quantity, Ratio, Side, Usd

_NANO = 1_000_000_000
_SPREAD = BPS
_NOISE_STD = 26_755
_QUIET_HOURS = range(3, 7)
_QUIET = 3
_DAY_HOURS = 24


class Listing(msgspec.Struct, frozen=True):
    """What a made-up coin is like: its first price, its lots, how deep its book is."""

    coin: Coin
    asset_id: int
    size_decimals: int
    max_leverage: int
    price: Price
    depth_usd: Usd

    @property
    def instrument(self) -> Instrument:
        """The coin as a market that can be traded."""
        return Instrument(
            coin=self.coin,
            asset_id=self.asset_id,
            size_decimals=self.size_decimals,
            max_leverage=self.max_leverage,
            margin_tiers=(MarginTier(Decimal(0), self.max_leverage),),
        )


_KNOWN = tuple(
    Listing(coin, asset, decimals, leverage, Decimal(price), Decimal(depth))
    for coin, asset, decimals, leverage, price, depth in (
        ("BTC", 0, 5, 40, "109850", "60000"),
        ("ETH", 1, 4, 25, "3942", "40000"),
        ("SOL", 5, 2, 20, "193.4", "25000"),
        ("BNB", 7, 3, 10, "1118", "12000"),
        ("XRP", 25, 0, 20, "2.482", "12000"),
        ("DOGE", 12, 0, 10, "0.1987", "9000"),
    )
)


def listings(count: int) -> tuple[Listing, ...]:
    """Return the first `count` coins: six with known names, then as many made-up ones as are wanted."""
    more = (
        Listing(f"SYN{n}", 200 + n, n % 5, 10, Decimal(7 + 13 * n % 90), Decimal(10_000))
        for n in range(count - len(_KNOWN))
    )
    return (*_KNOWN[:count], *more)


class Walk(msgspec.Struct):
    """One coin's path, in billionths of a dollar; `trend` in billionths a second."""

    nano: int
    fast: int
    slow: int
    trend: int = 0


class Market:
    """
    Prices of all coins at one moment; `step` moves them on by one second.

    Args:
        rng: Its chance.
        listed: The coins.
        time: When it begins.
        levels: How many prices its books have on a side.
    """

    def __init__(self, rng: Random, listed: Iterable[Listing], time: EpochMs, *, levels: int = 5) -> None:
        self.time = time
        self.listings: tuple[Listing, ...] = ()
        self.instruments: dict[Coin, Instrument] = {}
        self.coins: tuple[Coin, ...] = ()
        self._marks: dict[Coin, Price] = {}
        self._quotes: dict[Coin, Quote] = {}
        self.rng = rng
        self._levels = levels
        self._depth: dict[Coin, Usd] = {}
        self.walks: dict[Coin, Walk] = {}
        for one in listed:
            self.list(one)

    def list(self, one: Listing) -> None:
        """Take up a new coin."""
        self.listings = (*self.listings, one)
        self.instruments[one.coin] = one.instrument
        self.coins = tuple(self.instruments)
        self._depth[one.coin] = one.depth_usd
        nano = int(one.price.scaleb(9))
        self.walks[one.coin] = Walk(nano, nano, nano)

    @property
    def is_quiet(self) -> bool:
        """Whether it is night, when little happens."""
        return self.time // HOUR_MS % _DAY_HOURS in _QUIET_HOURS

    def step(self, seconds: int = 1) -> None:
        """Move on by one second, or by more in one go: then as far as that time would have moved prices."""
        self.time += seconds * SECOND_MS
        calm = _QUIET if self.is_quiet else 1
        reach = isqrt(seconds)
        common = self._noise(70_000) * reach // calm
        for walk in self.walks.values():
            move = common + (self._noise(80_000) // calm + walk.trend) * reach + self._jump(calm)
            walk.nano += walk.nano * move // _NANO
            walk.fast += (walk.nano - walk.fast) // 15
            walk.slow += (walk.nano - walk.slow) // 90
            if self.rng.getrandbits(7) == 0:
                walk.trend = self._noise(14_000) // calm
        self._marks.clear()
        self._quotes.clear()

    def stand(self) -> None:
        """Let a second pass in which nothing moves."""
        self.time += SECOND_MS
        self._quotes.clear()

    def push(self, coin: Coin, price: Price) -> None:
        """Put a coin's price elsewhere; it goes on from there."""
        self.walks[coin].nano = int(price.scaleb(9))
        self._marks.pop(coin, None)
        self._quotes.pop(coin, None)

    def quote(self, coin: Coin) -> Quote:
        """Return a coin's prices now."""
        quote = self._quotes.get(coin)
        if quote is None:
            quote = self._quotes[coin] = self._made_quote(coin)
        return quote

    def all_quotes(self) -> tuple[Quote, ...]:
        """Return the prices of all coins now."""
        return tuple(map(self.quote, self.coins))

    def mark(self, coin: Coin) -> Price:
        """Return a coin's mark price now."""
        mark = self._marks.get(coin)
        if mark is None:
            mark = self._marks[coin] = normalise(self.instruments[coin].price_down(self._exact(coin)))
        return mark

    def momentum(self, coin: Coin) -> int:
        """Return how far the fast average is above the slow one, in millionths of the price."""
        walk = self.walks[coin]
        return (walk.fast - walk.slow) * 1_000_000 // walk.slow

    def funding(self, coin: Coin) -> FundingRate:
        """Return the coin's hourly rate: what trends up pays, what trends down is paid."""
        return FundingRate(coin=coin, rate=hourly_rate(self.premium(coin)), oracle=self.mark(coin))

    def premium(self, coin: Coin) -> Ratio:
        """Return how far the perpetual is above what it follows."""
        return Ratio(self.walks[coin].trend).scaleb(-8)

    def book(self, coin: Coin) -> OrderBook:
        """Return the resting orders of a coin, a basis point of the price apart."""
        sides = []
        for side in (Side.SELL, Side.BUY):
            at = dict[Price, Quantity]()
            for level in self.offers(coin, side):
                at[level.price] = at.get(level.price, ZERO) + level.quantity  # rounding can bring levels to one price
            sides.append(tuple(BookLevel(normalise(price), quantity) for price, quantity in at.items()))
        return OrderBook(coin=coin, time=self.time, bids=sides[0], asks=sides[1])

    def offers(self, coin: Coin, side: Side) -> Iterator[BookLevel]:
        """Yield what an order of this side can take, best price first; as much of it as somebody asks for."""
        rules, best, depth = self.instruments[coin], self.quote(coin).touch(side), self._depth[coin]
        if best is None:
            return
        for level in range(self._levels):
            swing = 50 + (self.time // 1_000 * 7919 + level * 104_729) % 100
            quantity = normalise(max(rules.floor(depth * swing / 100 / self.mark(coin)), rules.lot))
            price = best * (1 + side.sign * level * BPS)
            yield BookLevel(rules.price_outwards(side, price), quantity)

    def _noise(self, width: int) -> int:
        """Return a whole number around zero with a standard deviation of `width`."""
        draw = self.rng.getrandbits
        return (draw(16) + draw(16) - 65_535) * width // _NOISE_STD

    def _jump(self, calm: int) -> int:
        """Return a sudden move, now and then: 0.2 to 1 %, up or down."""
        draw = self.rng.getrandbits
        if draw(11) or (calm > 1 and draw(2)):
            return 0
        size = 2_000_000 + draw(23)
        return size if draw(1) else -size

    def _exact(self, coin: Coin) -> Price:
        """Return a coin's price before it is rounded."""
        return Decimal(self.walks[coin].nano).scaleb(-9)

    def _made_quote(self, coin: Coin) -> Quote:
        exact, rules, mark = self._exact(coin), self.instruments[coin], self.mark(coin)
        return Quote(
            coin=coin,
            mark=mark,
            mark_time=self.time,
            bid=normalise(rules.price_down(exact * (1 - _SPREAD))),
            ask=normalise(rules.price_up(exact * (1 + _SPREAD))),
            touch_time=self.time,
            oracle=mark,
        )
