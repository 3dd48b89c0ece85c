"""
The synthetic arena plugged into a worker: wallets, prices, and a paper account that trades in it.

Its time is made up: it begins at `START_MS`, runs `speed` times as fast as ours while a worker runs, and stands still
meanwhile.
"""

from collections.abc import Sequence
from decimal import Decimal

import msgspec
import structlog

from fadearena.adapters.sim.arena import START_MS
from fadearena.adapters.sim.live import LiveArena, LivePaper
from fadearena.adapters.sim.paper import PaperAccount
from fadearena.bootstrap.seed import ACCOUNT, SEASON_1_5, first_settings
from fadearena.core.state import State
from fadearena.kit.clock import Clock
from fadearena.model.event import BudgetRead, ClockRead, Event, Instruments
from fadearena.model.units import HOUR_MS, SECOND_MS, EpochMs, Usd
from fadearena.ports.journal import KEPT_KINDS, Journal
from fadearena.runtime.recovery import Recovered

log = structlog.get_logger(__name__)
_ACTIONS_LEFT = 10_000  # what the exchange allows an address that has not traded yet


class ArenaPlan(msgspec.Struct, frozen=True, kw_only=True):
    """Which arena, what our account starts with, and how long an answer takes."""

    seed: int = 1
    equity_usd: Usd = Usd(10_000)
    latency_ms: EpochMs = 150
    taker_rate: Decimal = Decimal("0.00045")


class ArenaWorld:
    """The doors of a worker in the arena, and what it does at a start."""

    def __init__(self, plan: ArenaPlan, clock: Clock, journal: Journal) -> None:
        wallets = {bot: wallet for bot, _, wallet in SEASON_1_5}
        hours = (clock.now_ms() - START_MS) // HOUR_MS
        if hours:
            log.info("arena_catches_up", hours=hours)
        account = PaperAccount(id=ACCOUNT, start_usd=plan.equity_usd, taker_rate=plan.taker_rate)
        self.arena = LiveArena(clock, seed=plan.seed, wallets=wallets, latency_ms=plan.latency_ms)
        self.paper = LivePaper(self.arena, (account,))
        self._journal = journal

    def opening(self, state: State) -> Sequence[Event]:
        """Return what the core is told at every start; where there are no settings yet, the default ones first."""
        accounts = [account.id for account in state.policy.accounts] or [ACCOUNT]
        return (
            *first_settings(state),
            Instruments(time=0, received=0, instruments=self.arena.instruments),
            ClockRead(time=0, received=0, offset_ms=0, spread_ms=0),
            *(BudgetRead(time=0, received=0, account=each, actions_left=_ACTIONS_LEFT) for each in accounts),
        )

    async def prepare(self, recovered: Recovered) -> None:
        """Rebuild the paper account from what was journaled."""
        events = [entry.event async for entry in self._journal.read(1, recovered.seq, KEPT_KINDS)]
        self.paper.restore(events)


async def arena_time(journal: Journal) -> EpochMs:
    """Return where the arena's time goes on: after the newest entry of the journal, or at its beginning."""
    newest = START_MS
    async for entry in journal.read(max(journal.last_seq, 1)):
        newest = max(newest, entry.received + SECOND_MS)
    return newest
