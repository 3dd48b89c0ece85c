"""Hyperliquid plugged into a worker that simulates: real wallets and prices, and paper accounts that trade on them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from random import Random

from fadearena.adapters.hyperliquid.conditions import HyperliquidConditions
from fadearena.adapters.hyperliquid.looker import WalletLooker
from fadearena.adapters.hyperliquid.transport import Transport
from fadearena.adapters.hyperliquid.wallet_feed import HyperliquidWallets
from fadearena.adapters.sim.street import MarketStreet
from fadearena.adapters.sim.venue import PaperVenue
from fadearena.bootstrap.seed import first_settings, paid_addresses, paper_accounts, paper_budgets
from fadearena.bootstrap.way import Plan, Way, way_out
from fadearena.config import Config, Network
from fadearena.core.state import State
from fadearena.kit.clock import Clock
from fadearena.model.event import Event
from fadearena.model.policy import Policy
from fadearena.ports.journal import KEPT_KINDS, Journal
from fadearena.ports.sightings import RateUse, Seen
from fadearena.runtime.recovery import Recovered
from fadearena.runtime.timing import TimedVenue

__all__ = ["HyperliquidWorld", "Plan", "hyperliquid_world"]


class HyperliquidWorld:
    """The doors of a worker on Hyperliquid with a paper account, and what it does at a start."""

    presign = guard = None

    def __init__(self, plan: Plan, transport: Transport, clock: Clock, journal: Journal, rng: Random) -> None:
        way = Way(plan, transport, clock, rng)
        street = MarketStreet(
            way.time,
            way.markets,
            way.markets.book,
            lambda: way.listing.instruments,
            journey=way.journey,
            conditions=HyperliquidConditions(way.info),
        )
        self.clock = clock
        self.wallets = HyperliquidWallets(way.line)
        self.looker = WalletLooker(way.line)
        self.markets = street
        self.paper = PaperVenue(street, paper_accounts(Policy(), plan.equity_usd))
        self.venue = TimedVenue(self.paper, way.timing, clock)
        self.doubt = way.timing.doubt
        self._way = way
        self._equity_usd = plan.equity_usd
        self._journal = journal

    def rate(self) -> RateUse:
        """Return how the rate budget stands."""
        return self._way.budget.use()

    def observe(self, seen: Seen) -> None:
        """Tell this from now on which feed saw a fill first."""
        self.wallets.on_seen = seen

    def follow(self, policy: Policy) -> None:
        """Open paper accounts that are new in the settings, and have those of real addresses pay their fees."""
        self.paper.open(paper_accounts(policy, self._equity_usd))
        self.markets.serve(paid_addresses(policy))

    def opening(self, state: State) -> Sequence[Event]:
        """Return what the core is told at every start; where there are no settings yet, the default ones first."""
        return (*first_settings(state), *self._way.opening(), *paper_budgets(state))

    async def prepare(self, recovered: Recovered) -> None:
        """
        Make the paper account anew from what was journaled, and read what a start is quicker with.

        Raises:
            InvalidInput: The journal ends later than the sandbox's present.
        """
        self.markets.on_instruments(recovered.state.instruments.values())
        events = [entry.event async for entry in self._journal.read(1, recovered.seq, KEPT_KINDS)]
        self.follow(recovered.state.policy)
        self.paper.open(paper_accounts(recovered.state.policy, self._equity_usd, events))
        self.paper.restore(events)
        await self._way.prepare(recovered.state)


@asynccontextmanager
async def hyperliquid_world(config: Config, network: Network, journal: Journal) -> AsyncIterator[HyperliquidWorld]:
    """
    Open the simulated world of one of Hyperliquid's networks, or of a sandbox.

    Raises:
        VenueUnavailable: There is no sandbox where one should be.
        VenueProtocolError: What is there is no sandbox.
    """
    async with way_out(config, network) as (plan, transport, clock):
        yield HyperliquidWorld(plan, transport, clock, journal, Random())  # noqa: S311 - jitter
