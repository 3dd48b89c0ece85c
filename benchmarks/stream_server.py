"""A process that serves the WebSocket, and takes records into its read store at a steady rate."""

import asyncio
import dataclasses
import os
import tempfile
import time
from itertools import cycle
from multiprocessing.connection import Connection
from pathlib import Path

import msgspec
import uvloop
from starlette.types import Receive, Scope, Send

from fadearena import config
from fadearena.adapters.memory.wakeups import MemoryWakeups
from fadearena.adapters.sql.database import SqliteFile
from fadearena.adapters.sql.migrations import upgrade
from fadearena.adapters.sql.read_store import ReadDatabase, open_read_store
from fadearena.api.access import AccessMiddleware, AccessOptions
from fadearena.api.doors import Doors
from fadearena.api.stream import Stream, with_stream
from fadearena.bootstrap.listening import Front, HttpServer, bound
from fadearena.kit import log
from fadearena.kit.clock import Clock, SystemClock
from fadearena.model.record import BotTrade, Decision, FollowUpdate, MyFill, OrderUpdate, Record, SleeveUpdate
from fadearena.ports.wakeups import Topic
from tests.support.entries import Writer, golden
from tests.support.stream import doors_to

_SHOWN = BotTrade | Decision | FollowUpdate | MyFill | OrderUpdate | SleeveUpdate


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """How many clients read, how many never do, and how many records come a second, for how long."""

    name: str
    clients: int
    sleepers: int
    rate: int
    seconds: float


class Served(msgspec.Struct, frozen=True, kw_only=True):
    """When each record was committed, on the clock that all processes share; and what serving took."""

    commits: dict[int, float]
    cpu_seconds: float
    memory_before_mb: float
    memory_after_mb: float


def serve(ours: Connection, load: Load) -> None:
    """Serve until the other side says that it is over."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(ours, load))


async def _serve(ours: Connection, load: Load) -> None:
    log.configure("critical")
    with tempfile.TemporaryDirectory(prefix="fadearena-bench-") as home:
        location, clock = SqliteFile(Path(home, "read.db")), SystemClock()
        upgrade(location, "read")
        async with open_read_store(location) as read:
            doors = _doors(read, clock)
            stream = Stream(doors)
            app = AccessMiddleware(with_stream(_nothing, stream), doors, AccessOptions())
            listener = bound("127.0.0.1", 0)
            front = Front(HttpServer(app, listener, config.load(data_dir=Path(home))), stream)
            running = asyncio.create_task(front.run())
            before = _memory_mb()
            ours.send(listener.getsockname()[1])
            await asyncio.to_thread(ours.recv)
            cpu = time.process_time()
            commits = await _publish(doors, load)
            served = Served(
                commits=commits,
                cpu_seconds=time.process_time() - cpu,
                memory_before_mb=before,
                memory_after_mb=_memory_mb(),
            )
            ours.send(served)
            await asyncio.to_thread(ours.recv)
            front.stop()
            await running


def _doors(read: ReadDatabase, clock: Clock) -> Doors:
    return dataclasses.replace(
        doors_to(read.records, clock, MemoryWakeups(clock)),
        archive=read.archive,
        heartbeats=read.heartbeats,
        sightings=read.sightings,
        access=read.access,
    )


async def _publish(doors: Doors, load: Load) -> dict[int, float]:
    """Take in records at the load's rate, one by one."""
    commits: dict[int, float] = {}
    writer, shown = Writer(), cycle(_records())
    began = time.monotonic()
    for number in range(int(load.rate * load.seconds)):
        await asyncio.sleep(max(0.0, began + number / load.rate - time.monotonic()))
        await doors.records.project([writer.entry(next(shown), at=time.time_ns() // 1_000_000)])
        commits[writer.record_seq] = time.monotonic()
        doors.wakeups.wake(Topic.RECORDS)
    return commits


def _records() -> list[Record]:
    return [record for entry in golden() for record in entry.records if isinstance(record, _SHOWN)]


async def _nothing(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 404, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def _memory_mb() -> float:
    """Return the memory that this process holds."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)
