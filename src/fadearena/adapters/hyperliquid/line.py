"""The way to one exchange: what the doors of one world share."""

from dataclasses import dataclass, field
from random import Random
from typing import Final

from fadearena.adapters.hyperliquid.interest import Interest
from fadearena.adapters.hyperliquid.limits import Purpose, SocketLimits
from fadearena.adapters.hyperliquid.listing import Listing
from fadearena.adapters.hyperliquid.rest import InfoClient
from fadearena.adapters.hyperliquid.session import PING_MS, POST_MS, SILENCE_MS, Session
from fadearena.adapters.hyperliquid.transport import Transport
from fadearena.kit.clock import Clock
from fadearena.model.units import EpochMs

_ORDER_SILENCE: Final = 3
_ORDER_PINGS: Final = 10
_FRESH: Final = 9
"""With the defaults: lost after 15 s of silence, asked for a sign of life every 2 s, fresh for 5 s."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """
    Questions over HTTP, sockets, the limits of one IP address, the lists of markets, and who wants which prices.

    After `silence_ms` without a text a socket counts as dead; where the clock runs faster, more than the default. An
    order over a socket is waited for `answer_ms` in real time.
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
    answer_ms: int = POST_MS

    def session(self, name: str, purpose: Purpose) -> Session:
        """Return a session of its own, not yet connected."""
        return self._session(name, purpose, self.silence_ms, self.ping_ms)

    def order_session(self) -> Session:
        """Return a session for orders: it asks for signs of life often, so that a dead one shows soon."""
        return self._session("orders", Purpose.OWN, self.silence_ms // _ORDER_SILENCE, self.ping_ms // _ORDER_PINGS)

    @property
    def fresh_ms(self) -> EpochMs:
        """How long ago a socket of orders may have been heard for an order to be entrusted to it."""
        return self.silence_ms // _FRESH

    def _session(self, name: str, purpose: Purpose, silence_ms: EpochMs, ping_ms: EpochMs) -> Session:
        return Session(
            self.transport,
            self.clock,
            name=name,
            rng=self.rng,
            silence_ms=silence_ms,
            ping_ms=ping_ms,
            limits=self.limits,
            purpose=purpose,
        )
