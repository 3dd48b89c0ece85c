"""
The exchange's own rules for an IOC order, in the order in which it looks at them, with its texts.

Static rules (market, lot, tick, band) leave no record of the order; the others do.
"""

from typing import NamedTuple

from fadearena.adapters.sim.paper import Ledger, MarkOf
from fadearena.model.ids import Coin
from fadearena.model.instrument import Instrument
from fadearena.model.margin import initial_margin, maintenance_margin, tier_of
from fadearena.model.order import OrderTerms, Refused, RejectCode
from fadearena.model.units import ZERO, Price, Quantity, Ratio, Size, Usd, sign

MINIMUM_USD = Usd(10)
_FIGURES = 5
_LOWEST, _HIGHEST = Ratio("0.2"), Ratio(5)


class Prices(NamedTuple):
    """What is known of a market when an order arrives."""

    mark: Price | None
    mid: Price | None


def refusal(code: RejectCode, text: str, asset_id: int) -> Refused:
    """Return a refusal as the exchange words it, with its suffix."""
    return Refused(code=code, text=f"{text} asset={asset_id}")


def check_static(terms: OrderTerms, instrument: Instrument | None) -> Refused | None:
    """Look at market, lot and tick; None is fine."""
    asset = terms.asset_id
    if instrument is None or instrument.asset_id != asset:
        return refusal(RejectCode.OTHER, f"Unknown asset for {terms.coin}.", asset)
    if instrument.is_delisted:
        return refusal(RejectCode.HALTED, "Trading is halted.", asset)
    if instrument.floor(terms.quantity) != terms.quantity:
        return refusal(RejectCode.LOT, "Order has invalid size.", asset)
    if instrument.price_down(terms.limit) != terms.limit:
        figures = len(terms.limit.normalize().as_tuple().digits)
        text = "Price must be divisible by tick size." if figures > _FIGURES else "Order has invalid price."
        return refusal(RejectCode.TICK, text, asset)
    return None


def check_band(terms: OrderTerms, mark: Price | None) -> Refused | None:
    """Look at how far a limit is from the mark; a market without one refuses nothing."""
    if mark is None or _LOWEST * mark < terms.limit <= _HIGHEST * mark:
        return None
    text = "Order price cannot be more than 80% away from the reference price"
    return refusal(RejectCode.PRICE_BAND, text, terms.asset_id)


def shrink(terms: OrderTerms, position: Size) -> Quantity | Refused:
    """Return the quantity that counts: a reduce-only order is cut to the position that it reduces."""
    if not terms.reduce_only:
        return terms.quantity
    if sign(position) != -terms.side.sign:
        return refusal(RejectCode.REDUCE_ONLY, "Reduce only order would increase position.", terms.asset_id)
    return min(terms.quantity, abs(position))


def check_minimum(terms: OrderTerms, quantity: Quantity, position: Size, prices: Prices) -> Refused | None:
    """
    Look at the least value of an order; what closes a whole position is exempt.

    The exchange does not document the price that counts: the lowest of limit, mark and mid is taken.
    """
    if position + terms.side.signed(quantity) == 0:
        return None
    price = min(p for p in (terms.limit, prices.mark, prices.mid) if p is not None)
    if quantity * price >= MINIMUM_USD:
        return None
    return refusal(RejectCode.MINIMUM_NOTIONAL, "Order must have minimum value of $10.", terms.asset_id)


def check_margin(
    terms: OrderTerms,
    quantity: Quantity,
    ledger: Ledger,
    instruments: dict[Coin, Instrument],
    mark_of: MarkOf,
) -> Refused | None:
    """
    Look at the margin of an order that makes a position larger or turns it around.

    All dexs and both margin modes share the account's one pool: initial margins of all positions after the
    order, at their marks, must not be more than the equity.
    """
    before = ledger.size(terms.coin)
    after = before + terms.side.signed(quantity)
    if abs(after) <= abs(before) and sign(after) in {0, sign(before)}:
        return None
    instrument = instruments[terms.coin]
    leverage = ledger.leverage(instrument).value
    notional = abs(after) * (mark_of(terms.coin) or terms.limit)
    if leverage > tier_of(notional, instrument.margin_tiers).max_leverage:
        text = "Order would cause position to exceed margin tier limit at current leverage."
        return refusal(RejectCode.MARGIN_TIER, text, terms.asset_id)
    others = initial_margins(ledger, instruments, mark_of, leave_out=terms.coin)
    if others + initial_margin(notional, leverage) > ledger.equity(mark_of):
        return refusal(RejectCode.MARGIN, "Insufficient margin to place order.", terms.asset_id)
    return None


def initial_margins(
    ledger: Ledger, instruments: dict[Coin, Instrument], mark_of: MarkOf, leave_out: Coin | None = None
) -> Usd:
    """Return what all positions lock at their leverage."""
    return sum(
        (
            initial_margin(abs(held.size) * mark, ledger.leverage(instruments[coin]).value)
            for coin, held, mark in ledger.prices(mark_of)
            if coin != leave_out
        ),
        start=ZERO,
    )


def is_liquidated(ledger: Ledger, instruments: dict[Coin, Instrument], mark_of: MarkOf) -> bool:
    """Tell whether an account's equity is less than the maintenance margins of its positions."""
    if not ledger.holdings:
        return False
    needed = sum(
        (
            maintenance_margin(abs(held.size) * mark, instruments[coin].margin_tiers)
            for coin, held, mark in ledger.prices(mark_of)
        ),
        start=ZERO,
    )
    return ledger.equity(mark_of) < needed
