"""
Requests that are acted on once: `Idempotency-Key` names a request, whoever sends it again gets the same answer.

1. A key is of whoever asks, for a day. With it a request that is another one is refused (422), and one that is being
   carried out is told to wait (409), but for stops: none waits for a process that may be dead.
2. What is kept is what came of it in the end. Where that is not known yet, or where a process died over it, the next
   request with the key finds it out: commands bear the key too, so none is handed over twice.
3. What came to nothing (a field that is wrong, no worker) is not kept: the key is free again.
"""

import json
from collections.abc import Awaitable, Callable, Coroutine
from enum import StrEnum
from hashlib import blake2b
from http import HTTPStatus
from typing import Any, ClassVar, Final
from uuid import uuid4

import msgspec
import structlog
from fastapi import Request, Response
from fastapi.routing import APIRoute

from fadearena.api.callers import Caller
from fadearena.api.doors import Doors
from fadearena.api.errors import Problem
from fadearena.api.handlers import problem_response
from fadearena.kit.decimals import parse
from fadearena.model.error import StorageUnavailable
from fadearena.model.units import MINUTE_MS, EpochMs
from fadearena.ports.access import Role
from fadearena.ports.answers_kept import KeptAnswer

log = structlog.get_logger(__name__)
HEADER: Final = "Idempotency-Key"
PATTERN: Final = r"^[!-~]{1,255}$"
_REPLAYED: Final = {"Idempotency-Replayed": "true"}
_KEY_MAX: Final = 255
_SAFE: Final = frozenset({"GET", "HEAD"})


class Outcome(StrEnum):
    """What is known of what a request led to: `nothing`, or it is `open`, or `known`."""

    NOTHING = "nothing"
    OPEN = "open"
    KNOWN = "known"


class Attempt(msgspec.Struct, kw_only=True):
    """
    A request that changes something, as it is being carried out.

    `key` is None where it has none. `is_again` tells that somebody began with the same key before.
    """

    key: str | None = None
    is_again: bool = False
    outcome: Outcome = Outcome.NOTHING


class OnceRoute(APIRoute):
    """A route that acts once for each key, and whose numbers are exact. Who carries it out is waited for `life_ms`."""

    life_ms: ClassVar[EpochMs] = 3 * MINUTE_MS
    """Longer than any request takes; a switch of the mode asks the exchange for up to a minute."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what carries a request out."""
        carry_out = super().get_route_handler()

        async def once(given: Request) -> Response:
            request = ExactRequest(given.scope, given.receive)
            request.state.attempt = Attempt()
            key, caller = request.headers.get(HEADER), _caller(request)
            if key is None or not _is_key(key) or caller.role is not Role.OPERATOR or given.method in _SAFE:
                return await carry_out(request)
            return await _once(request, key, caller, carry_out, self.life_ms)

        return once


class StopRoute(OnceRoute):
    """A route for stops: each with the key hands on the same command, at once."""

    life_ms = 0


class ExactRequest(Request):
    """A request whose JSON numbers are read digit by digit."""

    async def json(self) -> Any:  # noqa: ANN401 - JSON
        """
        Return the body.

        Raises:
            JSONDecodeError: It is no JSON, or a number is not finite, too large or too long.
        """
        body = await self.body()
        try:
            return json.loads(body, parse_float=parse, parse_constant=parse)
        except json.JSONDecodeError:
            raise
        except ValueError as error:
            raise json.JSONDecodeError(str(error), "", 0) from error


async def _once(
    request: Request, key: str, caller: Caller, carry_out: Callable[[Request], Awaitable[Response]], life_ms: EpochMs
) -> Response:
    doors: Doors = request.app.state.doors
    mine = await _begin(request, doors, f"{caller.actor} {key}", life_ms)
    there = await doors.answers.begin(mine)
    if there.request != mine.request:
        raise Problem(422, f"This {HEADER} was used for another request: take a new one")
    if there.status is not None:
        return Response(there.body, there.status, _REPLAYED, media_type=there.media_type)
    if there.holder != mine.holder:
        raise Problem(409, "This request is being carried out: ask again in a moment", headers={"Retry-After": "1"})
    attempt: Attempt = request.state.attempt
    attempt.key, attempt.is_again = f"{there.key}@{there.created}", there != mine
    answer: Response | None = None
    try:
        answer = await _answered(request, attempt, carry_out)
    finally:
        await _settle(doors, there, attempt.outcome, answer)
    return answer


async def _answered(
    request: Request, attempt: Attempt, carry_out: Callable[[Request], Awaitable[Response]]
) -> Response:
    """Carry a request out; what the worker refused is an answer, too."""
    try:
        return await carry_out(request)
    except Problem as problem:
        if attempt.outcome is not Outcome.KNOWN:
            raise
        return problem_response(problem)


async def _begin(request: Request, doors: Doors, key: str, life_ms: EpochMs) -> KeptAnswer:
    now: EpochMs = doors.clock.now_ms()
    said = blake2b(digest_size=32)
    for part in (request.method, request.url.path, request.url.query):
        said.update(f"{part}\n".encode())
    said.update(await request.body())
    return KeptAnswer(key=key, request=said.digest(), holder=uuid4().hex, created=now, until=now + life_ms)


async def _settle(doors: Doors, there: KeptAnswer, outcome: Outcome, answer: Response | None) -> None:
    """Keep an answer that is final, or let others have the key; where neither can be, the next request finds it out."""
    is_final = answer is not None and (outcome is Outcome.KNOWN or answer.status_code < HTTPStatus.BAD_REQUEST)
    try:
        if outcome is Outcome.OPEN or (outcome is Outcome.KNOWN and not is_final):
            await doors.answers.let_go(there)
        elif answer is None or not is_final:
            await doors.answers.forget(there)
        else:
            body, media_type = bytes(answer.body), answer.headers["content-type"]
            kept = msgspec.structs.replace(there, status=answer.status_code, media_type=media_type, body=body)
            await doors.answers.finish(kept)
    except StorageUnavailable as error:
        log.warning("answer_not_kept", error=str(error))


def _caller(request: Request) -> Caller:
    caller: Caller = request.state.caller
    return caller


def _is_key(text: str) -> bool:
    return 0 < len(text) <= _KEY_MAX and all("!" <= letter <= "~" for letter in text)
