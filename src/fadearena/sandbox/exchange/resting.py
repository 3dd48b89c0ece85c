"""What an order can meet: quotes of the market maker, and orders that rest, best price first, then oldest first."""

from bisect import insort
from collections.abc import Iterable, Iterator
from itertools import count, groupby
from operator import attrgetter

from fadearena.model.ids import Coin
from fadearena.model.market import BookLevel
from fadearena.model.units import ZERO, Price, Side
from fadearena.sandbox.nouns import Order


class Ladder:
    """The market maker's quotes on one side for one second: made when somebody looks, and made once."""

    def __init__(self, levels: Iterable[BookLevel]) -> None:
        self._made: list[BookLevel] = []
        self._left = _one_a_price(levels)

    def __iter__(self) -> Iterator[BookLevel]:
        """Iterate over the quotes, best price first, one a price."""
        for place in count():
            if place == len(self._made):
                level = next(self._left, None)
                if level is None:
                    return
                self._made.append(level)
            yield self._made[place]


def _one_a_price(levels: Iterable[BookLevel]) -> Iterator[BookLevel]:
    for price, same in groupby(levels, attrgetter("price")):
        yield BookLevel(price, sum((level.quantity for level in same), start=ZERO))


class Resting:
    """All resting orders of clients; what the market maker quotes is not here."""

    def __init__(self, orders: Iterable[Order] = ()) -> None:
        self._sides: dict[tuple[Coin, Side], list[Order]] = {}
        for order in orders:
            self.add(order)

    def add(self, order: Order) -> None:
        """Put an order to those of its side."""
        insort(self._sides.setdefault((order.coin, order.side), []), order, key=_rank)

    def remove(self, order: Order) -> None:
        """Take an order away."""
        self._sides[order.coin, order.side].remove(order)

    def side(self, coin: Coin, side: Side) -> list[Order]:
        """Return the orders of one side."""
        return self._sides.get((coin, side), [])

    def sides(self) -> Iterator[tuple[Coin, Side]]:
        """Yield where orders rest."""
        return ((coin, side) for (coin, side), orders in self._sides.items() if orders)


def _rank(order: Order) -> tuple[Price, int]:
    return -order.side.sign * order.limit, order.order_id
