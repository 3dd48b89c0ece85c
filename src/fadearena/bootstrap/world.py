"""What a worker is plugged into, by the network: its doors to the outside, its clock, and what it does at a start."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

from fadearena.bootstrap.arena import arena_world
from fadearena.bootstrap.hyperliquid import hyperliquid_world
from fadearena.bootstrap.live import live_world
from fadearena.bootstrap.places import Places
from fadearena.bootstrap.starting import check_mode
from fadearena.config import Config, Network
from fadearena.core.state import State
from fadearena.kit.clock import Clock
from fadearena.model.event import Event
from fadearena.model.policy import Mode, Policy
from fadearena.ports.inquiries import Looker
from fadearena.ports.journal import Journal
from fadearena.ports.market_feed import MarketFeed
from fadearena.ports.sightings import RateUse, Seen
from fadearena.ports.venue import Refusal, Venue
from fadearena.ports.wallet_feed import WalletFeed
from fadearena.runtime.recovery import Recovered
from fadearena.runtime.turns import Presign


class World(Protocol):
    """All that is outside of a worker, save its databases."""

    @property
    def wallets(self) -> WalletFeed:
        """What watched wallets do."""
        ...

    @property
    def markets(self) -> MarketFeed:
        """What prices are."""
        ...

    @property
    def venue(self) -> Venue:
        """Where our accounts trade."""
        ...

    @property
    def clock(self) -> Clock:
        """Our reading of the exchange's time."""
        ...

    @property
    def presign(self) -> Presign | None:
        """Signs an order before it is made durable; None where nothing is signed."""
        ...

    @property
    def guard(self) -> Callable[[Refusal], None] | None:
        """Takes what is asked again right before a command leaves; None where commands never wait."""
        ...

    @property
    def looker(self) -> Looker | None:
        """Looks at wallets that nobody follows; None where the feed of wallets can."""
        ...

    def doubt(self) -> None:
        """Have our clock measured against the exchange's soon."""
        ...

    def rate(self) -> RateUse | None:
        """Return how the rate budget stands; None where there is no limit."""
        ...

    def observe(self, seen: Seen) -> None:
        """Tell this from now on which feed saw a fill first."""
        ...

    def follow(self, policy: Policy) -> None:
        """Take note of the settings: before anything else, and when they changed."""
        ...

    def opening(self, state: State) -> Sequence[Event]:
        """Return what the core is told at every start; where there are no settings yet, the default ones first."""
        ...

    async def prepare(self, recovered: Recovered) -> None:
        """
        Make the paper accounts anew from what was journaled.

        Raises:
            InvalidInput: The journal is not of this world.
        """
        ...


@asynccontextmanager
async def open_world(config: Config, places: Places, journal: Journal) -> AsyncIterator[World]:
    """
    Open the world of a data directory's mode and network.

    Raises:
        InvalidInput: The mode is not right for a start.
        VenueError: It cannot be reached, and a start without it makes no sense.
    """
    await check_mode(config, places)
    if places.mode is Mode.LIVE:
        async with live_world(config, places, journal) as live:
            yield live
        return
    if places.network is Network.ARENA:
        yield await arena_world(config, journal)
        return
    async with hyperliquid_world(config, places.network, journal) as world:
        yield world
