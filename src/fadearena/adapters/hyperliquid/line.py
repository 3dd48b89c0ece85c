"""The way to one exchange: what the doors of one world share."""

from dataclasses import dataclass, field
from random import Random

from fadearena.adapters.hyperliquid.interest import Interest
from fadearena.adapters.hyperliquid.limits import SocketLimits
from fadearena.adapters.hyperliquid.listing import Listing
from fadearena.adapters.hyperliquid.rest import InfoClient
from fadearena.adapters.hyperliquid.session import PING_MS, SILENCE_MS, Session
from fadearena.adapters.hyperliquid.transport import Transport
from fadearena.kit.clock import Clock
from fadearena.model.units import EpochMs


@dataclass(frozen=True, kw_only=True)
class Line:
    """
    Questions over HTTP, sockets, the limits of one IP address, the lists of markets, and who wants which prices.

    After `silence_ms` without a text a socket counts as dead; where the clock runs faster, more than the default.
    """

    info: InfoClient
    transport: Transport
    clock: Clock
    rng: Random
    listing: Listing
    limits: SocketLimits
    interest: Interest = field(default_factory=Interest)
    silence_ms: EpochMs = SILENCE_MS
    ping_ms: EpochMs = PING_MS

    def session(self, name: str) -> Session:
        """Return a session of its own, not yet connected."""
        return Session(
            self.transport,
            self.clock,
            name=name,
            rng=self.rng,
            silence_ms=self.silence_ms,
            ping_ms=self.ping_ms,
            limits=self.limits,
        )
