"""
The rules of an order in the order in which the exchange looks at them, with its texts.

What breaks a static rule (market, lot, tick, band) leaves no record; what is refused later does, under a
status of its own.
"""

from decimal import ROUND_DOWN, Decimal
from typing import NamedTuple

from fadearena.model.units import ZERO, Price, Quantity, Ratio, Size, Usd, sign
from fadearena.sandbox.exchange.state import CENT
from fadearena.sandbox.listing import Asset
from fadearena.sandbox.nouns import Refused, Request, Tif

MINIMUM_USD = Usd(10)
OPEN_ORDERS_MAX = 1_000
_FIGURES = 5
_DECIMALS = 6
_LOWEST, _HIGHEST = Ratio("0.2"), Ratio(5)
_GROWTH = Ratio("0.1")
_TIERS = (
    (Usd(7_000_000_000), Ratio("0.00024"), ZERO),
    (Usd(2_000_000_000), Ratio("0.00026"), ZERO),
    (Usd(500_000_000), Ratio("0.00028"), ZERO),
    (Usd(100_000_000), Ratio("0.00030"), Ratio("0.00004")),
    (Usd(25_000_000), Ratio("0.00035"), Ratio("0.00008")),
    (Usd(5_000_000), Ratio("0.00040"), Ratio("0.00012")),
)

INCREASES = "Reduce only order would increase position."
NO_MATCH = "Order could not immediately match against any resting orders."
NO_MARGIN = "Insufficient margin to place order."
BAD_TRIGGER = "Invalid TP/SL price."
BEYOND_TIER = "Order would cause position to exceed margin tier limit at current leverage."
TOO_SMALL = "Order must have minimum value of $10."
GONE = "Order was never placed, already canceled, or filled."


class Rejection(NamedTuple):
    """Why an order is refused: the text, and the status under which it is remembered."""

    status: str
    text: str


class Rates(NamedTuple):
    """What is charged on a notional."""

    taker: Ratio
    maker: Ratio


_BASE = Rates(Ratio("0.00045"), Ratio("0.00015"))


def worded(text: str, asset_id: int) -> str:
    """Return a text of one order with the suffix that the exchange adds."""
    return f"{text} asset={asset_id}"


def check_static(request: Request, asset: Asset | None, mark: Price | None) -> Refused | None:
    """Look at what needs no account; None is fine."""
    text = _static_problem(request, asset, mark)
    return None if text is None else Refused(worded(text, request.asset_id))


def _static_problem(request: Request, asset: Asset | None, mark: Price | None) -> str | None:
    if asset is None:
        return "Unknown asset."
    if asset.is_delisted or mark is None:
        return "Trading is halted."
    if request.quantity == 0:
        return "Order has zero size."
    if request.quantity < 0 or _decimals(request.quantity) > asset.size_decimals:
        return "Order has invalid size."
    prices = [request.limit] if request.trigger is None else [request.limit, request.trigger.price]
    if (text := next(filter(None, (_price_problem(price, asset) for price in prices)), None)) is not None:
        return text
    if not _LOWEST * mark < request.limit <= _HIGHEST * mark:
        return "Order price cannot be more than 80% away from the reference price"
    return None


def _price_problem(price: Price, asset: Asset) -> str | None:
    if price <= 0:
        return "Order has invalid price."
    if _decimals(price) > 0:
        if len(price.normalize().as_tuple().digits) > _FIGURES:
            return "Price must be divisible by tick size."
        if _decimals(price) > _DECIMALS - asset.size_decimals:
            return "Order has invalid price."
    return None


def check_trigger(request: Request, mark: Price) -> Rejection | None:
    """Look at the mark that an order waits for: one that is there already is no trigger."""
    if request.trigger is None or not request.trigger.is_due(request.side, mark):
        return None
    return Rejection("badTriggerPxRejected", BAD_TRIGGER)


def _decimals(number: Decimal) -> int:
    exponent = number.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def shrunk(request: Request, position: Size) -> Quantity | Rejection:
    """Return the quantity that counts: a reduce-only order is cut to the position that it reduces."""
    if not request.reduce_only:
        return request.quantity
    if sign(position) != -request.side.sign:
        return Rejection("reduceOnlyRejected", INCREASES)
    return min(request.quantity, abs(position))


def check_minimum(request: Request, quantity: Quantity, position: Size, price: Price) -> Rejection | None:
    """Look at the least value of an order; what closes a whole position is exempt."""
    if position + request.side.signed(quantity) == 0 or quantity * price >= MINIMUM_USD:
        return None
    return Rejection("minTradeNtlRejected", TOO_SMALL)


def check_post_only(request: Request, bid: Price | None, ask: Price | None) -> Rejection | None:
    """Look at an order that must not take."""
    touch = ask if request.side.sign > 0 else bid
    if request.tif is not Tif.ALO or touch is None or (request.limit - touch) * request.side.sign < 0:
        return None
    text = f"Post only order would have immediately matched, bbo was {bid or '-'}@{ask or '-'}."
    return Rejection("badAloPxRejected", text)


def base_rates(volume: Usd) -> Rates:
    """Return an account's own rates at a volume of 14 days."""
    if volume <= _TIERS[-1][0]:
        return _BASE
    return Rates(*next((taker, maker) for bound, taker, maker in _TIERS if volume > bound))


def rates(base: Rates, asset: Asset) -> Rates:
    """Return what an account is charged in a market."""
    if asset.fee_scale is None and not asset.growth_mode:
        return base
    scale, growth = asset.fee_scale, _GROWTH if asset.growth_mode else Ratio(1)
    factor = Ratio(1) if scale is None else 1 + scale if scale < 1 else 2 * scale
    return Rates(base.taker * factor * growth, base.maker * factor * growth)


def fee(notional: Usd, rate: Ratio) -> Usd:
    """Return the fee on a notional: cut, not rounded."""
    return (notional * rate).quantize(CENT, ROUND_DOWN)
