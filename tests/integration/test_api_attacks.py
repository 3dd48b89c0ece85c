"""
Bad requests on a real socket: each is refused at once or cut off, and the server goes on answering others.

The limits are the real ones in kind and small in time: what has ten seconds in earnest has a fifth of one here.
"""

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from fadearena.api.access import AccessMiddleware, AccessOptions
from fadearena.api.access.paths import HEAD_BYTES_MAX
from fadearena.api.access.tokens import new_token
from fadearena.api.access.wire import GuardedProtocol
from fadearena.ports.access import Role
from tests.support.access import door_room

PATIENCE_S = 5.0
SOON_S = 4.0
HUGE = 64 << 20


class Quick(GuardedProtocol):
    """The protocol with little patience."""

    head_s = 0.2
    unread_s = 0.2


async def rest_of(reader: asyncio.StreamReader) -> bytes:
    """Return what comes until the connection is closed; nothing where it is cut."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            return await reader.read()
    except ConnectionError:
        return b""


@dataclass
class Box:
    """A server that listens, and an operator's token for it."""

    port: int
    token: str
    unread: asyncio.Event

    async def send(self, *parts: bytes, is_ended: bool = False) -> bytes:
        """Send bytes on a connection of their own, and return all that comes back until it is closed."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            for part in parts:
                writer.write(part)
                await writer.drain()
            if is_ended:
                writer.write_eof()
        except ConnectionError:
            pass  # refused before all of it was sent
        try:
            return await rest_of(reader)
        finally:
            writer.transport.abort()

    async def status(self, *parts: bytes, is_ended: bool = False) -> int:
        """Return the status of the only answer; 0 where the connection was cut."""
        answer = await self.send(*parts, is_ended=is_ended)
        assert answer.count(b"HTTP/1.1 ") <= 1, answer
        return int(answer[9:12] or 0)

    async def lives(self) -> bool:
        """Tell whether somebody else is answered, soon."""
        began = time.monotonic()
        answer = await self.send(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        return answer.startswith(b"HTTP/1.1 200") and time.monotonic() - began < SOON_S

    def post(self, *headers: str, path: str = "/api/settings") -> bytes:
        """Return the head of an operator's request, up to its last header."""
        lines = [f"POST {path} HTTP/1.1", "Host: localhost", f"Authorization: Bearer {self.token}", *headers]
        return "\r\n".join(lines).encode() + b"\r\n\r\n"


async def behind(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer what passed the door: `/large` with more than anybody has room for, until nobody reads it."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close"})
        return
    if scope["path"] != "/healthz" and scope["method"] == "POST":
        await receive()
    size = HUGE if scope["path"] == "/large" else 2
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", str(size).encode())]})
    for start in range(0, size, 1 << 20):
        part = bytes(min(size - start, 1 << 20))
        await send({"type": "http.response.body", "body": part, "more_body": start + len(part) < size})
    if size == HUGE:
        scope["state"]["unread"].set()


@asynccontextmanager
async def boxed(protocol: type[Quick]) -> AsyncIterator[Box]:
    """Let a server listen, and end it."""
    room = door_room(app=behind)
    door = AccessMiddleware(behind, room.doors, AccessOptions(body_s=0.2))
    unread = asyncio.Event()
    token, text = new_token("ann", Role.OPERATOR, 0)
    await room.access.put_token(token)
    listener = socket.create_server(("127.0.0.1", 0))
    options = uvicorn.Config(
        door, http=protocol, ws="websockets-sansio", lifespan="off", log_config=None, access_log=False,
        server_header=False, timeout_graceful_shutdown=1,
    )  # fmt: skip
    server = uvicorn.Server(options)
    options.load()
    server.lifespan = options.lifespan_class(options)
    server.lifespan.state["unread"] = unread
    await server.startup(sockets=[listener])
    try:
        yield Box(listener.getsockname()[1], text, unread)
    finally:
        await server.shutdown(sockets=[listener])


def attack(story: Callable[[Box], Awaitable[None]], protocol: type[Quick] = Quick) -> None:
    """Let a story happen to a server that then has to live."""

    async def told() -> None:
        async with boxed(protocol) as box:
            await story(box)
            assert await box.lives()

    asyncio.run(told())


