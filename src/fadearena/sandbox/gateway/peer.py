"""One connection as the exchange sees it: what waits to be sent, and whether it is still there."""

import asyncio
from collections import deque
from collections.abc import Iterable

from fadearena.model.units import EpochMs
from fadearena.sandbox.gateway.subscriptions import Subscription

_WAITING_MAX = 20_000


class Peer:
    """
    Texts for one client, in order.

    Whoever reads too slowly is dropped: what waits has a limit.
    """

    def __init__(self, now: EpochMs) -> None:
        self.subscriptions: dict[Subscription, None] = {}
        self.told_at = now
        self.is_open = True
        self._mute: frozenset[str] | None = frozenset()
        self._waiting = deque[bytes]()
        self._something = asyncio.Event()

    def tell(self, text: bytes, now: EpochMs) -> None:
        """Send a text, at once or when the client reads."""
        if not self.is_open:
            return
        self._waiting.append(text)
        self.told_at = now
        self._something.set()
        if len(self._waiting) > _WAITING_MAX:
            self.end()

    def mute(self, channels: Iterable[str]) -> None:
        """Let nothing of some channels come any more; none named are all."""
        named = frozenset(channels)
        self._mute = self._mute | named if named and self._mute is not None else None

    def unmute(self) -> None:
        """Let all channels come again."""
        self._mute = frozenset()

    def is_mute(self, channel: str) -> bool:
        """Tell whether nothing comes of a channel."""
        return self._mute is None or channel in self._mute

    def end(self) -> None:
        """Close the connection; what waits is lost."""
        self.is_open = False
        self._waiting.clear()
        self._something.set()

    async def next(self) -> bytes | None:
        """Wait for the next text; None once the connection is closed."""
        while not self._waiting:
            if not self.is_open:
                return None
            self._something.clear()
            await self._something.wait()
        return self._waiting.popleft()
