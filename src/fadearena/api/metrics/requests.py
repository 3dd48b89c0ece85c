"""
Every request has a name, a line in the log, and its place in metrics and traces.

1. The name is what the asker sent as `X-Request-Id`, if it looks like one, else a new one. It stands in the answer and
   in every line that is logged meanwhile.
2. A line never holds what stands behind `?`, nor any header or body. What was read without trouble is said on level
   debug, everything else on info, our own failures on warning.
"""

import re
import secrets
import time
from typing import Final

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

from fadearena.api.doors import Doors
from fadearena.api.metrics.http import HttpMetrics
from fadearena.ports.traces import Span

log = structlog.get_logger(__name__)
HEADER: Final = b"x-request-id"
_NAME: Final = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_CALLER: Final = re.compile(rb"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_NO_ROUTE: Final = "(none)"
_READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_BAD, _BROKEN = 400, 500
_PATH_MAX: Final = 200


class RequestLog:
    """Stands around everything that answers requests."""

    def __init__(self, app: ASGIApp, doors: Doors) -> None:
        self._app = app
        self._traces = doors.traces
        self._metrics = HttpMetrics(doors.registry)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or a WebSocket, which only gets its name."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        name = _header(scope, HEADER, _NAME) or secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = name
        with bound_contextvars(request_id=name):
            if scope["type"] == "http":
                await self._serve(scope, receive, send, name)
            else:
                await self._app(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send, name: str) -> None:
        status, size, method = _BROKEN, 0, str(scope["method"])

        async def named(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*message.get("headers", ()), (HEADER, name.encode())]}
            else:
                size += len(message.get("body", b""))
            await send(message)

        began, began_ns = time.perf_counter(), time.time_ns()
        with self._metrics.running.track_inprogress():
            try:
                await self._app(scope, receive, named)
            finally:
                seconds = time.perf_counter() - began
                route = str(getattr(scope.get("route"), "path", _NO_ROUTE))
                self._metrics.answered(method, route, status, seconds)
                self._say(scope, method, status, seconds, size)
                if self._traces is not None:
                    self._traces.keep(_span(scope, method, route, status, began_ns))

    @staticmethod
    def _say(scope: Scope, method: str, status: int, seconds: float, size: int) -> None:
        is_dull = method in _READS and status < _BAD
        say = log.warning if status >= _BROKEN else log.debug if is_dull else log.info
        caller = scope["state"].get("caller")
        say(
            "http_request",
            method=method,
            path=str(scope["path"])[:_PATH_MAX],
            status=status,
            ms=round(seconds * 1_000, 1),
            bytes=size,
            actor=getattr(caller, "actor", ""),
            address=(scope.get("client") or ("",))[0],
        )


def _header(scope: Scope, wanted: bytes, form: re.Pattern[bytes]) -> str:
    """Return a header that has its form; empty where there is none."""
    for name, value in scope["headers"]:
        if name == wanted:
            return value.decode() if form.fullmatch(value) else ""
    return ""


def _span(scope: Scope, method: str, route: str, status: int, began_ns: int) -> Span:
    return Span(
        name=f"{method} {route}",
        began_ns=began_ns,
        ended_ns=time.time_ns(),
        attributes={
            "http.request.method": method,
            "http.route": route,
            "http.response.status_code": status,
            "fadearena.request_id": scope["state"]["request_id"],
        },
        caller=_header(scope, b"traceparent", _CALLER),
        error=f"status {status}" if status >= _BROKEN else "",
    )
