"""
One life of a worker and a projector in the story's world: from a start to the story's end, or to a kill -9.

The directory outlives it: `journal.db` and `read.db`, `exchange.jsonl` (the world's own truth), `died` (when).
"""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

import msgspec

from fadearena.adapters.sql.database import Location, PostgresDatabase, SqliteFile
from fadearena.adapters.sql.journal.store import JournalStore, open_journal, open_journal_reader
from fadearena.adapters.sql.read_store import ReadDatabase, open_read_store
from fadearena.core.state import State
from fadearena.kit.clock import Clock
from fadearena.model.error import StorageUnavailable
from fadearena.model.event import BudgetRead, ClockRead, Event, Instruments, Operator, Release, SetPolicy
from fadearena.model.units import SECOND_MS, EpochMs
from fadearena.ports.control import Control, ControlState
from fadearena.runtime.life import WorkerDoors, WorkerOptions
from fadearena.runtime.projector import Projector, ProjectorOptions
from fadearena.runtime.recovery import Recovered
from fadearena.runtime.server_metrics import ServerMetrics
from fadearena.runtime.worker import Worker
from tests.support.crash import Watch, watched
from tests.support.tables import lay
from tests.support.truth import INSTRUMENTS, START_MS, Order, Tale
from tests.support.truth_doors import TruthMarkets, TruthWallets
from tests.support.truth_venue import TruthVenue

AWAY_MS = 700
_BUSY_MS = 20
_LOOK_MS = 100
_AGAIN_MS = 2 * SECOND_MS


class Place(msgspec.Struct, frozen=True):
    """Where a story is kept: a directory, and a database of PostgreSQL where one is given."""

    directory: Path
    url: str | None = None

    @property
    def journal(self) -> Location:
        """The journal's database."""
        return self._database("", "journal.db")

    @property
    def read(self) -> Location:
        """The read store's database."""
        return self._database("", "read.db")

    @property
    def rebuilt(self) -> Location:
        """A read store that is projected anew, to compare with."""
        return self._database("_rebuilt", "rebuilt.db")

    @property
    def exchange(self) -> Path:
        """What reached the exchange."""
        return self.directory / "exchange.jsonl"

    @property
    def died(self) -> Path:
        """When the last life ended, by the story's time."""
        return self.directory / "died"

    @property
    def kill_file(self) -> Path:
        """Stops everything."""
        return self.directory / "KILL"

    def prepare(self) -> None:
        """Make empty databases."""
        self.directory.mkdir(parents=True, exist_ok=True)
        lay(self.journal, "journal")
        lay(self.read, "read")
        lay(self.rebuilt, "read")

    def copy_to(self, directory: Path) -> "Place":
        """Return a copy of everything that lies in the directory."""
        shutil.copytree(self.directory, directory)
        return Place(directory)

    def resumes_at(self) -> EpochMs:
        """Return when the next life begins."""
        return int(self.died.read_text()) + AWAY_MS if self.died.exists() else START_MS

    def _database(self, suffix: str, file: str) -> Location:
        if self.url is None:
            return SqliteFile(self.directory / file)
        return PostgresDatabase(self.url, suffix)


def quick_directory() -> Path:
    """Return a new directory in memory, where there is one."""
    memory = Path("/dev/shm")  # noqa: S108 - a directory of our own is made in it
    is_there = memory.is_dir() and os.access(memory, os.W_OK)
    return Path(mkdtemp(prefix="fadearena-", dir=memory if is_there else None))


class Habits(msgspec.Struct, frozen=True, kw_only=True):
    """How a life is lived. `inline` is without threads, so that it repeats itself."""

    inline: bool = True
    options: WorkerOptions = WorkerOptions(
        turn_budget_ms=None, snapshot_every=60, segment_every=400, control_poll_ms=500, beat_ms=5_000
    )
    poll_ms: int = 500


_USUAL = Habits()
Adapt = Callable[[WorkerDoors], WorkerDoors]


