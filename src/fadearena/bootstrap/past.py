"""
A past for a demo: hours in which the sandbox's traders traded and we faded them, before anybody looked.

1. The exchange gets there in strides of some seconds; at the end of each one trader trades, on the exchange's books.
2. The core decides on what they did, as in a backtest, with a paper account on the prices of that moment.
3. What it decided is journaled and shown, and the exchange is written down: sandbox and worker go on from there, as
   after any other end.
"""

import asyncio
from collections.abc import Callable, Sequence
from random import Random

import msgspec

from fadearena.adapters.sim.exchange import SimExchange
from fadearena.adapters.sql.read_store import open_read_store
from fadearena.bootstrap.demo import Demo
from fadearena.bootstrap.past_feed import PastFeed
from fadearena.bootstrap.seed import SEASON_1_5, default_policy, first_settings, paper_accounts, paper_budgets
from fadearena.bootstrap.upkeep import alone
from fadearena.bootstrap.way import Plan, Way
from fadearena.config import Config
from fadearena.core.state import State
from fadearena.kit.clock import ManualClock, SystemClock
from fadearena.kit.jumping import run_jumping
from fadearena.model.event import ClockRead, Event, Instruments, Started
from fadearena.model.instrument import Instrument
from fadearena.model.units import HOUR_MS, SECOND_MS, EpochMs
from fadearena.ports.journal import JournalEntry
from fadearena.runtime.backtest import Backtest, Options
from fadearena.runtime.doors import Doors
from fadearena.runtime.engine import Engine
from fadearena.runtime.immediate import immediately
from fadearena.runtime.metrics import Metrics
from fadearena.runtime.recovery import Recovered, recover
from fadearena.runtime.snapshotter import Snapshotter
from fadearena.sandbox.exchange.exchange import Exchange
from fadearena.sandbox.gateway.gateway import Gateway
from fadearena.sandbox.loopback import Loopback
from fadearena.sandbox.saving import write_state

Progress = Callable[[int, int], None]
"""Is told how much of how much is done."""

_WALLETS = {bot: wallet for bot, _, wallet in SEASON_1_5}
_LATENCY_MS: EpochMs = 150
_GROUP = 1_000
_NEVER = 1_000_000_000
_NAME = "the demo's past"


def _unseen(_done: int, _total: int) -> None:
    """Tell nobody."""


def make_past(demo: Demo, hours: int, see: Progress = _unseen) -> Demo:
    """
    Give a demo that begins anew so many hours of a past; return it as it stands then.

    Raises:
        LeaseLost: A worker is running there.
        StorageError: The databases cannot be used.
        OSError: The state of the exchange cannot be written.
    """
    if not hours or demo.before:
        return demo
    until = SystemClock().now_ms() // SECOND_MS * SECOND_MS
    clock = ManualClock(until - hours * HOUR_MS)
    exchange = Exchange(clock, demo.seed, wallets=_WALLETS, history_ms=0)
    feed = PastFeed(exchange, clock, tuple(_WALLETS.values()), demo.seed, until, see)
    entries, state = _decided(demo.config, feed, clock, _listed(demo.seed, until))
    asyncio.run(_keep(demo, entries, state))
    write_state(demo.sandbox_file, Gateway(exchange, clock, wall=clock))
    return msgspec.structs.replace(demo, past=len(entries))


class _Kept:
    """A journal that numbers entries and their records, and keeps them."""

    def __init__(self, rules_version: int) -> None:
        self.entries: list[JournalEntry] = []
        self._rules_version = rules_version
        self._record_seq = 0

    @property
    def last_seq(self) -> int:
        """The number of the newest entry."""
        return len(self.entries)

    async def append(self, *entries: JournalEntry) -> None:
        """Keep entries."""
        for entry in entries:
            self._record_seq += len(entry.records)
            kept = msgspec.structs.replace(entry, rules_version=self._rules_version, record_seq=self._record_seq)
            self.entries.append(kept)


def _decided(
    config: Config, feed: PastFeed, clock: ManualClock, markets: tuple[Instrument, ...]
) -> tuple[Sequence[JournalEntry], State]:
    """Let the core decide on a past; return what is to be journaled, and where that leads to."""
    engine, state = Engine(), State()
    accounts = paper_accounts(default_policy(), config.paper_equity_usd)
    venue = SimExchange(clock, accounts, markets, book_of=feed.book)
    feed.show_to(venue)
    journal = _Kept(engine.rules_version)
    latency_ms = _LATENCY_MS if config.paper_latency_ms is None else config.paper_latency_ms
    backtest = Backtest(
        Doors(feed, venue, journal, clock, venue.markets.quote),
        engine.step,
        state,
        options=Options(latency_ms=latency_ms, tail_ms=0),
    )
    immediately(backtest.run(_opening(markets, clock.now_ms(), engine.rules_version)))
    return journal.entries, state


def _opening(markets: tuple[Instrument, ...], now: EpochMs, rules_version: int) -> list[Event]:
    """Return what the core is told first; everything else it asks for."""
    unset = State()
    told: tuple[Event, ...] = (
        *first_settings(unset),
        Instruments(time=now, received=now, instruments=markets),
        ClockRead(time=now, received=now, offset_ms=0, spread_ms=0),
        Started(time=now, received=now, rules_version=rules_version, worker=_NAME),
        *paper_budgets(unset),
    )
    return [msgspec.structs.replace(event, time=now, received=now) for event in told]


def _listed(seed: int, now: EpochMs) -> tuple[Instrument, ...]:
    """Return the markets of a sandbox, as a worker reads them."""
    clock = ManualClock(now)
    gateway = Gateway(Exchange(clock, seed, wallets=_WALLETS, history_ms=0), clock, wall=clock)
    way = Way(Plan(shares_time=True), Loopback(gateway), clock, Random(seed))  # noqa: S311 - jitter

    async def read() -> tuple[Instrument, ...]:
        await way.listing.refresh()
        return way.listing.instruments

    return run_jumping(read(), clock)


async def _keep(demo: Demo, entries: Sequence[JournalEntry], state: State) -> None:
    """Journal all of it, with a snapshot where a worker begins, and show it."""
    places, engine = demo.places, Engine()
    groups = [entries[first : first + _GROUP] for first in range(0, len(entries), _GROUP)]
    async with alone(places) as store, open_read_store(places.read) as read:

        async def open_segment(recovered: Recovered) -> None:
            snapshotter = Snapshotter(
                recovered,
                store.snapshots,
                engine,
                SystemClock(),
                Metrics(),
                snapshot_every=_NEVER,
                segment_every=_NEVER,
            )
            await snapshotter.open_segment(recovered.seq, recovered.record_seq)

        await open_segment(await recover(store.journal, store.snapshots, engine))
        for group in groups:
            await store.journal.append(*group)
        last = entries[-1]
        await open_segment(
            Recovered(
                state=state,
                parts=engine.parts(state, None),
                seq=last.seq,
                record_seq=last.record_seq,
                snapshot_seq=0,
                segment=None,
            )
        )
        for group in groups:
            await read.records.project(group)
