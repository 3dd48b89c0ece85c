"""
The tape of all perpetuals that are listed, over as many connections as its limits ask for.

1. Coins are subscribed to in the order of the listing, those that are preferred first; a new listing joins while the
   tape runs, a delisted one leaves. A coin stays on its connection as long as it may.
2. Where there is no room for all, the last ones are left out, and named in `status`. The others grow before the tape:
   then it gives rooms back.
3. Who is watched is looked up in each trade: that changes without a word to the exchange.
4. All work is done while somebody iterates, and ends with it; what was told is remembered for the next time.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable

import msgspec
import structlog

from fadearena.adapters.hyperliquid.limits import TapeRoom
from fadearena.adapters.hyperliquid.line import Line
from fadearena.adapters.hyperliquid.status import all_or_stale, status_of
from fadearena.adapters.hyperliquid.tape_feed.coverage import Coverage
from fadearena.adapters.hyperliquid.tape_feed.news import TapeNews
from fadearena.adapters.hyperliquid.tape_feed.shard import Shard
from fadearena.adapters.hyperliquid.tape_feed.sieve import Sieve
from fadearena.kit.tasks import either, streamed
from fadearena.model.ids import Address, Coin
from fadearena.model.units import SECOND_MS, EpochMs
from fadearena.ports.sightings import FeedState, FeedStatus

log = structlog.get_logger(__name__)
WAITING_MAX = 10_000


class TapeOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How often rooms are looked at again, and how many of the coins that found none are named."""

    rooms_ms: EpochMs = SECOND_MS
    named_max: int = 20


class Tape:
    """Tells what watched wallets trade, whoever and however many they are."""

    def __init__(self, line: Line, options: TapeOptions | None = None) -> None:
        self._line = line
        self._options = options or TapeOptions()
        self._sieve = Sieve()
        self._counts: Counter[str] = Counter()
        self._coverage: dict[Coin, Coverage] = {}
        self._preferred: dict[Coin, None] = {}
        self._wanted: tuple[Coin, ...] = ()
        self._left_out: tuple[Coin, ...] = ()
        self._shards: dict[Shard, asyncio.Task[None]] = {}
        self._names = 0
        self._told: asyncio.Queue[TapeNews] = asyncio.Queue(WAITING_MAX)
        self._changed = asyncio.Event()

    def watch(self, wallets: Iterable[Address]) -> None:
        """Tell what these wallets trade from now on, and no others."""
        self._sieve.watch(wallets)
        self._changed.set()

    def prefer(self, coins: Iterable[Coin]) -> None:
        """Subscribe to these coins first where there is no room for all."""
        self._preferred = dict.fromkeys(coins)
        self._changed.set()

    def listed(self) -> None:
        """Look at the listing again: it changed."""
        self._changed.set()

    def __aiter__(self) -> AsyncIterator[TapeNews]:
        """Iterate over what it tells; without end."""
        self._told = asyncio.Queue(WAITING_MAX)
        return streamed(self._told, self._run())

    def covered_since(self, coin: Coin) -> EpochMs | None:
        """Return from when on nothing of a coin is missed; None where it is not subscribed to at present."""
        coverage = self._coverage.get(coin)
        return None if coverage is None else coverage.whole_since

    @property
    def heard(self) -> EpochMs:
        """When the connection was heard that was heard longest ago; 0 before all of them were."""
        return min((shard.heard for shard in self._shards), default=0)

    def status(self) -> FeedStatus:
        """Return how it does; coins without room are refused, and one that does not hear all coins is not well."""
        sessions = [shard.session for shard in self._shards]
        bridged = sum(coverage.bridged for coverage in self._coverage.values())
        counts = {**self._counts, "repeats": self._sieve.repeats, "bridged": bridged}
        status = status_of(self._line, "tape", sessions, self.heard, counts)
        shown = self._left_out[: self._options.named_max]
        if len(self._left_out) > len(shown):
            shown = (*shown, f"and {len(self._left_out) - len(shown)} more")
        state = status.state
        if self._sieve.wallets and not sessions:
            state = FeedState.STALE if self._left_out else FeedState.STARTING
        refused = (*shown, *status.refused)
        return all_or_stale(msgspec.structs.replace(status, state=state, wanted=len(self._wanted), refused=refused))

    # --- which coin where

    async def _run(self) -> None:
        """Keep a task for each connection."""
        self._shards = {}
        try:
            async with asyncio.TaskGroup() as group:
                while True:
                    self._changed.clear()
                    await self._share_out(group)
                    again = self._line.clock.now_ms() + self._options.rooms_ms
                    await either(self._changed.wait(), self._line.clock.sleep_until(again))
        finally:
            self._shards = {}

    async def _share_out(self, group: asyncio.TaskGroup) -> None:
        """Have every coin for which there is room on a connection, and no others."""
        self._wanted = tuple(self._perps()) if self._sieve.wallets else ()
        room = self._line.limits.rooms.tape(len(self._wanted))
        chosen, left_out = self._wanted[: room.coins], self._wanted[room.coins :]
        if left_out != self._left_out:
            self._left_out = left_out
            log.warning("tape_has_no_room", coins=len(left_out), first=left_out[: self._options.named_max])
        await self._drop(set(chosen))
        moving = self._moving(room)
        there = {coin for shard in self._shards for coin in shard.coins}.union(coverage.coin for coverage in moving)
        new = [self._coverage.setdefault(coin, Coverage(coin)) for coin in chosen if coin not in there]
        for coverage in (*moving, *new):
            self._emptiest(group, room).add(coverage)

    def _perps(self) -> Iterable[Coin]:
        coins = dict.fromkeys(each.coin for each in self._line.listing.instruments if not each.is_delisted)
        return dict.fromkeys((*(coin for coin in self._preferred if coin in coins), *coins))

    async def _drop(self, chosen: set[Coin]) -> None:
        for shard in self._shards:
            for coin in shard.coins.keys() - chosen:
                await shard.drop(coin)

    def _moving(self, room: TapeRoom) -> list[Coverage]:
        """Take the coins off connections that are too many, or have too many of them."""
        moving: list[Coverage] = []
        for shard in sorted(self._shards, key=lambda shard: len(shard.coins))[: -room.connections or None]:
            moving += [shard.hand_over(coin) for coin in tuple(shard.coins)]
            self._shards.pop(shard).cancel()
        for shard in self._shards:
            moving += [shard.hand_over(coin) for coin in tuple(shard.coins)[room.each :]]
        return moving

    def _emptiest(self, group: asyncio.TaskGroup, room: TapeRoom) -> Shard:
        """Return the connection with the fewest coins; a new one as long as there may be more."""
        if len(self._shards) < room.connections:
            self._names += 1
            shard = Shard(
                self._line,
                f"tape-{self._names}",
                sieve=self._sieve,
                tell=self._told.put,
                counts=self._counts,
                heard=self.heard,
            )
            self._shards[shard] = group.create_task(shard.run())
            return shard
        return min(self._shards, key=lambda shard: len(shard.coins))
