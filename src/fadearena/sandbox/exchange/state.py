"""
All that the exchange remembers, as plain values: what `dump` writes and `load` reads.

1. All amounts of money have at most six decimals, as every price times size has: sums are exact.
2. Cash lies in balances: one for each dex and `spot`. In the pooled modes everything lies in `spot`.
3. Of each account, cash and locked margin are what came in, and what it realised, less fees, and funding.
"""

from collections.abc import Callable, Iterable, MutableSequence
from decimal import Decimal
from typing import Literal, TypeVar

import msgspec

from fadearena.model.ids import Address, Coin
from fadearena.model.units import DAY_MS, ZERO, EpochMs, Price, Quantity, Ratio, Size, Usd
from fadearena.sandbox.listing import Asset, dex_of
from fadearena.sandbox.nouns import Fill, Order, Payment, Trade, Transfer

SPOT = "spot"
DEFAULT_LEVERAGE = 20
ORDERS_KEPT = 2_000
ROWS_KEPT = 10_000
TRADES_KEPT = 100
CANDLES_KEPT = 5_000
FEE_DAYS = 14
VOLUME_DAYS = 31
CENT = Decimal("0.000001")
T = TypeVar("T")

Pooling = Literal["default", "disabled", "unifiedAccount", "portfolioMargin"]
"""How balances are pooled; `disabled` is one balance for each dex, and so is `default`; the others have one for all."""
POOLED: frozenset[Pooling] = frozenset({"unifiedAccount", "portfolioMargin"})


class Position(msgspec.Struct):
    """
    A position: `cost` is signed as `size` is; `margin` is the cash that an isolated one has locked.

    The funding totals are what was paid (> 0) or received.
    """

    size: Size = ZERO
    cost: Usd = ZERO
    margin: Usd = ZERO
    funding_all_time: Usd = ZERO
    funding_since_open: Usd = ZERO
    funding_since_change: Usd = ZERO

    def unrealised(self, mark: Price) -> Usd:
        """Return the open PnL at a price."""
        return self.size * mark - self.cost


class Leverage(msgspec.Struct, frozen=True):
    """What is set for a coin."""

    value: int
    is_cross: bool


class Agent(msgspec.Struct, frozen=True):
    """A wallet that may act for a user; the one without a name is not listed."""

    address: Address
    name: str
    valid_until: EpochMs


