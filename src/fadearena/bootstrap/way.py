"""
The way to one of Hyperliquid's networks, as a worker on paper and a live one share it.

1. A start needs no network: what cannot be read is not known, so nothing is increased, and it is read as soon as it can
   be. Only a sandbox has to be there, since time is its own.
2. Sandbox and worker share three numbers and with them the time, so there is no offset to measure.
"""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from typing import Literal

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
from fadearena.adapters.sim.journey import TAKER_DELAY_MS, Journey
from fadearena.bootstrap.sandbox import SandboxControl
from fadearena.config import Config, Network
from fadearena.core.state import State
from fadearena.kit.clock import Clock, SystemClock
from fadearena.kit.tasks import either
from fadearena.model.error import InvalidInput, VenueError
from fadearena.model.event import Event, Instruments
from fadearena.model.ids import Coin
from fadearena.model.units import MINUTE_MS, ONE, SECOND_MS, EpochMs, Usd
from fadearena.runtime.corrected import CorrectedClock
from fadearena.runtime.timing import Timing

log = structlog.get_logger(__name__)
_CALM_SPEED = 10
"""Up to this speed of a sandbox a stutter of the machine is no silence."""
_PATIENCE_MS = 10 * SECOND_MS
ANSWER_MS = 10 * SECOND_MS


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """
    Numbers of a world.

    `shares_time` says that our clock is the exchange's own; where that runs faster than ours by `haste`, a socket's
    silence counts for longer. An answer is waited for `answer_ms` of real time. For paper accounts are `equity_usd`,
    `latency_ms` (None has it measured) and `taker_delay_ms`, which is what the exchange adds to it. For live ones are
    `is_mainnet` (how actions are signed) and `order_channel`.
    """

    shares_time: bool
    haste: Decimal = ONE
    equity_usd: Usd = Usd(10_000)
    latency_ms: EpochMs | None = None
    taker_delay_ms: EpochMs = 0
    weight_per_minute: int = 1_200
    is_mainnet: bool = False
    order_channel: Literal["auto", "http"] = "auto"
    answer_ms: int = ANSWER_MS


class Way:
    """Questions, sockets, prices, lists and the time of one exchange."""

    def __init__(self, plan: Plan, transport: Transport, clock: Clock, rng: Random) -> None:
        self.clock = clock
        self.is_mainnet = plan.is_mainnet
        self.timing = Timing(_no_offset if plan.shares_time else self._offset)
        self.time = CorrectedClock(clock, self.timing)  # what bears a time bears the exchange's, as the core's own
        self.budget = RateBudget(self.time, per_minute=plan.weight_per_minute, rng=rng)  # compared with expiresAfter
        self.info = InfoClient(transport, self.budget, clock, rng=rng)
        self.listing = Listing(self.info, clock)
        self.journey = Journey(handling_ms=plan.taker_delay_ms, fixed_ms=plan.latency_ms)
        self.line = Line(
            info=self.info,
            transport=transport,
            clock=self.time,
            rng=rng,
            listing=self.listing,
            limits=SocketLimits(self.time),
            silence_ms=int(SILENCE_MS * plan.haste),
            ping_ms=int(PING_MS * plan.haste),
            answer_ms=plan.answer_ms,
        )
        self.markets = HyperliquidMarkets(self.line)
        self._plan = plan

    def opening(self) -> Iterable[Event]:
        """Return what the core is told of lists and time at every start."""
        listed = self.listing.instruments
        return (
            *([Instruments(time=0, received=0, instruments=listed)] if listed else []),
            self.timing.event(),
        )

    async def prepare(self, state: State) -> None:
        """
        Read what a start is quicker with: the time, and what is listed.

        Raises:
            InvalidInput: The journal ends later than the sandbox's present.
        """
        if self._plan.shares_time and state.now > self.clock.now_ms() + MINUTE_MS:
            raise InvalidInput(
                f"the journal ends at {_shown(state.now)}, the sandbox is at {_shown(self.clock.now_ms())}: it is "
                "another sandbox; go on with the state file of the first one, or give another --data-dir"
            )
        coins: set[Coin] = {coin for _, coin in state.books}
        self.markets.want(coins)
        ends = self.clock.now_ms() + int(_PATIENCE_MS * self._plan.haste)
        await either(self._look_around(), self.clock.sleep_until(ends))

    async def _offset(self) -> tuple[EpochMs, EpochMs]:
        offset, spread = await self.listing.clock_offset()
        self.journey.learn(2 * spread)
        return offset, spread

    async def _look_around(self) -> None:
        """Read the time, and what is listed; what takes too long is read later, while stops are heard already."""
        await self.timing.measure()
        if not self.listing.instruments:
            try:
                await self.listing.refresh()
            except VenueError as error:
                log.warning("listing_failed", error=str(error))


@asynccontextmanager
async def way_out(config: Config, network: Network) -> AsyncIterator[tuple[Plan, Transport, Clock]]:
    """
    Open what leads to one of Hyperliquid's networks, or to a sandbox.

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
        taker_delay_ms=0 if network is Network.SANDBOX else TAKER_DELAY_MS,
        weight_per_minute=config.weight_per_minute,
        is_mainnet=network is Network.MAINNET,
        order_channel=config.order_channel.value,
    )
    async with HttpTransport(base_url(config, network)) as transport:
        yield plan, transport, clock


def base_url(config: Config, network: Network) -> str:
    """Return where a network's exchange is."""
    return config.sandbox_url if network is Network.SANDBOX else BASE_URLS[network]


async def _no_offset() -> tuple[EpochMs, EpochMs]:
    return 0, 0


def _shown(time: EpochMs) -> str:
    return datetime.fromtimestamp(time / SECOND_MS, UTC).isoformat(timespec="seconds")
