"""
How long, and how much, a connection may keep the server busy before there is a request to look at, and after.

uvicorn waits for ever for the rest of a head, keeps all of it in memory, and waits for ever for somebody who does not
read an answer. Here each has a limit.
"""

import asyncio
import resource
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, ClassVar, Final

import msgspec
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from fadearena.api.access.paths import HEAD_BYTES_MAX
from fadearena.api.errors import MEDIA_TYPE, Problem

_SLACK: Final = 1 << 12
_CONNECTIONS_MAX: Final = 4_096
_FILES_LEFT: Final = 128


def connections_max() -> int:
    """Return how many connections there may be, so that files are left for the databases."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _CONNECTIONS_MAX if files == resource.RLIM_INFINITY else max(1, min(_CONNECTIONS_MAX, files - _FILES_LEFT))


class GuardedProtocol(HttpToolsProtocol):
    """
    uvicorn's protocol with limits.

    A head has come `head_s` after the connection or its first byte, and has about `HEAD_BYTES_MAX` bytes. Somebody
    who reads nothing of an answer for `unread_s` is cut off. There are at most `connections_max` at the same time.
    """

    head_s: ClassVar[float] = 10.0
    unread_s: ClassVar[float] = 30.0
    connections_max: ClassVar[int] = connections_max()

    def __init__(self, *arguments: Any, **more: Any) -> None:  # noqa: ANN401 - as uvicorn makes it
        super().__init__(*arguments, **more)
        self._head_timer: asyncio.TimerHandle | None = None
        self._unread_timer: asyncio.TimerHandle | None = None
        self._head_bytes = 0
        self._is_before_body = True
        self._has_begun = False
        self._requests = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Wait for a request, and not for ever."""
        super().connection_made(transport)
        if len(self.connections) > self.connections_max:
            self._refuse(503, "There are too many connections: try again")
        else:
            self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        self._stop_timers()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came, unless a head grows too long."""
        if self.transport.is_closing():
            return
        if self._is_before_body:
            self._head_bytes += len(data)
        if self._is_idle():
            self._wait_for_head()  # uvicorn stops waiting for the next request at any byte, whatever it is
        super().data_received(data)
        if self._is_before_body and self._head_bytes > HEAD_BYTES_MAX + _SLACK:
            self._refuse(431, f"A request's head has at most {HEAD_BYTES_MAX} bytes")

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection on, which has limits of its own from now on."""
        self._stop_timers()
        super().handle_websocket_upgrade()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's words
        """Answer what is no HTTP."""
        self._refuse(
            400, "This is no HTTP request: look for a line end or a control character in a header or the address"
        )

    def pause_writing(self) -> None:
        """Give somebody who does not read some time."""
        super().pause_writing()
        if self._unread_timer is None:
            self._unread_timer = self.loop.call_later(self.unread_s, self.transport.abort)

    def resume_writing(self) -> None:
        """See that he reads."""
        super().resume_writing()
        if self._unread_timer is not None:
            self._unread_timer.cancel()
            self._unread_timer = None

    def on_message_begin(self) -> None:
        """Begin a head."""
        super().on_message_begin()
        self._has_begun = True
        self._wait_for_head()

    def on_headers_complete(self) -> None:
        """End a head."""
        self._head_bytes = 0
        self._is_before_body = self._has_begun = False
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
        super().on_headers_complete()
        self._requests += 1

    def on_message_complete(self) -> None:
        """End a body: what comes next is a head."""
        self._is_before_body = True
        super().on_message_complete()

    def _is_idle(self) -> bool:
        return self._requests == 0 or self.cycle.response_complete

    def _wait_for_head(self) -> None:
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(self.head_s, self._head_is_late)

    def _head_is_late(self) -> None:
        self._head_timer = None
        if self._has_begun:
            self._refuse(408, f"The request's head did not come within {self.head_s:g} s")
        else:
            self.transport.close()

    def _refuse(self, status: int, detail: str) -> None:
        """Close the connection, with an answer where none is under way but to the very request that is refused."""
        if self.transport.is_closing():
            return
        is_idle = self._is_idle()
        if is_idle or (self.cycle.more_body and not self.cycle.response_started):
            self.transport.write(_answer(status, detail, self.server_state.default_headers))
        if not is_idle:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.close()

    def _stop_timers(self) -> None:
        for timer in (self._head_timer, self._unread_timer):
            if timer is not None:
                timer.cancel()
        self._head_timer = self._unread_timer = None


def _answer(status: int, detail: str, headers: Sequence[tuple[bytes, bytes]]) -> bytes:
    body = msgspec.json.encode(Problem(status, detail).body)
    lines = [
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}".encode(),
        *(name + b": " + value for name, value in headers),
        f"content-type: {MEDIA_TYPE}".encode(),
        f"content-length: {len(body)}".encode(),
        b"x-content-type-options: nosniff",
        b"cache-control: no-store",
        b"connection: close",
    ]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body
