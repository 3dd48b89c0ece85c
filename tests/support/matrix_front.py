"""
The wire as a server: what a worker in another process takes for the exchange, and where it tells of its steps.

What breaks on the wire breaks here as on a network: the connection is aborted, which the other end sees as a reset.
"""

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from http.client import HTTPConnection

from aiohttp import WSMsgType, web

from fadearena.model.error import OutcomeUnknown, VenueUnavailable
from tests.support.matrix import Step
from tests.support.matrix_socket import WireSocket
from tests.support.matrix_wire import Wire

_STEPS = "/steps"
_STEP_S = 60


class Front:
    """Listens on a port of its own for one worker."""

    def __init__(self, wire: Wire, passed: Callable[[Step], Awaitable[None]]) -> None:
        self.port = 0
        self._wire = wire
        self._passed = passed
        application = web.Application(client_max_size=1 << 24)
        application.add_routes(
            [
                web.post("/info", self._post),
                web.post("/exchange", self._post),
                web.get("/ws", self._socket),
                web.post(_STEPS, self._step),
            ]
        )
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1, handle_signals=False)

    async def start(self) -> None:
        """Begin to listen."""
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.port = self._runner.addresses[0][1]

    async def close(self) -> None:
        """Listen no longer."""
        await self._runner.cleanup()

    async def _step(self, request: web.Request) -> web.Response:
        await self._passed(Step((await request.read()).decode()))
        return web.Response()

    async def _post(self, request: web.Request) -> web.StreamResponse:
        try:
            status, answer = await self._wire.post(request.path, await request.read())
        except (OutcomeUnknown, VenueUnavailable):
            return _broken_off(request)
        return web.Response(status=status, body=answer, content_type="application/json")

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        try:
            inner = await self._wire.connect()
        except VenueUnavailable:
            return _broken_off(request)
        outer = web.WebSocketResponse(max_msg_size=1 << 24, compress=False)
        try:
            await outer.prepare(request)
        except ConnectionError:
            await inner.close()
            return outer
        telling = asyncio.create_task(_tell(inner, outer, request))
        try:
            async for message in outer:
                if message.type is WSMsgType.TEXT:
                    await inner.send(message.data)
        except VenueUnavailable:
            pass
        finally:
            await inner.close()
            await telling
        return outer


def tell_step(port: int, step: Step) -> None:
    """Tell of a step from another process, and wait until what is to begin there has begun."""
    connection = HTTPConnection("127.0.0.1", port, timeout=_STEP_S)
    connection.request("POST", _STEPS, body=step.encode())
    answer = connection.getresponse()
    assert answer.status == HTTPStatus.OK, answer.read()
    connection.close()


async def _tell(inner: WireSocket, outer: web.WebSocketResponse, request: web.Request) -> None:
    try:
        while (text := await inner.receive()) is not None:
            await outer.send_str(text.decode())
    except ConnectionError:
        return
    if request.transport is not None:
        request.transport.abort()


def _broken_off(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
