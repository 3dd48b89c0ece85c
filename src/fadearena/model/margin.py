"""Margin arithmetic. Source of the formulas: the exchange's documentation on margining and liquidations."""

from decimal import Decimal

import msgspec

from fadearena.model.error import InvalidInput
from fadearena.model.units import ONE, ZERO, Price, Ratio, Size, Usd, sign


class MarginTier(msgspec.Struct, frozen=True, gc=False):
    """From `lower_bound_usd` of notional on, at most `max_leverage`."""

    lower_bound_usd: Usd
    max_leverage: int

    def __post_init__(self) -> None:
        """Refuse what no market can have."""
        if self.max_leverage < 1 or self.lower_bound_usd < 0:
            raise InvalidInput(f"margin tier from {self.lower_bound_usd} with leverage {self.max_leverage}")

    @property
    def maintenance_ratio(self) -> Ratio:
        """Half of the initial margin at the tier's maximum leverage."""
        return ONE / (2 * self.max_leverage)


def initial_margin(notional: Usd, leverage: int) -> Usd:
    """Return what a position of `notional` locks at `leverage`."""
    return notional / leverage


def tier_of(notional: Usd, tiers: tuple[MarginTier, ...]) -> MarginTier:
    """Return the tier in which `notional` lies; `tiers` are ascending and not empty."""
    found = tiers[0]
    for tier in tiers[1:]:
        if notional < tier.lower_bound_usd:
            break
        found = tier
    return found


def maintenance_margin(notional: Usd, tiers: tuple[MarginTier, ...]) -> Usd:
    """
    Return the margin under which a position of `notional` is liquidated.

    `notional * rate(tier) - deduction(tier)`, with rate = 1 / (2 * max leverage) and
    deduction(n) = deduction(n-1) + lower_bound(n) * (rate(n) - rate(n-1)).
    """
    rate = tiers[0].maintenance_ratio
    deduction = ZERO
    for tier in tiers[1:]:
        if notional < tier.lower_bound_usd:
            break
        deduction += tier.lower_bound_usd * (tier.maintenance_ratio - rate)
        rate = tier.maintenance_ratio
    return notional * rate - deduction


def liquidation_price(mark: Price, size: Size, margin_available: Usd, tiers: tuple[MarginTier, ...]) -> Price | None:
    """
    Return the mark price at which a position is liquidated, None where there is none above zero.

    `mark - side * margin_available / |size| / (1 - l * side)`, l = maintenance ratio of the tier at that price.
    Where nothing is available any more it is the mark itself.

    Args:
        mark: Present mark price.
        size: The position, not zero.
        margin_available: Account value minus all maintenance margins (cross), or the position's own margin
            minus its maintenance (isolated).
        tiers: The market's margin tiers, ascending.
    """
    if margin_available <= 0:
        return mark
    side, quantity = sign(size), abs(size)
    value = margin_available + maintenance_margin(quantity * mark, tiers)
    rate, deduction = tiers[0].maintenance_ratio, ZERO
    price = (size * mark - value) / (side - rate) / quantity
    for tier in tiers[1:]:
        if price * quantity < tier.lower_bound_usd:
            break
        deduction += tier.lower_bound_usd * (tier.maintenance_ratio - rate)
        rate = tier.maintenance_ratio
        price = (size * mark - value - deduction) / (side - rate) / quantity
    return price if price > 0 else None


def distance_ratio(mark: Price, liquidation: Price | None) -> Ratio:
    """Return how far the mark is from liquidation, as a ratio of the mark; 1 where nothing liquidates."""
    return Decimal(1) if liquidation is None else abs(mark - liquidation) / mark
