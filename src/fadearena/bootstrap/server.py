"""A server process: it projects what the worker journaled, so that it can be shown."""

import asyncio
import os

import structlog

from fadearena.adapters.sql.journal.store import open_journal_reader
from fadearena.adapters.sql.read_store import open_read_store
from fadearena.bootstrap.places import Places
from fadearena.bootstrap.signals import listening
from fadearena.bootstrap.tables import make_tables
from fadearena.kit.clock import Clock, SystemClock
from fadearena.model.error import StorageUnavailable
from fadearena.model.units import SECOND_MS
from fadearena.ports.heartbeat import Beat, Heartbeats
from fadearena.runtime.metrics import Metrics
from fadearena.runtime.projector import Projector

log = structlog.get_logger(__name__)


async def run_server(places: Places) -> None:
    """
    Run a server until SIGTERM or SIGINT.

    Raises:
        StorageError: The databases cannot be used, or an entry of the journal cannot be read.
    """
    make_tables(places)
    clock, metrics = SystemClock(), Metrics()
    async with open_journal_reader(places.journal) as journal, open_read_store(places.read) as read:
        projector = Projector(journal.journal, read.records, clock, metrics)
        beat = asyncio.create_task(_beat(read.heartbeats, projector, metrics, clock, places.mode), name="beat")
        try:
            with listening(projector.stop):
                log.info("serving", journal_seq=(await read.records.position()).journal_seq)
                await projector.run()
        finally:
            beat.cancel()
            await _say(read.heartbeats, _as_of(projector, metrics, clock, places.mode, "stopped"))


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
