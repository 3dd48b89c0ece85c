"""Positions at average cost: size and cost together, never an average that was rounded."""

from typing import NamedTuple

from fadearena.model.units import ZERO, Price, Size, Usd, sign


class Traded(NamedTuple):
    """A position after a trade, and what the trade realised (gross of fees)."""

    size: Size
    cost: Usd
    realised: Usd


def trade(size: Size, cost: Usd, change: Size, price: Price) -> Traded:
    """
    Return a position after `change` at `price`.

    `cost` is signed as the size is: what was paid for a long, minus what was received for a short. The part
    that reduces realises its share of the cost; the part beyond zero opens at `price`. Always
    `cost + change * price == new cost - realised`, up to the last of 28 digits.
    """
    if size == 0 or sign(size) == sign(change):
        return Traded(size + change, cost + change * price, ZERO)
    if abs(change) < abs(size):
        released = cost * -change / size
        return Traded(size + change, cost - released, -change * price - released)
    left = size + change
    return Traded(left, left * price, size * price - cost)


def unrealised(size: Size, cost: Usd, mark: Price) -> Usd:
    """Return the PnL of an open position at `mark`."""
    return size * mark - cost


def average_price(size: Size, cost: Usd) -> Price | None:
    """Return the average entry price; None when flat."""
    return cost / size if size else None
