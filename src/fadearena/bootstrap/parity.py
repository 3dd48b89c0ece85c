"""
Parity: what live orders paid, against what simulation would have paid for the same orders at the same moment.

1. Differences are in basis points of the notional, and positive where live was worse: price and fee, and both together.
2. Prices are compared where both traded. What only one of them filled is counted beside that, in USD.
3. An order without a shadow is compared with nothing, and counted.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from statistics import median

import msgspec

from fadearena.kit.decimals import exact_arithmetic, normalise
from fadearena.model.ids import BotId, Cloid, Coin
from fadearena.model.record import ShadowFill
from fadearena.model.units import BPS, ZERO, Bps, EpochMs, Price, Quantity, Side, Usd
from fadearena.ports.pairs import OrderPair

WORST = 10
_PERCENT_95 = Decimal("0.95")
_PLACES = Decimal("0.001")


class Made(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What one of the two made of an order; `price` is None where nothing traded."""

    quantity: Quantity
    price: Price | None
    fee: Usd
    reason: str = ""


class Compared(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One order; differences are None where only one of the two traded, or neither did."""

    cloid: Cloid
    time: EpochMs
    bot: BotId | None
    coin: Coin
    side: Side
    live: Made
    paper: Made
    price_bps: Bps | None = None
    fee_bps: Bps | None = None
    total_bps: Bps | None = None


class Spread(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How differences lie; None where there are none."""

    mean: Bps | None
    median: Bps | None
    p95: Bps | None


class Parity(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """
    The whole comparison.

    `orders` ended; of these `compared` were filled by both, `only_live` and `only_paper` by one, `neither` by none, and
    `unshadowed` were compared with nothing. `cost_usd` is what live paid more for what both filled; `live_only_usd` and
    `paper_only_usd` are what only one filled, in whole orders and in parts.
    """

    orders: int
    compared: int
    only_live: int
    only_paper: int
    neither: int
    unshadowed: int
    price_bps: Spread
    fee_bps: Spread
    total_bps: Spread
    cost_usd: Usd
    live_only_usd: Usd
    paper_only_usd: Usd
    worst: tuple[Compared, ...]


def parity_of(pairs: Sequence[OrderPair]) -> Parity:
    """Compare orders with their shadows."""
    with exact_arithmetic():
        found = [_compared(pair, pair.shadow) for pair in pairs if pair.shadow is not None]
        both = [one for one in found if one.total_bps is not None]
        return Parity(
            orders=len(pairs),
            compared=len(both),
            only_live=sum(1 for one in found if one.live.quantity and not one.paper.quantity),
            only_paper=sum(1 for one in found if one.paper.quantity and not one.live.quantity),
            neither=sum(1 for one in found if not one.live.quantity and not one.paper.quantity),
            unshadowed=len(pairs) - len(found),
            price_bps=_spread(one.price_bps for one in both),
            fee_bps=_spread(one.fee_bps for one in both),
            total_bps=_spread(one.total_bps for one in both),
            cost_usd=_rounded(sum(map(_cost, both), start=ZERO)),
            live_only_usd=_rounded(sum((_beyond(one.live, one.paper) for one in found), start=ZERO)),
            paper_only_usd=_rounded(sum((_beyond(one.paper, one.live) for one in found), start=ZERO)),
            worst=tuple(sorted(both, key=lambda one: one.total_bps or ZERO, reverse=True)[:WORST]),
        )


def _compared(pair: OrderPair, shadow: ShadowFill) -> Compared:
    order = pair.order
    live = Made(quantity=order.filled, price=order.average_price, fee=pair.fee, reason=order.reason)
    paper = Made(quantity=shadow.quantity, price=shadow.price, fee=shadow.fee, reason=shadow.reason)
    compared = Compared(
        cloid=order.cloid,
        time=pair.created,
        bot=order.bot,
        coin=order.coin,
        side=order.side,
        live=live,
        paper=paper,
    )
    if not live.quantity or not paper.quantity or live.price is None or paper.price is None:
        return compared
    price = order.side.sign * (live.price - paper.price) / paper.price / BPS
    charged = (live.fee / (live.quantity * live.price) - paper.fee / (paper.quantity * paper.price)) / BPS
    return msgspec.structs.replace(
        compared, price_bps=_rounded(price), fee_bps=_rounded(charged), total_bps=_rounded(price + charged)
    )


def _cost(one: Compared) -> Usd:
    """Return what live paid more than paper, for what both filled."""
    quantity = min(one.live.quantity, one.paper.quantity)
    return (one.total_bps or ZERO) * BPS * quantity * (one.paper.price or ZERO)


def _beyond(one: Made, other: Made) -> Usd:
    """Return the value of what one filled beyond the other."""
    return max(one.quantity - other.quantity, ZERO) * (one.price or ZERO)


def _spread(values: Iterable[Bps | None]) -> Spread:
    known = sorted(value for value in values if value is not None)
    if not known:
        return Spread(mean=None, median=None, p95=None)
    mean = sum(known, start=ZERO) / len(known)
    rank = min(int(_PERCENT_95 * len(known)), len(known) - 1)
    return Spread(mean=_rounded(mean), median=_rounded(median(known)), p95=known[rank])


def _rounded(value: Decimal) -> Decimal:
    return normalise(value.quantize(_PLACES))
