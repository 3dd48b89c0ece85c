"""How a request is handled: what faults do to it before, the work at one moment of time, and what they do after."""

import time
from collections import Counter
from typing import NamedTuple

from fadearena.adapters.sim.arena.traders import chance
from fadearena.kit.clock import Clock
from fadearena.sandbox.clock import moment
from fadearena.sandbox.gateway.acting import Arrival
from fadearena.sandbox.gateway.faults import (
    Answer,
    AnswerLost,
    ConnectionRefused,
    Delay,
    Garble,
    Hang,
    Reject,
    RequestFault,
    Reset,
    Truncate,
)
from fadearena.sandbox.gateway.reception import JSON, Asked, Reception, Reply
from fadearena.sandbox.gateway.streams import Streams
from fadearena.sandbox.gateway.troubles import Troubles, is_after

_BAD_GATEWAY = b"<html><head><title>502 Bad Gateway</title></head><body>cloudfront</body></html>"
_NULL = b"null"


class Request(NamedTuple):
    """A request that came in, and what happens to it."""

    asked: Asked
    body: bytes
    faults: list[RequestFault]


class Handling:
    """Handles requests."""

    def __init__(self, clock: Clock, reception: Reception, troubles: Troubles, streams: Streams) -> None:
        self._clock = clock
        self._reception = reception
        self._troubles = troubles
        self._streams = streams

    @property
    def counts(self) -> Counter[str]:
        """How often each request came."""
        return self._reception.counts

    def came(self, path: str, body: bytes, content_type: str = JSON) -> Request:
        """
        Take a request in, and find out what happens to it.

        Raises:
            ConnectionRefused: A fault: nothing came in.
        """
        if self._troubles.is_refusing:
            raise ConnectionRefused
        asked = self._reception.read(path, body, content_type)
        return Request(asked, body, self._troubles.meet(self._reception.met(path, asked)))

    async def answered(self, request: Request) -> Reply:
        """
        Do the work, and return the answer.

        Raises:
            AnswerLost: A fault: nobody will hear what became of it.
        """
        reply = await self._suffer([fault for fault in request.faults if not is_after(fault)])
        if reply is not None:
            return reply
        done = self._worked(request)
        for fault in request.faults:
            if isinstance(fault, Truncate):
                done = done[0], done[1][: chance(fault.seed, f"{len(done[1])}").randrange(len(done[1]))]
        return await self._suffer([fault for fault in request.faults if is_after(fault)]) or done

    def _worked(self, request: Request) -> Reply:
        rejection = next((fault for fault in request.faults if isinstance(fault, Reject)), None)
        with moment(self._clock) as now:
            arrival = Arrival(now, time.monotonic_ns(), request.body, rejection)
            reply = self._reception.answer(request.asked, arrival)
            self._streams.flush()
        return reply

    async def _suffer(self, faults: list[RequestFault]) -> Reply | None:
        reply: Reply | None = None
        for fault in faults:
            if isinstance(fault, Delay | Hang):
                await self._clock.sleep_until(self._clock.now_ms() + fault.ms)
            match fault:
                case Reset() | Hang():
                    raise AnswerLost
                case Answer():
                    reply = fault.status, _NULL if fault.status in {429, 500} else _BAD_GATEWAY
                case Garble():
                    reply = 200, fault.text.encode()
                case _:
                    pass
        return reply
