"""Numbers and times as the exchange writes them."""

from decimal import Decimal

from fadearena.kit.decimals import parse
from fadearena.model.error import VenueProtocolError
from fadearena.model.units import EpochMs

_TIME_END = 100_000_000_000_000


def number(name: str, text: str) -> Decimal:
    """
    Return a number in normal form.

    Raises:
        VenueProtocolError: It cannot be read; the message has `name` in it.
    """
    try:
        return parse(text)
    except ValueError as error:
        raise VenueProtocolError(f"{name}: {error}") from None


def positive(name: str, text: str) -> Decimal:
    """
    Return a number above zero in normal form.

    Raises:
        VenueProtocolError: It cannot be read or is not positive; the message has `name` in it.
    """
    found = number(name, text)
    if found <= 0:
        raise VenueProtocolError(f"{name}: {text} is not positive")
    return found


def moment(time: int) -> EpochMs:
    """
    Return a time.

    Raises:
        VenueProtocolError: No time in milliseconds can be this number.
    """
    if not 0 < time < _TIME_END:
        raise VenueProtocolError(f"time: {time} is not a time in milliseconds")
    return time
