"""
The counter: HTTP requests and sockets on one side, the exchange on the other. It knows no server; bytes come and go.

1. Before each request the exchange is brought up to the present, after it those who listen are told.
2. Each request is carried out at one moment of time; only faults let time pass between it and its answer.
3. Faults are asked for; none happens by chance, unless that is asked for.
"""

import asyncio
from collections import Counter

import msgspec

from fadearena.kit.clock import Clock, SystemClock
from fadearena.model.error import InvalidInput
from fadearena.model.ids import Address
from fadearena.sandbox.clock import BoxClock
from fadearena.sandbox.exchange.exchange import Exchange
from fadearena.sandbox.gateway import subscriptions
from fadearena.sandbox.gateway.acting import Acting
from fadearena.sandbox.gateway.faults import (
    AnswerLost,
    Clear,
    ConnectionRefused,
    Drop,
    Fault,
    Frames,
    Garbage,
    Garble,
    HalfOpen,
    RefuseSubscriptions,
    ShortSnapshots,
    Step,
    Truncate,
    Twice,
)
from fadearena.sandbox.gateway.handling import Handling, Request
from fadearena.sandbox.gateway.info import Info
from fadearena.sandbox.gateway.limits import Limits, Minute, is_over
from fadearena.sandbox.gateway.nonces import Nonces
from fadearena.sandbox.gateway.peer import Peer
from fadearena.sandbox.gateway.proofs import Proofs
from fadearena.sandbox.gateway.reception import JSON, Reception, Reply
from fadearena.sandbox.gateway.signatures import Chain
from fadearena.sandbox.gateway.sockets import Sockets, SubscriptionRefused, message
from fadearena.sandbox.gateway.streams import Streams
from fadearena.sandbox.gateway.troubles import Troubles, is_slow
from fadearena.sandbox.nouns import Fill, News, Order

_PATHS = {"info": "/info", "action": "/exchange"}


