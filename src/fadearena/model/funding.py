"""Funding of perpetuals. Source: the exchange's documentation on funding."""

from decimal import Decimal

from fadearena.model.units import HOUR_MS, EpochMs, Price, Ratio, Size, Usd

_INTEREST_8H = Decimal("0.0001")
_CLAMP = Decimal("0.0005")
_CAP_HOURLY = Decimal("0.04")
_HOURS = 8


def payment(size: Size, oracle: Price, rate: Ratio) -> Usd:
    """Return what a position receives (> 0) or pays (< 0) for one hour: `-size * oracle * rate`."""
    return -size * oracle * rate


def hourly_rate(premium: Ratio) -> Ratio:
    """Return the hourly rate of an hour's average premium: `(P + clamp(I - P, +-0.0005)) / 8`, capped at 4 %."""
    eight = premium + max(-_CLAMP, min(_CLAMP, _INTEREST_8H - premium))
    return max(-_CAP_HOURLY, min(_CAP_HOURLY, eight / _HOURS))


def next_hour(time: EpochMs) -> EpochMs:
    """Return the first full hour after `time`."""
    return time - time % HOUR_MS + HOUR_MS
