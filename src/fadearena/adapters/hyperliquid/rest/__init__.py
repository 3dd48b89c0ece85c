"""Requests over HTTP: questions to `/info`, asked again where needed, and signed actions to `/exchange`, sent once."""

from fadearena.adapters.hyperliquid.rest.exchange import Envelope, ExchangeClient
from fadearena.adapters.hyperliquid.rest.info import InfoClient

__all__ = ["Envelope", "ExchangeClient", "InfoClient"]
