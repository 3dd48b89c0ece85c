"""A server process: it projects what the worker journaled, so that it can be shown, and tells people of alerts."""

import asyncio
import os
from collections.abc import Sequence
from functools import partial
from typing import Protocol

import structlog

from fadearena.adapters.sql.journal.store import open_journal_reader
from fadearena.adapters.sql.read_store import open_read_store
from fadearena.bootstrap.alerting import rules_of, sink_of
from fadearena.bootstrap.mode_watch import watch_mode
from fadearena.bootstrap.places import Places
from fadearena.bootstrap.signals import listening
from fadearena.bootstrap.tables import make_tables
from fadearena.config import Config
from fadearena.kit.clock import Clock, SystemClock
from fadearena.kit.tasks import first_cause
from fadearena.model.error import StorageUnavailable
from fadearena.model.units import SECOND_MS
from fadearena.ports.heartbeat import Beat, Heartbeats
from fadearena.runtime.courier import Courier
from fadearena.runtime.metrics import Metrics
from fadearena.runtime.projector import Projector
from fadearena.runtime.silence import Silence

log = structlog.get_logger(__name__)


class Service(Protocol):
    """Something that runs until it is told to stop, and then ends what it is doing."""

    async def run(self) -> None:
        """Run."""
        ...

    def stop(self) -> None:
        """End `run`."""
        ...


async def run_server(config: Config, places: Places) -> bool:
    """
    Run a server until SIGTERM or SIGINT; tell whether it ended because another mode is active now.

    Raises:
        InvalidInput: A destination of alerts cannot be used.
        StorageError: The databases cannot be used, or an entry of the journal cannot be read.
    """
    make_tables(places)
    clock, metrics = SystemClock(), Metrics()
    sink = await asyncio.to_thread(sink_of, config)
    async with open_journal_reader(places.journal) as journal, open_read_store(places.read) as read:
        projector = Projector(journal.journal, read.records, clock, metrics)
        courier = Courier(read.outbox, sink, clock, metrics, mode=places.mode, rules=rules_of(config))
        silence = Silence(read.heartbeats, read.outbox, clock, config.worker_silent_s * SECOND_MS)
        services = (projector, courier, silence)
        stop = partial(_stop, services)
        beat = asyncio.create_task(_beat(read.heartbeats, projector, metrics, clock, places.mode), name="beat")
        watch = watch_mode(places, stop)
        try:
            with listening(stop):
                log.info("serving", journal_seq=(await read.records.position()).journal_seq)
                await _run(services)
        finally:
            watch.cancel()
            beat.cancel()
            await _say(read.heartbeats, _as_of(projector, metrics, clock, places.mode, "stopped"))
    return not places.is_active()


async def _run(services: Sequence[Service]) -> None:
    """Run all until they end; where one fails the others end, and its error is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            for service in services:
                group.create_task(service.run(), name=type(service).__name__)
    except ExceptionGroup as errors:
        raise first_cause(errors) from errors


def _stop(services: Sequence[Service]) -> None:
    for service in services:
        service.stop()


async def _beat(heartbeats: Heartbeats, projector: Projector, metrics: Metrics, clock: Clock, mode: str) -> None:
    while True:
        await _say(heartbeats, _as_of(projector, metrics, clock, mode, "running"))
        await clock.sleep_until(clock.now_ms() + SECOND_MS)


def _as_of(projector: Projector, metrics: Metrics, clock: Clock, mode: str, status: str) -> Beat:
    return Beat(
        process="server",
        pid=os.getpid(),
        time=clock.now_ms(),
        status=status,
        mode=mode,
        journal_seq=projector.position.journal_seq,
        metrics=metrics.text(),
    )


async def _say(heartbeats: Heartbeats, beat: Beat) -> None:
    try:
        await heartbeats.beat(beat)
    except StorageUnavailable as error:
        log.warning("beat_failed", error=str(error))
