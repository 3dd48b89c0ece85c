"""
One socket of the wire between a worker and a sandbox.

Texts stay in order, save the answers to requests, each of which waits for itself only.
"""

import asyncio
from collections.abc import Awaitable, Coroutine
from typing import Any, Protocol, TypeVar

import msgspec

from fadearena.adapters.hyperliquid.transport import Socket
from fadearena.model.error import OutcomeUnknown, VenueUnavailable
from tests.support.matrix import Fault

T = TypeVar("T")
ORDER = b'"type":"order"'
BAD_GATEWAY = b"<html><head><title>502 Bad Gateway</title></head></html>"
_POST = '"method":"post"'
_POSTED = b'{"channel":"post"'


class _Frame(msgspec.Struct):
    id: int = 0


class Carrier(Protocol):
    """What sockets share."""

    def is_on(self, *faults: Fault) -> bool:
        """Tell whether one of some faults lasts at present."""
        ...

    def spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Do some work that outlives who asked for it."""
        ...

    async def go_through(self, asking: Awaitable[T], *, is_order: bool) -> T:
        """Let a request reach the exchange, and its answer come back; raises `OutcomeUnknown`."""
        ...

    async def pass_out(self, text: bytes) -> bool:
        """Let a text out when it may; tell whether it goes twice."""
        ...


class WireSocket:
    """A socket on which faults can begin."""

    def __init__(self, wire: Carrier, inner: Socket) -> None:
        self.is_open = True
        self.is_stale = False
        self._wire = wire
        self._inner = inner
        self._out: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._answers: dict[int, asyncio.Future[bytes]] = {}
        self._last_answer: bytes | None = None
        self._told: asyncio.Queue[bytes] = asyncio.Queue()
        self._pumps = (wire.spawn(self._read()), wire.spawn(self._pass_on()))

    def end(self) -> None:
        """Break it."""
        self.is_open = False
        for pump in self._pumps:
            pump.cancel()
        self._out.put_nowait(None)
        self._wire.spawn(self._inner.close())

    def tell_again(self) -> None:
        """Tell the last answer once more."""
        if self._last_answer is not None:
            self._out.put_nowait(self._last_answer)

    async def send(self, text: str) -> None:
        """Send a text; into a socket that is stale it goes nowhere."""
        if not self.is_open:
            raise VenueUnavailable("the socket is closed")
        if self.is_stale:
            return
        if _POST not in text:
            await self._inner.send(text)
            return
        frame = msgspec.json.decode(text, type=_Frame)
        self._wire.spawn(self._ask(frame.id, text))

    async def receive(self) -> bytes | None:
        """Wait for the next text that comes through."""
        if not self.is_open and self._out.empty():
            return None
        return await self._out.get()

    async def close(self) -> None:
        """Close it."""
        if self.is_open:
            self.end()

    async def _ask(self, number: int, text: str) -> None:
        """Carry a request over the socket, and its answer."""
        if self._wire.is_on(Fault.TOO_MANY):
            self._tell(_failed(number, "429 null"))
            return
        answering: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._answers[number] = answering
        try:
            answer = await self._wire.go_through(self._answered(text, answering), is_order=ORDER in text.encode())
        except (OutcomeUnknown, VenueUnavailable):
            self.end()
            return
        if self._wire.is_on(Fault.TOO_MANY):
            answer = _failed(number, "429 null")
        elif self._wire.is_on(Fault.BROKEN):
            answer = _failed(number, f"502 {BAD_GATEWAY.decode()}")
        elif self._wire.is_on(Fault.GARBLED):
            answer = answer[: len(answer) // 2]
        self._tell(answer)
        if self._wire.is_on(Fault.DOUBLED):
            self._tell(answer)

    async def _answered(self, text: str, answering: asyncio.Future[bytes]) -> bytes:
        await self._inner.send(text)
        return await answering

    def _tell(self, text: bytes) -> None:
        if self.is_open and not self.is_stale:
            self._last_answer = text
            self._out.put_nowait(text)

    async def _read(self) -> None:
        while (came := await self._inner.receive()) is not None:
            text = came.encode() if isinstance(came, str) else bytes(came)
            if text.startswith(_POSTED):
                answer = self._answers.pop(msgspec.json.decode(text)["data"]["id"], None)
                if answer is not None and not answer.done():
                    answer.set_result(text)
            else:
                self._told.put_nowait(text)
        self.is_open = False
        self._out.put_nowait(None)

    async def _pass_on(self) -> None:
        """Pass on what is told, in its order; answers do not wait for it."""
        while True:
            text = await self._told.get()
            is_double = await self._wire.pass_out(text)
            if not self.is_stale:
                for _ in range(1 + is_double):
                    self._out.put_nowait(text)


def _failed(number: int, text: str) -> bytes:
    response = {"type": "error", "payload": text}
    return msgspec.json.encode({"channel": "post", "data": {"id": number, "response": response}})
