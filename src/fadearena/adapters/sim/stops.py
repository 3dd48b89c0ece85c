"""
Stops on the paper exchange: reduce-only, triggered by the mark, traded at their limit or better.

1. A stop whose mark is reached trades once a book of that moment is known, never against an old one.
2. What rests is not stored: after a restart nothing does, which the next reading of the account says.
"""

from collections.abc import Iterable

from fadearena.adapters.sim.markets import SimMarkets
from fadearena.adapters.sim.matching import Matched, match_ioc
from fadearena.adapters.sim.paper import Ledger, RestingStop
from fadearena.adapters.sim.rules import check_price, check_size
from fadearena.model.account import OpenOrder
from fadearena.model.command import CancelOrder, PlaceStop
from fadearena.model.ids import Coin
from fadearena.model.instrument import Instrument
from fadearena.model.units import SECOND_MS, EpochMs, Price, sign

BOOK_MS = 5 * SECOND_MS
"""A book that is older is none of the moment."""


def stop_problem(command: PlaceStop, instrument: Instrument | None, ledger: Ledger, mark: Price | None) -> str | None:
    """Return why the exchange would not let a stop rest, in its words; None where it would."""
    if instrument is None or instrument.asset_id != command.asset_id:
        return f"Unknown asset for {command.coin}."
    if instrument.is_delisted:
        return "Trading is halted."
    bad = (
        check_size(command.quantity, instrument)
        or check_price(command.limit, instrument)
        or check_price(command.trigger, instrument)
    )
    if bad is not None:
        return bad.text
    if mark is not None and is_reached(command, mark):
        return "Invalid TP/SL price."
    if sign(ledger.size(command.coin)) != -command.side.sign:
        return "Reduce only order would increase position."
    return None


def is_reached(stop: PlaceStop, mark: Price) -> bool:
    """Tell whether the mark is where a stop waits for it, or beyond."""
    return (mark - stop.trigger) * stop.side.sign >= 0


def take_stop(ledger: Ledger, command: CancelOrder) -> bool:
    """Take away the stop that a cancel names; False where there is none."""
    for cloid, stop in ledger.stops.items():
        if cloid == command.cloid or stop.order_id == command.order_id:
            del ledger.stops[cloid]
            return True
    return False


def resting(ledger: Ledger) -> tuple[OpenOrder, ...]:
    """Return the stops as the orders that rest."""
    return tuple(
        OpenOrder(coin=stop.command.coin, order_id=stop.order_id, cloid=cloid) for cloid, stop in ledger.stops.items()
    )


def reached(ledger: Ledger, markets: SimMarkets) -> tuple[RestingStop, ...]:
    """Return the stops whose mark is reached."""
    marks = ((stop, markets.mark(stop.command.coin)) for stop in ledger.stops.values())
    return tuple(stop for stop, mark in marks if mark is not None and is_reached(stop.command, mark))


def awaited(ledgers: Iterable[Ledger], markets: SimMarkets, now: EpochMs) -> frozenset[Coin]:
    """Return the coins in which a stop is reached, and waits for a book."""
    coins = {stop.command.coin for ledger in ledgers for stop in reached(ledger, markets)}
    return frozenset(coin for coin in coins if not markets.is_current(coin, now - BOOK_MS))


def meet(stop: RestingStop, ledger: Ledger, markets: SimMarkets, now: EpochMs) -> Matched | None:
    """Return what a stop that is reached trades, perhaps nothing; None while no book of the moment is known."""
    command = stop.command
    held = ledger.size(command.coin)
    quantity = min(command.quantity, abs(held)) if sign(held) == -command.side.sign else None
    if quantity is None:
        return Matched((), command.quantity)
    book = markets.book(command.coin, now)
    if book is None or not markets.is_current(command.coin, now - BOOK_MS):
        return None
    return match_ioc(book, command.side, quantity, command.limit)
