"""Matching of an immediate-or-cancel limit order against a book."""

from typing import NamedTuple

from fadearena.model.market import BookLevel, OrderBook
from fadearena.model.units import ZERO, Price, Quantity, Side


class Matched(NamedTuple):
    """What traded, level by level, and what did not."""

    fills: tuple[BookLevel, ...]
    rest: Quantity

    @property
    def quantity(self) -> Quantity:
        """All that traded."""
        return sum((level.quantity for level in self.fills), start=ZERO)


def match_ioc(book: OrderBook, side: Side, quantity: Quantity, limit: Price) -> Matched:
    """
    Walk the levels, best price first, as far as the limit allows.

    Args:
        book: Best price first on both sides.
        side: The order's side; a buy takes asks.
        quantity: What is asked, more than zero.
        limit: The worst price that is taken.
    """
    fills: list[BookLevel] = []
    rest = quantity
    for level in book.levels(side):
        if rest <= 0 or (level.price - limit) * side.sign > 0:
            break
        taken = min(level.quantity, rest)
        if taken > 0:
            fills.append(BookLevel(level.price, taken))
            rest -= taken
    return Matched(tuple(fills), rest)


def without(book: OrderBook, side: Side, fills: tuple[BookLevel, ...]) -> OrderBook:
    """Return the book after an order of `side` took `fills` from its best levels on."""
    taken = {level.price: level.quantity for level in fills}
    left = tuple(
        BookLevel(level.price, level.quantity - taken.get(level.price, ZERO))
        for level in book.levels(side)
        if level.quantity > taken.get(level.price, ZERO)
    )
    bids, asks = (book.bids, left) if side is Side.BUY else (left, book.asks)
    return OrderBook(coin=book.coin, time=book.time, bids=bids, asks=asks)
