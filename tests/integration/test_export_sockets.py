"""An export on a real socket: what cannot be finished never looks whole."""

import asyncio
from pathlib import Path

from structlog.testing import capture_logs

from fadearena.bootstrap.listening import HttpServer, bound
from fadearena.config import load
from tests.support.api import api_room
from tests.support.breaking import breaking
from tests.support.command import nowhere


def test_a_connection_is_closed_before_the_end(tmp_path: Path) -> None:
    """The last chunk of an answer that broke off is missing: every client of HTTP takes that for an error."""

    async def asked() -> bytes:
        room = api_room()
        breaking(room, 3)
        listener = bound("127.0.0.1", 0)
        with nowhere():
            server = HttpServer(room.asgi, listener, load(data_dir=tmp_path))
        serving = asyncio.create_task(server.run())
        reader, writer = await asyncio.open_connection(*listener.getsockname())
        writer.write(b"GET /api/export/ledger.csv HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        answer = await reader.read()
        writer.close()
        server.stop()
        await serving
        return answer

    with capture_logs():
        answer = asyncio.run(asked())
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK")
    assert b"transfer-encoding: chunked" in head.lower()
    assert body.count(b",cash,,,,") == 3
    assert not body.endswith(b"0\r\n\r\n")
