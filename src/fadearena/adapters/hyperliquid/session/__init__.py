"""
One WebSocket to the exchange, kept up: connect, subscribe, listen, ping; and again once it is lost.

1. Liveness is the age of what was heard: a socket on which nothing came for `silence_ms`, not even the answer to a
   ping, is closed and made anew.
2. After every connect all subscriptions are asked for again, in the order in which they were wanted first.
3. A message that cannot be read ends the connection, for something may have been missed with it.
4. What is told waits in a queue of `QUEUE_MAX`. Where it is full the session stops reading until somebody takes;
   takes nobody for `silence_ms`, the connection is lost like any other.
5. Waiting times between connections double up to 30 s, with jitter, and start over once a connection has held.
6. However much has come at once, others have their turn after every few messages.
"""

import asyncio
from collections import deque
from itertools import count
from random import Random
from typing import Final, Self

import msgspec
import structlog

from fadearena.adapters.hyperliquid import wire
from fadearena.adapters.hyperliquid.limits import Purpose, SocketLimits
from fadearena.adapters.hyperliquid.session.news import (
    Connected,
    Failed,
    Lost,
    Message,
    News,
    Subscribed,
    Subscription,
)
from fadearena.adapters.hyperliquid.session.posts import Posts, RequestKind, payload_of
from fadearena.adapters.hyperliquid.session.subscriptions import Subscriptions
from fadearena.adapters.hyperliquid.transport import Socket, Transport
from fadearena.kit.clock import Clock
from fadearena.kit.tasks import either
from fadearena.model.error import OutcomeUnknown, VenueError, VenueUnavailable
from fadearena.model.units import SECOND_MS, EpochMs

__all__ = ["Connected", "Failed", "Lost", "Message", "News", "Session", "Subscribed", "Subscription"]

QUEUE_MAX: Final = 10_000
SILENCE_MS: Final = 45 * SECOND_MS
PING_MS: Final = 20 * SECOND_MS
POST_MS: Final = 10 * SECOND_MS
_LOOK_MS: Final = 5 * SECOND_MS
_BACKOFF_MS: Final = 500
_BACKOFF_MOST_MS: Final = 30 * SECOND_MS
_DOUBLINGS_MAX: Final = 6
_STEADY_MS: Final = 30 * SECOND_MS
_SHOWN_MAX: Final = 200
_STRETCH: Final = 16

_PING: Final = '{"method":"ping"}'
_GREETINGS: Final = ("Websocket connection established.", b"Websocket connection established.")
"""The exchange may begin with this, which is no JSON."""
_FRAME = msgspec.json.Decoder(wire.Frame)
_ACKNOWLEDGED = msgspec.json.Decoder(wire.Subscribed)
_POSTED = msgspec.json.Decoder(wire.Posted)
_TEXT = msgspec.json.Decoder(str)

log = structlog.get_logger(__name__)


class _Dropped(Exception):
    """The connection is of no more use; the text says why."""