class Account(msgspec.Struct, kw_only=True):
    """One address: its money, positions, orders and past."""

    address: Address
    name: str = ""
    master: Address | None = None
    mode: Pooling = "disabled"
    cash: dict[str, Usd] = {}
    positions: dict[Coin, Position] = {}
    leverages: dict[Coin, Leverage] = {}
    open: dict[int, Order] = {}
    done: dict[int, Order] = {}
    cloids: dict[str, int] = {}
    fills: MutableSequence[Fill] = []
    fills_kept: int = ROWS_KEPT
    fills_count: int = 0
    payments: list[Payment] = []
    transfers: list[Transfer] = []
    agents: list[Agent] = []
    sub_accounts: list[Address] = []
    came_in: Usd = ZERO
    realised: Usd = ZERO
    fees: Usd = ZERO
    funding: Usd = ZERO
    volume: Usd = ZERO
    counted_volume: Usd = ZERO
    daily_volume: dict[int, tuple[Usd, Usd]] = {}
    pnl_on: dict[int, Usd] = {}
    requests: int = 0
    cancel_at: EpochMs | None = None
    cancels_fired: dict[int, int] = {}

    def credit(self, balance: str, usd: Usd) -> None:
        """Add to a balance, or (< 0) take from it."""
        self.cash[balance] = self.cash.get(balance, ZERO) + usd

    def pool(self, dex: str) -> str:
        """Return the balance behind a dex."""
        return SPOT if self.mode in POOLED else dex

    def leverage(self, asset: Asset) -> Leverage:
        """Return what is set for a coin; at first 20 or the coin's most, cross where that is allowed."""
        known = self.leverages.get(asset.coin)
        return known or Leverage(min(DEFAULT_LEVERAGE, asset.max_leverage), asset.restriction is None)

    def size(self, coin: Coin) -> Size:
        """Return the position in a coin; zero when flat."""
        position = self.positions.get(coin)
        return ZERO if position is None else position.size

    def is_cross(self, asset: Asset) -> bool:
        """Tell whether a coin's position shares the margin of its pool."""
        return self.leverage(asset).is_cross

    def held(self, pool: str) -> Iterable[tuple[Coin, Position]]:
        """Return the positions behind which a balance stands."""
        if self.mode in POOLED:
            return self.positions.items() if pool == SPOT else ()
        return ((coin, held) for coin, held in self.positions.items() if dex_of(coin) == pool)

    def worth(self, mark_of: Callable[[Coin], Price]) -> Usd:
        """Return all that it owns, at the marks."""
        open_worth = (held.margin + held.unrealised(mark_of(coin)) for coin, held in self.positions.items())
        return sum(self.cash.values(), start=ZERO) + sum(open_worth, start=ZERO)

    def order(self, order_id: int) -> Order | None:
        """Return an order that is open or not long done."""
        return self.open.get(order_id) or self.done.get(order_id)

    def named(self, cloid: str) -> Order | None:
        """Return the newest order with a client order id."""
        order_id = self.cloids.get(cloid)
        return None if order_id is None else self.order(order_id)

    def finish(self, order: Order) -> None:
        """Put an order to those that are done, and forget the oldest of them."""
        self.open.pop(order.order_id, None)
        self.done[order.order_id] = order
        if len(self.done) > ORDERS_KEPT:
            old = self.done.pop(next(iter(self.done)))
            if old.cloid is not None and self.cloids.get(old.cloid) == old.order_id:
                del self.cloids[old.cloid]

    def note(self, row: Fill | Payment | Transfer) -> None:
        """Remember what happened, and forget the oldest of its kind from time to time."""
        match row:
            case Fill():
                _keep(self.fills, row, self.fills_kept)
                self.fills_count += 1
            case Payment():
                _keep(self.payments, row, ROWS_KEPT)
            case Transfer():
                _keep(self.transfers, row, ROWS_KEPT)

    def traded(self, day: int, usd: Usd, counted: Usd, *, is_taker: bool) -> None:
        """Count volume: for the fee tier, and, as much of it as is `counted`, for the requests that it allows."""
        self.volume += usd
        self.counted_volume += counted
        taker, maker = self.daily_volume.get(day, (ZERO, ZERO))
        self.daily_volume[day] = (taker + usd, maker) if is_taker else (taker, maker + usd)
        if len(self.daily_volume) > VOLUME_DAYS:
            del self.daily_volume[next(iter(self.daily_volume))]

    def fortnight(self, now: EpochMs) -> Usd:
        """Return the volume of the last 14 days."""
        return self.volume_since(now // DAY_MS - FEE_DAYS + 1)

    def volume_since(self, first: int) -> Usd:
        """Return the volume from a day on."""
        return sum((taker + maker for day, (taker, maker) in self.daily_volume.items() if day >= first), start=ZERO)


class Candle(msgspec.Struct):
    """The trades of one minute."""

    time: EpochMs
    open: Price
    high: Price
    low: Price
    close: Price
    quantity: Quantity
    usd: Usd
    count: int


class Hit(msgspec.Struct):
    """What was taken of one quote of the market maker, in the second for which it stands."""

    order_id: int
    quantity: Quantity


class Hold(msgspec.Struct, frozen=True):
    """A price that somebody holds until a time."""

    price: Price
    until: EpochMs


class Rate(msgspec.Struct, frozen=True):
    """Funding of one hour."""

    time: EpochMs
    rate: Ratio
    premium: Ratio


class Tape(msgspec.Struct, kw_only=True):
    """What is public of one coin: trades, candles of a minute, past funding, marks of past hours."""

    trades: list[Trade] = []
    candles: dict[EpochMs, Candle] = {}
    rates: list[Rate] = []
    marks: list[tuple[EpochMs, Price]] = []
    last: Price | None = None

    def print(self, trade: Trade) -> None:
        """Take a trade."""
        _keep(self.trades, trade, TRADES_KEPT)
        self.last = trade.price
        minute = trade.time - trade.time % 60_000
        usd = trade.price * trade.quantity
        candle = self.candles.get(minute)
        if candle is None:
            price = trade.price
            self.candles[minute] = Candle(minute, price, price, price, price, trade.quantity, usd, 1)
            if len(self.candles) > CANDLES_KEPT:
                del self.candles[next(iter(self.candles))]
            return
        candle.high, candle.low = max(candle.high, trade.price), min(candle.low, trade.price)
        candle.close = trade.price
        candle.quantity += trade.quantity
        candle.usd += usd
        candle.count += 1


class Books(msgspec.Struct, kw_only=True):
    """All of it, but for the market and the traders."""

    seed: int
    time: EpochMs
    begun: EpochMs
    accounts: dict[Address, Account] = {}
    tapes: dict[Coin, Tape] = {}
    hits: dict[str, Hit] = {}
    agent_of: dict[Address, Address] = {}
    next_order_id: int = 1
    transactions: int = 0
    funded_to: EpochMs = 0
    deposits: Usd = ZERO
    fees: Usd = ZERO
    whole_until: dict[str, EpochMs] = {}
    is_still: bool = False
    is_quiet: bool = False
    held_prices: dict[Coin, Hold] = {}
    checked_at: EpochMs = 0

    def tape(self, coin: Coin) -> Tape:
        """Return what is public of a coin."""
        tape = self.tapes.get(coin)
        if tape is None:
            tape = self.tapes[coin] = Tape()
        return tape

    def master_of(self, agent: Address) -> Address | None:
        """Return who approved an agent; None for one that nobody did, or whose time is over."""
        owner = self.agent_of.get(agent)
        if owner is None:
            return None
        known = next(one for one in self.accounts[owner].agents if one.address == agent)
        return owner if known.valid_until > self.time else None

    def take_order_id(self) -> int:
        """Return the next order id."""
        number = self.next_order_id
        self.next_order_id += 1
        return number


def _keep(rows: MutableSequence[T], row: T, count: int) -> None:
    """Add a row to the last `count` ones."""
    rows.append(row)
    if len(rows) > count * 5 // 4:
        del rows[:-count]
