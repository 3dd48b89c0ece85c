"""Orders that ended, with their fees and shadows."""

from collections.abc import Iterable, Mapping
from itertools import islice

from fadearena.model.ids import Cloid
from fadearena.model.record import ShadowFill
from fadearena.model.units import ZERO, Usd
from fadearena.ports.pairs import OrderPair, PairQuery
from fadearena.ports.read_store import OrderView


def pairs_of(
    orders: Iterable[OrderView], fees: Mapping[Cloid, Usd], shadows: Mapping[Cloid, ShadowFill], query: PairQuery
) -> tuple[OrderPair, ...]:
    """Return those that are asked for, in the order in which they come."""
    found = (
        OrderPair(
            order=view.order,
            created=view.created,
            fee=fees.get(view.order.cloid, ZERO),
            shadow=shadows.get(view.order.cloid),
        )
        for view in orders
        if view.created >= query.since
        and query.bot in {None, view.order.bot}
        and query.coin in {None, view.order.coin}
        and view.order.status.is_settled
    )
    return tuple(islice(found, query.limit))
