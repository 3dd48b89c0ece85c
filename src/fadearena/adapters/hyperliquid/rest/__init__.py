"""Requests over HTTP: questions to `/info`, asked again where needed, and signed actions to `/exchange`, sent once."""

from fadearena.adapters.hyperliquid.rest.exchange import ActionSocket, Envelope, ExchangeClient, Signers
from fadearena.adapters.hyperliquid.rest.info import InfoClient

__all__ = ["ActionSocket", "Envelope", "ExchangeClient", "InfoClient", "Signers"]
