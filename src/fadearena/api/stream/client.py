"""
One client: what it says, and how its connection ends.

It is sent records from its first message on, or 500 ms after `hello`: what it says at once is heard before that.
"""

import asyncio
from typing import Final

import msgspec
import structlog
from starlette.types import Receive, Send

from fadearena.api.answers import Decimals
from fadearena.api.stream.asking import Refused, Subscribe, Unsubscribe, read
from fadearena.api.stream.delivery import CaughtUp, Delivery, Room
from fadearena.api.stream.follower import Follower
from fadearena.api.stream.messages import HELLO
from fadearena.kit.clock import Clock
from fadearena.kit.tasks import either
from fadearena.model.units import SECOND_MS, EpochMs

log = structlog.get_logger(__name__)
GONE: Final = 1000
_GRACE_MS: Final = 500
_BURST: Final = 20
_EVERY_MS: Final = 200
_CLOSING_S: Final = 1
_SLOW: Final = 1013, "messages are not read as fast as they come: connect again, with since"


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What a client asked for by the address that it connected to."""

    decimals: Decimals = Decimals.NUMBER
    first: Subscribe = Subscribe()


class Client:
    """A connection that was accepted; `delivery` is what it is sent."""

    def __init__(self, follower: Follower, clock: Clock, room: Room, wish: Wish, caught_up: CaughtUp) -> None:
        self._clock = clock
        self._heard_until: EpochMs = 0
        self._end: tuple[int, str] | None = None
        self._ended = asyncio.Event()
        self.delivery = Delivery(follower, clock, room, wish.decimals, caught_up, lambda: self.end(*_SLOW))
        self._first = wish.first

    async def run(self, hello: object, receive: Receive, send: Send) -> int:
        """Greet it, talk until one side has enough, and return the code that the connection was closed with."""
        self.delivery.say(HELLO, hello)
        if self._first != Subscribe():
            self.delivery.add(self._first)
        grace = asyncio.get_running_loop().call_later(_GRACE_MS / SECOND_MS, self.delivery.begin)
        try:
            await either(self.delivery.run(send), self._hearing(receive), self._ended.wait())
        finally:
            grace.cancel()
            self.delivery.stop()
        if self._end is None:
            return GONE
        code, reason = self._end
        try:
            async with asyncio.timeout(_CLOSING_S):
                await send({"type": "websocket.close", "code": code, "reason": reason})
        except (TimeoutError, OSError):
            log.debug("client_gone", code=code)
        return code

    def end(self, code: int, reason: str) -> None:
        """Close it, whatever waits for it."""
        if self._end is None:
            self._end = code, reason
            self._ended.set()

    async def _hearing(self, receive: Receive) -> None:
        while (event := await receive())["type"] != "websocket.disconnect":
            now = self._clock.now_ms()
            self._heard_until = max(self._heard_until, now - _BURST * _EVERY_MS) + _EVERY_MS
            if self._heard_until > now:  # it says too much: reading waits
                await self._clock.sleep_until(self._heard_until)
            given = event.get("text")
            self._hear(event.get("bytes") or b"" if given is None else given)

    def _hear(self, given: str | bytes) -> None:
        try:
            asked = read(given)
        except Refused as refused:
            self.delivery.refuse(refused)
            return
        match asked:
            case Subscribe():
                self.delivery.add(asked)
            case Unsubscribe(channels=channels):
                self.delivery.drop(channels)
