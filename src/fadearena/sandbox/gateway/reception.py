"""
The two doors for requests: reading a body, and carrying out what it asks for.

1. What cannot be read is answered as the exchange does it, before anything else is looked at.
2. Requests count against one budget, for the sandbox takes all its clients for one address.
"""

from collections import Counter
from typing import TypeAlias

import msgspec

from fadearena.model.ids import Address, Dex
from fadearena.model.units import EpochMs
from fadearena.sandbox.exchange.exchange import Exchange
from fadearena.sandbox.gateway import actions, requests
from fadearena.sandbox.gateway.acting import Acting, Arrival
from fadearena.sandbox.gateway.info import Info, InternalFault
from fadearena.sandbox.gateway.limits import Minute
from fadearena.sandbox.gateway.troubles import Met
from fadearena.sandbox.listing import FIRST_DEX

JSON = "application/json"
_NOT_JSON = b"Failed to parse the request body as JSON"
_NOT_THE_TYPE = b"Failed to deserialize the JSON body into the target type"
_NO_CONTENT_TYPE = b"Expected request with `Content-Type: application/json`"
_NULL = b"null"
_SIGNED = "/exchange"
_BATCH_WEIGHT = 40
_encode = msgspec.json.Encoder().encode

Reply: TypeAlias = tuple[int, bytes]
"""A status and a body."""
Asked: TypeAlias = requests.Question | actions.Envelope | Reply
"""What a body asks for, or the answer to one that cannot be read."""


class Reception:
    """Reads requests, and answers them."""

    def __init__(self, exchange: Exchange, info: Info, acting: Acting, weights: Minute) -> None:
        self.counts = Counter[str]()
        """How often each request came."""
        self._exchange = exchange
        self._info = info
        self._acting = acting
        self._weights = weights
        self._questions: msgspec.json.Decoder[requests.Question] = msgspec.json.Decoder(requests.Question)
        self._envelopes = msgspec.json.Decoder(actions.Envelope)

    def read(self, path: str, body: bytes, content_type: str) -> Asked:
        """Return what a body asks for; what comes to `/exchange` is counted, whether it can be read or not."""
        if path == _SIGNED:
            self.counts[path] += 1
        if content_type.partition(";")[0].strip().lower() != JSON:
            return 415, _NO_CONTENT_TYPE
        try:
            return self._envelopes.decode(body) if path == _SIGNED else self._questions.decode(body)
        except msgspec.ValidationError:
            return 422, _NOT_THE_TYPE
        except msgspec.DecodeError:
            return 400, _NOT_JSON

    def met(self, path: str, asked: Asked) -> Met:
        """Return a request as faults see it."""
        if isinstance(asked, tuple):
            return Met(path, "", _nobody)
        if isinstance(asked, actions.Envelope):
            return Met(path, _tag(asked.action), lambda: self._acting.user_of(asked), _is_reducing(asked.action))
        return Met(path, _tag(asked), lambda: getattr(asked, "user", None), dex=_dex(asked))

    def answer(self, asked: Asked, arrival: Arrival) -> Reply:
        """Answer a request, after the exchange was brought up to the present."""
        if isinstance(asked, tuple):
            return asked
        if isinstance(asked, actions.Envelope):
            return self._acted(asked, arrival)
        return self._asked(asked, arrival.at)

    def _asked(self, question: requests.Question, now: EpochMs) -> Reply:
        self.counts[f"/info {_tag(question)}"] += 1
        if not self._weights.take(requests.weight(question), now):
            return 429, _NULL
        self._exchange.advance()
        try:
            answer = self._info.answer(question)
        except InternalFault:
            return 500, _NULL
        if isinstance(answer, list):
            self._weights.add(requests.weight_of_items(question, len(answer)), now)
        return 200, _encode(answer)

    def _acted(self, envelope: actions.Envelope, arrival: Arrival) -> Reply:
        self.counts[f"{_SIGNED} {_tag(envelope.action)}"] += 1
        if not self._weights.take(1 + actions.batch_length(envelope.action) // _BATCH_WEIGHT, arrival.at):
            return 429, _NULL
        self._exchange.advance()
        return 200, _encode(self._acting.answer(envelope, arrival))


def _tag(one: msgspec.Struct) -> str:
    return str(one.__struct_config__.tag)


def _dex(question: requests.Question) -> Dex | None:
    """Return the dex that a question is about; the first one where it names none, None where it cannot name any."""
    return (getattr(question, "dex", None) or FIRST_DEX) if hasattr(question, "dex") else None


def _nobody() -> Address | None:
    return None


def _is_reducing(action: actions.Action) -> bool | None:
    """Tell whether all orders of an action are reduce-only, or none is; None where it has both, or no orders."""
    kinds = {order.r for order in action.orders} if isinstance(action, actions.PlaceOrders) else set()
    return kinds.pop() if len(kinds) == 1 else None
