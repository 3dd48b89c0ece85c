"""Our accounts on the exchange: what we do there, what we ask, and what happens by itself."""

from fadearena.adapters.hyperliquid.venue.accounts import VenueAccount
from fadearena.adapters.hyperliquid.venue.acting import OrderChannel
from fadearena.adapters.hyperliquid.venue.reads import AccountReader
from fadearena.adapters.hyperliquid.venue.venue import HyperliquidVenue

__all__ = ["AccountReader", "HyperliquidVenue", "OrderChannel", "VenueAccount"]
