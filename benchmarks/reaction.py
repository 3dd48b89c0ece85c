"""
From a source's fill to our order at the door of the venue, in a worker that runs in real time.

1. The clock starts when another process writes the fill to a socket, and stops when `execute` of the venue is entered
   with the order: hearing, waiting, deciding and the durable commit are all in it.
2. Fills come at random moments, whatever the worker is doing: what it delays counts as its delay.
3. Beside them come many more fills of watched wallets of which no order comes.
4. On a machine that others use too, the moments say as much of these as of the worker. `busy` does not depend on them:
   it is the processor time that the worker uses in a second.
"""

import asyncio
import sys
import time
from collections.abc import Callable
from statistics import quantiles

import msgspec

from benchmarks.doors import Street
from benchmarks.drum import Rhythm, beating
from benchmarks.storage import OpenStorage
from benchmarks.timing import Cost
from fadearena.kit.clock import SystemClock
from fadearena.model.error import InvariantBroken
from fadearena.runtime.worker import Worker, WorkerDoors, WorkerOptions

NewLoop = Callable[[], asyncio.AbstractEventLoop]

PERS = ("p50", "p99", "busy")
WARM_UP_S = 3.0
_LEAST = 0.5
SWITCH_S = 0.0005
"""How long a thread waits for the interpreter at most, as in the process of a worker."""


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """How many orders and how many other events come in a second, and for how long it is measured."""

    orders: float = 40
    others: float = 1_000
    seconds: float = 5


def reaction(open_storage: OpenStorage, new_loop: NewLoop, load: Load) -> dict[str, Cost]:
    """
    Run a worker for a while; return what its reactions took.

    Raises:
        InvariantBroken: Far fewer orders came than trades.
    """
    interval = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_S)
    try:
        with asyncio.Runner(loop_factory=new_loop) as runner:
            street, busy = runner.run(_work(open_storage, load))
    finally:
        sys.setswitchinterval(interval)
    began = street.wallets.began + WARM_UP_S
    reactions = [each for each in street.reactions if each.written >= began]
    trades = sum(written >= began for written in street.trades)
    if len(reactions) < trades * _LEAST:
        raise InvariantBroken(f"only {len(reactions)} orders came of {trades} trades")
    parts = quantiles((each.ordered - each.written for each in reactions), n=100)
    return {name: Cost(seconds=found, count=1) for name, found in zip(PERS, (parts[49], parts[98], busy), strict=True)}


async def _work(open_storage: OpenStorage, load: Load) -> tuple[Street, float]:
    rhythm = Rhythm(trades=load.orders, others=load.others, seconds=WARM_UP_S + load.seconds)
    clock = SystemClock()
    async with open_storage() as storage:
        with beating(rhythm) as ear:
            street = Street(clock, ear)
            doors = WorkerDoors(
                journal=storage.journal,
                snapshots=storage.snapshots,
                lease=storage.lease,
                wallets=street.wallets,
                markets=street.markets,
                venue=street.venue,
                control=storage.control,
                heartbeats=storage.heartbeats,
                clock=clock,
            )
            began = time.process_time()
            worker = Worker(doors, street.opening, WorkerOptions())
            work = asyncio.create_task(worker.run())
            await asyncio.wait([work, street.wallets.ended], return_when=asyncio.FIRST_COMPLETED)
            busy = time.process_time() - began
            worker.stop()
            await work
    return street, busy / rhythm.seconds