class Session:
    """A connection that comes back, and what comes over it, for one reader."""

    def __init__(
        self,
        transport: Transport,
        clock: Clock,
        *,
        name: str,
        rng: Random,
        silence_ms: int = SILENCE_MS,
        ping_ms: int = PING_MS,
        limits: SocketLimits | None = None,
        purpose: Purpose = Purpose.OWN,
    ) -> None:
        """
        Prepare a session; `run` keeps it up.

        Args:
            transport: The way to the exchange.
            clock: The time of everything but the answers to `post`.
            name: What the session is called in the log.
            rng: Where jitter comes from.
            silence_ms: After how long without a text it counts as dead; more than `ping_ms`.
            ping_ms: How often it asks for a sign of life.
            limits: What all sessions of one IP address share; None where there is no other.
            purpose: What it is for: as that it is counted in the limits.
        """
        self._transport = transport
        self._clock = clock
        self._log = log.bind(session=name)
        self._rng = rng
        self._silence_ms = silence_ms
        self._ping_ms = ping_ms
        self._limits = limits or SocketLimits(clock)
        self._purpose = purpose
        self._news: asyncio.Queue[News] = asyncio.Queue(QUEUE_MAX)
        self._given = 0
        self._subscriptions = Subscriptions()
        self._posts = Posts()
        self._outbox: deque[str] = deque()
        self._work = asyncio.Event()
        self._socket: Socket | None = None
        self._heard: EpochMs = 0
        self._given_up: str | None = None

    # --- for who uses it

    @property
    def heard(self) -> EpochMs:
        """When the last text came; 0 before the first connection."""
        return self._heard

    @property
    def is_connected(self) -> bool:
        """Whether a socket is open."""
        return self._socket is not None

    @property
    def wanted(self) -> int:
        """How many subscriptions are wanted."""
        return len(self._subscriptions)

    @property
    def unconfirmed(self) -> tuple[Subscription, ...]:
        """What is wanted and not confirmed on this connection."""
        return self._subscriptions.unconfirmed

    @property
    def refused(self) -> tuple[Subscription, ...]:
        """What was refused or not answered when it was asked for last; it is asked for again."""
        return self._subscriptions.refused

    def __aiter__(self) -> Self:
        """Iterate over what is told, in order, without end."""
        return self

    async def __anext__(self) -> News:
        self._given += 1
        if self._given % _STRETCH == 0:
            await asyncio.sleep(0)
        return await self._news.get()

    def subscribe(self, subscription: Subscription) -> None:
        """Want a subscription, now and on every connection; wanting it twice changes nothing."""
        if self._subscriptions.want(subscription):
            self._work.set()

    def unsubscribe(self, subscription: Subscription) -> None:
        """Want a subscription no longer; what is on its way may still come."""
        if self._subscriptions.drop(subscription) and self._socket is not None:
            self._outbox.append(_text({"method": "unsubscribe", "subscription": subscription}))
        self._work.set()

    def renew(self, reason: str) -> None:
        """Give this connection up, and make a new one; where there is none, nothing changes."""
        if self._socket is not None:
            self._given_up = reason
            self._work.set()

    async def post(self, kind: RequestKind, payload: object, timeout_ms: int = POST_MS) -> msgspec.Raw:
        """
        Send a request over the socket and return its answer: of an action the reply, of a question its data.

        Args:
            kind: `info` or `action`.
            payload: What would be the body over HTTP; `msgspec.Raw` where it is encoded already.
            timeout_ms: How long to wait for the answer, in real time.

        Raises:
            VenueUnavailable: There is no connection, or too much is on its way, or the socket was found to be closed:
                nothing was sent.
            OutcomeUnknown: It was sent, and no answer came in time or before the connection was lost.
            VenueRefused: The request was not understood.
            VenueProtocolError: The answer cannot be read.
        """
        socket = self._socket
        if socket is None:
            raise VenueUnavailable("there is no connection; nothing was sent")
        if self._limits.messages.free_at(1) > self._clock.now_ms():
            raise VenueUnavailable("too many messages in this minute; nothing was sent")
        if self._limits.is_full:
            raise VenueUnavailable("as many requests are in flight as may be; nothing was sent")
        number, text, answer = self._posts.open(kind, payload)
        self._limits.messages.add(1)
        self._limits.in_flight += 1
        try:
            async with asyncio.timeout(timeout_ms / SECOND_MS):
                await socket.send(text)
                return payload_of(kind, await answer)
        except TimeoutError:
            raise OutcomeUnknown(f"a request over the socket was not answered within {timeout_ms} ms") from None
        finally:
            self._limits.in_flight -= 1
            self._posts.close(number)

    # --- keeping it up

    async def run(self) -> None:
        """Keep the connection up until cancelled."""
        with self._limits.rooms.taken(self._purpose, self._subscriptions):
            await self._keep_up()

    async def _keep_up(self) -> None:
        failures = 0
        while True:
            await self._limits.connections.take()
            began = self._clock.now_ms()
            try:
                socket = await self._transport.connect()
            except VenueUnavailable as error:
                self._log.warning("socket_refused", reason=str(error))
                await self._news.put(Failed(str(error)))
            else:
                reason = await self._live(socket)
                self._log.warning("socket_lost", reason=reason)
                await self._news.put(Lost(reason, self._clock.now_ms()))
            now = self._clock.now_ms()
            failures = 0 if now - began >= _STEADY_MS else failures + 1
            most = min(_BACKOFF_MS << min(failures, _DOUBLINGS_MAX), _BACKOFF_MOST_MS)
            await self._clock.sleep_until(now + self._rng.randint(most // 2, most))

    async def _live(self, socket: Socket) -> str:
        """Use one connection to its end; return why it ended."""
        self._socket, self._heard = socket, self._clock.now_ms()
        self._given_up = None
        self._subscriptions.reset()
        self._outbox.clear()
        self._work.set()
        reason = "the session ended"
        try:
            self._log.info("socket_connected", subscriptions=len(self._subscriptions))
            await self._news.put(Connected(self._heard))
            await either(self._read(socket), self._write(socket), self._watch())
        except (_Dropped, VenueError) as error:
            reason = str(error)
        finally:
            self._socket = None
            self._posts.lose(reason)
            await socket.close()
        return reason

    async def _read(self, socket: Socket) -> None:
        for number in count(1):
            if number % _STRETCH == 0:
                await asyncio.sleep(0)
            text = await socket.receive()
            if text is None:
                raise _Dropped("it was closed")
            self._heard = self._clock.now_ms()
            if text in _GREETINGS:
                continue
            try:
                news = self._news_in(_FRAME.decode(text))
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                await self._news.put(Failed(f"unreadable message: {text[:_SHOWN_MAX]!r}: {error}"))
                raise _Dropped("a message could not be read") from error
            if news is not None:
                await self._news.put(news)

    def _news_in(self, frame: wire.Frame) -> News | None:
        match frame.channel:
            case "pong":
                return None
            case "subscriptionResponse":
                self._work.set()
                told = _ACKNOWLEDGED.decode(frame.data)
                return self._subscriptions.confirm(dict(told.subscription)) if told.method == "subscribe" else None
            case "post":
                self._posts.answer(_POSTED.decode(frame.data))
                return None
            case "error":
                self._work.set()
                text = _TEXT.decode(frame.data)
                self._limits.rooms.learn(text)
                return None if self._posts.judge(text) else self._subscriptions.judge(text, self._heard)
            case channel:
                return Message(channel, frame.data, self._heard)

    async def _write(self, socket: Socket) -> None:
        while True:
            if self._given_up is not None:
                raise _Dropped(self._given_up)
            if not self._outbox and not self._subscriptions.is_due(self._clock.now_ms()):
                self._work.clear()
                await self._work.wait()
                continue
            await self._limits.message(self._purpose)
            if self._outbox:
                await socket.send(self._outbox.popleft())
            elif (subscription := self._subscriptions.ask_next(self._clock.now_ms())) is not None:
                await socket.send(_text({"method": "subscribe", "subscription": subscription}))

    async def _watch(self) -> None:
        pinged = self._clock.now_ms()
        while True:
            await self._clock.sleep_until(self._clock.now_ms() + min(_LOOK_MS, self._ping_ms))
            now = self._clock.now_ms()
            self._heard = min(self._heard, now)  # the clock may have been set back
            if now - self._heard >= self._silence_ms:
                what = "nobody took what came" if self._news.full() else "nothing was heard"
                raise _Dropped(f"{what} for {(now - self._heard) // SECOND_MS} s")
            if now - pinged >= self._ping_ms:
                pinged = now
                self._outbox.appendleft(_PING)
            if not self._news.full():
                for failed in self._subscriptions.overdue(now):
                    await self._news.put(failed)
            self._work.set()


def _text(frame: dict[str, object]) -> str:
    return msgspec.json.encode(frame).decode()
