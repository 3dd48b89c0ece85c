"""A process that serves the API, its stream and the page, and takes records into its read store at a steady rate."""

import asyncio
import random
import tempfile
import time
from decimal import Decimal
from itertools import cycle
from multiprocessing.connection import Connection
from pathlib import Path

import msgspec
import uvloop

from fadearena import config
from fadearena.adapters.memory.wakeups import MemoryWakeups
from fadearena.adapters.sql.database import SqliteFile
from fadearena.adapters.sql.migrations import upgrade
from fadearena.adapters.sql.read_store import open_read_store
from fadearena.api.access import AccessOptions
from fadearena.api.doors import Doors
from fadearena.api.stream import Stream
from fadearena.bootstrap.listening import Front, HttpServer, bound
from fadearena.bootstrap.places import places_of
from fadearena.bootstrap.window import around, doors_of
from fadearena.kit import log
from fadearena.kit.clock import SystemClock
from fadearena.model.ids import AccountId, Address
from fadearena.model.policy import AccountPolicy, BotPolicy, Mode, Policy
from fadearena.model.record import (
    BotPerformance,
    BotTrade,
    Decision,
    EquityPoint,
    FollowUpdate,
    MyFill,
    OrderUpdate,
    SettingsChange,
    SleeveUpdate,
)
from fadearena.model.units import MINUTE_MS, EpochMs
from fadearena.ports.heartbeat import Beat
from fadearena.ports.journal import JournalEntry
from fadearena.ports.wakeups import Topic
from tests.support.entries import Writer, golden

_SHOWN = BotPerformance | BotTrade | Decision | EquityPoint | FollowUpdate | MyFill | OrderUpdate | SleeveUpdate
_ACCOUNT = AccountPolicy(id=AccountId("main"), address=Address("0x" + "1" * 40), signer=Address("0x" + "2" * 40))
_MINUTES = 360
_STEP_S = 0.02


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """How many records come a second."""

    rate: int


def serve(ours: Connection, load: Load) -> None:
    """Say the port, publish from the first word on, and end with the second; then tell how many records came."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(ours, load))


async def _serve(ours: Connection, load: Load) -> None:
    log.configure("critical")
    with tempfile.TemporaryDirectory(prefix="fadearena-page-") as home:
        settings, clock = config.load(data_dir=Path(home)), SystemClock()
        places = places_of(settings, Mode.SIMULATION)
        location = SqliteFile(Path(home, "read.db"))
        upgrade(location, "read")
        async with open_read_store(location) as read:
            doors = doors_of(places, read, MemoryWakeups(clock), clock)
            tape = _Tape(clock.now_ms())
            await doors.records.project(tape.past())
            stream = Stream(doors)
            listener = bound("127.0.0.1", 0)
            app = around(doors, stream, AccessOptions())
            front = Front(HttpServer(app, listener, settings), stream)
            running = asyncio.create_task(front.run())
            beating = asyncio.create_task(_beat(doors))
            ours.send(listener.getsockname()[1])
            await asyncio.to_thread(ours.recv)
            publishing = asyncio.create_task(_publish(doors, tape, load))
            await asyncio.to_thread(ours.recv)
            publishing.cancel()
            beating.cancel()
            position = await doors.records.position()
            ours.send(position.record_seq)
            front.stop()
            await running


async def _publish(doors: Doors, tape: "_Tape", load: Load) -> None:
    """Take in records at the load's rate, a few at a time, until cancelled."""
    began, written = time.monotonic(), 0
    while True:
        await asyncio.sleep(_STEP_S)
        due = int((time.monotonic() - began) * load.rate)
        if due > written:
            now = doors.clock.now_ms()
            await doors.records.project([tape.next(now) for _ in range(due - written)])
            doors.wakeups.wake(Topic.RECORDS)
            written = due


async def _beat(doors: Doors) -> None:
    """Say every second that there is a worker, until cancelled."""
    while True:
        now = doors.clock.now_ms()
        beat = Beat(process="worker", pid=1, time=now, status="running", mode=doors.mode, journal_seq=0)
        await doors.heartbeats.beat(beat)
        await asyncio.sleep(1)


class _Tape:
    """Records as a worker writes them: some hours of equity, then those of the golden journal, over and over."""

    def __init__(self, now: EpochMs) -> None:
        self._now = now
        self._writer = Writer()
        self._dice = random.Random(1)
        records = [record for entry in golden() for record in entry.records]
        self._shown = cycle(record for record in records if isinstance(record, _SHOWN))
        self._wallets = {record.bot: record.wallet for record in records if isinstance(record, BotTrade)}
        self._equity = {f"bot:{bot}": Decimal(10_000) for bot in self._wallets} | {"account:main": Decimal(10_000)}

    def past(self) -> list[JournalEntry]:
        """Return the settings, and hours of equity until now."""
        bots = tuple(
            BotPolicy(id=bot, name=bot.replace("-", " ").title(), wallet=wallet)
            for bot, wallet in self._wallets.items()
        )
        policy = Policy(bots=bots, accounts=(_ACCOUNT,))
        began = self._now - _MINUTES * MINUTE_MS
        entries = [self._writer.entry(SettingsChange(version=1, actor="load", policy=policy), at=began)]
        for minute in range(_MINUTES):
            points = [self._moved(series) for series in self._equity]
            entries.append(self._writer.entry(*points, at=began + minute * MINUTE_MS))
        return entries

    def next(self, now: EpochMs) -> JournalEntry:
        """Return an entry with one more record."""
        record = next(self._shown)
        if isinstance(record, EquityPoint) and record.series in self._equity:
            record = self._moved(record.series)
        elif isinstance(record, BotTrade):
            record = msgspec.structs.replace(record, time=now)
        return self._writer.entry(record, at=now)

    def _moved(self, series: str) -> EquityPoint:
        self._equity[series] += Decimal(self._dice.randint(-500, 500)) / 100
        return EquityPoint(series=series, usd=self._equity[series])
