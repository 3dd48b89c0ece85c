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
    return check_size(terms.quantity, instrument) or check_price(terms.limit, instrument)


def check_size(quantity: Quantity, instrument: Instrument) -> Refused | None:
    """Look at the lot."""
    if instrument.floor(quantity) == quantity:
        return None
    return refusal(RejectCode.LOT, "Order has invalid size.", instrument.asset_id)


def check_price(price: Price, instrument: Instrument) -> Refused | None:
    """Look at the tick."""
    if instrument.price_down(price) == price:
        return None
    figures = len(price.normalize().as_tuple().digits)
    text = "Price must be divisible by tick size." if figures > _FIGURES else "Order has invalid price."
    return refusal(RejectCode.TICK, text, instrument.asset_id)


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


def check_open_interest(terms: OrderTerms, quantity: Quantity, position: Size) -> Refused | None:
    """Look at an order in a market whose open interest is capped: nothing may become larger or turn around."""
    after = position + terms.side.signed(quantity)
    if not _increases(position, after):
        return None
    text = "Order would increase open interest while open interest is capped"
    return refusal(RejectCode.OPEN_INTEREST, text, terms.asset_id)


def check_margin(
    terms: OrderTerms,
    quantity: Quantity,
    ledger: Ledger,
    instruments: dict[Coin, Instrument],
    mark_of: MarkOf,
) -> Refused | None:
    """
    Look at the margin of an order that makes a position larger or turns it around.

    All dexs share the account's one pool: what the position needs at its mark must be free there, beside the initial
    margins of the other cross positions. An isolated position has its own part already.
    """
    before = ledger.size(terms.coin)
    after = before + terms.side.signed(quantity)
    if not _increases(before, after):
        return None
    instrument = instruments[terms.coin]
    leverage = ledger.leverage(instrument).value
    mark = mark_of(terms.coin) or terms.limit
    notional = abs(after) * mark
    if leverage > tier_of(notional, instrument.margin_tiers).max_leverage:
        text = "Order would cause position to exceed margin tier limit at current leverage."
        return refusal(RejectCode.MARGIN_TIER, text, terms.asset_id)
    needed = initial_margin(notional, leverage)
    free = ledger.cross_equity(mark_of) - initial_margins(ledger, instruments, mark_of, leave_out=terms.coin)
    if terms.coin in ledger.locked:
        if sign(after) == sign(before):
            needed -= initial_margin(abs(before) * mark, leverage)
        else:
            free += ledger.worth(terms.coin, mark)
    if needed > free:
        return refusal(RejectCode.MARGIN, "Insufficient margin to place order.", terms.asset_id)
    return None


def _increases(before: Size, after: Size) -> bool:
    """Tell whether a position becomes larger or turns around."""
    return abs(after) > abs(before) or sign(after) not in {0, sign(before)}


def initial_margins(
    ledger: Ledger, instruments: dict[Coin, Instrument], mark_of: MarkOf, leave_out: Coin | None = None
) -> Usd:
    """Return what all cross positions need at their leverage."""
    return sum(
        (
            initial_margin(abs(held.size) * mark, ledger.leverage(instruments[coin]).value)
            for coin, held, mark in ledger.prices(mark_of)
            if coin != leave_out and coin not in ledger.locked
        ),
        start=ZERO,
    )


def liquidated(ledger: Ledger, instruments: dict[Coin, Instrument], mark_of: MarkOf) -> tuple[Coin, ...]:
    """
    Return the coins whose positions have too little margin, by name.

    All cross positions have when the equity that they share is less than the sum of their maintenance margins; an
    isolated one when its own worth is less than its own.
    """
    if not ledger.holdings:
        return ()
    gone: list[Coin] = []
    cross: list[Coin] = []
    needed = ZERO
    for coin, held, mark in ledger.prices(mark_of):
        least = maintenance_margin(abs(held.size) * mark, instruments[coin].margin_tiers)
        if coin not in ledger.locked:
            cross.append(coin)
            needed += least
        elif ledger.worth(coin, mark) < least:
            gone.append(coin)
    if cross and ledger.cross_equity(mark_of) < needed:
        gone += cross
    return tuple(sorted(gone))
