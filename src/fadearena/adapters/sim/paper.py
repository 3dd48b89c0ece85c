"""
A paper account: cash, positions at average cost, leverage, and what became of its orders.

Cash moves by realised PnL, fees, funding and deposits only; equity = cash + unrealised PnL.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple, TypeAlias

import msgspec

from fadearena.kit.decimals import normalise
from fadearena.model.account import DexState, OwnPosition
from fadearena.model.fee import fee, taker_rate
from fadearena.model.ids import AccountId, Cloid, Coin, Dex, dex_of
from fadearena.model.instrument import Instrument
from fadearena.model.order import Found, OwnFill
from fadearena.model.position import Traded, trade, unrealised
from fadearena.model.units import ZERO, EpochMs, Price, Quantity, Ratio, Side, Size, Usd
from fadearena.model.wallet import ForcedKind

DEFAULT_LEVERAGE = 20
ORDERS_KEPT = 2_000
FILLS_KEPT = 10_000

MarkOf: TypeAlias = Callable[[Coin], Price | None]


class PaperAccount(msgspec.Struct, frozen=True, kw_only=True):
    """An account to open: what it starts with, and its own taker rate (before a market's factors)."""

    id: AccountId
    start_usd: Usd
    taker_rate: Ratio = Decimal("0.00045")


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
        rate = taker_rate(self.account.taker_rate, instrument)
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
        self.book(fill)
        return fill

    def book(self, fill: OwnFill) -> None:
        """Apply a fill once: position, realised PnL and fee."""
        if fill.key in self.fills:
            return
        after = self.would(fill.coin, fill.side, fill.quantity, fill.price)
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
