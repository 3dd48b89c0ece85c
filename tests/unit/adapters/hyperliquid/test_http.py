"""Bytes to the exchange and back, against a real server on this machine."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from random import Random
from typing import Any

import pytest
from aiohttp import WSMsgType, web

from fadearena.adapters.hyperliquid import http
from fadearena.adapters.hyperliquid.http import BASE_URLS, HttpTransport
from fadearena.adapters.hyperliquid.session import Connected, Lost, Message, News, Session, Subscribed
from fadearena.kit.clock import SystemClock
from fadearena.kit.tasks import cancelled
from fadearena.model.error import InvalidInput, OutcomeUnknown, VenueProtocolError, VenueUnavailable

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serving(path: str, handler: Handler, **times: float) -> AsyncIterator[HttpTransport]:
    """Serve one path on a port that the system chooses; give a transport to it."""
    app = web.Application()
    app.router.add_route("*", path, handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    try:
        async with HttpTransport(f"http://{host}:{port}", **times) as transport:
            yield transport
    finally:
        await runner.cleanup()


@asynccontextmanager
async def scripted(talk: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]) -> Any:
    """Serve bytes as they are; give a transport to it."""
    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    async with HttpTransport(f"http://{host}:{port}") as transport:
        yield transport
    server.close()
    await server.wait_closed()


async def closed_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


def test_urls_are_those_of_the_networks() -> None:
    """The socket's URL follows from the base: wss for https, ws for http."""
    assert HttpTransport(BASE_URLS["mainnet"]).socket_url == "wss://api.hyperliquid.xyz/ws"
    assert HttpTransport(BASE_URLS["testnet"]).socket_url == "wss://api.hyperliquid-testnet.xyz/ws"
    assert HttpTransport("http://127.0.0.1:8080/").socket_url == "ws://127.0.0.1:8080/ws"


def test_what_cannot_work_is_said_at_once() -> None:
    """A URL of another kind, times that contradict each other, and use before it is open are errors of the caller."""
    with pytest.raises(InvalidInput, match="begins with http"):
        HttpTransport("api.hyperliquid.xyz")
    with pytest.raises(InvalidInput, match="longer"):
        HttpTransport(BASE_URLS["mainnet"], connect_s=5, answer_s=5)
    with pytest.raises(InvalidInput, match="async with"):
        asyncio.run(HttpTransport(BASE_URLS["mainnet"]).post("/info", b"{}"))


def test_a_request_goes_out_as_it_is_and_the_answer_comes_back_as_it_is() -> None:
    """Body and content type are the exchange's; status and body come back whatever they say."""
    seen: list[tuple[bytes, str | None, str | None]] = []

    async def handler(request: web.Request) -> web.Response:
        seen.append((await request.read(), request.headers.get("Content-Type"), request.headers.get("Cookie")))
        bodies = [(200, b'{"a":1}'), (429, b"null"), (502, b"<html>bad gateway</html>"), (302, b"elsewhere")]
        status, body = bodies[len(seen) - 1]
        return web.Response(status=status, body=body, headers={"Set-Cookie": "a=b", "Location": "/elsewhere"})

    async def main() -> None:
        async with serving("/info", handler) as transport:
            assert await transport.post("/info", b'{"type":"meta"}') == (200, b'{"a":1}')
            assert await transport.post("/info", b"{}") == (429, b"null")
            assert await transport.post("/info", b"{}") == (502, b"<html>bad gateway</html>")
            assert await transport.post("/info", b"{}") == (302, b"elsewhere")

    asyncio.run(main())
    assert seen[0] == (b'{"type":"meta"}', "application/json", None)
    assert len(seen) == 4
    assert {cookie for *_, cookie in seen} == {None}


def test_where_nobody_listens_nothing_was_sent() -> None:
    """A refused connection is `VenueUnavailable`, for requests and for sockets."""

    async def main() -> None:
        async with HttpTransport(f"http://127.0.0.1:{await closed_port()}") as transport:
            with pytest.raises(VenueUnavailable, match="no connection to"):
                await transport.post("/info", b"{}")
            with pytest.raises(VenueUnavailable, match="no socket to"):
                await transport.connect()

    asyncio.run(main())


def test_an_answer_that_does_not_come_in_time_leaves_the_outcome_unknown() -> None:
    """The server took the request and says nothing: nobody knows what it did. A socket was never opened then."""

    async def handler(request: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        return web.Response()

    async def main() -> None:
        async with serving("/{any}", handler, connect_s=0.05, answer_s=0.1) as transport:
            with pytest.raises(OutcomeUnknown, match="no whole answer"):
                await transport.post("/exchange", b"{}")
            with pytest.raises(VenueUnavailable, match="TimeoutError"):
                await transport.connect()

    asyncio.run(main())


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", b"HTTP/1.1 200 OK\r\n", b"nonsense\r\n\r\n"]
)
def test_a_broken_answer_leaves_the_outcome_unknown_and_nothing_is_sent_again(answer: bytes) -> None:
    """A connection that closes before, within or instead of an answer: the request may have been done."""
    requests = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal requests
        await reader.readuntil(b"\r\n\r\n{}")
        requests += 1
        writer.write(answer)
        writer.close()

    async def main() -> None:
        async with scripted(talk) as transport:
            with pytest.raises(OutcomeUnknown):
                await transport.post("/exchange", b"{}")

    asyncio.run(main())
    assert requests == 1


