"""
A paper account: cash, positions at average cost, leverage, stops, and what became of its orders.

1. Cash moves by realised PnL, fees, funding and deposits only; equity = cash + unrealised PnL.
2. An isolated position has cash of its own, `locked`: what is closed of it takes its share of its worth back.
3. Funding falls due for every full hour over which a position was held, once for each hour and coin, and stays due
   until it is paid: what was due follows from fills and payments alone, also for hours in which nobody looked.
4. The taker rate is the one that is given, else the tier of the account's own volume of 14 days.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, ROUND_UP, Decimal
from typing import NamedTuple, TypeAlias

import msgspec

from fadearena.kit.decimals import normalise
from fadearena.model.account import DexState, OwnPosition
from fadearena.model.command import PlaceStop
from fadearena.model.fee import VOLUME_DAYS, fee, taker_rate, tier_for
from fadearena.model.funding import next_hour
from fadearena.model.ids import AccountId, Cloid, Coin, Dex, dex_of
from fadearena.model.instrument import Instrument
from fadearena.model.order import Found, OwnFill
from fadearena.model.position import Traded, trade, unrealised
from fadearena.model.units import (
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    ZERO,
    EpochMs,
    Price,
    Quantity,
    Ratio,
    Side,
    Size,
    Usd,
    sign,
)
from fadearena.model.wallet import ForcedKind

DEFAULT_LEVERAGE = 20
ORDERS_KEPT = 2_000
FILLS_KEPT = 10_000
_CENT = Decimal("0.000001")

MarkOf: TypeAlias = Callable[[Coin], Price | None]


class PaperAccount(msgspec.Struct, frozen=True, kw_only=True):
    """
    An account to open: what it starts with, and its own taker rate (before a market's factors).

    Without a rate it is that of its tier.
    """

    id: AccountId
    start_usd: Usd
    taker_rate: Ratio | None = None


class Leverage(NamedTuple):
    """What the exchange holds for a book."""

    value: int
    is_cross: bool


class PaperOrder(NamedTuple):
    """What a look-up finds of an order."""

    found: Found
    quantity: Quantity
    order_id: int


class Holding(NamedTuple):
    """A position with its signed cost."""

    size: Size
    cost: Usd


class RestingStop(NamedTuple):
    """A stop that waits for the mark."""

    command: PlaceStop
    order_id: int


class Due(NamedTuple):
    """Funding of one full hour that is not paid yet; `oracle` is the price of that moment, where it was heard."""

    hour: EpochMs
    coin: Coin
    size: Size
    oracle: Price | None


class Execution(NamedTuple):
    """What traded at one price: `number` counts the executions of an order."""

    coin: Coin
    side: Side
    price: Price
    quantity: Quantity
    order_id: int
    number: int = 0
    cloid: Cloid | None = None
    forced: ForcedKind | None = None


@dataclass(slots=True)
class Ledger:
    """The books of one paper account."""

    account: PaperAccount
    cash: Usd = ZERO
    holdings: dict[Coin, Holding] = field(default_factory=dict)
    fills: dict[str, OwnFill] = field(default_factory=dict)
    trimmed_to: EpochMs = 0
    locked: dict[Coin, Usd] = field(default_factory=dict)
    stops: dict[Cloid, RestingStop] = field(default_factory=dict)
    dues: dict[tuple[EpochMs, Coin], Due] = field(default_factory=dict)
    told_rate: Ratio | None = None
    _funded_to: dict[Coin, EpochMs] = field(default_factory=dict)
    _volumes: dict[int, Usd] = field(default_factory=dict)
    _leverage: dict[Coin, Leverage] = field(default_factory=dict)
    _orders: dict[Cloid, PaperOrder] = field(default_factory=dict)

    def size(self, coin: Coin) -> Size:
        """Return the position in a coin; zero when flat."""
        holding = self.holdings.get(coin)
        return ZERO if holding is None else holding.size

    def would(self, coin: Coin, side: Side, quantity: Quantity, price: Price) -> Traded:
        """Return what a trade would make of a position, without doing it."""
        holding = self.holdings.get(coin, Holding(ZERO, ZERO))
        return trade(holding.size, holding.cost, side.signed(quantity), price)

    def execute(self, executed: Execution, instrument: Instrument, now: EpochMs) -> OwnFill:
        """Book an execution, with the taker fee, and return it as the exchange reports it."""
        coin, side, price, quantity = executed[:4]
        rate = taker_rate(self.taker_rate(now), instrument)
        letter = "B" if side is Side.BUY else "A"
        fill = OwnFill(
            key=f"{now}:{coin}:{executed.order_id}.{executed.number}:{letter}",
            account=self.account.id,
            coin=coin,
            time=now,
            side=side,
            price=normalise(price),
            quantity=normalise(quantity),
            fee=normalise(fee(price * quantity, rate)),
            closed_pnl=normalise(self.would(coin, side, quantity, price).realised),
            order_id=executed.order_id,
            cloid=executed.cloid,
            start_position=normalise(self.size(coin)),
            forced=executed.forced,
        )
        self.book(fill, instrument)
        return fill

    def book(self, fill: OwnFill, instrument: Instrument) -> None:
        """Apply a fill once: position, realised PnL and fee; funding up to it falls due for what was held before."""
        if fill.key in self.fills:
            return
        self.accrue(fill.coin, fill.time)
        day = fill.time // DAY_MS
        self._volumes[day] = self._volumes.get(day, ZERO) + fill.price * fill.quantity
        after = self.would(fill.coin, fill.side, fill.quantity, fill.price)
        self._lock(fill, instrument)
        if after.size:
            self.holdings[fill.coin] = Holding(after.size, after.cost)
        else:
            self.holdings.pop(fill.coin, None)
        self.cash += fill.closed_pnl - fill.fee
        self.fills[fill.key] = fill
        if len(self.fills) > FILLS_KEPT:
            oldest = next(iter(self.fills))
            self.trimmed_to = self.fills.pop(oldest).time
        if fill.cloid is not None and fill.order_id is not None:
            known = self._orders.get(fill.cloid)
            before = known.quantity if known is not None and known.order_id == fill.order_id else ZERO
            self.note_order(fill.cloid, PaperOrder(Found.FILLED, before + fill.quantity, fill.order_id))

    def accrue(self, coin: Coin, until: EpochMs, oracle: Price | None = None) -> None:
        """Let funding of a position fall due for every full hour since it was last looked at, at the oracle of now."""
        size, since = self.size(coin), self._funded_to.get(coin, until)
        for hour in range(next_hour(since), until + 1, HOUR_MS) if size else ():
            self.dues[hour, coin] = Due(hour, coin, size, oracle if until - hour <= MINUTE_MS else None)
        self._funded_to[coin] = max(since, until)

    def settle_funding(self, hour: EpochMs, coin: Coin, usd: Usd) -> None:
        """Book the payment of an hour: it is not due any more."""
        self.accrue(coin, hour)
        self.dues.pop((hour, coin), None)
        self.cash += usd
        if coin in self.locked:
            self.locked[coin] += usd

    def taker_rate(self, now: EpochMs) -> Ratio:
        """Return the account's own taker rate: what the exchange says, what was set, or the tier of its volume."""
        given = self.account.taker_rate if self.told_rate is None else self.told_rate
        if given is not None:
            return given
        today = now // DAY_MS
        window = (usd for day, usd in self._volumes.items() if today - VOLUME_DAYS <= day < today)
        return tier_for(sum(window, start=ZERO)).taker

    @property
    def traded_usd(self) -> Usd:
        """All that was ever traded."""
        return normalise(sum(self._volumes.values(), start=ZERO))

    def _lock(self, fill: OwnFill, instrument: Instrument) -> None:
        """Lock cash behind what a fill opens of an isolated position, and let go what belongs to what it closes."""
        coin, change = fill.coin, fill.side.signed(fill.quantity)
        held, locked = self.holdings.get(coin, Holding(ZERO, ZERO)), self.locked.pop(coin, ZERO)
        closed = min(abs(held.size), abs(change)) if sign(held.size) == -sign(change) else ZERO
        if closed == abs(held.size):
            locked = ZERO
        elif closed:
            worth = locked + unrealised(held.size, held.cost, fill.price)
            locked += fill.closed_pnl - (worth * closed / abs(held.size)).quantize(_CENT, ROUND_FLOOR)
        leverage = self.leverage(instrument)
        if not leverage.is_cross:
            locked += ((abs(change) - closed) * fill.price / leverage.value).quantize(_CENT, ROUND_UP)
            if held.size + change:
                self.locked[coin] = locked

    def note_order(self, cloid: Cloid, order: PaperOrder) -> None:
        """Remember what became of an order; a reused cloid finds the newest."""
        self._orders.pop(cloid, None)
        self._orders[cloid] = order
        if len(self._orders) > ORDERS_KEPT:
            self._orders.pop(next(iter(self._orders)))

    def order(self, cloid: Cloid) -> PaperOrder | None:
        """Look an order up."""
        return self._orders.get(cloid)

    def leverage(self, instrument: Instrument) -> Leverage:
        """Return what is set for a book; at first 20 or the market's most, cross where that is allowed."""
        default = Leverage(min(DEFAULT_LEVERAGE, instrument.max_leverage), instrument.is_cross)
        return self._leverage.get(instrument.coin, default)

    def set_leverage(self, coin: Coin, leverage: Leverage) -> None:
        """Set leverage and margin mode of a book."""
        self._leverage[coin] = leverage

    def prices(self, mark_of: MarkOf) -> Iterator[tuple[Coin, Holding, Price]]:
        """Iterate over the positions with their marks; one without a mark is taken at its average entry."""
        for coin, holding in sorted(self.holdings.items()):
            mark = mark_of(coin)
            yield coin, holding, holding.cost / holding.size if mark is None else mark

    def equity(self, mark_of: MarkOf) -> Usd:
        """Return cash and unrealised PnL."""
        marked = (unrealised(held.size, held.cost, mark) for _, held, mark in self.prices(mark_of))
        return sum(marked, start=self.cash)

    def cross_equity(self, mark_of: MarkOf) -> Usd:
        """Return the equity that cross positions share: without isolated ones and what is locked for them."""
        marked = (
            unrealised(held.size, held.cost, mark)
            for coin, held, mark in self.prices(mark_of)
            if coin not in self.locked
        )
        return sum(marked, start=self.cash - sum(self.locked.values(), start=ZERO))

    def worth(self, coin: Coin, mark: Price) -> Usd:
        """Return what an isolated position is worth: its cash and its open PnL."""
        held = self.holdings[coin]
        return self.locked[coin] + unrealised(held.size, held.cost, mark)

    def dex_states(self, mark_of: MarkOf) -> tuple[DexState, ...]:
        """Return the account by dex: the first always, with the cash; others while they hold positions."""
        values: dict[Dex, Usd] = {"": self.cash}
        positions: dict[Dex, list[OwnPosition]] = {}
        for coin, held, mark in self.prices(mark_of):
            dex = dex_of(coin)
            values[dex] = values.get(dex, ZERO) + unrealised(held.size, held.cost, mark)
            entry = normalise(held.cost / held.size)
            positions.setdefault(dex, []).append(OwnPosition(coin=coin, size=normalise(held.size), entry=entry))
        return tuple(
            DexState(dex=dex, value=normalise(value), positions=tuple(positions.get(dex, ())))
            for dex, value in sorted(values.items())
        )
