"""
The synthetic arena plugged into a worker: wallets, prices, and a paper account that trades in it.

Its time is made up: it begins at `START_MS`, runs `speed` times as fast as ours while a worker runs, and stands still
meanwhile.
"""

from collections.abc import Sequence

import structlog

from fadearena.adapters.sim.arena import START_MS
from fadearena.adapters.sim.live import LiveArena, LiveStreet
from fadearena.adapters.sim.venue import PaperVenue
from fadearena.bootstrap.seed import SEASON_1_5, first_settings, paper_accounts, paper_budgets
from fadearena.config import Config
from fadearena.core.state import State
from fadearena.kit.clock import Clock, ScaledClock
from fadearena.model.event import ClockRead, Event, Instruments
from fadearena.model.policy import Policy
from fadearena.model.units import HOUR_MS, SECOND_MS, EpochMs
from fadearena.ports.journal import KEPT_KINDS, Journal
from fadearena.ports.sightings import Seen
from fadearena.runtime.recovery import Recovered

log = structlog.get_logger(__name__)
LATENCY_MS: EpochMs = 150
"""From an order to its execution, where nothing else is set: there is no way that could be measured."""


class ArenaWorld:
    """The doors of a worker in the arena, and what it does at a start."""

    presign = guard = looker = None

    def __init__(self, config: Config, clock: Clock, journal: Journal) -> None:
        wallets = {bot: wallet for bot, _, wallet in SEASON_1_5}
        hours = (clock.now_ms() - START_MS) // HOUR_MS
        if hours:
            log.info("arena_catches_up", hours=hours)
        self._equity_usd = config.paper_equity_usd
        self.clock = clock
        self._arena = LiveArena(clock, seed=config.arena_seed, wallets=wallets, latency_ms=_latency(config))
        self.wallets = self._arena.wallets
        self.markets = self._arena.markets
        self.venue = PaperVenue(LiveStreet(self._arena), paper_accounts(Policy(), self._equity_usd))
        self._journal = journal

    def doubt(self) -> None:
        """Let the clock be: an arena has one only."""

    def rate(self) -> None:
        """Know of no limit."""

    def observe(self, seen: Seen) -> None:
        """Tell nothing: each fill is told once."""

    def follow(self, policy: Policy) -> None:
        """Open paper accounts that are new in the settings."""
        self.venue.open(paper_accounts(policy, self._equity_usd))

    def opening(self, state: State) -> Sequence[Event]:
        """Return what the core is told at every start; where there are no settings yet, the default ones first."""
        return (
            *first_settings(state),
            Instruments(time=0, received=0, instruments=self._arena.instruments),
            ClockRead(time=0, received=0, offset_ms=0, spread_ms=0),
            *paper_budgets(state),
        )

    async def prepare(self, recovered: Recovered) -> None:
        """Rebuild the paper account from what was journaled."""
        events = [entry.event async for entry in self._journal.read(1, recovered.seq, KEPT_KINDS)]
        self.follow(recovered.state.policy)
        self.venue.open(paper_accounts(recovered.state.policy, self._equity_usd, events))
        self.venue.restore(events)


def _latency(config: Config) -> EpochMs:
    return LATENCY_MS if config.paper_latency_ms is None else config.paper_latency_ms


async def arena_world(config: Config, journal: Journal) -> ArenaWorld:
    """Return the arena at the moment at which the journal ends."""
    return ArenaWorld(config, ScaledClock(await arena_time(journal), config.arena_speed), journal)


async def arena_time(journal: Journal) -> EpochMs:
    """Return where the arena's time goes on: after the newest entry of the journal, or at its beginning."""
    newest = START_MS
    async for entry in journal.read(max(journal.last_seq, 1)):
        newest = max(newest, entry.received + SECOND_MS)
    return newest
