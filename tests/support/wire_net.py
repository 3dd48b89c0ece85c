"""An exchange's wire in memory: scripted answers to requests, and sockets that a test holds the other end of."""

import asyncio
import json
from collections import deque
from collections.abc import Callable
from typing import Any, TypeAlias

from fadearena.kit.clock import Clock
from fadearena.model.error import VenueUnavailable
from fadearena.model.units import EpochMs

Answer: TypeAlias = tuple[int, bytes] | Exception
Frame: TypeAlias = dict[str, Any]

GREETING = "Websocket connection established."


def ok(value: object) -> Answer:
    """Return the answer 200 with a JSON body."""
    return 200, json.dumps(value).encode()


class WireSocket:
    """One socket: `sent` is what the client said and when; `say` and `drop` are the exchange's end."""

    def __init__(self, clock: Clock, net: "WireNet") -> None:
        self.sent: list[tuple[EpochMs, Frame]] = []
        self.is_closed = False
        self.is_deaf = False
        self.breaks: Exception | None = None
        self._clock = clock
        self._net = net
        self._texts: asyncio.Queue[str | bytes | None] = asyncio.Queue()

    async def send(self, text: str) -> None:
        """Take what the client sends."""
        if self.breaks is not None:
            raise self.breaks
        if self.is_closed:
            raise VenueUnavailable("the socket is closed")
        frame = json.loads(text)
        self.sent.append((self._clock.now_ms(), frame))
        if not self.is_deaf:
            self._net.hear(self, frame)

    async def receive(self) -> bytes | str | None:
        """Give the client the next text."""
        if self.is_closed:
            return None
        return await self._texts.get()

    async def close(self) -> None:
        """Close it from the client's side."""
        self.is_closed = True

    def say(self, frame: object) -> None:
        """Send the client a frame, or a text as it is."""
        self._texts.put_nowait(frame if isinstance(frame, str | bytes) else json.dumps(frame))

    def drop(self) -> None:
        """Close it from the exchange's side."""
        self._texts.put_nowait(None)

    def hears(self, channel: str) -> bool:
        """Tell whether the client subscribed to a channel here."""
        return any(each["type"] == channel for each in self.asked())

    def asked(self, method: str = "subscribe") -> list[Frame]:
        """Return what the client asked for by one method."""
        key = "subscription" if method.endswith("subscribe") else "request"
        return [frame[key] for _, frame in self.sent if frame["method"] == method]


def polite(socket: WireSocket, frame: Frame) -> None:
    """Answer as the exchange does: pings with a pong, subscriptions with a confirmation that adds fields of its own."""
    match frame["method"]:
        case "ping":
            socket.say({"channel": "pong"})
        case "subscribe" | "unsubscribe":
            echo = {**frame["subscription"], "nSigFigs": None}
            socket.say({"channel": "subscriptionResponse", "data": {"method": frame["method"], "subscription": echo}})
        case _:
            pass


class WireNet:
    """A `Transport`: `asked` is what was posted and when; answers come from `script`, then from `answer`."""

    def __init__(self, clock: Clock) -> None:
        self.asked: list[tuple[EpochMs, str, Frame]] = []
        self.sockets: list[WireSocket] = []
        self.connects: list[EpochMs] = []
        self.script: deque[Answer] = deque()
        self.answer: Callable[[Frame], Answer] = lambda _: ok(None)
        self.hear: Callable[[WireSocket, Frame], None] = polite
        self.refusals = 0
        self._clock = clock
        self._opened = asyncio.Event()

    async def post(self, path: str, body: bytes) -> tuple[int, bytes]:
        """Answer a request."""
        frame = json.loads(body)
        self.asked.append((self._clock.now_ms(), path, frame))
        answer = self.script.popleft() if self.script else self.answer(frame)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def connect(self) -> WireSocket:
        """Open a socket, unless connections are to be refused for now."""
        self.connects.append(self._clock.now_ms())
        if self.refusals:
            self.refusals -= 1
            raise VenueUnavailable("no socket: refused")
        socket = WireSocket(self._clock, self)
        self.sockets.append(socket)
        self._opened.set()
        return socket

    def hearing(self, channel: str) -> WireSocket:
        """Return the newest socket on which the client subscribed to a channel."""
        return [socket for socket in self.sockets if socket.hears(channel)][-1]

    async def socket(self, place: int = -1) -> WireSocket:
        """Return a socket; wait where there is none yet."""
        while not self.sockets or (place >= 0 and len(self.sockets) <= place):
            self._opened.clear()
            await self._opened.wait()
        return self.sockets[place]
