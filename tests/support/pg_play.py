"""
A story on PostgreSQL, told by several processes over a wire, while the server is troubled.

The worker trades on the story's own exchange. Beside it servers live: each projects, brings alerts, listens, and reads
the log as a client of its API would, record by record.
"""

import asyncio
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from random import Random

import msgspec
import psycopg

from fadearena.adapters.sql.journal.store import open_journal, open_journal_reader
from fadearena.adapters.sql.read_store import ReadDatabase, open_read_store
from fadearena.bootstrap.waking import open_wakeups
from fadearena.kit.clock import SystemClock
from fadearena.kit.tasks import cancelled
from fadearena.model.error import StorageUnavailable
from fadearena.model.event import Marks
from fadearena.model.record import Alert, EquityPoint, Record
from fadearena.model.units import SECOND_MS
from fadearena.ports.alerts import Message
from fadearena.ports.journal import JournalEntry
from fadearena.ports.read_store import LogQuery
from fadearena.ports.wakeups import Topic, Wakeups
from fadearena.runtime.courier import Courier
from fadearena.runtime.projector import Projector
from fadearena.runtime.server_metrics import ServerMetrics
from fadearena.runtime.sorting import Rules
from tests.support.crash_life import Place
from tests.support.pg_wire import Wire
from tests.support.postgres import Server

ALERT_EACH = 20
_LOOK_MS = 25
_PAGE = 1_000
_RETRY_S = 0.1
_EVERYTHING = Rules(window_ms=0, an_hour=1_000_000)


class Trouble(StrEnum):
    """What becomes of the server, or of the way to it."""

    CUT = "connections ended by the server"
    DROP = "connections dropped on the way"
    SILENCE = "a silent way"
    PAUSE = "a server that stands still"
    READ_ONLY = "a server that only reads"
    RESTART = "a restart in good order"
    CRASH = "a restart after a crash"


class Seen(msgspec.Struct, kw_only=True):
    """What a server read: records in the order they came in, when (ms of the machine), and how often it was away."""

    records: list[int] = []
    times: list[int] = []
    away: int = 0
    messages: list[str] = []


class _Box:
    """Keeps what people are told."""

    destinations = ("box",)

    def __init__(self, told: list[str]) -> None:
        self._told = told

    async def send(self, destination: str, message: Message) -> None:
        """Take a message."""
        self._told.append(f"{message.title}: {message.text}")


def serve(directory: Path, url: str | None, number: int) -> None:
    """Live as a server until the file `end` is there and everything was read; then leave what was seen."""

    def is_over() -> bool:
        return (directory / "end").exists()

    seen = asyncio.run(_serve(Place(directory, url), is_over, (directory / f"ready-{number}").touch))
    (directory / f"seen-{number}").write_bytes(msgspec.json.encode(seen))


async def _serve(place: Place, is_over: Callable[[], bool], ready: Callable[[], None]) -> Seen:
    clock, seen = SystemClock(), Seen()
    async with (
        open_journal_reader(place.journal) as journal,
        open_read_store(place.read) as read,
        open_wakeups({"journal": place.journal, "read": place.read}, clock) as wakeups,
    ):
        projector = Projector(journal.journal, read.records, clock, ServerMetrics(), wakeups=wakeups)
        courier = Courier(
            read.outbox, _Box(seen.messages), clock, ServerMetrics(), mode="simulation", rules=_EVERYTHING
        )
        services = [asyncio.create_task(service.run()) for service in (projector, courier)]
        try:
            ready()
            await _follow(read, wakeups, seen, is_over)
        finally:
            projector.stop()
            courier.stop()
            await asyncio.gather(*services)
            await cancelled(*services)
    return seen


async def _follow(read: ReadDatabase, wakeups: Wakeups, seen: Seen, is_over: Callable[[], bool]) -> None:
    last, quiet_since = 0, SystemClock().now_ms()
    while True:
        is_last = is_over()
        try:
            page = await read.records.log(LogQuery(after=last, limit=_PAGE))
        except StorageUnavailable:
            seen.away += 1
            await asyncio.sleep(_RETRY_S)
            continue
        now = SystemClock().now_ms()
        for record in page.records:
            last = record.record_seq
            seen.records.append(last)
            seen.times.append(now)
        quiet_since = now if page.records or not is_last else quiet_since
        if now - quiet_since >= SECOND_MS and not await _has_alerts(read):
            return
        if not page.records:
            await wakeups.wait(Topic.RECORDS, _LOOK_MS)


async def _has_alerts(read: ReadDatabase) -> bool:
    """Tell whether people have to be told of something still; as long as nobody knows, they have."""
    try:
        return bool(await read.outbox.queued(1))
    except StorageUnavailable:
        return True


async def journal_records(place: Place, count: int, each_ms: int) -> list[int]:
    """Journal so many records at this pace, of which every twentieth is an alert; return when each was committed."""
    clock, committed = SystemClock(), list[int]()
    async with open_journal(place.journal) as store:
        assert await store.lease.acquire("worker")
        await store.journal.reopen()
        for seq in range(1, count + 1):
            now = clock.now_ms()
            record: Record = EquityPoint(series="main", usd=Decimal(seq))
            if seq % ALERT_EACH == 0:
                record = Alert(level="warning", category=f"c{seq}", subject="s", text=f"alert {seq}")
            event = Marks(time=now, received=now)
            await store.journal.append(JournalEntry(seq=seq, event=event, records=(record,), record_seq=seq))
            committed.append(clock.now_ms())
            await clock.sleep_until(now + each_ms)
    return committed


class Mischief:
    """Troubles a server, one trouble after the other."""

    def __init__(self, server: Server, wire: Wire) -> None:
        self._server = server
        self._wire = wire

    def do(self, trouble: Trouble, length_s: float) -> None:
        """Let a trouble last for a while; it is over when this returns."""
        match trouble:
            case Trouble.CUT:
                self._end_sessions()
            case Trouble.DROP:
                self._wire.cut()
            case Trouble.RESTART | Trouble.CRASH:
                self._server.stop(signal.SIGINT if trouble is Trouble.RESTART else signal.SIGQUIT)
                time.sleep(length_s)
                self._server.start()
            case _:
                with self._lasting(trouble):
                    time.sleep(length_s)

    @contextmanager
    def _lasting(self, trouble: Trouble) -> Iterator[None]:
        match trouble:
            case Trouble.SILENCE:
                begin, end = self._wire.fall_silent, self._wire.speak
            case Trouble.PAUSE:
                begin, end = self._server.pause, self._server.go_on
            case _:
                begin, end = self._only_read, self._write_again
        begin()
        try:
            yield
        finally:
            end()

    def _end_sessions(self) -> None:
        with suppress(psycopg.OperationalError):
            self._tell(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'fadearena%'"
            )

    def _only_read(self) -> None:
        self._tell("ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()")

    def _write_again(self) -> None:
        self._tell("ALTER SYSTEM RESET default_transaction_read_only", "SELECT pg_reload_conf()")

    def _tell(self, *statements: str) -> None:
        with psycopg.connect(
            self._server.url, autocommit=True, options="-c default_transaction_read_only=off"
        ) as connection:
            for statement in statements:
                connection.execute(statement.encode())


def drawn(seed: int) -> tuple[Trouble, ...]:
    """Return every trouble once, in an order of this seed's own."""
    return tuple(Random(seed).sample(list(Trouble), len(Trouble)))
