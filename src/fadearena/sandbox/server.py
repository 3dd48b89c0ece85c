"""
The sandbox as a server of its own: the exchange's three doors, and one for those who look behind it.

1. Nothing is protected, so it listens on this machine only, unless it is told otherwise.
2. If a file is given, what comes in is kept there before it is done, and all that is remembered every minute and at
   the end: see `saving`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import TypeAlias

import msgspec
from aiohttp import WSMsgType, web

from fadearena.kit.clock import Clock
from fadearena.model.error import InvalidInput
from fadearena.model.ids import Address
from fadearena.sandbox.control import SHOWN, TAKEN, Control, TraderLine
from fadearena.sandbox.exchange.crowd import CrowdOptions
from fadearena.sandbox.exchange.exchange import Exchange
from fadearena.sandbox.gateway.faults import AnswerLost, ConnectionRefused
from fadearena.sandbox.gateway.gateway import Gateway, Settings
from fadearena.sandbox.gateway.leaderboard import Leaderboard
from fadearena.sandbox.gateway.peer import Peer
from fadearena.sandbox.saving import Box, Keeper, begun, loaded

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
    Where `state` is there already, its seed, wallets and volume rule hold, not these. At least `coins` trade; with a
    `crowd` nothing can be kept.
    """

    host: str = "127.0.0.1"
    port: int = 0
    seed: int = 1
    speed: Decimal = Decimal(1)
    state: Path | None = None
    wallets: Mapping[str, Address] = {}
    is_open: bool = False
    needs_volume: bool = True
    coins: int = 0
    crowd: CrowdOptions = CrowdOptions()
    settings: Settings = Settings()


class Listening(msgspec.Struct, frozen=True):
    """Where it can be reached, and whose wallets can be followed; those of the crowd are many."""

    url: str
    traders: list[TraderLine]
    crowd: int


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
    if options.state is not None and options.crowd.traders:
        raise InvalidInput("a crowd cannot be kept: leave out either the crowd or the file for the state")
    box = _box(options)
    gateway, control = box.gateway, box.control
    keeper = None if options.state is None else Keeper(options.state, box)
    runner = web.AppRunner(_application(gateway, control), access_log=None, shutdown_timeout=1, handle_signals=False)
    await runner.setup()
    if keeper is not None:
        keeper.save()
    try:
        site = web.TCPSite(runner, options.host, options.port)
        await site.start()
        port = runner.addresses[0][1]
        ready(Listening(f"http://{_in_url(options.host)}:{port}", control.regulars(), options.crowd.traders))
        async with asyncio.TaskGroup() as group:
            group.create_task(gateway.run(), name="sandbox.run")
            if keeper is not None:
                group.create_task(_keep(keeper), name="sandbox.save")
    finally:
        gateway.close_all()
        await runner.cleanup()
        if keeper is not None:
            keeper.end()


def _box(options: Options) -> Box:
    """Begin anew, or go on with what was written."""
    if options.state is not None and options.state.exists():
        return loaded(options.state, options.speed, options.settings)

    def exchange(clock: Clock) -> Exchange:
        return Exchange(
            clock,
            options.seed,
            wallets=options.wallets,
            needs_volume=options.needs_volume,
            coins=options.coins,
            crowd=options.crowd,
        )

    return begun(exchange, options.speed, options.settings)


async def _keep(keeper: Keeper) -> None:
    """Take note every second that the sandbox lives, and write all of it every minute."""
    while True:
        for _ in range(_SAVE_EVERY_S):
            await asyncio.sleep(1)
            keeper.tick()
        keeper.save()


def _application(gateway: Gateway, control: Control) -> web.Application:
    doors = _Doors(gateway)
    application = web.Application(client_max_size=_MESSAGE_MAX)
    application.add_routes(
        [
            web.post("/info", doors.post),
            web.post("/exchange", doors.post),
            web.get("/ws", doors.socket),
            web.get("/Mainnet/leaderboard", doors.leaderboard),
            *(web.get(f"/sandbox/{name}", _shows(show, control)) for name, show in SHOWN.items()),
            *(web.post(f"/sandbox/{name}", _takes(name, control)) for name in TAKEN),
        ]
    )
    return application


class _Doors:
    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._board = Leaderboard(gateway.exchange)

    async def post(self, request: web.Request) -> web.Response:
        body = await request.read()
        try:
            status, answer = await self._gateway.post(request.path, body, request.headers.get("Content-Type", ""))
        except (AnswerLost, ConnectionRefused):
            return _broken_off(request)
        is_json = status == 200 or answer == b"null"  # noqa: PLR2004 - the one status that means yes
        return web.Response(status=status, body=answer, content_type="application/json" if is_json else "text/plain")

    async def leaderboard(self, _request: web.Request) -> web.Response:
        return web.Response(body=await self._board.read(), content_type="application/json")

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


def _shows(read: Callable[[Control], object], control: Control) -> _Handler:
    async def handler(_request: web.Request) -> web.Response:
        shown = read(control)
        answer = await shown if isinstance(shown, Awaitable) else shown
        return web.Response(body=_encode(answer), content_type="application/json")

    return handler


def _takes(name: str, control: Control) -> _Handler:
    async def handler(request: web.Request) -> web.Response:
        body = await request.read()
        try:
            answer = control.tell(name, body)
        except (msgspec.DecodeError, InvalidInput) as error:
            return web.Response(status=422, text=str(error))
        return web.Response(body=_encode(answer), content_type="application/json")

    return handler


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host
