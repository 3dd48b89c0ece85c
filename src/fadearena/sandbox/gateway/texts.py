"""How numbers and ids are written on the wire, in both directions."""

import re
from decimal import ROUND_HALF_EVEN, Decimal

from fadearena.model.ids import Address
from fadearena.model.units import Side

_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")
_PLACES = 8
_HEX = re.compile(r"(0x)?([0-9a-fA-F]+)")
_ADDRESS_DIGITS, _CLOID_DIGITS = 40, 32
_SIDES = {Side.BUY: "B", Side.SELL: "A"}


def canonical(text: str) -> str:
    """
    Return a number as the exchange writes it before it hashes it: no zeros at the end.

    Raises:
        ValueError: It is no plain decimal >= 0, or has more than eight places.
    """
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{text!r} is not a plain decimal number")
    whole, _, places = text.partition(".")
    places = places.rstrip("0")
    if len(places) > _PLACES:
        raise ValueError(f"{text!r} has more than {_PLACES} places")
    whole = whole.lstrip("0") or "0"
    return f"{whole}.{places}" if places else whole


def address(text: str) -> Address:
    """
    Return an address in lower case; the exchange takes it without `0x` too.

    Raises:
        ValueError: It has not 40 hex digits.
    """
    return _hex(text, _ADDRESS_DIGITS)


def cloid(text: str) -> str:
    """
    Return a client order id in lower case; the exchange takes it without `0x` too.

    Raises:
        ValueError: It has not 32 hex digits.
    """
    return _hex(text, _CLOID_DIGITS)


def shown(number: Decimal, places: int | None = None) -> str:
    """Return a number as answers show it: at least one place, no zeros at the end but that one."""
    if places is not None:
        number = number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)
    if not number:
        return "0.0"
    text = format(number, "f")
    if "." not in text:
        return f"{text}.0"
    text = text.rstrip("0")
    return f"{text}0" if text.endswith(".") else text


def side(one: Side) -> str:
    """Return B for a buy (a bid) and A for a sale (an ask)."""
    return _SIDES[one]


def _hex(text: str, digits: int) -> str:
    match = _HEX.fullmatch(text)
    if match is None or len(match[2]) != digits:
        raise ValueError(f"{text!r} has not {digits} hex digits")
    return "0x" + match[2].lower()