class _Kind(msgspec.Struct):
    type: str = ""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How the counter is kept; clients sign for the test network, as the official SDK does for any address."""

    chain: Chain = "Testnet"
    limits: Limits = Limits()


class Memory(msgspec.Struct):
    """What the counter remembers over a restart."""

    nonces: dict[Address, list[int]] = {}
    proofs: Proofs = msgspec.field(default_factory=Proofs)


class Gateway:
    """Answers requests and keeps sockets, for one exchange."""

    def __init__(
        self,
        exchange: Exchange,
        clock: Clock,
        settings: Settings | None = None,
        *,
        wall: Clock | None = None,
        memory: Memory | None = None,
    ) -> None:
        settings, memory = settings or Settings(), memory or Memory()
        self.exchange = exchange
        self.clock = clock
        self.nonces = Nonces(memory.nonces)
        self.proofs = memory.proofs
        self._troubles = Troubles()
        self._weights = Minute(settings.limits.weight_a_minute)
        self._sockets = Sockets(settings.limits, clock, wall or SystemClock())
        self._info = Info(exchange, clock, self._troubles)
        self._streams = Streams(exchange, clock, self._sockets, self._info.views)
        self.acting = Acting(exchange, settings.chain, self.nonces, self.proofs)
        reception = Reception(exchange, self._info, self.acting, self._weights)
        self._handling = Handling(clock, reception, self._troubles, self._streams)
        self._sayings = msgspec.json.Decoder(subscriptions.Said)
        self._posts_in_flight = settings.limits.posts_in_flight
        self._slow = set[asyncio.Task[None]]()
        exchange.listen(self._hear)

    @property
    def requests(self) -> Counter[str]:
        """How often each request came."""
        return self._handling.counts

    @property
    def orders(self) -> dict[Address, list[Order]]:
        """The orders of all who acted here, newest first."""
        return {user: self._info.orders(user) for user in self.proofs.clients}

    @property
    def weight_used(self) -> int:
        """The weight of the requests of the last minute."""
        return self._weights.used

    @property
    def memory(self) -> Memory:
        """What is to be remembered."""
        return Memory(self.nonces.dump(), self.proofs)

    async def run(self) -> None:
        """Keep the exchange going until cancelled: a step for every second of its time, or many with a crowd."""
        while True:
            now, pace_ms = self.clock.now_ms(), self.exchange.pace_ms
            await self.clock.sleep_until(now - now % pace_ms + pace_ms)
            self.exchange.meet()
            self.advance()

    def advance(self) -> None:
        """Bring the exchange up to the present, and tell who listens."""
        self.exchange.advance()
        self._streams.flush()
        self._sockets.troubles.release()
        self._sockets.close_lost()

    def inflict(self, fault: Fault) -> None:
        """
        Let something go wrong.

        Raises:
            InvalidInput: The clock is to be stepped, and it is not one that can be.
        """
        match fault:
            case Drop() | HalfOpen() | Frames() | ShortSnapshots() | RefuseSubscriptions():
                self._sockets.inflict(fault)
            case Garbage():
                self._sockets.tell_all(fault.text.encode())
            case Step():
                if not isinstance(self.clock, BoxClock):
                    raise InvalidInput("this clock cannot be stepped: give exchange and gateway one BoxClock")
                self.clock.step(fault.ms)
            case Clear():
                self._troubles.clear()
                self._sockets.clear()
            case _:
                self._troubles.add(fault)
        self._sockets.is_silent = self._troubles.is_silent

    async def post(self, path: str, body: bytes, content_type: str = JSON) -> Reply:
        """
        Answer a request to `/info` or `/exchange` with a status and a body.

        Raises:
            AnswerLost: A fault: nobody will hear what became of it.
            ConnectionRefused: A fault: nothing came in.
        """
        return await self._handling.answered(self._handling.came(path, body, content_type))

    def connect(self) -> Peer | None:
        """
        Open a socket; None where there are too many.

        Raises:
            ConnectionRefused: A fault: nothing came in.
        """
        if self._troubles.is_refusing:
            raise ConnectionRefused
        return self._sockets.open()

    def close(self, peer: Peer) -> None:
        """Close a socket."""
        self._sockets.close(peer)

    def close_all(self) -> None:
        """Close all sockets."""
        self._sockets.close_all()

    async def receive(self, peer: Peer, text: str | bytes) -> None:
        """Take what a client says over its socket."""
        if not self._sockets.takes():
            self._say(peer, "error", "Too many websocket messages.")
            return
        try:
            said: subscriptions.Said = self._sayings.decode(text)
        except msgspec.DecodeError:
            shown = text if isinstance(text, str) else text.decode(errors="replace")
            self._say(peer, "error", f"Error parsing JSON into valid websocket request: {shown}")
            return
        match said:
            case subscriptions.Ping():
                self._sockets.tell(peer, b'{"channel":"pong"}')
            case subscriptions.Post():
                await self._posted(peer, said)
            case subscriptions.Subscribe() | subscriptions.Unsubscribe():
                self._subscribed(peer, said)

    def _hear(self, news: News) -> None:
        if isinstance(news, Fill):
            view = self.exchange.view
            self.proofs.hear(news, view.account(news.user), view.mark)

    def _subscribed(self, peer: Peer, said: subscriptions.Subscribe | subscriptions.Unsubscribe) -> None:
        subscription, first = said.subscription, []
        self.requests[f"/ws {said.__struct_config__.tag} {subscription.__struct_config__.tag}"] += 1
        self.advance()
        try:
            if isinstance(said, subscriptions.Subscribe):
                first = self._streams.first(subscription)
                self._sockets.subscribe(peer, subscription)
            else:
                self._sockets.unsubscribe(peer, subscription)
        except SubscriptionRefused as refused:
            self._say(peer, "error", str(refused))
            return
        self._say(peer, "subscriptionResponse", said)
        for channel, data in first:
            told = self._sockets.troubles.shortened(channel, data)
            if told is not None:
                self._sockets.troubles.deliver(peer, channel, message(channel, told))

    async def _posted(self, peer: Peer, said: subscriptions.Post) -> None:
        """Answer a request of a socket; one whose answer takes its time keeps nobody else waiting."""
        if is_over(len(self._slow) + 1, self._posts_in_flight):
            self._say(peer, "error", f"too many pending post requests id={said.id}")
            return
        try:
            request = self._handling.came(_PATHS[said.request.type], bytes(said.request.payload))
        except ConnectionRefused:
            self.close(peer)
            return
        answering = self._answer_post(peer, said, request)
        if not is_slow(request.faults):
            await answering
            return
        task = asyncio.create_task(answering, name="sandbox.post")
        self._slow.add(task)
        task.add_done_callback(self._slow.discard)
        await asyncio.sleep(0)  # what is done at once is done before the next request

    async def _answer_post(self, peer: Peer, said: subscriptions.Post, request: Request) -> None:
        kind = said.request.type
        try:
            status, answer = await self._handling.answered(request)
        except AnswerLost:
            self.close(peer)
            return
        if any(isinstance(one, Garble | Truncate) for one in request.faults):
            self._sockets.tell(peer, answer)
            return
        payload = msgspec.Raw(answer)
        if status != 200:  # noqa: PLR2004 - the one status that means yes
            response: object = {"type": "error", "payload": f"{status} {answer.decode()}"}
        elif kind == "info":
            inner = {"type": msgspec.json.decode(request.body, type=_Kind).type, "data": payload}
            response = {"type": kind, "payload": inner}
        else:
            response = {"type": kind, "payload": payload}
        for _ in range(2 if any(isinstance(one, Twice) for one in request.faults) else 1):
            self._say(peer, "post", {"id": said.id, "response": response})

    def _say(self, peer: Peer, channel: str, data: object) -> None:
        self._sockets.tell(peer, message(channel, data))
