"""
Exact decimals: one context, one normal form.

1. Every calculation runs under `CONTEXT`: 28 digits, half-even, no silent NaN or infinity.
2. A decimal that enters the program is brought to its normal form once, at the door: no trailing zeros,
   no exponent, no negative zero. Equal numbers then have equal texts.
"""

from contextlib import AbstractContextManager
from decimal import (
    ROUND_HALF_EVEN,
    Context,
    Decimal,
    DivisionByZero,
    InvalidOperation,
    Overflow,
    localcontext,
)

CONTEXT = Context(prec=28, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation, DivisionByZero, Overflow])
MAX_DIGITS = 24
_ZERO, _UNIT = Decimal(0), Decimal(1)


def exact_arithmetic() -> AbstractContextManager[Context]:
    """Run a block under `CONTEXT`, whatever the thread's own context is."""
    return localcontext(CONTEXT)


def normalise(number: Decimal) -> Decimal:
    """Return the same number without trailing zeros, exponent or negative zero."""
    if not number:
        return _ZERO
    short = CONTEXT.normalize(number)
    has_exponent = short.adjusted() > 0 and "E+" in str(short)  # its text shows it; `as_tuple` costs ten times as much
    return CONTEXT.quantize(short, _UNIT) if has_exponent else short


def parse(text: str) -> Decimal:
    """
    Read a decimal from text and return its normal form.

    Raises:
        ValueError: `text` is not a finite plain decimal number of at most `MAX_DIGITS` digits before and
            after the point.
    """
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{text!r} is not a decimal number") from None
    if not number.is_finite():
        raise ValueError(f"{text!r} is not a finite number")
    if number.adjusted() >= MAX_DIGITS or (number and number.adjusted() < -MAX_DIGITS):
        raise ValueError(f"{text!r} is out of range")
    if len(number.as_tuple().digits) > CONTEXT.prec:
        raise ValueError(f"{text!r} has more than {CONTEXT.prec} digits")
    return normalise(number)


def plain(number: Decimal) -> str:
    """Return the shortest plain text of a number: no exponent, no trailing zeros, no `-0`."""
    return format(normalise(number), "f")