def test_a_kept_connection_that_closes_under_a_request_is_not_used_twice() -> None:
    """On the second request of a connection the server goes away: its outcome is unknown, and it left once."""
    requests = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal requests
        await reader.readuntil(b"\r\n\r\n{}")
        requests += 1
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        await reader.readuntil(b"\r\n\r\n{}")
        requests += 1
        writer.close()

    async def main() -> None:
        async with scripted(talk) as transport:
            assert await transport.post("/exchange", b"{}") == (200, b"{}")
            with pytest.raises(OutcomeUnknown):
                await transport.post("/exchange", b"{}")

    asyncio.run(main())
    assert requests == 2


def test_an_endless_answer_is_given_up() -> None:
    """More bytes than any answer of the exchange has are not read."""

    async def handler(request: web.Request) -> web.StreamResponse:
        return web.Response(body=bytes(http.MESSAGE_BYTES_MAX + 1))

    async def main() -> None:
        async with serving("/info", handler) as transport:
            with pytest.raises(VenueProtocolError, match="more than"):
                await transport.post("/info", b"{}")

    asyncio.run(main())


def test_a_socket_carries_texts_both_ways() -> None:
    """Large texts too; what is no text closes it; closing twice does nothing, and then nothing leaves."""
    large = "x" * (8 * 1024 * 1024)

    async def handler(request: web.Request) -> web.WebSocketResponse:
        server = web.WebSocketResponse(max_msg_size=0)
        await server.prepare(request)
        async for message in server:
            if message.type is WSMsgType.TEXT:
                await (server.send_bytes(b"?") if message.data == "binary" else server.send_str(message.data))
        return server

    async def main() -> None:
        async with serving("/ws", handler) as transport:
            line = await transport.connect()
            for text in ("a", large, "b"):
                await line.send(text)
                assert await line.receive() == text
            await line.send("binary")
            assert await line.receive() is None
            await line.close()
            await line.close()
            with pytest.raises(VenueUnavailable, match="closed"):
                await line.send("c")

    asyncio.run(main())


def test_a_socket_that_the_exchange_closes_is_over() -> None:
    """Whether it says so or is simply gone: `receive` gives None, and keeps doing so."""
    endings: list[Callable[[web.WebSocketResponse, web.Request], Awaitable[object]]] = []

    async def goodbye(server: web.WebSocketResponse, request: web.Request) -> None:
        await server.close()

    async def abort(server: web.WebSocketResponse, request: web.Request) -> None:
        assert request.transport is not None
        request.transport.abort()

    async def handler(request: web.Request) -> web.WebSocketResponse:
        server = web.WebSocketResponse()
        await server.prepare(request)
        await server.receive()
        await endings.pop(0)(server, request)
        return server

    async def main() -> None:
        endings.extend([goodbye, abort])
        async with serving("/ws", handler) as transport:
            for _ in range(2):
                line = await transport.connect()
                await line.send("go")
                assert await line.receive() is None
                assert await line.receive() is None
                with pytest.raises(VenueUnavailable):
                    await line.send("c")
                await line.close()

    asyncio.run(main())


def test_a_reader_that_waits_is_released_when_the_socket_is_closed() -> None:
    """Closing from our side ends a `receive` that waits, even where the server does not answer the closing."""

    async def handler(request: web.Request) -> web.WebSocketResponse:
        server = web.WebSocketResponse(autoclose=False)
        await server.prepare(request)
        await asyncio.Event().wait()
        return server

    async def main() -> None:
        async with serving("/ws", handler) as transport:
            line = await transport.connect()
            waiting = asyncio.create_task(line.receive())
            await asyncio.sleep(0)
            await line.close()
            assert await waiting is None

    asyncio.run(main())


def test_a_session_lives_on_real_sockets() -> None:
    """It connects, subscribes and hears; when the server is simply gone it comes back and asks for everything again."""
    asked: list[object] = []

    async def handler(request: web.Request) -> web.WebSocketResponse:
        server = web.WebSocketResponse()
        await server.prepare(request)
        await server.send_str("Websocket connection established.")
        frame = await server.receive_json()
        asked.append(frame["subscription"])
        await server.send_json({"channel": "subscriptionResponse", "data": frame})
        await server.send_json({"channel": "trades", "data": [len(asked)]})
        if len(asked) == 1:
            assert request.transport is not None
            request.transport.abort()
        await server.receive()
        return server

    async def heard(transport: HttpTransport) -> list[News]:
        session = Session(transport, SystemClock(), name="real", rng=Random(1))
        session.subscribe({"type": "trades", "coin": "BTC"})
        running = asyncio.create_task(session.run())
        told: list[News] = []
        async for news in session:
            told.append(news)
            if len([each for each in told if isinstance(each, Message)]) == 2:
                break
        await cancelled(running)
        return told

    async def main() -> list[News]:
        async with serving("/ws", handler) as transport:
            return await heard(transport)

    told = asyncio.run(main())
    assert [type(news) for news in told] == [Connected, Subscribed, Message, Lost, Connected, Subscribed, Message]
    assert asked == [{"type": "trades", "coin": "BTC"}] * 2
