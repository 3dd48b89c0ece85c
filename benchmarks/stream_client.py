"""Clients that cost next to nothing: many of them fit into one process beside the server that is measured."""

import asyncio
import socket
import time
from array import array
from typing import Final, TypeAlias, cast

_REQUEST: Final = (
    b"GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
_TEXT, _CLOSE, _PING = 0x1, 0x8, 0x9
_MASKED_PONG: Final = 0x8A
_SHORT, _TWO_BYTES, _EIGHT_BYTES = 125, 126, 127
_SMALL_BUFFER: Final = 4_096
_SEQ: Final = b'"seq":'
_NO_RECORDS: Final = (b'{"type":"hello"', b'{"type":"heartbeat"', b'{"type":"state-update"', b'{"type":"error"')


class Reader(asyncio.Protocol):
    """Notes which records it heard, and when."""

    def __init__(self) -> None:
        self.seqs = array("q")
        self.times = array("d")
        self.code: int | None = None
        self.greeted = asyncio.Event()
        self.is_lost = False
        self._rest = b""
        self._is_open = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the WebSocket."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(_REQUEST)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - it does not matter why
        """Note that it is over."""
        self.is_lost = True

    def data_received(self, data: bytes) -> None:
        """Take what came, as far as it is whole."""
        now = time.monotonic()
        data = self._rest + data
        at = 0
        if not self._is_open:
            end = data.find(b"\r\n\r\n")
            if end < 0:
                self._rest = data
                return
            self._is_open, at = True, end + 4
        while (found := _frame(data, at)) is not None:
            opcode, start, at = found
            self._take(opcode, data, start, at, now)
        self._rest = data[at:]

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.abort()

    def _take(self, opcode: int, data: bytes, start: int, end: int, now: float) -> None:
        if opcode == _TEXT:
            if data.startswith(_NO_RECORDS, start):
                self.greeted.set()
                return
            at = data.index(_SEQ, start) + len(_SEQ)
            self.seqs.append(int(data[at : data.index(b",", at)]))
            self.times.append(now)
        elif opcode == _PING and self._transport is not None:
            self._transport.write(bytes((_MASKED_PONG, 0x80 | (end - start))) + bytes(4) + data[start:end])
        elif opcode == _CLOSE:
            self.code = int.from_bytes(data[start : start + 2], "big")


class Sleeper:
    """Asks for the WebSocket, and never reads."""

    def __init__(self) -> None:
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SMALL_BUFFER)

    def close(self) -> None:
        """Hang up."""
        self.socket.close()

    def was_closed(self) -> bool:
        """Read what is there at last: it is closed if that has an end."""
        self.socket.setblocking(False)  # noqa: FBT003 - its only argument
        try:
            while self.socket.recv(65_536):
                pass
        except BlockingIOError:
            return False
        except ConnectionError:
            return True
        return True


Client: TypeAlias = Reader | Sleeper


async def connect(client: Client, port: int) -> None:
    """Connect to a server on this machine."""
    if isinstance(client, Sleeper):
        await asyncio.to_thread(client.socket.connect, ("127.0.0.1", port))
        client.socket.sendall(_REQUEST)
    else:
        await asyncio.get_running_loop().create_connection(lambda: client, "127.0.0.1", port)


def _frame(data: bytes, at: int) -> tuple[int, int, int] | None:
    """Return of what kind the frame at `at` is, and where its content begins and ends; None if it is not whole."""
    if len(data) < at + 2:
        return None
    size, start = data[at + 1] & 0x7F, at + 2
    if size > _SHORT:
        width = 2 if size == _TWO_BYTES else 8
        if len(data) < start + width:
            return None
        size, start = int.from_bytes(data[start : start + width], "big"), start + width
    return (data[at] & 0x0F, start, start + size) if len(data) >= start + size else None
