"""The clients of a process: who may connect, what all are told, and the end."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import structlog
from pydantic import BaseModel
from starlette.types import ASGIApp, Receive, Scope, Send

from fadearena.api.callers import Caller
from fadearena.api.doors import Doors
from fadearena.api.errors import Problem, database_away
from fadearena.api.metrics.stream import StreamMetrics
from fadearena.api.records import Form
from fadearena.api.standing import settings_of, state_of
from fadearena.api.stream.admission import REFUSED, turn_away, wish_of
from fadearena.api.stream.client import Client, Wish
from fadearena.api.stream.delivery import Room
from fadearena.api.stream.follower import Follower
from fadearena.api.stream.marks import MarkWatch
from fadearena.api.stream.messages import HEARTBEAT, MARKS, STATE, Message
from fadearena.api.stream.standing import STATE_MS, Standing, Watch
from fadearena.kit.tasks import either
from fadearena.model.error import StorageError
from fadearena.model.units import MINUTE_MS, SECOND_MS

log = structlog.get_logger(__name__)
PATH: Final = "/ws"
HEARTBEAT_MS: Final = 15 * SECOND_MS
_CLIENTS: Final = 2_000
_RECHECK_MS: Final = MINUTE_MS
_STOP_S: Final = 2
_OPEN_S: Final = 2
_RETRY: Final = {"Retry-After": "1"}
_FORBIDDEN: Final = REFUSED, "the token was revoked or has expired, or the session is over: log in again"
_STOPS: Final = 1001, "the server stops: connect again, with since"
_REPLACED: Final = 1012, "the record log was made anew: read everything again"

Recheck: TypeAlias = Callable[[], Awaitable[Caller]]
"""Tells who a caller is by now: a token may be revoked, a session may end."""
View: TypeAlias = Callable[[Doors], Awaitable[BaseModel]]


@dataclass(frozen=True, kw_only=True)
class Views:
    """What `GET /api/state` and `GET /api/settings` answer."""

    state: View
    settings: View


class Stream:
    """Serves `/ws` while `run` runs."""

    def __init__(
        self,
        doors: Doors,
        views: Views = Views(state=state_of, settings=settings_of),
        room: Room = Room(),  # noqa: B008 - frozen
        *,
        clients: int = _CLIENTS,
    ) -> None:
        self._doors = doors
        self._views = views
        self._room = room
        self._most = clients
        self._clients: dict[Client, Recheck | None] = {}
        self._all_gone = asyncio.Event()
        self._stopping = asyncio.Event()
        self._watch = Watch(doors, views.state, self._tell_state)
        self._marks = MarkWatch(doors, self._tell_marks)
        self._metrics = StreamMetrics(doors.registry)
        self._follower = Follower(doors, self._settings, self._tell, self._restart)

    @property
    def seq(self) -> int:
        """The number of the last record that was sent."""
        return self._follower.seq

    async def run(self) -> None:
        """Follow the log and tell of it until `stop`; then every client is closed with 1001."""
        try:
            await either(self._follower.run(), self._ticking(), self._checking(), self._stopping.wait())
        finally:
            self._stopping.set()
            await self._close_all()

    def stop(self) -> None:
        """End `run`."""
        self._stopping.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        await receive()
        try:
            standing, wish = await self._admit(scope)
        except Problem as problem:
            await turn_away(scope, send, problem)
            return
        with suppress(OSError):  # gone before it was greeted
            bearer = "bearer" in scope.get("subprotocols", ())
            await send({"type": "websocket.accept", "subprotocol": "bearer" if bearer else None})
            client = self._client(standing, wish)
            self._clients[client] = scope["state"].get("recheck")
            self._all_gone.clear()
            try:
                await self._serve(client, self._hello(standing), receive, send)
            finally:
                del self._clients[client]
                self._metrics.clients.set(len(self._clients))
                if not self._clients:
                    self._all_gone.set()

    async def _serve(self, client: Client, hello: object, receive: Receive, send: Send) -> None:
        self._metrics.clients.set(len(self._clients))
        if self._stopping.is_set():
            client.end(*_STOPS)
        code = await client.run(hello, receive, send)
        self._metrics.closed.labels(str(code)).inc()

    def _client(self, told: Standing, wish: Wish) -> Client:
        """Return a client; what it is told of the state begins with what it was told already, of marks with all."""

        def caught_up(seq: int) -> Sequence[Message]:
            now, standing = self._doors.clock.now_ms(), self._watch.standing or told
            state = None if standing.changes == told.changes else standing.state
            said: tuple[tuple[str, dict[str, object] | None], ...]
            said = ((STATE, state), (MARKS, self._marks.whole), (HEARTBEAT, {}))
            return [Message(kind, seq, now, data) for kind, data in said if data is not None]

        return Client(self._follower, self._doors.clock, self._room, wish, caught_up)

    def _hello(self, standing: Standing) -> dict[str, object]:
        return {
            "state": standing.state,
            "settingsVersion": standing.settings_version,
            "seqTimestamp": self._follower.time,
            "heartbeatMs": HEARTBEAT_MS,
        }

    async def _admit(self, scope: Scope) -> tuple[Standing, Wish]:
        """
        Return how things stand, and what was asked for in the address.

        Raises:
            Problem: Who asks may not look; the address is wrong; or nobody can be served at the moment.
        """
        caller: Caller = scope["state"]["caller"]
        if caller.role is None:
            raise Problem(401, "Show a token (Sec-WebSocket-Protocol: bearer, TOKEN) or log in")
        wish = wish_of(scope)
        if len(self._clients) >= self._most:
            raise Problem(503, f"{self._most} clients are connected already: try again later", headers=_RETRY)
        if self._stopping.is_set():
            raise Problem(503, "The server stops: try again", headers=_RETRY)
        try:
            async with asyncio.timeout(_OPEN_S):
                await self._follower.opened.wait()
            return await self._watch.read(), wish
        except (StorageError, TimeoutError):
            raise database_away(scope["path"]) from None

    # ---------------------------------------------------------------------------------------------------------- tells

    def _tell(self, messages: Sequence[Message]) -> None:
        for client in self._clients:
            client.delivery.offer(messages)
        self._metrics.messages.inc(len(messages) * len(self._clients))

    def _tell_state(self, changed: dict[str, Any]) -> None:
        self._remind(Message(STATE, self.seq, self._doors.clock.now_ms(), changed))

    def _tell_marks(self, changed: Form) -> None:
        self._remind(Message(MARKS, self.seq, self._doors.clock.now_ms(), changed))

    def _restart(self) -> None:
        for client in self._clients:
            client.end(*_REPLACED)

    async def _settings(self) -> dict[str, Any]:
        return (await self._views.settings(self._doors)).model_dump(by_alias=True)

    async def _ticking(self) -> None:
        """Tell twice a second what changed in the state and of the marks, and now and then that all is quiet."""
        clock = self._doors.clock
        beat = clock.now_ms() + HEARTBEAT_MS
        while True:
            await clock.sleep_until(clock.now_ms() + STATE_MS)
            self._metrics.longest.set(max((client.delivery.waiting for client in self._clients), default=0))
            if not self._clients:
                self._marks.forget()
                continue
            try:
                await self._watch.read()
                await self._marks.read()
            except StorageError as error:
                log.warning("state_unknown", error=str(error))
            if (now := clock.now_ms()) >= beat:
                beat = now + HEARTBEAT_MS
                self._remind(Message(HEARTBEAT, self.seq, now, {}))
                for client in self._clients:
                    client.delivery.check_pace()

    async def _checking(self) -> None:
        """Close the connections of those who may not look any more."""
        clock = self._doors.clock
        while True:
            await clock.sleep_until(clock.now_ms() + _RECHECK_MS)
            for client, recheck in list(self._clients.items()):
                with suppress(StorageError):  # nobody can tell at the moment
                    if recheck is not None and (await recheck()).role is None:
                        client.end(*_FORBIDDEN)

    def _remind(self, message: Message) -> None:
        for client in self._clients:
            client.delivery.remind(message)

    async def _close_all(self) -> None:
        if self._clients:
            for client in self._clients:
                client.end(*_STOPS)
            with suppress(TimeoutError):
                async with asyncio.timeout(_STOP_S):
                    await self._all_gone.wait()


def with_stream(app: ASGIApp, stream: ASGIApp) -> ASGIApp:
    """Return an application that serves `/ws` by `stream`, with nothing in between, and everything else by `app`."""

    async def either_of_them(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket" and scope["path"] == PATH:
            await stream(scope, receive, send)
        else:
            await app(scope, receive, send)

    return either_of_them
