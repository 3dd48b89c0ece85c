"""Before a connection is accepted: what its address asks for, and how it is turned away."""

from typing import Final
from urllib.parse import parse_qs

import msgspec
from starlette.types import Scope, Send

from fadearena.api.answers import Decimals
from fadearena.api.errors import MEDIA_TYPE, Problem
from fadearena.api.stream.asking import Refused, Subscribe, check_channels
from fadearena.api.stream.client import Wish

REFUSED: Final = 1008


def wish_of(scope: Scope) -> Wish:
    """
    Return what the address asks for: `decimals`, and `channels`, `since` and `timestamp` as in `subscribe`.

    Raises:
        Problem: 400, it cannot be read.
    """
    given = {name: values[-1] for name, values in parse_qs(scope.get("query_string", b"").decode("latin-1")).items()}
    try:
        decimals = Decimals(given.get("decimals", Decimals.NUMBER))
        fields: dict[str, object] = {name: given[name] for name in ("since", "timestamp") if name in given}
        if "channels" in given:
            fields["channels"] = given["channels"].split(",")
        first = msgspec.convert(fields | {"type": "subscribe"}, Subscribe, strict=False)
        check_channels(first.channels)
    except (ValueError, Refused) as error:
        raise Problem(400, f"/ws?decimals=string&channels=bot-trade,my-trade&since=1234: {error}") from None
    return Wish(decimals=decimals, first=first)


async def turn_away(scope: Scope, send: Send, problem: Problem) -> None:
    """Answer a problem in place of accepting."""
    if "websocket.http.response" not in (scope.get("extensions") or {}):
        await send({"type": "websocket.close", "code": REFUSED})
        return
    headers = {"Content-Type": MEDIA_TYPE, "Cache-Control": "no-store", **problem.headers}
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "websocket.http.response.start", "status": problem.status, "headers": raw})
    await send({"type": "websocket.http.response.body", "body": msgspec.json.encode(problem.body)})
