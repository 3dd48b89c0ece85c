"""When a message with a trade of somebody was received from a socket, and how long it took until that was known."""

import re
import time
from collections.abc import Iterable
from statistics import quantiles

from fadearena.adapters.hyperliquid.transport import Socket, Transport
from fadearena.model.event import SourceFills
from fadearena.model.ids import Address
from fadearena.model.wallet import Feed

_TRADE = re.compile(rb'"tid":(\d+),"users":\["([^"]+)","([^"]+)"\]')


class Stamps:
    """Takes the time, for a few wallets only: looking for more would cost as much as what is measured."""

    def __init__(self, wallets: Iterable[Address]) -> None:
        self._needles = {wallet.encode(): wallet for wallet in wallets}
        self._received: dict[tuple[Address, str], float] = {}
        self._took: list[float] = []

    def received(self, text: bytes | str) -> None:
        """Note a message, if it is of the tape and one of the wallets is in it."""
        now = time.perf_counter()
        said = text if isinstance(text, bytes) else text.encode()
        if b'"trades"' not in said[:40] or not any(needle in said for needle in self._needles):
            return
        for tid, *users in _TRADE.findall(said):
            for user in users:
                if (wallet := self._needles.get(user)) is not None:
                    self._received.setdefault((wallet, tid.decode()), now)

    def known(self, event: SourceFills) -> None:
        """Note that fills were told."""
        now = time.perf_counter()
        if event.feed is Feed.TAPE:
            for fill in event.fills:
                received = self._received.pop((event.wallet, fill.key.split(":")[-2]), None)
                if received is not None:
                    self._took.append(now - received)

    def milliseconds(self) -> tuple[int, float, float, float]:
        """Return how many there were, and p50, p99 and the longest."""
        if len(self._took) < 2:
            return len(self._took), 0.0, 0.0, 0.0
        parts = quantiles(self._took, n=100)
        p50, p99, most = (round(each * 1e3, 2) for each in (parts[49], parts[98], max(self._took)))
        return len(self._took), p50, p99, most


class StampedSocket:
    """A socket whose messages are noted."""

    def __init__(self, inner: Socket, stamps: Stamps) -> None:
        self._inner = inner
        self._stamps = stamps
        self.send = inner.send
        self.close = inner.close

    async def receive(self) -> bytes | str | None:
        """Wait for the next text."""
        text = await self._inner.receive()
        if text is not None:
            self._stamps.received(text)
        return text


class StampedTransport:
    """A transport whose messages are noted."""

    def __init__(self, inner: Transport, stamps: Stamps) -> None:
        self._inner = inner
        self._stamps = stamps
        self.post = inner.post

    async def connect(self) -> Socket:
        """Open a socket."""
        return StampedSocket(await self._inner.connect(), self._stamps)
