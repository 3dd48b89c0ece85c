"""
The counter: HTTP requests and sockets on one side, the exchange on the other. It knows no server; bytes come and go.

1. Before each request the exchange is brought up to the present, after it those who listen are told.
2. Requests count against one budget, for the sandbox takes all its clients for one address.
3. Faults are asked for; none happens by chance.
"""

from collections import Counter

import msgspec

from fadearena.kit.clock import Clock, SystemClock
from fadearena.model.ids import Address
from fadearena.model.units import SECOND_MS
from fadearena.sandbox.exchange.exchange import Exchange
from fadearena.sandbox.gateway import actions, requests, subscriptions
from fadearena.sandbox.gateway.acting import Acting
from fadearena.sandbox.gateway.faults import AnswerLost, Clear, ConnectionRefused, Drop, Fault, Garbage, Troubles
from fadearena.sandbox.gateway.info import Info, InternalFault
from fadearena.sandbox.gateway.limits import Limits, Minute
from fadearena.sandbox.gateway.nonces import Nonces
from fadearena.sandbox.gateway.peer import Peer
from fadearena.sandbox.gateway.signatures import Chain
from fadearena.sandbox.gateway.sockets import Sockets, SubscriptionRefused, message
from fadearena.sandbox.gateway.streams import Streams
from fadearena.sandbox.nouns import Order

JSON = "application/json"
_BAD_GATEWAY = b"<html><head><title>502 Bad Gateway</title></head><body>cloudfront</body></html>"
_NOT_JSON = b"Failed to parse the request body as JSON"
_NOT_THE_TYPE = b"Failed to deserialize the JSON body into the target type"
_NO_CONTENT_TYPE = b"Expected request with `Content-Type: application/json`"
_NULL = b"null"
_BATCH_WEIGHT = 40
_encode = msgspec.json.Encoder().encode

_Answer = tuple[int, bytes]


class _Kind(msgspec.Struct):
    type: str = ""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How the counter is kept; clients sign for the test network, as the official SDK does for any address."""

    chain: Chain = "Testnet"
    limits: Limits = Limits()


class Gateway:
    """Answers requests and keeps sockets, for one exchange."""

    def __init__(
        self,
        exchange: Exchange,
        clock: Clock,
        settings: Settings | None = None,
        *,
        wall: Clock | None = None,
        nonces: Nonces | None = None,
    ) -> None:
        settings = settings or Settings()
        self.exchange = exchange
        self.clock = clock
        self.nonces = nonces or Nonces()
        self.requests = Counter[str]()
        self._troubles = Troubles()
        self._weights = Minute(settings.limits.weight_a_minute)
        self._sockets = Sockets(settings.limits, clock, wall or SystemClock())
        self._info = Info(exchange, clock, self._troubles)
        self._streams = Streams(exchange, clock, self._sockets, self._info.views)
        self._acting = Acting(exchange, clock, settings.chain, self.nonces)
        self._questions: msgspec.json.Decoder[requests.Question] = msgspec.json.Decoder(requests.Question)
        self._envelopes = msgspec.json.Decoder(actions.Envelope)
        self._sayings = msgspec.json.Decoder(subscriptions.Said)

    @property
    def orders(self) -> dict[Address, list[Order]]:
        """The orders of all who acted here, newest first."""
        return {user: self._info.orders(user) for user in self._acting.clients}

    @property
    def weight_used(self) -> int:
        """The weight of the requests of the last minute."""
        return self._weights.used

    async def run(self) -> None:
        """Keep the exchange going until cancelled: a step for every second of its time."""
        while True:
            now = self.clock.now_ms()
            await self.clock.sleep_until(now - now % SECOND_MS + SECOND_MS)
            self.advance()

    def advance(self) -> None:
        """Bring the exchange up to the present, and tell who listens."""
        self.exchange.advance()
        self._streams.flush()
        self._sockets.close_lost()

    def inflict(self, fault: Fault) -> None:
        """Let something go wrong."""
        match fault:
            case Drop():
                self._sockets.close_all()
            case Garbage():
                self._sockets.tell_all(fault.text.encode())
            case Clear():
                self._troubles.clear()
            case _:
                self._troubles.add(fault)
        self._sockets.is_silent = self._troubles.is_silent

    async def post(self, path: str, body: bytes, content_type: str = JSON) -> _Answer:
        """
        Answer a request to `/info` or `/exchange` with a status and a body.

        Raises:
            AnswerLost: A fault: it was carried out, and nobody will hear of it.
            ConnectionRefused: A fault: nothing came in.
        """
        if self._troubles.is_refusing:
            raise ConnectionRefused
        answer = self._answer(path, body, content_type)
        if self._troubles.delay_ms:
            await self.clock.sleep_until(self.clock.now_ms() + self._troubles.delay_ms)
        if path == "/exchange" and self._troubles.loses_answer():
            raise AnswerLost
        return answer

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
        for text in first:
            self._sockets.tell(peer, text)

    async def _posted(self, peer: Peer, said: subscriptions.Post) -> None:
        path = "/info" if said.request.type == "info" else "/exchange"
        body = bytes(said.request.payload)
        try:
            status, answer = await self.post(path, body)
        except (AnswerLost, ConnectionRefused):
            self.close(peer)
            return
        kind, payload = said.request.type, msgspec.Raw(answer)
        if status != 200:  # noqa: PLR2004 - the one status that means yes
            response: object = {"type": "error", "payload": f"{status} {answer.decode()}"}
        elif kind == "info":
            inner = {"type": msgspec.json.decode(body, type=_Kind).type, "data": payload}
            response = {"type": kind, "payload": inner}
        else:
            response = {"type": kind, "payload": payload}
        self._say(peer, "post", {"id": said.id, "response": response})

    def _answer(self, path: str, body: bytes, content_type: str) -> _Answer:
        if (status := self._troubles.status_for(path)) is not None:
            return status, _NULL if status in {429, 500} else _BAD_GATEWAY
        if content_type.partition(";")[0].strip().lower() != JSON:
            return 415, _NO_CONTENT_TYPE
        try:
            if path == "/info":
                return self._asked(self._questions.decode(body))
            return self._acted(self._envelopes.decode(body))
        except msgspec.ValidationError:
            return 422, _NOT_THE_TYPE
        except msgspec.DecodeError:
            return 400, _NOT_JSON

    def _asked(self, question: requests.Question) -> _Answer:
        self.requests[f"/info {question.__struct_config__.tag}"] += 1
        now = self.clock.now_ms()
        if not self._weights.take(requests.weight(question), now):
            return 429, _NULL
        self.advance()
        try:
            answer = self._info.answer(question)
        except InternalFault:
            return 500, _NULL
        if isinstance(answer, list):
            self._weights.add(requests.weight_of_items(question, len(answer)), now)
        return 200, _encode(answer)

    def _acted(self, envelope: actions.Envelope) -> _Answer:
        action = envelope.action
        self.requests[f"/exchange {action.__struct_config__.tag}"] += 1
        if not self._weights.take(1 + actions.batch_length(action) // _BATCH_WEIGHT, self.clock.now_ms()):
            return 429, _NULL
        self.advance()
        answer = self._acting.answer(envelope)
        self._streams.flush()
        return 200, _encode(answer)

    def _say(self, peer: Peer, channel: str, data: object) -> None:
        self._sockets.tell(peer, message(channel, data))
