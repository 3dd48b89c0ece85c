"""What the sandbox's exchange speaks of: orders as they are asked, what became of them, and news."""

from decimal import Decimal
from enum import StrEnum

import msgspec

from fadearena.model.ids import Address, Coin
from fadearena.model.units import EpochMs, Price, Quantity, Side, Size, Usd


class Tif(StrEnum):
    """How long an order lives."""

    GTC = "Gtc"
    IOC = "Ioc"
    ALO = "Alo"


class Trigger(msgspec.Struct, frozen=True, kw_only=True):
    """The mark for which an order waits: to take a profit or to stop a loss; `of_position` ties it to the position."""

    price: Price
    is_market: bool
    is_take_profit: bool
    of_position: bool = False

    def is_above(self, side: Side) -> bool:
        """Tell whether an order of this side waits for a higher mark, or for a lower one."""
        return self.is_take_profit is (side is Side.SELL)

    def is_due(self, side: Side, mark: Price) -> bool:
        """Tell whether a mark is the one that an order of this side waits for."""
        return mark >= self.price if self.is_above(side) else mark <= self.price


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One order as a client asks for it; sizes and prices as sent. A slice of a TWAP bears its id."""

    asset_id: int
    side: Side
    quantity: Quantity
    limit: Price
    reduce_only: bool = False
    tif: Tif = Tif.GTC
    cloid: str | None = None
    twap_id: int | None = None
    trigger: Trigger | None = None


class Filled(msgspec.Struct, frozen=True):
    """It traded, perhaps less than asked."""

    order_id: int
    quantity: Quantity
    average_price: Price
    cloid: str | None = None


class Resting(msgspec.Struct, frozen=True):
    """It rests on the book, or waits for its mark."""

    order_id: int
    cloid: str | None = None


class Refused(msgspec.Struct, frozen=True):
    """A clear no, in the exchange's words; `order_id` is 0 where the order left no record."""

    text: str
    order_id: int = 0


Status = Filled | Resting | Refused


class ActionRefused(Exception):
    """The whole action is refused, in the exchange's words (`status: err`)."""


class Order(msgspec.Struct, kw_only=True):
    """An order that the exchange knows; `rest` is what is not filled, `status` as `orderStatus` names it."""

    order_id: int
    user: Address
    coin: Coin
    side: Side
    limit: Price
    quantity: Quantity
    rest: Quantity
    reduce_only: bool
    tif: Tif
    cloid: str | None
    time: EpochMs
    status: str
    status_time: EpochMs
    trigger: Trigger | None = None


class Liquidation(msgspec.Struct, frozen=True, kw_only=True):
    """What marks both sides of a forced trade: `user` is who was liquidated; its counterparty may be deleveraged."""

    user: Address
    mark: Price
    method: str


class Fill(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One side of a trade, as its user is told; `start` is the position before, `fee` was paid (< 0: a rebate)."""

    user: Address
    coin: Coin
    time: EpochMs
    side: Side
    price: Price
    quantity: Quantity
    start: Size
    direction: str
    closed_pnl: Usd
    fee: Usd
    order_id: int
    trade_id: int
    hash: str
    is_taker: bool
    cloid: str | None = None
    twap_id: int | None = None
    liquidation: Liquidation | None = None


class Trade(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One trade of the public tape; `side` is the taker's."""

    coin: Coin
    time: EpochMs
    side: Side
    price: Price
    quantity: Quantity
    trade_id: int
    hash: str
    buyer: Address
    seller: Address


class Payment(msgspec.Struct, frozen=True, kw_only=True):
    """Hourly funding of one position: `usd` received (> 0) or paid (< 0)."""

    user: Address
    coin: Coin
    time: EpochMs
    usd: Usd
    size: Size
    rate: Decimal


class Transfer(msgspec.Struct, frozen=True, kw_only=True):
    """
    Money that moved other than by trading; `kind` as ledger updates name it, `usd` from the user's view.

    `source` and `destination` are balances: a dex, or `spot`. A liquidation names what was closed, its notional in
    `usd` and the account's value at that moment.
    """

    user: Address
    time: EpochMs
    hash: str
    kind: str
    usd: Usd
    other: Address | None = None
    source: str = ""
    destination: str = ""
    value: Usd | None = None
    is_cross: bool = True
    closed: tuple[tuple[Coin, Size], ...] = ()


class Positions(msgspec.Struct, frozen=True):
    """A user's positions or balance changed."""

    user: Address


class Prices(msgspec.Struct, frozen=True):
    """Marks, books and contexts moved on: once for every second of the market."""

    time: EpochMs


News = Trade | Fill | Order | Payment | Transfer | Positions | Prices
"""What happened, told in order to whoever listens; an `Order` is told whenever its status changes."""