def unchanged(doors: WorkerDoors) -> WorkerDoors:
    """Leave the doors as they are."""
    return doors


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What a life is made of: the stores as they are, the world, and worker and projector on watched doors."""

    place: Place
    store: JournalStore
    read: ReadDatabase
    venue: TruthVenue
    worker: Worker
    projector: Projector


@asynccontextmanager
async def assembled(
    place: Place,
    tale: Tale,
    clock: Clock,
    watch: Watch,
    habits: Habits,
    adapt: Adapt,
) -> AsyncIterator[Parts]:
    """Put a worker and a projector together on watched doors; `adapt` may exchange some of the worker's."""
    venue = TruthVenue(clock, place.exchange, [account.id for account in tale.policy.accounts], watch=watch)
    options = msgspec.structs.replace(habits.options, kill_file=place.kill_file)
    try:
        async with (
            open_journal(place.journal, inline=habits.inline, busy_ms=_BUSY_MS, clock=clock) as store,
            open_journal_reader(place.journal, inline=habits.inline) as seen,
            open_read_store(place.read, inline=habits.inline) as read,
        ):
            doors = WorkerDoors(
                journal=watched(store.journal, "journal", watch, "append", "reopen", "skipped"),
                snapshots=watched(
                    store.snapshots, "snapshots", watch, "load", "write", "seal", "open_segment", "discard"
                ),
                lease=watched(store.lease, "lease", watch, "acquire", "release"),
                wallets=watched(TruthWallets(tale, clock), "wallets", watch, "read"),
                markets=TruthMarkets(clock),
                venue=venue,
                control=watched(read.control, "control", watch, "take"),
                heartbeats=watched(read.heartbeats, "heartbeats", watch, "beat"),
                clock=clock,
                wall=clock,
            )
            records = watched(read.records, "records", watch, "position", "project")

            async def prepare(_recovered: Recovered) -> None:
                venue.load()  # another worker may have traded meanwhile

            worker = Worker(adapt(doors), opening_of(tale), options, prepare=prepare)
            projector = Projector(
                seen.journal, records, clock, ServerMetrics(), ProjectorOptions(poll_ms=habits.poll_ms)
            )
            yield Parts(place=place, store=store, read=read, venue=venue, worker=worker, projector=projector)
    finally:
        venue.close()


async def live(
    place: Place, tale: Tale, clock: Clock, watch: Watch, habits: Habits = _USUAL, adapt: Adapt = unchanged
) -> None:
    """Live to the story's end."""
    async with assembled(place, tale, clock, watch, habits, adapt) as parts, asyncio.TaskGroup() as group:
        work = group.create_task(parts.worker.run(), name="worker")
        show = group.create_task(parts.projector.run(), name="projector")
        people = group.create_task(obey(tale.orders, parts.read.control, clock), name="people")
        await clock.sleep_until(tale.end)
        parts.worker.stop()
        await work
        parts.projector.stop()
        await show
        await people


async def obey(orders: Sequence[Order], control: Control, clock: Clock) -> None:
    """Give people's orders in their turn; who is refused tries again, and what was ordered once stays ordered."""
    for number, order in enumerate(orders):
        await clock.sleep_until(order.at)
        attempt = 0
        while True:
            with suppress(StorageUnavailable):
                if await _ordered(f"{number}.{attempt}", order, control, clock):
                    break
                attempt += 1
            await clock.sleep_until(clock.now_ms() + _AGAIN_MS)


async def _ordered(key: str, order: Order, control: Control, clock: Clock) -> bool:
    entry = await control.put("ann", order.action, now=clock.now_ms(), idempotency_key=key)
    while entry.state is ControlState.QUEUED:
        await clock.sleep_until(clock.now_ms() + _LOOK_MS)
        entry = await control.get(entry.id)
    return entry.state is ControlState.ACCEPTED or not isinstance(order.action, Release)


def opening_of(tale: Tale) -> Callable[[State], Sequence[Event]]:
    """Return what the core is told first: markets and settings once, budget and clock at every start."""

    def opening(state: State) -> Sequence[Event]:
        events: list[Event] = []
        if not state.account_policies:
            first = SetPolicy(policy=tale.policy)
            events.append(Operator(time=0, received=0, control_id=0, actor="seed", action=first))
        if not state.instruments:
            events.append(Instruments(time=0, received=0, instruments=INSTRUMENTS))
        accounts = tale.policy.accounts
        events += [BudgetRead(time=0, received=0, account=each.id, actions_left=1_000_000) for each in accounts]
        return [*events, ClockRead(time=0, received=0, offset_ms=0, spread_ms=0)]

    return opening
