"""A worker process: the databases, the world, and the worker between them."""

import asyncio
import gc
from functools import partial

from fadearena.adapters.sql.journal.store import JournalStore, open_journal
from fadearena.adapters.sql.read_store import ReadDatabase, open_read_store
from fadearena.bootstrap.measuring import measure_worker
from fadearena.bootstrap.mode_watch import watch_mode
from fadearena.bootstrap.notifying import notifying
from fadearena.bootstrap.places import Places
from fadearena.bootstrap.signals import listening
from fadearena.bootstrap.tables import make_tables
from fadearena.bootstrap.tracing import open_traces
from fadearena.bootstrap.waking import open_wakeups
from fadearena.bootstrap.world import World, open_world
from fadearena.config import Config
from fadearena.kit.clock import SystemClock
from fadearena.kit.collector import short_rounds
from fadearena.kit.tasks import cancelled
from fadearena.model.units import SECOND_MS
from fadearena.ports.read_store import ReadStore
from fadearena.ports.wakeups import Wakeups
from fadearena.runtime.metrics import Metrics
from fadearena.runtime.recovery import Recovered
from fadearena.runtime.retention import Retention
from fadearena.runtime.worker import Worker, WorkerDoors, WorkerOptions


async def run_worker(config: Config, places: Places) -> bool:
    """
    Run a worker until SIGTERM or SIGINT; tell whether it ended because another mode is active now.

    Raises:
        StorageError: The databases cannot be used, or another worker took over.
        InvalidInput: The data directory belongs to another network, or to another sandbox; or the mode, its settings
            or its keys are not right for a start.
        VenueError: There is no sandbox.
        InvariantBroken: The core raises again and again.
    """
    make_tables(places)
    async with (
        open_journal(places.journal) as journal,
        open_read_store(places.read) as read,
        open_world(config, places, journal.journal) as world,
        open_wakeups({"journal": places.journal, "read": places.read}, SystemClock()) as wakeups,
        open_traces(config, "worker") as traces,
    ):
        doors = doors_of(journal, read, world, wakeups)

        async def prepare(recovered: Recovered) -> None:
            await world.prepare(recovered)
            gc.freeze()  # the state is there to stay: one round of the collector over a large one would take seconds

        metrics = Metrics(traces)
        measure_worker(metrics.registry, read)
        world.observe(metrics.sight.seen)
        worker = Worker(doors, world.opening, options_of(config, places), prepare=prepare, metrics=metrics)
        helpers = [*_retention(config, journal, read.records), watch_mode(places, worker.stop)]
        try:
            with short_rounds(), listening(worker.stop, partial(worker.kill_now, "signal:SIGUSR1")):
                async with notifying():
                    await worker.run()
        finally:
            await cancelled(*helpers)
    return not places.is_active()


def doors_of(journal: JournalStore, read: ReadDatabase, world: World, wakeups: Wakeups | None = None) -> WorkerDoors:
    """Return what a worker works with."""
    return WorkerDoors(
        journal=journal.journal,
        snapshots=journal.snapshots,
        lease=journal.lease,
        wallets=world.wallets,
        markets=world.markets,
        venue=world.venue,
        control=read.control,
        heartbeats=read.heartbeats,
        clock=world.clock,
        on_settings=world.follow,
        doubt=world.doubt,
        presign=world.presign,
        guard=world.guard,
        sightings=read.sightings,
        rate=world.rate,
        wakeups=wakeups,
        inquiries=read.inquiries,
        looker=world.looker,
    )


def options_of(config: Config, places: Places) -> WorkerOptions:
    """Return the worker's numbers by the configuration."""
    return WorkerOptions(
        mode=places.mode,
        inbox_limit=config.inbox_limit,
        snapshot_every=config.snapshot_every_events,
        segment_every=config.segment_every_events,
        kill_file=places.kill_file,
        feed_patience_ms=config.feed_silent_s * SECOND_MS,
    )


def _retention(config: Config, journal: JournalStore, records: ReadStore) -> list[asyncio.Task[None]]:
    """Begin to delete old segments, where the configuration says so."""
    if config.keep_segments is None:
        return []
    retention = Retention(journal.snapshots, records, journal.lease, SystemClock(), config.keep_segments)
    return [asyncio.create_task(retention.run(), name="retention")]
