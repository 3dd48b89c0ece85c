"""
The arithmetic of an account: what a trade does to a position, and what margin it needs.

1. Entry averages when a position grows, stays when it shrinks, and begins anew when it turns.
2. An isolated position has cash of its own. What is closed of it takes its share of what it is worth back to the pool.
"""

from collections.abc import Iterator
from decimal import ROUND_FLOOR, ROUND_UP
from typing import NamedTuple, Protocol

from fadearena.model.ids import Coin
from fadearena.model.units import ZERO, Price, Ratio, Size, Usd, sign
from fadearena.sandbox.exchange.rules import BEYOND_TIER, NO_MARGIN, Rejection
from fadearena.sandbox.exchange.state import CENT, Account, Leverage, Position
from fadearena.sandbox.listing import Asset, maintenance, most_leverage

_KEEP = Ratio("0.1")


class Marked(Protocol):
    """Where coins are listed and have marks."""

    def mark(self, coin: Coin) -> Price:
        """Return a coin's mark price."""
        ...

    def asset(self, coin: Coin) -> Asset:
        """Return what is listed as a coin."""
        ...


class Change(NamedTuple):
    """What a trade did: the size before it, and the PnL that it realised, gross of fees."""

    start: Size
    realised: Usd


class Margins(NamedTuple):
    """A balance with the cross positions that share it."""

    equity: Usd
    notional: Usd
    initial: Usd
    maintenance: Usd

    @property
    def free(self) -> Usd:
        """What new positions can lock."""
        return self.equity - self.initial

    @property
    def withdrawable(self) -> Usd:
        """What may leave: a tenth of the notional stays at least."""
        return max(ZERO, self.equity - max(self.initial, _KEEP * self.notional))


def book(account: Account, asset: Asset, change: Size, price: Price) -> Change:
    """Take a trade into an account, without its fee."""
    coin, pool = asset.coin, account.pool(asset.dex)
    position = account.positions.setdefault(coin, Position())
    leverage, start, realised = account.leverage(asset), position.size, ZERO
    if sign(start) == -sign(change):
        closed = min(abs(start), abs(change)) * -sign(start)
        realised = _close(account, position, closed, price, pool)
        change -= closed
    if change:
        if not position.size:
            position.funding_since_open = ZERO
        position.size += change
        position.cost += change * price
        if not leverage.is_cross:
            locked = (abs(change) * price / leverage.value).quantize(CENT, ROUND_UP)
            position.margin += locked
            account.credit(pool, -locked)
    position.funding_since_change = ZERO
    account.realised += realised
    if not position.size:
        del account.positions[coin]
    return Change(start, realised)


def _close(account: Account, position: Position, change: Size, price: Price, pool: str) -> Usd:
    """Close a part of a position, or all of it, and return what that realised."""
    is_whole = change == -position.size
    released = position.cost if is_whole else (position.cost * -change / position.size).quantize(CENT)
    realised = -change * price - released
    back = realised
    if position.margin:
        worth = position.margin + position.unrealised(price)
        back = worth if is_whole else (worth * -change / position.size).quantize(CENT, ROUND_FLOOR)
        position.margin += realised - back
    position.size += change
    position.cost -= released
    account.credit(pool, back)
    return realised


def margins(account: Account, pool: str, marked: Marked, leave_out: Coin | None = None) -> Margins:
    """Return a balance with its cross positions; `leave_out` keeps its PnL, but needs no margin."""
    equity, notional, initial, needed = account.cash.get(pool, ZERO), ZERO, ZERO, ZERO
    for asset, position, leverage in _cross(account, pool, marked):
        coin, mark = asset.coin, marked.mark(asset.coin)
        equity += position.unrealised(mark)
        if coin != leave_out:
            value = abs(position.size) * mark
            notional += value
            initial += value / leverage.value
            needed += maintenance(value, asset)
    return Margins(equity, notional, initial, needed)


def _cross(account: Account, pool: str, marked: Marked) -> Iterator[tuple[Asset, Position, Leverage]]:
    for coin, position in account.held(pool):
        asset = marked.asset(coin)
        leverage = account.leverage(asset)
        if leverage.is_cross:
            yield asset, position, leverage


def check_margin(account: Account, asset: Asset, change: Size, marked: Marked) -> Rejection | None:
    """Look at the margin of a trade that makes a position larger or turns it around."""
    before, mark = account.size(asset.coin), marked.mark(asset.coin)
    after = before + change
    turns = sign(after) != sign(before)
    if abs(after) <= abs(before) and not (turns and after):
        return None
    leverage = account.leverage(asset)
    if leverage.value > most_leverage(abs(after) * mark, asset):
        return Rejection("perpMaxPositionRejected", BEYOND_TIER)
    free = margins(account, account.pool(asset.dex), marked, asset.coin).free
    needed = abs(after) * mark / leverage.value
    if not leverage.is_cross and before:
        held = account.positions[asset.coin]
        if turns:
            free += held.margin + held.unrealised(mark)
        else:
            needed -= abs(before) * mark / leverage.value
    return Rejection("perpMarginRejected", NO_MARGIN) if needed > free else None


def isolated_worth(position: Position, mark: Price) -> Usd:
    """Return what an isolated position is worth: its cash and its open PnL."""
    return position.margin + position.unrealised(mark)


def liquidation_price(position: Position, asset: Asset, mark: Price, available: Usd) -> Price | None:
    """
    Return the mark at which a position is liquidated; None where there is none.

    `available` is what is left above all maintenance margins now. Equity moves with the size, maintenance with the
    notional; the price at which they meet is looked for in each margin tier.
    """
    size, owed = position.size, maintenance(abs(position.size) * mark, asset)
    if available <= 0:
        return mark
    tiers = asset.table.tiers
    for tier, upper in zip(tiers, (*(tier.lower_bound for tier in tiers[1:]), None), strict=True):
        rate = Ratio(1) / (2 * tier.max_leverage)
        offset = maintenance(tier.lower_bound, asset) - tier.lower_bound * rate
        price = (size * mark - available - owed + offset) / (size - abs(size) * rate)
        if price > 0 and (upper is None or price * abs(size) < upper):
            return price
    return None
