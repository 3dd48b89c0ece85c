"""
`python -m benchmarks.stream [--quick] [--json]`: how long a record takes from its commit to every WebSocket client.

One process serves: it takes records into a read store at a steady rate, follows the log and writes to all clients.
This process is all of its clients. Some of them never read; they have to be closed, and nobody may notice them.
"""

import argparse
import asyncio
import multiprocessing
import sys
import time
from array import array
from multiprocessing.connection import Connection
from statistics import quantiles

import msgspec
import uvloop

from benchmarks.stream_client import Client, Reader, Sleeper, connect
from benchmarks.stream_server import Load, Served, serve
from fadearena.model.units import SECOND_MS

_SETTLE_S = 1.0
_GREETED_S = 60
_LIMIT_MS = 1_000
LOADS = (
    Load(name="1,000 clients x 10/s", clients=1_000, sleepers=50, rate=10, seconds=45),
    Load(name="100 clients x 100/s", clients=100, sleepers=50, rate=100, seconds=45),
)
QUICK = tuple(msgspec.structs.replace(load, clients=load.clients // 10, sleepers=0, seconds=3) for load in LOADS)


class Result(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """
    What one load came to.

    Times are from the commit of a record to the client's socket, over all clients; `lost` and `repeated` are counted
    over all of them; `cut` are clients who read, and whose connection ended all the same. Memory is what the server
    held before the first client and at the end.
    """

    name: str
    received: int
    lost: int
    repeated: int
    cut: int
    p50_ms: float
    p99_ms: float
    max_ms: float
    server_cpu: float
    memory_before_mb: float
    memory_after_mb: float
    sleepers: int
    sleepers_closed: int

    @property
    def is_good(self) -> bool:
        """Whether each client had everything once and in time, and those who never read are gone."""
        return (
            self.received > 0
            and self.lost == self.repeated == self.cut == 0
            and self.max_ms < _LIMIT_MS
            and self.sleepers_closed == self.sleepers
        )


def measure(load: Load) -> Result:
    """Run one load."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    server = context.Process(target=serve, args=(theirs, load))
    server.start()
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(_listen(ours, load))
    finally:
        ours.send(None)
        server.join()


async def _listen(server: Connection, load: Load) -> Result:
    port = await asyncio.to_thread(server.recv)
    readers = [Reader() for _ in range(load.clients)]
    sleepers = [Sleeper() for _ in range(load.sleepers)]
    clients: list[Client] = [*sleepers, *readers]
    for number, client in enumerate(clients):
        await connect(client, port)
        if number % 50 == 0:
            await asyncio.sleep(0)
    async with asyncio.timeout(_GREETED_S):
        await asyncio.gather(*(reader.greeted.wait() for reader in readers))
    await asyncio.sleep(_SETTLE_S)
    server.send("go")
    served: Served = await asyncio.to_thread(server.recv)
    await asyncio.sleep(_SETTLE_S)
    cut = sum(reader.is_lost for reader in readers)
    closed = sum(sleeper.was_closed() for sleeper in sleepers)
    for client in clients:
        client.close()
    return _result(load, served, readers, (cut, closed))


def _result(load: Load, served: Served, readers: list[Reader], ended: tuple[int, int]) -> Result:
    (cut, closed), took, lost, repeated = ended, array("d"), 0, 0
    for reader in readers:
        seen: set[int] = set()
        for seq, heard in zip(reader.seqs, reader.times, strict=True):
            if seq in seen:
                repeated += 1
            seen.add(seq)
            took.append(max(0.0, heard - served.commits[seq]) * SECOND_MS)
        lost += len(served.commits.keys() - seen)
    cuts = quantiles(took, n=100) if len(took) > 1 else [0.0] * 99
    return Result(
        name=load.name,
        received=len(took),
        lost=lost,
        repeated=repeated,
        cut=cut,
        p50_ms=round(cuts[49], 1),
        p99_ms=round(cuts[98], 1),
        max_ms=round(max(took, default=0.0), 1),
        server_cpu=round(served.cpu_seconds / load.seconds, 2),
        memory_before_mb=round(served.memory_before_mb, 1),
        memory_after_mb=round(served.memory_after_mb, 1),
        sleepers=load.sleepers,
        sleepers_closed=closed,
    )


def main() -> None:
    """Measure and print; the exit code is 1 where a promise was not kept."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stream", description="How quickly clients hear.")
    parser.add_argument("--quick", action="store_true", help="a tenth of the clients for three seconds")
    parser.add_argument("--json", action="store_true", help="print one JSON object on one line")
    asked = parser.parse_args()
    began = time.monotonic()
    results = [measure(load) for load in (QUICK if asked.quick else LOADS)]
    if asked.json:
        sys.stdout.write(msgspec.json.encode(results).decode() + "\n")
    else:
        for result in results:
            print(_line(result))
        print(f"{time.monotonic() - began:.0f} s in all; times are from a record's commit to every client")
    sys.exit(not all(result.is_good for result in results))


def _line(result: Result) -> str:
    return (
        f"{result.name}: {result.received:,} messages; lost {result.lost}, repeated {result.repeated}, "
        f"cut {result.cut}; "
        f"p50 {result.p50_ms} ms, p99 {result.p99_ms} ms, max {result.max_ms} ms; "
        f"server {result.server_cpu:.0%} of a core, {result.memory_before_mb} -> {result.memory_after_mb} MB; "
        f"{result.sleepers_closed} of {result.sleepers} that never read were closed"
    )


if __name__ == "__main__":
    main()
