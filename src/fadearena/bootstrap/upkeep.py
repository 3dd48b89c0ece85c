"""
Work on the databases by hand: default settings, rebuilding, skipping, pruning, going back to an older version.

What changes the journal takes the lease, so that it never happens beside a worker.
"""

import getpass
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import msgspec

from fadearena.adapters.sql.database import Tree
from fadearena.adapters.sql.journal.store import JournalStore, open_journal, open_journal_reader
from fadearena.adapters.sql.migrations import current, downgrade
from fadearena.adapters.sql.read_store import open_read_store
from fadearena.bootstrap.arena import arena_time
from fadearena.bootstrap.places import Places
from fadearena.bootstrap.seed import first_settings
from fadearena.bootstrap.tables import make_tables
from fadearena.config import Network
from fadearena.core.state import State
from fadearena.kit.clock import ManualClock, SystemClock
from fadearena.model.error import InvalidInput, JournalCorrupt, LeaseLost
from fadearena.model.event import Event, Operator, SetPolicy
from fadearena.model.policy import Policy
from fadearena.model.record import Alert, SettingsChange
from fadearena.ports.heartbeat import API_NAME
from fadearena.ports.journal import JournalEntry, Skipped
from fadearena.ports.read_store import Position
from fadearena.ports.snapshots import Segment
from fadearena.runtime.audit import Audit, audit
from fadearena.runtime.engine import Engine
from fadearena.runtime.inbox import Incoming
from fadearena.runtime.metrics import Metrics
from fadearena.runtime.projector import Projector, rebuild
from fadearena.runtime.recovery import recover
from fadearena.runtime.server_metrics import ServerMetrics
from fadearena.runtime.snapshotter import Snapshotter
from fadearena.runtime.standing import StandingQuotes
from fadearena.runtime.turns import Turns

_NEVER = 1_000_000_000


class Rebuilt(msgspec.Struct, frozen=True, kw_only=True):
    """Read tables made anew: up to where, from how many events, and how long it took."""

    position: Position
    events: int
    seconds: float


@asynccontextmanager
async def alone(places: Places) -> AsyncIterator[JournalStore]:
    """
    Open the journal as its only writer.

    Raises:
        LeaseLost: A worker is running.
    """
    async with open_journal(places.journal) as store:
        if not await store.lease.acquire(f"{getpass.getuser()} at a command line"):
            holder = await store.lease.holder()
            raise LeaseLost(f"the journal is held by {holder}: end the worker first, then try again")
        await store.journal.reopen()
        yield store


async def seed(places: Places, policy: Policy | None = None) -> bool:
    """
    Set these settings, or the default ones, where there are none; tell whether it was done.

    A worker sets the default ones at its first start.

    Raises:
        LeaseLost: A worker is running; it has set them itself.
    """
    return bool(await _journaled(places, lambda state: first_settings(state, policy)))


async def put_policy(places: Places, policy: Policy, actor: str) -> None:
    """
    Set these settings in place of whatever is there, beside no worker.

    Raises:
        InvalidInput: They are not possible, or what is held there does not allow them.
        LeaseLost: A worker is running there.
    """
    action = SetPolicy(policy=policy)
    entries = await _journaled(
        places, lambda _state: (Operator(time=0, received=0, control_id=0, actor=actor, action=action),)
    )
    records = [record for entry in entries for record in entry.records]
    if not any(isinstance(record, SettingsChange) for record in records):
        reasons = [record.text for record in records if isinstance(record, Alert)]
        raise InvalidInput(f"the settings cannot be taken over: {'; '.join(reasons)}")


async def _journaled(places: Places, events_of: Callable[[State], Sequence[Event]]) -> Sequence[JournalEntry]:
    """Journal and show events, as their only writer."""
    make_tables(places)
    async with alone(places) as store:
        engine = Engine()
        recovered = await recover(store.journal, store.snapshots, engine)
        events = events_of(recovered.state)
        if not events:
            return ()
        is_arena = places.network is Network.ARENA
        clock = ManualClock(await arena_time(store.journal) if is_arena else SystemClock().now_ms())
        snapshotter = Snapshotter(
            recovered,
            store.snapshots,
            engine,
            clock,
            Metrics(),
            snapshot_every=_NEVER,
            segment_every=_NEVER,
        )
        await snapshotter.open_segment(recovered.seq, recovered.record_seq)
        turns = Turns(recovered, engine, store.journal, clock, StandingQuotes(lambda _coin, _now: None))
        entries, _ = await turns.take([Incoming(event) for event in events])
        async with open_read_store(places.read) as read:
            await Projector(store.journal, read.records, SystemClock(), ServerMetrics()).catch_up()
    return entries


