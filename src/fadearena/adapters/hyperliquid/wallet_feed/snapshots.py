"""
Rounds of snapshots of all wallets: one rhythm for all, in the order of `Rounds`.

1. Before positions of a wallet that is told moved are told, fills that may have moved them are fetched; but first it
   is waited a moment for a feed that would tell them. What is read while they are being fetched is read again then.
2. Where neither tape nor stream covers a wallet its fills are fetched from time to time, whatever its positions say.
3. A read that failed is told as failed, and says nothing of what the wallet holds.
"""

import asyncio
from typing import Final

from fadearena.adapters.hyperliquid.limits import Lane, weight_of
from fadearena.adapters.hyperliquid.wallet_feed.repairs import Repairs
from fadearena.adapters.hyperliquid.wallet_feed.rounds import differs
from fadearena.adapters.hyperliquid.wallet_feed.wallet import Watched
from fadearena.adapters.hyperliquid.wallet_feed.watch import Watch
from fadearena.kit.tasks import either
from fadearena.model.error import VenueError
from fadearena.model.event import SnapshotRound, SourceSnapshot, SourceUnreadable
from fadearena.model.ids import Address, Dex
from fadearena.model.units import MINUTE_MS, SECOND_MS, EpochMs

_READERS: Final = 32
"""As many answers are waited for at a time at most."""
_LATE_MS: Final = SECOND_MS
"""How much later than a snapshot a feed may tell a fill that is in it."""
_AGAIN_MS: Final = 10 * SECOND_MS
_BURST_MS: Final = SECOND_MS
_MICROS: Final = 1_000
_DEXS: Final = 2


class Snapshots:
    """Reads all wallets again and again."""

    def __init__(self, watch: Watch, repairs: Repairs) -> None:
        self._watch = watch
        self._repairs = repairs
        self._clock = watch.line.clock
        self._picking = asyncio.Lock()
        self._changed = asyncio.Event()
        self._explaining: dict[Address, set[Dex]] = {}
        self._free_us = 0
        self._told_ms: EpochMs | None = None
        watch.rounds.on_sooner = self.look_again

    @property
    def pace(self) -> int:
        """How many snapshots a minute may be read."""
        return self._watch.options.pace(self._watch.line.info.budget.per_minute)

    def look_again(self) -> None:
        """Look at once who is due: that changed."""
        self._changed.set()

    async def run(self) -> None:
        """Read, and tell what was read; for ever."""
        self._picking = asyncio.Lock()
        async with asyncio.TaskGroup() as group:
            for _ in range(_READERS):
                group.create_task(self._work())

    async def _work(self) -> None:
        while True:
            watched, dex = await self._next()
            await self._look(watched, dex)

    async def _next(self) -> tuple[Watched, Dex]:
        """Wait for the next reading's turn, one after the other and not faster than the pace."""
        async with self._picking:
            free = min(-(-self._free_us // _MICROS), self._clock.now_ms() + MINUTE_MS // self.pace + 1)
            await self._clock.sleep_until(free)
            while True:
                self._changed.clear()
                self._know_dexs()
                self._watch.line.info.budget.keep(self._most_weight())
                now = self._clock.now_ms()
                turn = self._watch.rounds.take(now)
                if not isinstance(turn, int):
                    break
                await either(self._clock.sleep_until(turn), self._changed.wait())
            began = min(max(self._free_us, (now - _BURST_MS) * _MICROS), now * _MICROS)
            self._free_us = began + MINUTE_MS * _MICROS // self.pace
            await self._tell_round()
            return turn

    def _most_weight(self) -> int:
        """Return how much weight a minute of snapshots takes at most, as if each wallet were on two dexs and told."""
        a_minute = MINUTE_MS // self._watch.options.period_ms
        return len(self._watch.wallets) * a_minute * _DEXS * weight_of("clearinghouseState")

    def _know_dexs(self) -> None:
        try:
            self._watch.rounds.know(self._watch.reader.dexs)
        except VenueError:
            return

    async def _tell_round(self) -> None:
        length = self._watch.rounds.round_ms
        if length is not None and differs(length, self._told_ms):
            self._told_ms = length
            await self._watch.telling.tell(SnapshotRound(time=0, received=0, length_ms=length))

    async def _look(self, watched: Watched, dex: Dex) -> None:
        try:
            snapshot, leverages = await self._watch.reader.reading(watched.wallet, dex, Lane.SNAPSHOT)
        except VenueError as error:
            await self._on_failed(watched, dex, error)
            return
        watched.leverages[dex] = leverages
        is_explained = not watched.rank.is_told or await self._explain(watched, snapshot)
        if is_explained and self._watch.has(watched):
            await self._watch.positions.take(watched, snapshot)

    async def _on_failed(self, watched: Watched, dex: Dex, error: VenueError) -> None:
        self._watch.positions.counts["failed"] += 1
        now, view = self._clock.now_ms(), watched.dexs.get(dex)
        if view is None:  # nobody knows whether it is there: ask again soon
            self._watch.rounds.again(watched.wallet, dex, now + MINUTE_MS)
        elif not watched.rank.is_told or not view.reads:
            self._watch.rounds.again(watched.wallet, dex, now + _AGAIN_MS)
        if self._watch.has(watched):
            unreadable = SourceUnreadable(time=0, received=0, wallet=watched.wallet, reason=str(error), dex=dex)
            await self._watch.telling.tell(unreadable)

    async def _explain(self, watched: Watched, snapshot: SourceSnapshot) -> bool:
        """Have fills told that lead to a snapshot, before it is told; not, where such are being fetched already."""
        view = watched.dexs.get(snapshot.dex)
        if view is None:
            return True
        now, is_covered = self._clock.now_ms(), self._watch.heard.covers(watched)
        if is_covered and watched.unexplained(snapshot):
            await self._clock.sleep_until(now + _LATE_MS)
        has_moved = bool(watched.unexplained(snapshot).difference(view.doubted))
        if has_moved or (not is_covered and not now < watched.fills_due <= now + self._watch.options.fills_ms):
            meanwhile = self._explaining.get(watched.wallet)
            if meanwhile is not None:
                meanwhile.add(snapshot.dex)
                return False
            meanwhile = self._explaining[watched.wallet] = set()
            try:
                since = min(watched.complete_to, view.time or now)
                await self._repairs.explain(watched, since, has_moved=has_moved)
            finally:
                del self._explaining[watched.wallet]
                for dex in sorted(meanwhile):
                    self._watch.rounds.again(watched.wallet, dex, self._clock.now_ms())
        return True
