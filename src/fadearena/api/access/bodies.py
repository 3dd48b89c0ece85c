"""
Bodies: read whole before anything is made of them, within a size and a time, and strict JSON or nothing.

1. Strict is: UTF-8, no NaN and no infinity, no number that a double cannot hold, brackets at most `DEPTH_MAX` deep.
2. What comes after a refused body is hardly waited for: the connection is closed.
"""

import asyncio
import re
from contextlib import suppress
from typing import Any, Final

import msgspec

from fadearena.api.access import scopes
from fadearena.api.access.scopes import Message, Receive, Scope
from fadearena.api.errors import Problem

DEPTH_MAX: Final = 32
_LENGTH: Final = re.compile(r"[0-9]{1,15}")
_DROP_S: Final = 1.0
_PAUSE_S: Final = 0.1
_DROP_BYTES: Final = 8 << 20
_CLOSE: Final = {"Connection": "close"}


class Gone(Exception):
    """Whoever asked went away before all of the body was there."""


def has_body(scope: Scope) -> bool:
    """
    Tell whether a request has a body.

    Raises:
        Problem: 400, its headers do not agree on that.
    """
    lengths, codings = scopes.values(scope, b"content-length"), scopes.values(scope, b"transfer-encoding")
    is_clear = len(lengths) + len(codings) <= 1 and all(_LENGTH.fullmatch(each) for each in lengths)
    if not is_clear:
        raise Problem(400, "Send either one Content-Length or one Transfer-Encoding", headers=_CLOSE)
    return bool(codings) or any(int(each) for each in lengths)


def check_type(scope: Scope) -> None:
    """
    Refuse a body that is announced as something else than JSON.

    Raises:
        Problem: 415.
    """
    kind, _, parameters = scopes.value(scope, b"content-type").lower().partition(";")
    charset = parameters.replace('"', "").replace(" ", "")
    is_json = kind.strip() == "application/json" and charset in {"", "charset=utf-8"}
    if not is_json or scopes.value(scope, b"content-encoding").lower() not in {"", "identity"}:
        raise Problem(415, "Send the body as `Content-Type: application/json`, not compressed", headers=_CLOSE)


async def read_body(scope: Scope, receive: Receive, size_max: int, seconds: float) -> bytes:
    """
    Return a request's whole body.

    Raises:
        Gone: Nobody is there any more.
        Problem: 408, it did not come in time; 413, it is too large.
    """
    length = scopes.value(scope, b"content-length")
    try:
        async with asyncio.timeout(seconds):
            if not length or int(length) <= size_max:
                body = await _read(receive, size_max)
                if body is not None:
                    return body
    except TimeoutError:
        raise Problem(408, f"The body did not come within {seconds:g} s: send it at once", headers=_CLOSE) from None
    await _drop(scope, receive)
    raise Problem(413, f"A body has at most {size_max} bytes here", headers=_CLOSE)


def check_json(body: bytes) -> None:
    """
    Refuse what is not strict JSON.

    Raises:
        Problem: 400.
    """
    try:
        found = msgspec.json.decode(body)
    except RecursionError:
        raise _too_deep() from None
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
        raise Problem(400, f"The body is not JSON: {error}") from None
    level = [found]
    for _ in range(DEPTH_MAX + 1):
        level = [item for each in level for item in _inside(each)]
        if not level:
            return
    raise _too_deep()


def replayed(body: bytes, receive: Receive) -> Receive:
    """Return what hands on a body that was read, and then whatever comes."""
    rest = [body]

    async def again() -> Message:
        if rest:
            return {"type": "http.request", "body": rest.pop(), "more_body": False}
        return await receive()

    return again


async def _read(receive: Receive, size_max: int) -> bytes | None:
    """Return a whole body; None as soon as it is too large."""
    body = bytearray()
    while len(body) <= size_max:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(body) if len(body) <= size_max else None
    return None


async def _drop(scope: Scope, receive: Receive) -> None:
    """Take some of what is too large: whoever is still sending when we close would not get to read our answer."""
    if scopes.values(scope, b"expect"):
        return
    dropped = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(_DROP_S):
            while dropped < _DROP_BYTES:
                async with asyncio.timeout(_PAUSE_S):
                    message = await receive()
                dropped += len(message.get("body", b""))
                if not message.get("more_body", False):
                    return


def _inside(value: Any) -> list[Any]:  # noqa: ANN401 - whatever JSON is
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [each for each in inner if isinstance(each, dict | list)]


def _too_deep() -> Problem:
    return Problem(400, f"The body is nested deeper than {DEPTH_MAX} brackets")
