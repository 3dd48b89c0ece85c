"""
The door: every request and every WebSocket passes here before anything else looks at it.

1. Refused by default: what changes something needs an operator, what shows something needs a role, whatever the
   endpoint itself asks for. `OPEN` is all that needs neither.
2. A page of another origin changes nothing, whatever it shows. A session's cookie alone changes nothing: the browser
   has to say that the page is ours.
3. Whatever would change something is recorded with its answer's status, before the answer leaves.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

import msgspec
import structlog

from fadearena.api.access import scopes
from fadearena.api.access.bodies import Gone, check_json, check_type, has_body, read_body, replayed
from fadearena.api.access.hosts import Hosts
from fadearena.api.access.identity import BEARER, Asker, Identity, Proof, anonymous, shown_token
from fadearena.api.access.login import Logins
from fadearena.api.access.options import SAFE, AccessOptions
from fadearena.api.access.passwords import Passwords
from fadearena.api.access.paths import check_head
from fadearena.api.access.recorder import Recorder
from fadearena.api.access.scopes import App, Message, Receive, Scope, Send
from fadearena.api.access.shielding import preflight_headers, shielded
from fadearena.api.access.throttle import Throttle
from fadearena.api.callers import Caller
from fadearena.api.doors import Doors
from fadearena.api.errors import MEDIA_TYPE, Problem, database_away
from fadearena.model.error import StorageError
from fadearena.ports.access import AccessEntry, Role

PROBES: Final = frozenset({"/healthz", "/readyz"})
"""They tell a supervisor whether we live, and nothing else; nobody is asked who he is."""
LOGIN: Final = "/api/login"
LOGOUT: Final = "/api/logout"
OPEN: Final = PROBES | {LOGIN, LOGOUT, "/api/me"}
_PRIVATE: Final = ("/api/", "/ws", "/metrics", "/openapi.json")
_GONE_S: Final = 1.0
_WHAT_MAX: Final = 200
_REFUSED: Final = range(400, 500)

log = structlog.get_logger(__name__)


class AccessMiddleware:
    """
    Stands around an ASGI application.

    It leaves in a request's state: `caller`, who asks; `asker`, the same with what was shown; `logins`, where sessions
    begin and end; and for a WebSocket `recheck`, which tells who the caller is by now.
    """

    def __init__(self, app: App, doors: Doors, options: AccessOptions, passwords: Passwords | None = None) -> None:
        self._app = app
        self._clock = doors.clock
        self._options = options
        self._hosts = Hosts(options)
        self._identity = Identity(doors.access, doors.clock, options)
        self._logins = Logins(doors, self._identity, passwords or Passwords(), Throttle(doors.clock), options)
        self._recorder = Recorder(doors.access, doors.clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request pass, or answer it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        state["caller"] = anonymous(scope, None)
        state["logins"] = self._logins
        serve = self._serve_socket if scope["type"] == "websocket" else self._serve
        await serve(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        origin = scopes.value(scope, b"origin")
        send = shielded(self._recorded(scope, send), scope, origin if self._hosts.is_configured(origin) else "")
        try:
            check_head(scope)
            if scopes.method(scope) == "OPTIONS" and scopes.values(scope, b"access-control-request-method"):
                await self._answer_preflight(scope, send)
                return
            await self._identify(scope)
            self._admit(scope)
            receive = await self._with_body(scope, receive)
        except Problem as problem:
            await _refuse(send, problem)
        except StorageError as error:
            await _refuse(send, _away(scope, error))
        except Gone:
            return
        else:
            await self._app(scope, receive, send)

    async def _identify(self, scope: Scope) -> Asker:
        """
        Find out who asks, and leave it in the request's state.

        Raises:
            Problem: 400 or 421 for the host, 401 for what was shown.
            StorageUnavailable: Nobody can tell at the moment.
        """
        if scope["path"] in PROBES and scopes.method(scope) in SAFE:
            asker = Asker(caller=anonymous(scope, None), proof=Proof.NOTHING)
        else:
            if shown_token(scope) is None:  # a token is no browser's doing: it needs no name that is known
                self._hosts.check_host(scope)
            asker = await self._identity.of(scope)
        scope["state"] |= {"caller": asker.caller, "asker": asker}
        if asker.proof is Proof.WRONG:
            raise _unknown("This token is wrong, revoked or has expired: `fadearena token create` makes one")
        return asker

    def _admit(self, scope: Scope) -> None:
        asker: Asker = scope["state"]["asker"]
        role, path = asker.caller.role, scope["path"]
        if scopes.method(scope) in SAFE:
            if role is None and path not in OPEN and path.startswith(_PRIVATE):
                raise _unknown("Show a token (Authorization: Bearer) or log in: `fadearena token create` makes one")
            return
        origin = self._hosts.check_origin(scope)
        if asker.proof is Proof.SESSION and not origin:
            raise Problem(403, "A session changes something only from our own page: send its Origin, or use a token")
        if path in {LOGIN, LOGOUT}:
            return
        if asker.proof is Proof.NOTHING:
            raise _unknown("Show an operator's token (Authorization: Bearer) or log in to change something")
        if role is not Role.OPERATOR:
            raise Problem(403, "Only an operator may change things: this token or session may only look")

    async def _with_body(self, scope: Scope, receive: Receive) -> Receive:
        if not has_body(scope):
            return receive
        is_change = scopes.method(scope) not in SAFE
        if is_change:
            check_type(scope)
        is_trusted = is_change and scope["state"]["caller"].role is Role.OPERATOR
        size_max = self._options.body_max if is_trusted else self._options.small_body_max
        body = await read_body(scope, receive, size_max, self._options.body_s)
        if not is_change:
            return replayed(b"", receive)  # it means nothing there, and nobody shall make something of it
        check_json(body)
        return replayed(body, receive)

    async def _answer_preflight(self, scope: Scope, send: Send) -> None:
        origin = scopes.value(scope, b"origin")
        if not self._hosts.is_configured(origin):
            raise Problem(403, "Pages of another origin may not do this: add it to FADEARENA_ORIGINS")
        headers = [(name.lower().encode(), text.encode()) for name, text in preflight_headers(origin).items()]
        await send({"type": "http.response.start", "status": 204, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    async def _serve_socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        who = {**scope, "headers": list(scope["headers"]), "subprotocols": list(scope.get("subprotocols", ()))}
        try:
            check_head(scope)
            await self._identify(scope)
            self._admit_socket(scope)
        except Problem as problem:
            await _refuse_socket(scope, receive, send, problem)
            return
        except StorageError as error:
            await _refuse_socket(scope, receive, send, _away(scope, error))
            return
        is_bearer = BEARER in who["subprotocols"]
        _hide_token(scope)
        scope["state"]["recheck"] = self._rechecking(who)
        await self._app(scope, receive, _selecting(send) if is_bearer else send)

    def _admit_socket(self, scope: Scope) -> None:
        asker: Asker = scope["state"]["asker"]
        origin = self._hosts.check_origin(scope)
        if asker.proof is Proof.SESSION and not origin:
            raise Problem(403, "A session opens a WebSocket only from our own page: send its Origin, or use a token")
        if asker.caller.role is None:
            raise _unknown("Show a token (Sec-WebSocket-Protocol: bearer, TOKEN) or log in")

    def _rechecking(self, who: Scope) -> Callable[[], Awaitable[Caller]]:
        async def recheck() -> Caller:
            return (await self._identity.of(who)).caller

        return recheck

    def _recorded(self, scope: Scope, send: Send) -> Send:
        if scopes.method(scope) in SAFE:
            return send

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                await self._record(scope, message["status"])
            await send(message)

        return sending

    async def _record(self, scope: Scope, status: int) -> None:
        caller: Caller = scope["state"]["caller"]
        path = scope["path"] if scope["path"].isprintable() else "?"
        entry = AccessEntry(
            time=self._clock.now_ms(),
            actor=caller.actor,
            address=caller.address,
            what=f"{scopes.method(scope)} {path}"[:_WHAT_MAX],
            status=status,
            control_id=scope["state"].get("control_id"),
        )
        await self._recorder.note(entry, is_refused=status in _REFUSED and caller.role is not Role.OPERATOR)


async def _refuse(send: Send, problem: Problem, kind: str = "http.response") -> None:
    body = msgspec.json.encode(problem.body)
    headers = {"Content-Type": MEDIA_TYPE, "Content-Length": str(len(body)), **problem.headers}
    lines = [(name.lower().encode(), text.encode("latin-1", "replace")) for name, text in headers.items()]
    await send({"type": f"{kind}.start", "status": problem.status, "headers": lines})
    await send({"type": f"{kind}.body", "body": body})


async def _refuse_socket(scope: Scope, receive: Receive, send: Send, problem: Problem) -> None:
    await receive()
    if "websocket.http.response" in scope.get("extensions", {}):
        await _refuse(shielded(send, scope, ""), problem, "websocket.http.response")
        with suppress(TimeoutError):  # uvicorn logs an error unless the connection is gone before we return
            async with asyncio.timeout(_GONE_S):
                for _ in range(2):
                    await receive()
    else:
        await send({"type": "websocket.close", "code": 1008})


def _hide_token(scope: Scope) -> None:
    """Leave nothing of a token where it may be logged."""
    if BEARER in scope.get("subprotocols", ()):
        scope["subprotocols"] = [BEARER]
    hidden = {b"authorization", b"sec-websocket-protocol", b"cookie"}
    scope["headers"] = [(name, value) for name, value in scope["headers"] if name.lower() not in hidden]


def _selecting(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "websocket.accept" and not message.get("subprotocol"):
            message = {**message, "subprotocol": BEARER}
        await send(message)

    return sending


def _away(scope: Scope, error: StorageError) -> Problem:
    log.warning("caller_unknown", error=str(error))
    return database_away(scope["path"])


def _unknown(detail: str) -> Problem:
    return Problem(401, detail, headers={"WWW-Authenticate": 'Bearer realm="fadearena"'})
