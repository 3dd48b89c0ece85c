"""
The door to what a worker sees at present, for others to look at: its feeds, its rate budget, the wallets in sight.

It is no history and no source of decisions: the worker replaces it every few seconds, and what was journaled stands
elsewhere. Every number bears its age; what is not known is None.
"""

from collections.abc import Callable, Collection, Sequence
from enum import StrEnum
from typing import Final, Protocol, TypeAlias

import msgspec

from fadearena.model.ids import Address, Coin
from fadearena.model.units import DAY_MS, EpochMs, Usd
from fadearena.model.wallet import Feed, SourcePosition

IDLE_MS: Final = 7 * DAY_MS
"""A wallet without a known trade for so long is named as idle."""

Seen: TypeAlias = Callable[[Feed, Feed, EpochMs], None]
"""Takes which feed told a fill first, which one told it later, and how much later."""


class FeedState(StrEnum):
    """How a feed does: `starting` was not heard yet, `off` has nothing to follow."""

    OK = "ok"
    STALE = "stale"
    STARTING = "starting"
    OFF = "off"


class FeedStatus(msgspec.Struct, frozen=True, kw_only=True):
    """
    How one feed does.

    `name` is `tape`, `user`, `snapshots`, `equity`, `markets` or `own`. `heard` is when its newest data came. `wanted`
    and `confirmed` count subscriptions (of `snapshots`: wallets, and those read within the present round of
    `round_ms`); `refused` names what was refused, shortened. `counts` are totals since the start, by what is counted.
    """

    name: str
    state: FeedState
    heard: EpochMs | None = None
    connections: int = 0
    wanted: int = 0
    confirmed: int = 0
    refused: tuple[str, ...] = ()
    round_ms: EpochMs | None = None
    counts: dict[str, int] = {}


class LaneUse(msgspec.Struct, frozen=True, kw_only=True):
    """
    What one lane used of the last minute's weight, how many of its requests wait, and until when it is paused.

    It may fill the minute up to `most`, with what the lanes before it used.
    """

    lane: str
    most: int
    used: int = 0
    waiting: int = 0
    refusals: int = 0
    paused_until: EpochMs | None = None


class RateUse(msgspec.Struct, frozen=True, kw_only=True):
    """Weight of the last minute against the limit of the IP address, by lane."""

    per_minute: int
    used: int
    lanes: tuple[LaneUse, ...] = ()

    @property
    def waiting(self) -> int:
        """How many requests wait for their turn."""
        return sum(lane.waiting for lane in self.lanes)

    @property
    def refusals(self) -> int:
        """How many requests were refused as too many, since the start."""
        return sum(lane.refusals for lane in self.lanes)


class Sighting(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """
    What is known of one wallet, and how old that is.

    `heard` is when anything of it was heard or read last, `read` when all its known dexs were read last, both in the
    exchange's time. `last_trade` is its newest trade that is known; where none is, there was none since `quiet_since`.
    `positions` are those of the last reading, moved on by what the feeds told since; `leverages` are as it was read.
    """

    wallet: Address
    since: EpochMs
    feed: Feed | None = None
    heard: EpochMs | None = None
    read: EpochMs | None = None
    last_trade: EpochMs | None = None
    quiet_since: EpochMs | None = None
    equity: Usd | None = None
    equity_time: EpochMs | None = None
    positions: tuple[SourcePosition, ...] = ()
    leverages: dict[Coin, int] = {}


class Sight(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker sees as a whole, at `time` of the machine's clock and at `now` of the exchange's."""

    time: EpochMs
    now: EpochMs
    feeds: tuple[FeedStatus, ...] = ()
    rate: RateUse | None = None


def quiet_ms(sighting: Sighting | None, now: EpochMs) -> EpochMs | None:
    """Return for how long a wallet is known not to have traded, at least; None where nothing is known of it."""
    if sighting is None:
        return None
    since = sighting.quiet_since if sighting.last_trade is None else sighting.last_trade
    return None if since is None else max(now - since, 0)


def is_idle(sighting: Sighting | None, now: EpochMs) -> bool:
    """Tell whether a wallet is known not to have traded for a week; one of which nothing is known is not idle."""
    quiet = quiet_ms(sighting, now)
    return quiet is not None and quiet >= IDLE_MS


class Sightings(Protocol):
    """Keeps what a worker sees at present."""

    async def show(self, sight: Sight, changed: Collection[Sighting]) -> None:
        """
        Replace the whole, and the wallets that changed.

        Raises:
            StorageUnavailable: Not all of it could be written; all of it may be shown once more.
        """
        ...

    async def forget(self, kept: Collection[Address]) -> None:
        """
        Drop all wallets but these.

        Raises:
            StorageUnavailable: They could not be dropped; the next time they may.
        """
        ...

    async def sight(self) -> Sight | None:
        """Return the whole as it was shown last; None before the first time."""
        ...

    async def wallets(self, wallets: Collection[Address] | None = None) -> Sequence[Sighting]:
        """Return what was shown of these wallets, or of all, by address; one that was never shown is absent."""
        ...
