"""What every event carries."""

import msgspec

from fadearena.model.market import Quote
from fadearena.model.units import EpochMs


class Header(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What every event carries."""

    time: EpochMs
    received: EpochMs
    quotes: tuple[Quote, ...] = ()
    heard: EpochMs | None = None