async def make_read_tables_anew(places: Places) -> Rebuilt:
    """
    Project the journal anew into the read store.

    Raises:
        InvalidInput: An API process is running.
    """
    async with open_journal_reader(places.journal) as journal, open_read_store(places.read) as read:
        now = SystemClock().now_ms()
        for beat in await read.heartbeats.beats():
            if beat.process.startswith(API_NAME) and beat.is_alive(now):
                raise InvalidInput(f"an API process is running ({beat.pid}): end it first, then try again")
        began, segments = time.perf_counter(), await journal.snapshots.segments()
        position = await rebuild(journal.journal, journal.snapshots, read.records)
        before = segments[0].first_seq - 1 if segments else 0
        return Rebuilt(position=position, events=position.journal_seq - before, seconds=time.perf_counter() - began)


async def go_back(places: Places, tree: Tree, revision: str, *, loses_data: bool) -> None:
    """
    Take one tree of tables back to an older version, beside no worker.

    Raises:
        LeaseLost: A worker is running.
        InvalidInput: There is no such version; or the journal has entries, and nobody said that they may go.
    """
    if current(places.journal, "journal") is None:
        downgrade(places.location(tree), tree, revision)
        return
    async with alone(places) as store:
        if tree == "journal" and store.journal.last_seq and not loses_data:
            raise InvalidInput(
                "the journal has entries that would be lost: `fadearena db backup` it, then say --lose-data"
            )
        downgrade(places.location(tree), tree, revision)


async def verify(places: Places) -> Audit:
    """
    Read and step the whole journal.

    Raises:
        JournalCorrupt: An entry or a snapshot cannot be read.
    """
    async with open_journal_reader(places.journal) as store:
        return await audit(store.journal, store.snapshots, Engine())


async def entry_of(places: Places, seq: int) -> JournalEntry:
    """
    Return one entry.

    Raises:
        InvalidInput: There is no such entry.
        JournalCorrupt: It cannot be read.
    """
    async with open_journal_reader(places.journal) as store:
        async for entry in store.journal.read(seq, seq):
            return entry
    raise InvalidInput(f"there is no journal entry {seq}")


async def entries_of(places: Places, start: int | None, limit: int, kinds: frozenset[str]) -> list[JournalEntry]:
    """Return at most `limit` entries from `start` on, of some kinds only; without a start the newest ones."""
    async with open_journal_reader(places.journal) as store:
        if start is None and kinds:
            return list(deque([entry async for entry in store.journal.read(1, None, kinds)], limit))
        found: list[JournalEntry] = []
        first = max(store.journal.last_seq - limit + 1, 1) if start is None else start
        async for entry in store.journal.read(first, None, kinds):
            found.append(entry)
            if len(found) == limit:
                break
        return found


async def segments_of(places: Places) -> tuple[tuple[Segment, ...], tuple[Skipped, ...]]:
    """Return the segments, and the entries that were left out."""
    async with open_journal_reader(places.journal) as store:
        return await store.snapshots.segments(), await store.journal.skipped()


async def leave_out(places: Places, seq: int, actor: str, reason: str) -> None:
    """
    Have an entry left out at the next recovery, if that is what a recovery stumbles over.

    Raises:
        InvalidInput: Recovery gets past this entry.
        JournalCorrupt: It stumbles over another one.
        LeaseLost: A worker is running.
    """
    async with alone(places) as store:
        try:
            await recover(store.journal, store.snapshots, Engine())
        except JournalCorrupt as error:
            if error.seq != seq:
                raise
        else:
            raise InvalidInput(f"a worker gets past entry {seq}: there is nothing to leave out")
        mark = Skipped(seq=seq, actor=actor, reason=reason, time=SystemClock().now_ms())
        await store.journal.skip(mark)


async def prune(places: Places, keep: int) -> int:
    """
    Delete all but the newest segments; return how many entries went.

    Raises:
        LeaseLost: A worker is running.
    """
    async with alone(places) as store:
        segments = await store.snapshots.segments()
        if len(segments) <= keep:
            return 0
        return await store.snapshots.prune(segments[-keep])
