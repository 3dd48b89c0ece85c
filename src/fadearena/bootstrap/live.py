"""
Hyperliquid plugged into a worker that trades live: real wallets, real prices, and signed orders on our own accounts.

1. The only module that makes the live venue, and the only one but for the commands on keys that loads one.
2. Accounts and signers follow the settings, also while the worker runs: a key that is named later is loaded then.
3. A start is checked before anything is decided, once in the life of a process. What stops it is said by `guard`.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random
from typing import Protocol

import structlog

from fadearena.adapters.hyperliquid.looker import WalletLooker
from fadearena.adapters.hyperliquid.rest import ExchangeClient
from fadearena.adapters.hyperliquid.signing import Signer
from fadearena.adapters.hyperliquid.transport import Transport
from fadearena.adapters.hyperliquid.venue import HyperliquidVenue, VenueAccount
from fadearena.adapters.hyperliquid.wallet_feed import HyperliquidWallets
from fadearena.bootstrap.keys import Signers, open_keys
from fadearena.bootstrap.places import Places
from fadearena.bootstrap.seed import first_settings
from fadearena.bootstrap.shadow import Shadows
from fadearena.bootstrap.starting import StartGuard
from fadearena.bootstrap.trail import DirectTrail
from fadearena.bootstrap.way import Plan, Way, way_out
from fadearena.config import Config
from fadearena.core.state import State
from fadearena.kit.clock import Clock
from fadearena.kit.privacy import keep_memory_private
from fadearena.model.error import InvalidInput
from fadearena.model.event import Event, Notice
from fadearena.model.finding import Finding
from fadearena.model.ids import Address, Cloid
from fadearena.model.policy import AccountPolicy, Policy
from fadearena.ports.journal import Journal
from fadearena.ports.sightings import RateUse, Seen
from fadearena.ports.venue import Venue
from fadearena.runtime.recovery import Recovered
from fadearena.runtime.timing import TimedVenue

log = structlog.get_logger(__name__)
Guard = Callable[[Way, State], Awaitable[Sequence[Finding]]]
"""Looks at everything before the first decision; raises where a start would not be right, and tells what is odd."""


class SignerSource(Protocol):
    """Holds the keys of this process, and loads more of them."""

    def get(self, address: Address) -> Signer | None:
        """Return a signer that was loaded."""
        ...

    def load(self, addresses: Sequence[Address]) -> Sequence[Address]:
        """Load the keys of these addresses; return those that have none."""
        ...


async def _no_guard(_way: Way, _state: State) -> Sequence[Finding]:
    """Let every start be."""
    return ()


@dataclass(frozen=True, kw_only=True)
class Start:
    """
    What a start begins with.

    `first` are the settings for a journal that has none. `guard` looks at everything before the first decision.
    `trail` are the files for the hour without a database.
    """

    first: Policy | None = None
    guard: Guard = _no_guard
    trail: DirectTrail | None = None


class LiveWorld:
    """The doors of a worker that trades live, and what it does at a start."""

    def __init__(
        self,
        plan: Plan,
        transport: Transport,
        clock: Clock,
        journal: Journal,
        rng: Random,
        signers: SignerSource,
        start: Start | None = None,
    ) -> None:
        start = start or Start()
        way = Way(plan, transport, clock, rng)
        exchange = ExchangeClient(transport, way.budget, signers, mainnet=plan.is_mainnet)
        self.clock = clock
        self.signed = HyperliquidVenue(way.line, exchange, {}, order_channel=plan.order_channel)
        self.presign = self.signed.presign
        self.guard = self.signed.guard
        self.shadows = Shadows(way, self.signed)
        self.venue: Venue = TimedVenue(self.shadows.venue, way.timing, clock)
        self.doubt = way.timing.doubt
        self.markets = way.markets
        self.wallets = HyperliquidWallets(way.line)
        self.looker = WalletLooker(way.line)
        self.way = way
        self._journal = journal
        self._signers = signers
        self._start = start
        self._accounts: tuple[AccountPolicy, ...] = ()
        self._is_checked = False
        self._found: Sequence[Finding] = ()

    def rate(self) -> RateUse:
        """Return how the rate budget stands."""
        return self.way.budget.use()

    def observe(self, seen: Seen) -> None:
        """Tell this from now on which feed saw a fill first."""
        self.wallets.on_seen = seen

    def follow(self, policy: Policy) -> None:
        """Serve the accounts of the settings, and load the keys of their signers."""
        if policy.accounts == self._accounts:
            return
        self._accounts = policy.accounts
        self.shadows.follow(policy)
        try:
            for address in self._signers.load([account.signer for account in policy.accounts]):
                log.warning("signer_without_key", address=address)
        except InvalidInput as error:
            log.warning("keys_unreadable", error=str(error))
        self.signed.serve({account.id: venue_account(account) for account in policy.accounts})
        if self._start.trail is not None:
            self._start.trail.follow(policy.accounts)

    def opening(self, state: State) -> Sequence[Event]:
        """Return what the core is told at every start."""
        first = () if self._start.first is None else first_settings(state, self._start.first)
        sent = () if self._start.trail is None else self._start.trail.opening(state)
        told = [_notice(found) for found in self._found]
        self._found = ()
        return (*first, *self.way.opening(), *told, *sent)

    async def prepare(self, recovered: Recovered) -> None:
        """
        Read what a start is quicker with, and look whether it is right to start.

        Raises:
            InvalidInput: It is not, or the journal is of another sandbox.
            VenueUnavailable: That cannot be found out, and there was no start before.
        """
        state = recovered.state
        if self._start.trail is not None:
            await self._start.trail.prepare(self._journal, recovered)
        await self.way.prepare(state)
        self._signers.load([state.orders[cloid].identity.signer for cloid in _unsettled(state)])
        if not self._is_checked:
            self._found = await self._start.guard(self.way, state)
            self._is_checked = True


@asynccontextmanager
async def live_world(config: Config, places: Places, journal: Journal) -> AsyncIterator[LiveWorld]:
    """
    Open the live world of a data directory.

    Raises:
        InvalidInput: The keys cannot be used.
        VenueUnavailable: There is no sandbox where one should be.
        VenueProtocolError: What is there is no sandbox.
    """
    keep_memory_private()
    signers = Signers(open_keys(config))
    async with way_out(config, places.network) as (plan, transport, clock):
        yield LiveWorld(
            plan,
            transport,
            clock,
            journal,
            Random(),  # noqa: S311 - jitter
            signers,
            Start(guard=StartGuard(config, signers), trail=DirectTrail(places.home)),
        )


def _unsettled(state: State) -> list[Cloid]:
    """Return the orders whose signer, whoever that was, may be needed to settle them."""
    return [cloid for memory in state.books.values() for cloid in memory.open]


def _notice(found: Finding) -> Notice:
    text = f"{found.check}: {found.text}" + (f" ({found.advice})" if found.advice else "")
    return Notice(time=0, received=0, level="warning", category="preflight", text=text)


def venue_account(account: AccountPolicy) -> VenueAccount:
    """Return an account as the venue needs it."""
    return VenueAccount(address=account.address, is_vault=account.is_vault, signer=account.signer)
