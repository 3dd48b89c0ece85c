"""Prices: what a quote says of a coin at one moment, and a book of levels."""

import msgspec

from fadearena.model.error import InvalidInput
from fadearena.model.ids import Coin
from fadearena.model.units import EpochMs, Price, Quantity, Ratio, Side


class Quote(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """
    What is known of a coin's prices; None is unknown, never zero.

    `mark_time` and `touch_time` are when mark and touch were last heard from the venue.
    """

    coin: Coin
    mark: Price | None = None
    mark_time: EpochMs = 0
    bid: Price | None = None
    ask: Price | None = None
    touch_time: EpochMs = 0
    oracle: Price | None = None

    def __post_init__(self) -> None:
        """Refuse prices that are not positive, and a crossed touch."""
        for price in (self.mark, self.bid, self.ask, self.oracle):
            if price is not None and price <= 0:
                raise InvalidInput(f"{self.coin}: a price of {price}")
        if self.bid is not None and self.ask is not None and self.bid > self.ask:
            raise InvalidInput(f"{self.coin}: bid {self.bid} above ask {self.ask}")

    @property
    def mid(self) -> Price | None:
        """Half way between bid and ask; None where one is missing."""
        return None if self.bid is None or self.ask is None else (self.bid + self.ask) / 2

    def touch(self, side: Side) -> Price | None:
        """Return the best price that an order of this side takes."""
        return self.ask if side is Side.BUY else self.bid


class BookLevel(msgspec.Struct, frozen=True, gc=False):
    """All that rests at one price."""

    price: Price
    quantity: Quantity


class OrderBook(msgspec.Struct, frozen=True, kw_only=True):
    """Resting orders of one coin, best price first on both sides."""

    coin: Coin
    time: EpochMs
    bids: tuple[BookLevel, ...]
    asks: tuple[BookLevel, ...]

    def levels(self, side: Side) -> tuple[BookLevel, ...]:
        """Return the levels that an order of this side takes."""
        return self.asks if side is Side.BUY else self.bids


class FundingRate(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The hourly rate of a coin, and the oracle price on which it is paid."""

    coin: Coin
    rate: Ratio
    oracle: Price
