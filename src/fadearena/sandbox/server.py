"""
The sandbox as a server of its own: the exchange's three doors, and one for those who look behind it.

1. Nothing is protected, so it listens on this machine only, unless it is told otherwise.
2. Everything that it remembers is written at the end and every minute, if a file is given: first beside it, then in
   its place.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import TypeAlias

import msgspec
from aiohttp import WSMsgType, web

from fadearena.kit.clock import AffineClock, SystemClock
from fadearena.model.error import InvalidInput
from fadearena.model.ids import Address
from fadearena.model.units import EpochMs
from fadearena.sandbox.control import Control, Deposit, TraderLine
from fadearena.sandbox.exchange.exchange import Exchange
from fadearena.sandbox.gateway.faults import AnswerLost, ConnectionRefused, Fault
from fadearena.sandbox.gateway.gateway import Gateway, Settings
from fadearena.sandbox.gateway.nonces import Nonces
from fadearena.sandbox.gateway.peer import Peer

HOME = frozenset({"127.0.0.1", "::1", "localhost"})
_SAVE_EVERY_S = 60
_MESSAGE_MAX = 1 << 20
_Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]
_encode = msgspec.json.Encoder().encode


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """
    How a sandbox is run.

    `port` 0 lets the system choose one; `wallets` names traders that have an address already; `is_open` is needed to
    listen for other machines; without `needs_volume` sub-accounts and scheduled cancels ask for no traded volume.
    Where `state` is there already, its seed, wallets and volume rule hold, not these.
    """

    host: str = "127.0.0.1"
    port: int = 0
    seed: int = 1
    speed: Decimal = Decimal(1)
    state: Path | None = None
    wallets: Mapping[str, Address] = {}
    is_open: bool = False
    needs_volume: bool = True
    settings: Settings = Settings()


class Listening(msgspec.Struct, frozen=True):
    """Where it can be reached, and whose wallets can be followed."""

    url: str
    traders: list[TraderLine]


class _Saved(msgspec.Struct):
    time: EpochMs
    nonces: dict[Address, list[int]]
    exchange: msgspec.Raw


async def serve(options: Options, *, ready: Callable[[Listening], None] = lambda _: None) -> None:
    """
    Run a sandbox until cancelled; `ready` is told once it listens.

    Raises:
        InvalidInput: The host is not this machine, time would not pass, or the file is no state of a sandbox.
        OSError: The port is taken, or the file cannot be read or written.
    """
    if options.host not in HOME and not options.is_open:
        raise InvalidInput(f"{options.host} lets other machines in, and nothing is protected: open it on purpose")
    if options.speed <= 0:
        raise InvalidInput(f"at speed {options.speed} no time would pass: choose one above 0")
    gateway, clock = _gateway(options)
    control = Control(gateway, clock)
    runner = web.AppRunner(_application(gateway, control), access_log=None, shutdown_timeout=1, handle_signals=False)
    await runner.setup()
    try:
        site = web.TCPSite(runner, options.host, options.port)
        await site.start()
        port = runner.addresses[0][1]
        ready(Listening(f"http://{_in_url(options.host)}:{port}", control.traders()))
        async with asyncio.TaskGroup() as group:
            group.create_task(gateway.run(), name="sandbox.run")
            if options.state is not None:
                group.create_task(_keep_saving(options.state, gateway), name="sandbox.save")
    finally:
        gateway.close_all()
        await runner.cleanup()
        if options.state is not None:
            _write(options.state, gateway)


def _clock(speed: Decimal, earliest: EpochMs) -> AffineClock:
    """Begin now, or where a sandbox stopped that was faster than time."""
    now = SystemClock().now_ms()
    return AffineClock(max(now, earliest), now, speed)


def _gateway(options: Options) -> tuple[Gateway, AffineClock]:
    """Begin anew, or go on with what was written."""
    if options.state is None or not options.state.exists():
        clock = _clock(options.speed, 0)
        exchange = Exchange(clock, options.seed, wallets=options.wallets, needs_volume=options.needs_volume)
        return Gateway(exchange, clock, options.settings), clock
    try:
        saved = msgspec.json.decode(options.state.read_bytes(), type=_Saved)
        clock = _clock(options.speed, saved.time)
        exchange = Exchange.load(clock, bytes(saved.exchange))
    except msgspec.DecodeError as error:
        raise InvalidInput(
            f"{options.state} is no state of a sandbox: name another file, or remove this one"
        ) from error
    return Gateway(exchange, clock, options.settings, nonces=Nonces(saved.nonces)), clock


def _write(path: Path, gateway: Gateway) -> None:
    state = _Saved(gateway.clock.now_ms(), gateway.nonces.dump(), msgspec.Raw(gateway.exchange.dump()))
    draft = path.with_name(path.name + ".new")
    with draft.open("wb") as file:
        file.write(_encode(state))
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


async def _keep_saving(path: Path, gateway: Gateway) -> None:
    while True:
        await asyncio.sleep(_SAVE_EVERY_S)
        _write(path, gateway)


def _application(gateway: Gateway, control: Control) -> web.Application:
    doors = _Doors(gateway)
    application = web.Application(client_max_size=_MESSAGE_MAX)
    application.add_routes(
        [
            web.post("/info", doors.post),
            web.post("/exchange", doors.post),
            web.get("/ws", doors.socket),
            web.get("/sandbox/clock", _shows(control.clock)),
            web.get("/sandbox/truth", _shows(control.truth)),
            web.get("/sandbox/orders", _shows(control.orders)),
            web.get("/sandbox/requests", _shows(control.requests)),
            web.get("/sandbox/traders", _shows(control.traders)),
            web.post("/sandbox/faults", _takes(Fault, control.fault)),
            web.post("/sandbox/deposit", _takes(Deposit, control.deposit)),
            web.post("/sandbox/pause", _takes(None, lambda _: control.pause())),
            web.post("/sandbox/resume", _takes(None, lambda _: control.resume())),
        ]
    )
    return application


class _Doors:
    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def post(self, request: web.Request) -> web.Response:
        body = await request.read()
        try:
            status, answer = await self._gateway.post(request.path, body, request.headers.get("Content-Type", ""))
        except (AnswerLost, ConnectionRefused):
            return _broken_off(request)
        is_json = status == 200 or answer == b"null"  # noqa: PLR2004 - the one status that means yes
        return web.Response(status=status, body=answer, content_type="application/json" if is_json else "text/plain")

    async def socket(self, request: web.Request) -> web.StreamResponse:
        try:
            peer = self._gateway.connect()
        except ConnectionRefused:
            return _broken_off(request)
        if peer is None:
            return web.Response(status=429, text="null")
        try:
            return await self._talk(peer, request)
        finally:
            self._gateway.close(peer)

    async def _talk(self, peer: Peer, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(max_msg_size=_MESSAGE_MAX, compress=False)
        await socket.prepare(request)
        telling = asyncio.create_task(_tell(peer, socket))
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    await self._gateway.receive(peer, message.data)
        finally:
            self._gateway.close(peer)
            await telling
        return socket


async def _tell(peer: Peer, socket: web.WebSocketResponse) -> None:
    try:
        while (text := await peer.next()) is not None:
            await socket.send_frame(text, WSMsgType.TEXT)
    except ConnectionError:
        peer.end()
    await socket.close()


def _broken_off(request: web.Request) -> web.Response:
    """Close the connection without an answer."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def _shows(read: Callable[[], object]) -> _Handler:
    async def handler(_request: web.Request) -> web.Response:
        return web.Response(body=_encode(read()), content_type="application/json")

    return handler


def _takes(kind: object, do: Callable[..., None]) -> _Handler:
    async def handler(request: web.Request) -> web.Response:
        body = await request.read()
        try:
            do(None if kind is None else msgspec.json.decode(body, type=kind))
        except (msgspec.DecodeError, InvalidInput) as error:
            return web.Response(status=422, text=str(error))
        return web.Response(body=b"null", content_type="application/json")

    return handler


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host
