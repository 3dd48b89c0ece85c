"""
What wallets are worth, and when they traded last: slow questions, asked of one after the other.

1. Those with sleeves are asked for their equity every minute. All others take their turns, who was asked longest ago
   first, with a tenth of the rate limit. One that cannot be read says nothing, and is asked the next time.
2. Of whom no trade was seen for long, the exchange is asked once a day for trades of the last week.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable
from typing import Final

import structlog

from fadearena.adapters.hyperliquid.limits import Lane, weight_of
from fadearena.adapters.hyperliquid.wallet_feed.reader import MODE_MS
from fadearena.adapters.hyperliquid.wallet_feed.wallet import Rank, Watched
from fadearena.adapters.hyperliquid.wallet_feed.watch import Watch
from fadearena.kit.tasks import either, in_turns
from fadearena.model.account import equity_of
from fadearena.model.error import VenueError
from fadearena.model.event import SourceEquity
from fadearena.model.units import DAY_MS, MINUTE_MS, SECOND_MS, EpochMs
from fadearena.ports.sightings import IDLE_MS

log = structlog.get_logger(__name__)
_CALM_MS: Final = 10 * MINUTE_MS
"""Who was in sight for so long without a trade is asked for an older one."""
_LOOK_MS: Final = SECOND_MS
_PERCENT: Final = 10


class Worth:
    """Asks for equity, and for trades of who seems to rest."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._clock = watch.line.clock
        self._changed = asyncio.Event()
        self.counts: Counter[str] = Counter()
        self.heard: EpochMs = 0

    def look_again(self) -> None:
        """Look at once who is to be asked: that changed."""
        self._changed.set()

    async def run(self) -> None:
        """Ask, those with sleeves beside the others; for ever."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._weigh(is_held=True))
            group.create_task(self._weigh(is_held=False))
            group.create_task(self._find_trades())

    async def _weigh(self, *, is_held: bool) -> None:
        while True:
            async for watched in in_turns(self._of_rank(is_held=is_held)):
                if self._is_due(watched) and self._watch.has(watched) and self._knows_dexs():
                    watched.equity_asked = self._clock.now_ms()
                    weight = await self._ask(watched)
                    if not is_held:
                        await self._spare(weight)
            await self._pause()

    def _is_due(self, watched: Watched) -> bool:
        now = self._clock.now_ms()
        return not now - self._watch.options.equity_ms < watched.equity_asked <= now

    async def _ask(self, watched: Watched) -> int:
        """Ask what a wallet is worth, and return about how much of the rate limit that took."""
        mode_ms = MODE_MS if watched.rank is Rank.HELD else DAY_MS
        weight = self._watch.reader.equity_weight(watched.wallet, mode_ms)
        try:
            event = await self._watch.reader.equity(watched.wallet, Lane.REST, mode_ms)
        except VenueError as error:
            self.counts["failed"] += 1
            log.warning("equity_unreadable", wallet=watched.wallet, error=str(error))
            return weight
        self.note(watched, event)
        await self._watch.telling.tell(event)
        return weight

    async def _spare(self, weight: int) -> None:
        """Leave the rate limit to others for as long as a tenth of it takes to bring back what was used."""
        share = max(1, self._watch.line.info.budget.per_minute * _PERCENT // 100)
        await self._clock.sleep_until(self._clock.now_ms() + weight * MINUTE_MS // share)

    def note(self, watched: Watched, event: SourceEquity) -> None:
        """Take over what a wallet is worth."""
        self.heard = self._clock.now_ms()
        self.counts["read"] += 1
        watched.equity, watched.equity_time = equity_of(event.mode, event.dex_values, event.spot), event.time
        self._watch.telling.changed[watched.wallet] = None

    async def _find_trades(self) -> None:
        while True:
            await self._pause()
            async for watched in in_turns(tuple(self._watch.wallets.values())):
                if self._seems_idle(watched):
                    await self._find_trade(watched)
                    await self._spare(weight_of("userFillsByTime"))

    def _seems_idle(self, watched: Watched) -> bool:
        """Tell whether a wallet has to be asked for a trade."""
        now = self._clock.now_ms()
        if not self._watch.has(watched) or now < watched.since + _CALM_MS:
            return False
        is_recent = watched.last_trade is not None and now < watched.last_trade + IDLE_MS
        was_asked = watched.active_asked is not None and now < watched.active_asked + DAY_MS
        return not is_recent and not was_asked

    async def _find_trade(self, watched: Watched) -> None:
        watched.active_asked = now = self._clock.now_ms()
        try:
            found = await self._watch.reader.newest_trade(watched.wallet, now - IDLE_MS, Lane.REST)
        except VenueError as error:
            log.warning("trades_unreadable", wallet=watched.wallet, error=str(error))
            watched.active_asked = now - DAY_MS + _CALM_MS
            return
        if found is not None:
            watched.last_trade = max(watched.last_trade or 0, found)
        elif watched.quiet_since is None:
            watched.quiet_since = now - IDLE_MS
        self._watch.telling.changed[watched.wallet] = None

    def _of_rank(self, *, is_held: bool) -> Iterable[Watched]:
        """Return who has to be asked, whose equity was asked longest ago first; those that are told before others."""
        found = [each for each in self._watch.wallets.values() if (each.rank is Rank.HELD) is is_held]
        return sorted(found, key=lambda each: each.equity_asked)

    def _knows_dexs(self) -> bool:
        try:
            return bool(self._watch.reader.dexs)
        except VenueError:
            return False

    async def _pause(self) -> None:
        self._changed.clear()
        await either(self._changed.wait(), self._clock.sleep_until(self._clock.now_ms() + _LOOK_MS))