GET = b"GET /api/state HTTP/1.1\r\nHost: localhost\r\n"
CHUNKED = "Transfer-Encoding: chunked"
JSON = "Content-Type: application/json"
NO_HTTP: dict[str, bytes] = {
    "noise": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "http 0.9": b"GET /\r\n\r\n",
    "http 2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "http 9": b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n",
    "a method of its own": b"GE\x00T / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "no host": b"GET /api/state HTTP/1.1\r\nConnection: close\r\n\r\n",
    "two hosts": GET + b"Host: evil.example\r\nConnection: close\r\n\r\n",
    "a foreign host": b"GET /api/state HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
    "connect": b"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\nConnection: close\r\n\r\n",
    "trace": b"TRACE /api/state HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    "a zero in a header": GET + b"X: a\x00b\r\n\r\n",
    "a header without a name": GET + b": b\r\n\r\n",
    "a space before the colon": GET + b"Content-Length : 5\r\n\r\nabcde",
    "a folded header": GET + b"X: a\r\n b\r\n\r\n",
    "a space in the path": b"GET /api/ state HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "bytes beyond ascii in the path": b"GET /\xff\xfe HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    "up and out": b"GET /../../etc/passwd HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    "up and out in disguise": b"GET /api/..%2f..%2fetc HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    "too many headers": GET + b"".join(b"X-%d: a\r\n" % n for n in range(200)) + b"Connection: close\r\n\r\n",
    "one huge header": GET + b"X: " + b"a" * (HEAD_BYTES_MAX + 1) + b"\r\nConnection: close\r\n\r\n",
    "a head that does not end": GET + b"X: " + b"a" * (4 << 20),
    "headers that do not end": GET + b"X: a\r\n" * 500_000,
    "a long path": b"GET /" + b"a" * 60_000 + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    "a head that stops": GET + b"X: a",
    "a head that never begins": b"\r\n\r\n\r\n",
}


@pytest.mark.parametrize("raw", NO_HTTP.values(), ids=NO_HTTP.keys())
def test_a_bad_head_is_refused(raw: bytes) -> None:
    """With 4xx; where not a byte of a head came, or far too many are still coming, by closing the connection."""

    async def story(box: Box) -> None:
        status = await box.status(raw)
        is_cut = status == 0 and (not raw.strip() or len(raw) > 1 << 20)
        assert 400 <= status < 500 or is_cut, status

    attack(story)


def test_a_body_that_two_could_read_differently_is_refused() -> None:
    """What a proxy before us took for one request is never two for us."""
    inner = b"GET /api/state HTTP/1.1\r\nHost: localhost\r\n\r\n"
    chunk = b"2\r\n{}\r\n0\r\n\r\n"

    async def story(box: Box) -> None:
        for headers, body in (
            (("Content-Length: 4", CHUNKED), b"0\r\n\r\n" + inner),
            ((CHUNKED, "Content-Length: 4"), b"0\r\n\r\n" + inner),
            (("Content-Length: 2", "Content-Length: 90"), b"{}" + inner),
            (("Content-Length: 2, 2",), b"{}" + inner),
            (("Content-Length: -1",), b"{}" + inner),
            (("Content-Length: 0x2",), b"{}" + inner),
            (("Content-Length: 99999999999999999999999",), b"{}" + inner),
            (("Transfer-Encoding: xchunked",), chunk + inner),
            (("Transfer-Encoding: chunked, identity",), chunk + inner),
            (("Transfer-Encoding: identity",), chunk + inner),
            ((CHUNKED, "Transfer-Encoding: chunked"), chunk + inner),
            ((CHUNKED,), b"2 \r\n{}\r\n0\r\n\r\n" + inner),
            ((CHUNKED,), b"-2\r\n{}\r\n0\r\n\r\n" + inner),
            ((CHUNKED,), b"ffffffffffffffffff\r\n{}\r\n0\r\n\r\n" + inner),
            ((CHUNKED,), b"2\n{}\n0\n\n" + inner),
        ):
            answer = await box.send(box.post(JSON, *headers) + body)
            statuses = [int(part[:3]) for part in answer.split(b"HTTP/1.1 ")[1:]]
            assert (headers, [400 <= status < 500 for status in statuses]) == (headers, [True])

    attack(story)


