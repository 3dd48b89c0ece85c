"""
Hyperliquid plugged into a worker: real wallets and prices, and a paper account that trades on them.

1. A start needs no network: what cannot be read is not known, so nothing is increased, and it is read as soon as it can
   be. Only a sandbox has to be there, since time is its own.
2. Sandbox and worker share three numbers and with them the time, so there is no offset to measure.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from random import Random

import msgspec
import structlog

from fadearena.adapters.hyperliquid.http import BASE_URLS, HttpTransport
from fadearena.adapters.hyperliquid.limits import RateBudget, SocketLimits
from fadearena.adapters.hyperliquid.line import Line
from fadearena.adapters.hyperliquid.listing import Listing
from fadearena.adapters.hyperliquid.market_feed import HyperliquidMarkets
from fadearena.adapters.hyperliquid.rest import InfoClient
from fadearena.adapters.hyperliquid.session import PING_MS, SILENCE_MS
from fadearena.adapters.hyperliquid.transport import Transport
from fadearena.adapters.hyperliquid.user_feed import HyperliquidWallets
from fadearena.adapters.sim.paper import PaperAccount
from fadearena.adapters.sim.street import MarketStreet
from fadearena.adapters.sim.venue import PaperVenue
from fadearena.bootstrap.sandbox import SandboxControl
from fadearena.bootstrap.seed import ACCOUNT, first_settings, paper_budgets
from fadearena.config import Config, Network
from fadearena.core.state import State
from fadearena.kit.clock import Clock, SystemClock
from fadearena.kit.tasks import either
from fadearena.model.error import InvalidInput, VenueError
from fadearena.model.event import Event, Instruments
from fadearena.model.units import MINUTE_MS, ONE, SECOND_MS, EpochMs, Usd
from fadearena.ports.journal import KEPT_KINDS, Journal
from fadearena.runtime.corrected import CorrectedClock
from fadearena.runtime.recovery import Recovered
from fadearena.runtime.timing import TimedVenue, Timing

log = structlog.get_logger(__name__)
_CALM_SPEED = 10
"""Up to this speed of a sandbox a stutter of the machine is no silence."""
_PATIENCE_MS = 10 * SECOND_MS


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """
    Numbers of a world.

    `shares_time` says that our clock is the exchange's own; where that runs faster than ours by `haste`, a socket's
    silence counts for longer.
    """

    shares_time: bool
    haste: Decimal = ONE
    equity_usd: Usd
    latency_ms: EpochMs
    weight_per_minute: int = 1_200


class HyperliquidWorld:
    """The doors of a worker on Hyperliquid with a paper account, and what it does at a start."""

    def __init__(self, plan: Plan, transport: Transport, clock: Clock, journal: Journal, rng: Random) -> None:
        budget = RateBudget(clock, per_minute=plan.weight_per_minute, rng=rng)
        info = InfoClient(transport, budget, clock, rng=rng)
        listing = Listing(info, clock)
        timing = Timing(_no_offset if plan.shares_time else listing.clock_offset)
        exchange_time = CorrectedClock(clock, timing)  # what bears a time bears the exchange's, as the core's own
        line = Line(
            info=info,
            transport=transport,
            clock=exchange_time,
            rng=rng,
            listing=listing,
            limits=SocketLimits(clock),
            silence_ms=int(SILENCE_MS * plan.haste),
            ping_ms=int(PING_MS * plan.haste),
        )
        markets = HyperliquidMarkets(line)
        street = MarketStreet(
            exchange_time, markets, markets.book, lambda: listing.instruments, latency_ms=plan.latency_ms
        )
        self.clock = clock
        self.wallets = HyperliquidWallets(line)
        self.markets = street
        self.paper = PaperVenue(street, (PaperAccount(id=ACCOUNT, start_usd=plan.equity_usd),))
        self.venue = TimedVenue(self.paper, timing, clock)
        self._plan = plan
        self._journal = journal
        self._listing = listing
        self._timing = timing
        self._feed = markets

    def opening(self, state: State) -> Sequence[Event]:
        """Return what the core is told at every start; where there are no settings yet, the default ones first."""
        listed = self._listing.instruments
        return (
            *first_settings(state),
            *([Instruments(time=0, received=0, instruments=listed)] if listed else []),
            self._timing.event(),
            *paper_budgets(state),
        )

    async def prepare(self, recovered: Recovered) -> None:
        """
        Make the paper account anew from what was journaled, and read what a start is quicker with.

        Raises:
            InvalidInput: The journal ends later than the sandbox's present.
        """
        state = recovered.state
        if self._plan.shares_time and state.now > self.clock.now_ms() + MINUTE_MS:
            raise InvalidInput(
                f"the journal ends at {_shown(state.now)}, the sandbox is at {_shown(self.clock.now_ms())}: it is "
                "another sandbox; go on with the state file of the first one, or give another --data-dir"
            )
        self._feed.want(coin for _, coin in state.books)
        self.markets.on_instruments(state.instruments.values())
        events = [entry.event async for entry in self._journal.read(1, recovered.seq, KEPT_KINDS)]
        self.paper.restore(events)
        ends = self.clock.now_ms() + int(_PATIENCE_MS * self._plan.haste)
        await either(self._look_around(), self.clock.sleep_until(ends))

    async def _look_around(self) -> None:
        """Read the time, and what is listed; what takes too long is read later, while stops are heard already."""
        await self._timing.measure()
        if not self._listing.instruments:
            try:
                await self._listing.refresh()
            except VenueError as error:
                log.warning("listing_failed", error=str(error))


@asynccontextmanager
async def hyperliquid_world(config: Config, network: Network, journal: Journal) -> AsyncIterator[HyperliquidWorld]:
    """
    Open the world of one of Hyperliquid's networks, or of a sandbox.

    Raises:
        VenueUnavailable: There is no sandbox where one should be.
        VenueProtocolError: What is there is no sandbox.
    """
    clock: Clock = SystemClock()
    haste = ONE
    if network is Network.SANDBOX:
        async with SandboxControl(config.sandbox_url) as control:
            clock = sandbox_clock = await control.clock()
        haste = max(ONE, sandbox_clock.speed / _CALM_SPEED)
    plan = Plan(
        shares_time=network is Network.SANDBOX,
        haste=haste,
        equity_usd=config.paper_equity_usd,
        latency_ms=config.paper_latency_ms,
        weight_per_minute=config.weight_per_minute,
    )
    async with HttpTransport(base_url(config, network)) as transport:
        yield HyperliquidWorld(plan, transport, clock, journal, Random())  # noqa: S311 - jitter


def base_url(config: Config, network: Network) -> str:
    """Return where a network's exchange is."""
    return config.sandbox_url if network is Network.SANDBOX else BASE_URLS[network]


async def _no_offset() -> tuple[EpochMs, EpochMs]:
    return 0, 0


def _shown(time: EpochMs) -> str:
    return datetime.fromtimestamp(time / SECOND_MS, UTC).isoformat(timespec="seconds")
