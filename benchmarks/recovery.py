"""
Snapshots and recovery of a large state, in a journal on disk, while decisions go on.

1. A crowd of bots with a sleeve each trades in real time. What it does is committed batch by batch as a worker does it,
   and a snapshotter takes snapshots meanwhile. The processor time that the event loop used up between two ticks is how
   long it was blocked, also where other processes want the machine.
2. Recovery is from the newest snapshot, and from it and a tail of entries after it. What comes of it is compared with
   the state that it should be.
"""

import asyncio
import gc
import time
from functools import cache

import msgspec

from benchmarks.crowd import Crowd
from benchmarks.storage import OpenStorage, Storage
from benchmarks.timing import Cost, Group, Work
from fadearena.core.engine import RULES_VERSION, step
from fadearena.core.state import Parts
from fadearena.kit.clock import SystemClock
from fadearena.model.command import Command
from fadearena.model.error import InvariantBroken
from fadearena.model.event import Event
from fadearena.ports.journal import JournalEntry
from fadearena.runtime.engine import Engine
from fadearena.runtime.metrics import Metrics
from fadearena.runtime.recovery import Recovered, recover
from fadearena.runtime.snapshotter import Snapshotter

_TICK_S, _PAUSE_S = 0.001, 0.02
_COINS = 200
_NEVER = 1_000_000_000

IDLE, WHOLE, CHANGED = "no snapshot is taken", "a snapshot of everything", "a snapshot of what changed"
SNAPSHOT, TAIL = "recovery from the snapshot", "recovery, and the entries after it"


class Large(msgspec.Struct, frozen=True, kw_only=True):
    """How large it is: bots with a sleeve each, decisions between two snapshots, entries after the last of these."""

    sleeves: int
    changed: int
    tail: int
    lull_s: float = 2.0


class JournaledCrowd(Crowd):
    """A crowd whose steps are collected as entries of a journal, once it was asked for that."""

    def __init__(self, bots: int) -> None:
        self.record_seq = 0
        self._entries: list[JournalEntry] | None = None
        coins = min(bots, _COINS)
        super().__init__(1, bots, coins, ((n, n % coins) for n in range(bots)))

    def begin_journal(self) -> None:
        """Let a journal begin here, with entry 1."""
        self.state.seq, self.record_seq, self._entries = 0, 0, []

    def take_entries(self) -> list[JournalEntry]:
        """Return the entries that came about since they were taken last."""
        entries, self._entries = self._entries or [], []
        return entries

    def _step(self, event: Event) -> list[Command]:
        if self._entries is None:
            return super()._step(event)
        turned = step(self.state, event)
        self.record_seq += len(turned.records)
        entry = JournalEntry(
            seq=self.state.seq,
            event=event,
            commands=tuple(turned.commands),
            records=tuple(turned.records),
            rules_version=RULES_VERSION,
            record_seq=self.record_seq,
        )
        self._entries.append(entry)
        return turned.commands


class Desk:
    """A crowd at work on a journal. `busy` is what the event loop used up between two ticks, each time."""

    def __init__(self, crowd: JournaledCrowd, storage: Storage) -> None:
        crowd.begin_journal()
        recovered = Recovered(
            state=crowd.state, parts=Parts(crowd.state), seq=0, record_seq=0, snapshot_seq=0, segment=None
        )
        self.crowd = crowd
        self.storage = storage
        self.busy: list[float] = []
        self.snapshotter = Snapshotter(
            recovered, storage.snapshots, Engine(), SystemClock(), Metrics(), snapshot_every=0, segment_every=_NEVER
        )
        self.sealed = 0
        self._begun = asyncio.Event()
        self._begun.set()
        gc.freeze()  # as in the process of a worker

    async def decide(self) -> None:
        """Let two prices be told, and a decision be made."""
        for act in (self.crowd.tell, self.crowd.tell, self.crowd.decisions):
            act(1)
            await self.storage.journal.append(*self.crowd.take_entries())
            await asyncio.sleep(0)

    async def work(self) -> None:
        """Decide at a steady pace, and let a snapshot begin when one is wanted."""
        while True:
            await self.decide()
            if not self._begun.is_set():
                self._begun.set()
                self.sealed = self.crowd.state.seq
                self.snapshotter.look(self.sealed, self.crowd.record_seq)
            await asyncio.sleep(_PAUSE_S)

    async def tick(self) -> None:
        """Note how long others kept the event loop busy."""
        while True:
            before = time.thread_time()
            await asyncio.sleep(_TICK_S)
            self.busy.append(time.thread_time() - before)

    async def lull(self, seconds: float) -> dict[str, Cost]:
        """Let some time pass without a snapshot."""
        self.busy.clear()
        await asyncio.sleep(seconds)
        return {"blocked": self._blocked()}

    async def snapshot(self) -> dict[str, Cost]:
        """Take a snapshot: of everything if it is the first."""
        self.busy.clear()
        began = time.perf_counter()
        self._begun = asyncio.Event()
        await self._begun.wait()
        while self.snapshotter.is_busy:  # noqa: ASYNC110 - nobody is told of the end
            await asyncio.sleep(_TICK_S)
        return {"blocked": self._blocked(), "taken": Cost(seconds=time.perf_counter() - began, count=1)}

    async def recover(self) -> dict[str, Cost]:
        """
        Recover from what is stored.

        Raises:
            InvariantBroken: The state is another.
        """
        began = time.perf_counter()
        recovered = await recover(self.storage.journal, self.storage.snapshots, Engine())
        taken = time.perf_counter() - began
        if recovered.differences or recovered.state != self.crowd.state:
            raise InvariantBroken("what was recovered is not what was stored")
        return {"taken": Cost(seconds=taken, count=1)}

    def _blocked(self) -> Cost:
        return Cost(seconds=max(self.busy), count=1)


def recovery(place: str, open_storage: OpenStorage, large: Large, rounds: int) -> Group:
    """Return what snapshots cost, and what recovery does; all of it is measured in one run, for each round anew."""
    found: dict[str, dict[str, Cost]] = {}

    def first() -> dict[str, Cost]:
        found.update(asyncio.run(_run(open_storage, large)))
        return found[IDLE]

    def other(name: str) -> Work:
        return lambda: found[name]

    return Group(
        title=f"snapshots while decisions go on, and recovery: {large.sleeves:,} sleeves of as many bots, {place}",
        rounds=rounds,
        works={IDLE: first} | {name: other(name) for name in (WHOLE, CHANGED, SNAPSHOT, TAIL)},
        is_wall=True,
    )


@cache
def _crowd(bots: int) -> JournaledCrowd:
    """Return a crowd, the same one in every round."""
    return JournaledCrowd(bots)


async def _run(open_storage: OpenStorage, large: Large) -> dict[str, dict[str, Cost]]:
    """Take snapshots while decisions go on, then recover."""
    crowd = _crowd(large.sleeves)
    async with open_storage() as storage:
        await storage.lease.acquire("bench")
        desk, found = Desk(crowd, storage), dict[str, dict[str, Cost]]()
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(work) for work in (desk.work(), desk.tick(), desk.snapshotter.run())]
            found[IDLE] = await desk.lull(large.lull_s)
            found[WHOLE] = await desk.snapshot()
            for _ in range(large.changed):
                await desk.decide()
            found[CHANGED] = await desk.snapshot()
            for task in tasks:
                task.cancel()
        found[SNAPSHOT] = await desk.recover()
        while crowd.state.seq < desk.sealed + large.tail:
            await desk.decide()
        found[TAIL] = await desk.recover()
    return found
