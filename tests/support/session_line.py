"""A session on an exchange's wire in memory, and stories told on it."""

import asyncio
from collections.abc import Callable, Coroutine
from random import Random
from typing import Any

from fadearena.adapters.hyperliquid.session import News, Session
from fadearena.kit.clock import ManualClock
from fadearena.kit.jumping import run_jumping
from fadearena.kit.tasks import cancelled
from tests.support.wire_net import WireNet


class Line:
    """A session on an exchange's wire in memory, on made-up time; `told` is what it told so far."""

    def __init__(self, **settings: Any) -> None:
        self.clock = ManualClock(1_000_000)
        self.net = WireNet(self.clock)
        self.session = Session(self.net, self.clock, name="test", rng=Random(1), **settings)
        self.told: list[News] = []
        self._came = asyncio.Event()

    def run(self, story: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Keep the session up while a story runs."""

        async def main() -> None:
            tasks = [asyncio.create_task(self.session.run()), asyncio.create_task(self._listen())]
            try:
                await story()
            finally:
                await cancelled(*tasks)
            for socket in self.net.sockets:
                assert socket.is_closed

        run_jumping(main(), self.clock)

    async def until(self, *kinds: type[News], count: int = 1) -> list[News]:
        """Wait until so many news of these kinds were told; return them."""
        while len(found := [news for news in self.told if isinstance(news, kinds)]) < count:
            self._came.clear()
            await self._came.wait()
        return found

    async def _listen(self) -> None:
        async for news in self.session:
            self.told.append(news)
            self._came.set()
