"""
Trading fees of perpetuals.

Source: the exchange's fee schedule; the factors of builder-deployed dexs were checked against a documented fill.
"""

from decimal import ROUND_DOWN, Decimal

import msgspec

from fadearena.model.instrument import Instrument
from fadearena.model.units import ONE, Ratio, Usd

_CENT = Decimal("0.000001")
_GROWTH = Decimal("0.1")
VOLUME_DAYS = 14
"""A tier goes by the volume of so many full days before today, UTC."""


class FeeTier(msgspec.Struct, frozen=True, gc=False):
    """Rates above a 14-day volume."""

    volume_usd: Usd
    taker: Ratio
    maker: Ratio


TIERS = tuple(
    FeeTier(Decimal(volume), Decimal(taker), Decimal(maker))
    for volume, taker, maker in (
        ("0", "0.00045", "0.00015"),
        ("5000000", "0.00040", "0.00012"),
        ("25000000", "0.00035", "0.00008"),
        ("100000000", "0.00030", "0.00004"),
        ("500000000", "0.00028", "0"),
        ("2000000000", "0.00026", "0"),
        ("7000000000", "0.00024", "0"),
    )
)


def tier_for(volume_usd: Usd) -> FeeTier:
    """Return the tier of a 14-day volume; a tier begins above its bound."""
    return next((tier for tier in reversed(TIERS) if volume_usd > tier.volume_usd), TIERS[0])


def taker_rate(base: Ratio, instrument: Instrument) -> Ratio:
    """Return the taker rate in a market, from the account's own rate."""
    scale = instrument.deployer_fee_scale
    rate = base
    if scale is not None:
        rate *= ONE + scale if scale < 1 else 2 * scale
    return rate * _GROWTH if instrument.growth_mode else rate


def fee(notional: Usd, rate: Ratio) -> Usd:
    """Return the fee on a notional, cut to six decimals as the exchange does."""
    return (notional * rate).quantize(_CENT, ROUND_DOWN)
