"""
An API process: it projects what the worker journaled, shows it over HTTP and WebSocket, and tells people of alerts.

1. Any number of them may run. Each has a name of its own, under which its beat says where it listens.
2. It holds no private key, and never speaks with the exchange.
"""

import asyncio
import gc
import os
import platform
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Protocol

import structlog

from fadearena.adapters.sql.journal.store import open_journal_reader
from fadearena.adapters.sql.read_store import open_read_store
from fadearena.api.doors import Doors
from fadearena.api.metrics.requests import RequestLog
from fadearena.api.stream import Stream
from fadearena.bootstrap.alerting import rules_of, sink_of
from fadearena.bootstrap.binding import access_options, check_binding
from fadearena.bootstrap.listening import Front, HttpServer, bound, url_of
from fadearena.bootstrap.measuring import measure_api
from fadearena.bootstrap.mode_watch import watch_mode
from fadearena.bootstrap.notifying import notifying
from fadearena.bootstrap.places import Places
from fadearena.bootstrap.signals import listening
from fadearena.bootstrap.tables import make_tables
from fadearena.bootstrap.tracing import open_traces
from fadearena.bootstrap.waking import open_wakeups
from fadearena.bootstrap.window import around, doors_of
from fadearena.config import AGENT_KEYS, Config
from fadearena.kit.clock import SystemClock
from fadearena.kit.collector import short_rounds
from fadearena.kit.exposition import text_in_parts
from fadearena.kit.tasks import first_cause
from fadearena.model.error import InvalidInput, StorageError
from fadearena.model.units import SECOND_MS
from fadearena.ports.heartbeat import API_NAME, Beat
from fadearena.runtime.courier import Courier
from fadearena.runtime.projector import Projector
from fadearena.runtime.server_metrics import ServerMetrics
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


async def run_api(config: Config, places: Places) -> bool:
    """
    Run an API process until SIGTERM or SIGINT; tell whether it ended because another mode is active now.

    Raises:
        InvalidInput: It cannot listen where it should, or may not; it was given private keys; or a destination of
            alerts cannot be used.
        StorageError: The databases cannot be used, or an entry of the journal cannot be read.
    """
    if AGENT_KEYS in os.environ:
        raise InvalidInput(
            f"{AGENT_KEYS} is in the environment of the API, which must not have keys: give it to the worker alone, or "
            "keep the key with `fadearena keys add`"
        )
    make_tables(places)
    clock, metrics = SystemClock(), ServerMetrics()
    sink = await asyncio.to_thread(sink_of, config)
    async with (
        open_journal_reader(places.journal) as journal,
        open_read_store(places.read) as read,
        open_wakeups({"journal": places.journal, "read": places.read}, clock) as wakeups,
        open_traces(config, "api") as traces,
    ):
        await check_binding(config, read.access, clock.now_ms())
        measure_api(metrics.registry, read, places)
        doors = replace(doors_of(places, read, wakeups, clock), registry=metrics.registry, traces=traces)
        projector = Projector(journal.journal, read.records, clock, metrics, wakeups=wakeups)
        courier = Courier(read.outbox, sink, clock, metrics, mode=places.mode, rules=rules_of(config))
        silence = Silence(read.heartbeats, read.outbox, clock, config.worker_silent_s * SECOND_MS)
        stream = Stream(doors)
        listener = bound(config.host, config.port)
        app = RequestLog(around(doors, stream, access_options(config)), doors)
        front = Front(HttpServer(app, listener, config), stream)
        pulse = _Pulse(doors, projector, url_of(listener))
        await _serve((front, projector, courier, silence), pulse, places)
    return not places.is_active()


async def _serve(services: Sequence[Service], pulse: "_Pulse", places: Places) -> None:
    """Run all services until the process is told to end, or another mode is active."""
    stop = partial(_stop, services)
    beat = asyncio.create_task(pulse.run(), name="beat")
    watch = watch_mode(places, stop)
    try:
        gc.freeze()  # what was imported is there to stay
        with short_rounds(), listening(stop):
            async with notifying():
                log.info("serving", url=pulse.url, mode=places.mode)
                await _run(services)
    finally:
        watch.cancel()
        beat.cancel()
        await pulse.say("stopped")


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


class _Pulse:
    """Says every second that this process lives, and where it listens."""

    def __init__(self, doors: Doors, projector: Projector, url: str) -> None:
        self._doors = doors
        self._projector = projector
        self._name = f"{API_NAME}{os.getpid()}@{platform.node()}"
        self.url = url

    async def run(self) -> None:
        """Say it until cancelled."""
        clock = self._doors.clock
        while True:
            await self.say("running")
            await clock.sleep_until(clock.now_ms() + SECOND_MS)

    async def say(self, status: str) -> None:
        """Say it once."""
        beat = Beat(
            process=self._name,
            pid=os.getpid(),
            time=self._doors.clock.now_ms(),
            status=status,
            mode=self._doors.mode,
            journal_seq=self._projector.position.journal_seq,
            detail={"url": self.url},
            metrics=await text_in_parts(self._doors.registry),
        )
        try:
            await self._doors.heartbeats.beat(beat)
        except StorageError as error:  # who projects says more, and ends the process if it has to
            log.warning("beat_failed", error=str(error))
