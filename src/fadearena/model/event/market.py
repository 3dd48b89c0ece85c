"""Prices, and the markets that there are."""

from fadearena.model.event.header import Header
from fadearena.model.ids import Coin
from fadearena.model.instrument import Instrument


class Marks(Header, frozen=True, kw_only=True, gc=False, tag="marks"):
    """Prices, in `quotes`; also the answer to a request for a book."""


class QuoteUnreadable(Header, frozen=True, kw_only=True, gc=False, tag="quote-unreadable"):
    """A book that was asked for could not be read."""

    coin: Coin
    reason: str


class Instruments(Header, frozen=True, kw_only=True, tag="instruments"):
    """Markets as the exchange lists them now; those not named stay as they were."""

    instruments: tuple[Instrument, ...]
