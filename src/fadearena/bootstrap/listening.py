"""HTTP and WebSocket on a socket: uvicorn as one service among others of a process."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from fadearena.api.access.wire import GuardedProtocol
from fadearena.api.stream import MESSAGE_BYTES, Stream
from fadearena.config import Config, variable
from fadearena.kit.tasks import first_cause
from fadearena.model.error import InvalidInput

_BACKLOG: Final = 2_048
_UNREAD_BYTES: Final = 128 << 10
_UNREAD_MS: Final = 30_000
_KEEP_S: Final = 30
_END_S: Final = 2
_PING_S: Final = 20


def bound(host: str, port: int) -> socket.socket:
    """
    Return a socket that takes connections there; port 0 is any free one.

    Raises:
        InvalidInput: The address is not ours, or somebody else listens there.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        made = socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except (OSError, UnicodeError) as error:
        why = str(getattr(error, "strerror", None) or error).partition(" (while")[0]  # who binds says the address again
        raise InvalidInput(
            f"nobody can listen at {host} port {port} ({why}): end who does, or choose another with --port or "
            f"{variable('port')} (0 is any free one), and the address with --host or {variable('host')}"
        ) from error
    made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _UNREAD_BYTES)  # else megabytes for each who does not read
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # who never reads is dropped by the system
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNREAD_MS)
    return made


def url_of(listener: socket.socket) -> str:
    """Return where a socket is reached from this machine."""
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


class HttpServer:
    """Serves an application until it is told to stop; then what was asked already is still answered, for a while."""

    def __init__(self, app: ASGIApp, listener: socket.socket, config: Config) -> None:
        self._listener = listener
        self._stopping = asyncio.Event()
        self._server = _Server(_options(app, config))

    async def run(self) -> None:
        """Serve."""
        try:
            await self._server.serve(sockets=[self._listener])
        finally:
            self._listener.close()

    def stop(self) -> None:
        """Take no more connections, and end `run`."""
        self._server.should_exit = True


class Front:
    """HTTP and WebSocket as one service: who listens is told of the end before the sockets are closed."""

    def __init__(self, server: HttpServer, stream: Stream) -> None:
        self._server = server
        self._stream = stream

    async def run(self) -> None:
        """Serve."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._server.run(), name="http")
                await self._stream.run()
                self._server.stop()
        except ExceptionGroup as errors:
            raise first_cause(errors) from errors

    def stop(self) -> None:
        """Close the WebSockets, take no more connections, and end `run`."""
        self._stream.stop()


class _Server(uvicorn.Server):
    """uvicorn, which leaves the process's signals alone."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take no signals: the process has other services to end first."""
        yield


def _options(app: ASGIApp, config: Config) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=GuardedProtocol,
        ws="websockets-sansio",
        ws_max_size=MESSAGE_BYTES,
        ws_per_message_deflate=False,
        ws_ping_interval=_PING_S,
        ws_ping_timeout=_PING_S,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(config.trusted_proxies),
        forwarded_allow_ips=list(config.trusted_proxies),
        timeout_keep_alive=_KEEP_S,
        timeout_graceful_shutdown=_END_S,
    )