def test_bad_bodies_are_refused() -> None:
    """Too large, too deep, numbers that are none, not JSON: each with its status, and at once."""
    deep = b"[" * 100_000
    cases: tuple[tuple[str, bytes, int], ...] = (
        (JSON, b'{"a": NaN}', 400),
        (JSON, b'{"a": 1e400}', 400),
        (JSON, deep, 400),
        (JSON, b"\x00\x01", 400),
        ("Content-Type: text/xml", b"<a/>", 415),
        ("X: a", b"{}", 415),
    )

    async def story(box: Box) -> None:
        for kind, body, expected in cases:
            head = box.post(kind, f"Content-Length: {len(body)}", "Connection: close")
            assert await box.status(head, body) == expected
        assert await box.status(box.post(JSON, f"Content-Length: {HUGE}"), b"[") == 413
        chunk = b"10000\r\n" + b" " * 65_536 + b"\r\n"
        assert await box.status(box.post(JSON, CHUNKED), *[chunk] * 40) == 413
        asked = box.post(JSON, f"Content-Length: {HUGE}", "Expect: 100-continue")
        assert await box.status(asked) == 413

    attack(story)


def test_the_slow_are_cut_off() -> None:
    """A head, a body, and an answer have their time: then 408, or the end of the connection."""

    async def story(box: Box) -> None:
        assert await box.status(box.post(JSON, "Content-Length: 10"), b"{") == 408
        assert await box.status(box.post(JSON, CHUNKED), b"1\r\n{\r\n") == 408
        assert await box.send() == b""
        _, writer = await asyncio.open_connection("127.0.0.1", box.port, limit=1 << 10)
        writer.write(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
        async with asyncio.timeout(PATIENCE_S):
            await box.unread.wait()
        writer.transport.abort()

    attack(story)


def test_a_connection_closed_by_half_is_closed() -> None:
    """In the middle of a head or of a body nothing is answered or done; after a request it is answered."""

    async def story(box: Box) -> None:
        assert await box.send(GET, is_ended=True) == b""
        assert await box.send(box.post(JSON, "Content-Length: 10"), b"{", is_ended=True) == b""

    attack(story)


def test_many_that_hold_the_line_hold_up_nobody() -> None:
    """Hundreds of connections with half a head each: others are answered meanwhile, and after a moment all are gone."""

    async def story(box: Box) -> None:
        held = [await asyncio.open_connection("127.0.0.1", box.port) for _ in range(200)]
        for _, writer in held:
            writer.write(GET)
        assert await box.lives()
        answers = await asyncio.gather(*(rest_of(reader) for reader, _ in held))
        assert {answer[9:12] for answer in answers} <= {b"408", b""}
        for _, writer in held:
            writer.transport.abort()

    attack(story)


class Few(Quick):
    """The protocol with little room."""

    connections_max = 3


def test_there_are_only_so_many_connections() -> None:
    """One too many is told to try again, and can once others are gone."""

    async def story(box: Box) -> None:
        held = [await asyncio.open_connection("127.0.0.1", box.port) for _ in range(Few.connections_max)]
        for _, writer in held:
            writer.write(GET)
        assert await box.status() == 503
        await asyncio.gather(*(rest_of(reader) for reader, _ in held))
        for _, writer in held:
            writer.transport.abort()

    attack(story, Few)


def test_a_websocket_is_opened_or_refused(caplog: pytest.LogCaptureFixture) -> None:
    """With a token as a protocol, and not by the page of somebody else; a refusal is no error of ours."""

    async def status(box: Box, **shown: Any) -> int:
        try:
            async with connect(f"ws://127.0.0.1:{box.port}/ws", proxy=None, **shown):
                return 101
        except InvalidStatus as refused:
            return refused.response.status_code

    async def story(box: Box) -> None:
        assert await status(box, subprotocols=["bearer", box.token]) == 101
        assert await status(box, subprotocols=["bearer", f"{box.token}x"]) == 401
        assert await status(box, origin="https://evil.example") == 403
        assert await status(box, origin=f"http://127.0.0.1:{box.port}") == 101

    attack(story)
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_refusals_are_problems_and_keep_secrets(capsys: pytest.CaptureFixture[str]) -> None:
    """Also those that no application saw: with a sentence, without the server's name, and no token in any log."""

    async def story(box: Box) -> None:
        answer = await box.send(b"GET / HTTP/9.9\r\n\r\n")
        head, _, body = answer.partition(b"\r\n\r\n")
        assert b"content-type: application/problem+json" in head
        assert b"server:" not in head.lower()
        assert json.loads(body)["status"] == 400
        await box.send(box.post("Connection: close", path=f"/api/{box.token}"))
        await box.send(box.post("Content-Length: x"))
        await box.send(
            f"GET /api/state?token={box.token} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
        )
        said = capsys.readouterr()
        assert box.token not in said.out + said.err

    attack(story)
