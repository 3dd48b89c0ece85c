"""
A live worker and a sandbox as processes of their own, forked from one that has everything imported.

The worker is as it ships but for this: it tells of the steps of its orders, and waits there. Both end with whoever
started them, however that ended.
"""

import asyncio
import multiprocessing
import os
import threading
from decimal import Decimal
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random

import msgspec

from fadearena.adapters.hyperliquid.http import HttpTransport
from fadearena.adapters.sql.database import SqliteFile
from fadearena.adapters.sql.journal.store import open_journal
from fadearena.adapters.sql.read_store import open_read_store
from fadearena.bootstrap.live import LiveWorld, Start
from fadearena.bootstrap.sandbox import SandboxControl
from fadearena.bootstrap.signals import listening
from fadearena.bootstrap.way import Plan
from fadearena.kit import log
from fadearena.runtime.worker import Worker, WorkerDoors, WorkerOptions
from fadearena.sandbox.server import Options, serve
from tests.support.matrix import Step
from tests.support.matrix_front import tell_step
from tests.support.matrix_people import AGENT, Held, settings
from tests.support.matrix_points import PointedTransport, pointed_journal

ANSWER_MS, CONNECT_MS, BUSY_MS = 10_000, 4_000, 2_000
"""How patient the worker is, by the exchange's time."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """Where everything is: the databases, the wire, the sandbox behind it, and how fast it runs."""

    directory: str
    wire_port: int
    sandbox_url: str
    speed: Decimal

    @property
    def journal(self) -> SqliteFile:
        """The journal."""
        return SqliteFile(Path(self.directory) / "journal.db")

    @property
    def read(self) -> SqliteFile:
        """The read store."""
        return SqliteFile(Path(self.directory) / "read.db")


async def work(job: Job) -> None:
    """Work until SIGTERM."""

    async def passed(step: Step) -> None:
        tell_step(job.wire_port, step)  # nothing else happens in this process meanwhile

    async with SandboxControl(job.sandbox_url) as control:
        clock = await control.clock()
    seconds = 1 / (1_000 * float(job.speed))
    transport = HttpTransport(
        f"http://127.0.0.1:{job.wire_port}", connect_s=CONNECT_MS * seconds, answer_s=ANSWER_MS * seconds
    )
    async with (
        transport,
        open_journal(job.journal, busy_ms=int(BUSY_MS / job.speed)) as store,
        open_read_store(job.read) as read,
    ):
        pointed = PointedTransport(transport, passed)
        plan, start = Plan(shares_time=False, haste=Decimal(1)), Start(first=settings())
        rng = Random()
        world = LiveWorld(plan, pointed, clock, store.journal, rng, Held(AGENT), start)
        doors = WorkerDoors(
            journal=pointed_journal(store.journal, passed),
            snapshots=store.snapshots,
            lease=store.lease,
            wallets=world.wallets,
            markets=world.markets,
            venue=world.venue,
            control=read.control,
            heartbeats=read.heartbeats,
            clock=clock,
            on_settings=world.follow,
            doubt=world.doubt,
        )
        options = WorkerOptions(mode="live", snapshot_every=200, segment_every=2_000, standby_poll_ms=100)
        worker = Worker(doors, world.opening, options, prepare=world.prepare)
        with listening(worker.stop, partial(worker.kill_now, "signal:SIGUSR1")):
            await worker.run()


def run_worker(job: Job) -> None:
    """Work in a process that was forked for it."""
    _end_with_parent()
    with Path(job.directory, "worker.log").open("a") as told:
        os.dup2(told.fileno(), 2)
    log.configure("info", "json")
    asyncio.run(work(job))


def run_sandbox(options: Options, ready: Connection) -> None:
    """Serve in a process that was forked for it; where it listens is told over a pipe."""
    _end_with_parent()
    asyncio.run(serve(options, ready=lambda listening_: ready.send(listening_.url)))


def _end_with_parent() -> None:
    threading.Thread(target=_outlive_nobody, name="parent", daemon=True).start()


def _outlive_nobody() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
