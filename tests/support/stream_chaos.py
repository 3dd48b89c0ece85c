"""
Clients that are dropped at random and come back, over servers that are restarted, on real sockets.

1. Each server has the read store and the wake-ups that a process of its own would have; records are committed through
   a third store, as by another process.
2. Everything that happens by chance follows from a seed; what happens first is up to the machine.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import msgspec
from pydantic import BaseModel
from starlette.types import ASGIApp, Receive, Scope, Send
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from fadearena.adapters.sql.database import Location
from fadearena.adapters.sql.read_store import open_read_store
from fadearena.api.callers import Caller
from fadearena.api.doors import Doors
from fadearena.api.stream import Stream, Views, with_stream
from fadearena.bootstrap.listening import Front, HttpServer, bound
from fadearena.bootstrap.waking import open_wakeups
from fadearena.config import load
from fadearena.kit.clock import SystemClock
from fadearena.ports.access import Role
from fadearena.ports.read_store import ReadStore
from tests.support.entries import Writer
from tests.support.stream import ALERT, doors_to

_HOST = "127.0.0.1"
_IN_TIME_S = 0.3
_LOST = (OSError, ConnectionClosed, InvalidHandshake, TimeoutError)
_NO_RECORDS = frozenset({"hello", "heartbeat", "state-update", "marks"})


@dataclass(frozen=True, kw_only=True)
class Chaos:
    """How much of what: a connection lives for `visit` messages at most, a server for `up` to twice as many records."""

    seed: int
    records: int = 300
    clients: int = 10
    visit: int = 60
    up: int = 50
    pause_s: float = 0.003
    most_s: float = 60


@dataclass(kw_only=True)
class Heard:
    """What one client heard: numbers of records, how often it came, and how late what was committed meanwhile came."""

    seqs: list[int] = field(default_factory=list)
    visits: int = 0
    late_s: float = 0.0


@asynccontextmanager
async def serving(location: Location, home: Path, port: int = 0) -> AsyncIterator[str]:
    """Serve the stream of a read store; yield its address."""
    clock = SystemClock()
    async with open_read_store(location) as read, open_wakeups({"read": location}, clock) as wakeups:
        stream = Stream(doors_to(read.records, clock, wakeups), Views(state=_nothing, settings=_nothing))
        listener = bound(_HOST, port)
        address = f"ws://{_HOST}:{listener.getsockname()[1]}/ws"
        front = Front(HttpServer(_seen(with_stream(_nowhere, stream)), listener, load(data_dir=home)), stream)
        running = asyncio.create_task(front.run())
        try:
            yield address
        finally:
            front.stop()
            await running


async def chaos(location: Location, home: Path, what: Chaos) -> Sequence[Heard]:
    """Let it happen until each client has everything, and return what they heard."""
    random, commits = Random(what.seed), dict[int, float]()
    servers = [_Server(location, home, what, Random(random.random())) for _ in range(2)]
    ports = [server.port for server in servers]
    clients = [_Client(ports, what, Random(random.random()), commits) for _ in range(what.clients)]
    async with asyncio.timeout(what.most_s), asyncio.TaskGroup() as group:
        for server in servers:
            group.create_task(server.run())
        readers = [group.create_task(client.run()) for client in clients]
        async with open_read_store(location) as read:
            async for seq in _committing(read.records, what, random):
                commits[seq] = time.monotonic()
                for server in servers:
                    server.count(seq)
        await asyncio.gather(*readers)
        for server in servers:
            server.end()
    return [client.heard for client in clients]


async def _committing(records: ReadStore, what: Chaos, random: Random) -> AsyncIterator[int]:
    """Commit records, now one by one and now in bursts, and yield their numbers."""
    writer = Writer()
    while writer.record_seq < what.records:
        before, count = writer.record_seq, min(random.choice((1, 1, 1, 2, 20)), what.records - writer.record_seq)
        await records.project([writer.entry(ALERT) for _ in range(count)])
        for seq in range(before + 1, before + count + 1):
            yield seq
        await asyncio.sleep(random.expovariate(1 / (what.pause_s * count)))


class _Server:
    """A server on one port, which is gone now and then."""

    def __init__(self, location: Location, home: Path, what: Chaos, random: Random) -> None:
        self._location = location
        self._home = home
        self._random = random
        self._up = what.up
        self._last = self._more(0)
        self._leaves, self._is_over = asyncio.Event(), False
        with bound(_HOST, 0) as listener:
            self.port: int = listener.getsockname()[1]

    async def run(self) -> None:
        """Serve, end, and begin again."""
        while not self._is_over:
            async with serving(self._location, self._home, self.port):
                await self._leaves.wait()
            self._leaves.clear()

    def count(self, seq: int) -> None:
        """Leave if enough was committed."""
        if seq >= self._last:
            self._last = self._more(seq)
            self._leaves.set()

    def end(self) -> None:
        """Leave for good."""
        self._is_over = True
        self._leaves.set()

    def _more(self, seq: int) -> int:
        return seq + self._random.randint(self._up, 2 * self._up)


class _Client:
    """Reads from one of the servers, is dropped, and comes back with `since` until it has everything."""

    def __init__(self, ports: Sequence[int], what: Chaos, random: Random, commits: dict[int, float]) -> None:
        self._ports = ports
        self._what = what
        self._random = random
        self._commits = commits
        self._seq = 0
        self.heard = Heard()

    async def run(self) -> None:
        """Come again and again."""
        while self._seq < self._what.records:
            with suppress(*_LOST):
                await self._visit()
            await asyncio.sleep(self._random.uniform(0, 0.02))

    async def _visit(self) -> None:
        self.heard.visits += 1
        in_address = self._random.random() < 1 / 2
        query = f"?since={self._seq}" if in_address else ""
        began = time.monotonic()
        socket = await connect(f"ws://{_HOST}:{self._random.choice(self._ports)}/ws{query}", compression=None)
        try:
            if not in_address:
                await socket.send(msgspec.json.encode({"type": "subscribe", "since": self._seq}).decode())
            if in_address or time.monotonic() - began < _IN_TIME_S:  # said later, others were sent first: come again
                await self._read(socket, time.monotonic())
        finally:
            socket.transport.abort()

    async def _read(self, socket: ClientConnection, began: float) -> None:
        left = self._random.randint(0, self._what.visit)
        while left and self._seq < self._what.records:
            message = msgspec.json.decode(await socket.recv())
            if message["type"] not in _NO_RECORDS:
                self._seq = message["seq"]
                self.heard.seqs.append(self._seq)
                self._note_time(began)
                left -= 1

    def _note_time(self, began: float) -> None:
        committed = self._commits.get(self._seq, began)
        if committed > began:
            self.heard.late_s = max(self.heard.late_s, time.monotonic() - committed)


class _Nothing(BaseModel):
    """A state of which nothing is told."""


async def _nothing(_doors: Doors) -> BaseModel:
    return _Nothing()


def _seen(app: ASGIApp) -> ASGIApp:
    async def seen(scope: Scope, receive: Receive, send: Send) -> None:
        caller = Caller(actor="test", role=Role.VIEWER, address=_HOST)
        await app({**scope, "state": {"caller": caller}}, receive, send)

    return seen


async def _nowhere(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 404, "headers": []})
    await send({"type": "http.response.body", "body": b""})
