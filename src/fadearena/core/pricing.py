"""Stage 4: intent x touch x limits -> limit price of an IOC order ("market" is an IOC limit from the touch)."""

from fadearena.model.instrument import Instrument
from fadearena.model.market import Quote
from fadearena.model.policy import Slippage
from fadearena.model.units import BPS, MINUTE_MS, ONE, Bps, EpochMs, Price, Side

STALE_MS = MINUTE_MS
_DOUBLINGS = 16


def worse(price: Price, side: Side, bps: Bps) -> Price:
    """Return a price that is `bps` worse for whoever trades on this side."""
    return price * (ONE + side.sign * bps * BPS)


def start_price(quote: Quote | None, side: Side) -> Price | None:
    """Return the touch that an order takes, else the mark; None where neither is known."""
    if quote is None:
        return None
    touch = quote.touch(side)
    return quote.mark if touch is None else touch


def is_stale(quote: Quote | None, now: EpochMs) -> bool:
    """Tell whether the book must be fetched before a reduce is priced."""
    return quote is None or now - max(quote.mark_time, quote.touch_time) > STALE_MS


def increase_limit(
    instrument: Instrument, quote: Quote | None, side: Side, reference: Price | None, slippage: Slippage
) -> Price | None:
    """
    Return the limit of an increase, rounded inwards; None where there is no price, or none within a tick.

    Never worse than `reference` (the source's price) by more than `chase_bps`.
    """
    start = start_price(quote, side)
    if start is None:
        return None
    limit = worse(start, side, slippage.entry_bps)
    if reference is not None:
        guard = worse(reference, side, slippage.chase_bps)
        limit = min(limit, guard) if side is Side.BUY else max(limit, guard)
    return instrument.price_inwards(side, limit) or None


def reduce_bps(slippage: Slippage, failed_attempts: int, *, is_emergency: bool) -> Bps:
    """Return the cap of a reduce: it doubles with each failed attempt, up to `emergency_bps`."""
    if is_emergency:
        return slippage.emergency_bps
    failed_attempts = min(failed_attempts, _DOUBLINGS)
    return min(slippage.reduce_bps * (1 << failed_attempts), slippage.emergency_bps)


def flatten_bps(slippage: Slippage, failed_attempts: int) -> Bps:
    """Return the cap of a close while flattening: from `emergency_bps`, doubling up to `flatten_max_bps`."""
    failed_attempts = min(failed_attempts, _DOUBLINGS)
    return min(slippage.emergency_bps * (1 << failed_attempts), slippage.flatten_max_bps)


def reduce_limit(instrument: Instrument, quote: Quote | None, side: Side, bps: Bps) -> Price | None:
    """Return the limit of a reduce, rounded outwards; None where there is no price at all."""
    start = start_price(quote, side)
    return None if start is None else instrument.price_outwards(side, worse(start, side, bps))


def chase_distance(reference: Price, touch: Price, side: Side) -> Bps:
    """Return by how many bps the touch is worse for us than the reference (negative: better)."""
    return side.sign * (touch - reference) / reference / BPS
