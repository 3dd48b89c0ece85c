"""
How made-up executions reach us: in one message or two, in disorder, first on the tape, sometimes twice.

1. An execution is one to five fills in one millisecond; their `startPosition` chain is exact.
2. One in eight is seen on the tape first (no `startPosition`, no order id), then on the wallet's own feed.
3. One in ten messages lists its fills in disorder, one in fifteen comes again later.
"""

from collections.abc import Iterator
from random import Random

from fadearena.adapters.sim.arena.market import Market
from fadearena.adapters.sim.arena.traders import Trader, Wish
from fadearena.kit.decimals import normalise
from fadearena.model.event import SourceFills
from fadearena.model.units import BPS, EpochMs, Price, Quantity, Side, side_of
from fadearena.model.wallet import Feed, SourceFill

_MOST_FILLS = 5
_TAPE = 8
_DISORDER = 10
_AGAIN = 15


def executed(trader: Trader, wish: Wish, market: Market, time: EpochMs, order_id: int) -> tuple[SourceFill, ...]:
    """Execute a wish at the touch and some ticks beyond; return the fills in the order of their chain."""
    side, fills = side_of(wish.change), []
    position = trader.position(wish.coin)
    for step, quantity in enumerate(_parts(trader.rng, market, wish)):
        tid = trader.rng.getrandbits(50)
        fill = SourceFill(
            key=f"{time}:{wish.coin}:{tid}:{side}",
            coin=wish.coin,
            time=time,
            side=side,
            price=_price(market, wish, side, step),
            quantity=quantity,
            start_position=position,
            order_id=order_id,
            is_twap=wish.is_twap,
        )
        position = normalise(position + fill.change)
        trader.book(fill.coin, fill.change, fill.price)
        fills.append(fill)
    return tuple(fills)


def messages(rng: Random, trader: Trader, fills: tuple[SourceFill, ...]) -> Iterator[SourceFills]:
    """Yield the messages in which fills arrive; `received` and `heard` say when."""
    time = fills[0].time
    arrival = time + rng.randint(40, 400)
    if rng.randrange(_TAPE) == 0:
        bare = tuple(_bare(fill) for fill in fills)
        yield _message(trader, Feed.TAPE, bare, arrival)
        arrival += rng.randint(50, 600)
    listed = list(fills)
    if rng.randrange(_DISORDER) == 0:
        rng.shuffle(listed)
    whole = _message(trader, Feed.USER, tuple(listed), arrival)
    yield whole
    if rng.randrange(_AGAIN) == 0:
        yield _message(trader, Feed.USER, whole.fills, arrival + rng.randint(100, 3_000))


def _message(trader: Trader, feed: Feed, fills: tuple[SourceFill, ...], arrival: EpochMs) -> SourceFills:
    return SourceFills(
        time=fills[0].time,
        received=arrival,
        heard=arrival,
        wallet=trader.wallet,
        feed=feed,
        fills=fills,
    )


def _bare(fill: SourceFill) -> SourceFill:
    """Return the fill as the tape has it."""
    return SourceFill(
        key=fill.key, coin=fill.coin, time=fill.time, side=fill.side, price=fill.price, quantity=fill.quantity
    )


def _parts(rng: Random, market: Market, wish: Wish) -> Iterator[Quantity]:
    """Cut a quantity into one to five parts of whole lots."""
    rules = market.instruments[wish.coin]
    left = abs(wish.change)
    for _ in range(min(rng.randint(1, _MOST_FILLS), 1 if wish.is_twap else _MOST_FILLS) - 1):
        part = normalise(rules.floor(left * rng.randint(20, 70) / 100))
        if part and part < left:
            yield part
            left -= part
    yield normalise(left)


def _price(market: Market, wish: Wish, side: Side, step: int) -> Price:
    rules, touch = market.instruments[wish.coin], market.quote(wish.coin).touch(side)
    best = touch if touch is not None else market.mark(wish.coin)
    if step == 0:
        return best
    return normalise(rules.price_outwards(side, best * (1 + side.sign * step * BPS / 2)))
