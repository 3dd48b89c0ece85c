"""Requests over a socket: numbered, and each answered once; not by the exchange, then by the loss of the connection."""

import asyncio
import re
from itertools import count
from typing import Literal, TypeAlias

import msgspec

from fadearena.adapters.hyperliquid import wire
from fadearena.adapters.hyperliquid.errors import SlowDown
from fadearena.model.error import OutcomeUnknown, VenueProtocolError, VenueRefused

RequestKind: TypeAlias = Literal["info", "action"]

_TOO_MANY = re.compile(r"too many pending post requests id=(\d+)")
_TEXT = msgspec.json.Decoder(str)


class _InfoPayload(msgspec.Struct, frozen=True):
    data: msgspec.Raw


_INFO = msgspec.json.Decoder(_InfoPayload)


class Posts:
    """The requests of one session that are in flight."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self._waiting: dict[int, asyncio.Future[wire.PostAnswer]] = {}

    def open(self, kind: RequestKind, payload: object) -> tuple[int, str, asyncio.Future[wire.PostAnswer]]:
        """Return number and text of a new request, and where its answer will stand."""
        number = next(self._numbers)
        frame = {"method": "post", "id": number, "request": {"type": kind, "payload": payload}}
        self._waiting[number] = asyncio.get_running_loop().create_future()
        return number, msgspec.json.encode(frame).decode(), self._waiting[number]

    def close(self, number: int) -> None:
        """Expect no answer to a request any longer."""
        self._waiting.pop(number, None)

    def answer(self, posted: wire.Posted) -> None:
        """Take over an answer; one that nobody waits for is dropped."""
        future = self._waiting.get(posted.id)
        if future is not None and not future.done():
            future.set_result(posted.response)

    def judge(self, text: str) -> bool:
        """Take over an error of the exchange; False where it is not about a request."""
        found = _TOO_MANY.match(text)
        if found is None:
            return False
        self._fail(int(found[1]), text)
        return True

    def lose(self, reason: str) -> None:
        """Let all fail that were sent and not answered: nobody knows what became of them."""
        for number in tuple(self._waiting):
            self._fail(number, f"the socket was lost before the answer came: {reason}")

    def _fail(self, number: int, text: str) -> None:
        future = self._waiting.get(number)
        if future is not None and not future.done():
            future.set_exception(OutcomeUnknown(text))


def payload_of(kind: RequestKind, answer: wire.PostAnswer) -> msgspec.Raw:
    """
    Return what was answered: to an action the same as over HTTP, to a question its data.

    Raises:
        OutcomeUnknown: The exchange, or what stands before it, failed, or asked us to be slower (`SlowDown`).
        VenueRefused: The request was not understood.
        VenueProtocolError: It cannot be read.
    """
    try:
        if answer.type == "error":
            raise _refusal(_TEXT.decode(answer.payload))
        if answer.type != kind:
            raise VenueProtocolError(f"a request of type {kind} was answered with {answer.type}")
        return answer.payload if kind == "action" else _INFO.decode(answer.payload).data
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise VenueProtocolError(f"the answer to a request over the socket cannot be read: {error}") from error


def _refusal(text: str) -> VenueRefused | OutcomeUnknown:
    if text.startswith("429"):
        return SlowDown(f"a request over the socket was one too many for this minute ({text.removesuffix(' null')})")
    is_refused = text.startswith("4")
    return VenueRefused("bad-request", text) if is_refused else OutcomeUnknown(f"a request over the socket: {text}")
