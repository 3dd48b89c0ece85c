"""
The public tape, for all wallets at once.

1. While a coin of it is lost nobody knows whether a wallet traded there: all have a hole. After a minute those that
   have a stream of their own are told by that alone, and where others came back a coin that did not is given up:
   snapshots find what happens there.
2. Where it comes back without a gap nothing was missed. After a gap wallets with sleeves have their fills fetched, of
   the others first a snapshot is read, and fills only where it says that something moved; and all are looked for anew
   on the dexs of the coins of which something was missed.
"""

import asyncio
from typing import Final

from fadearena.adapters.hyperliquid.tape_feed import TapeFills, TapeGap, TapeLost, TapeNews, TapeWhole
from fadearena.adapters.hyperliquid.wallet_feed.repairs import Repairs
from fadearena.adapters.hyperliquid.wallet_feed.wallet import Rank
from fadearena.adapters.hyperliquid.wallet_feed.watch import Watch
from fadearena.model.event import InputRejected
from fadearena.model.ids import Coin, Dex, dex_of
from fadearena.model.units import MINUTE_MS, SECOND_MS, EpochMs
from fadearena.model.wallet import Feed

GIVEN_UP_MS: Final = MINUTE_MS
_LOOK_MS: Final = SECOND_MS


class TapeWatch:
    """Hears the tape, and knows whether it lacks something."""

    def __init__(self, watch: Watch, repairs: Repairs) -> None:
        self._watch = watch
        self._tape = watch.heard.tape
        self._repairs = repairs
        self._lost: dict[Coin, EpochMs] = {}
        self._missed: EpochMs | None = None
        self._missed_dexs: set[Dex] = set()
        self._changed = asyncio.Event()

    async def run(self) -> None:
        """Tell what it tells of wallets, and repair what it missed; for ever."""
        self._lost, self._missed = {}, None
        self._watch.heard.had_tape = self._watch.heard.is_tape_whole = False
        async with asyncio.TaskGroup() as group:
            group.create_task(self._hear())
            group.create_task(self._give_up())

    async def _hear(self) -> None:
        async for news in self._tape:
            await self._on_news(news)

    async def _on_news(self, news: TapeNews) -> None:
        match news:
            case TapeFills():
                await self._on_fills(news)
            case TapeLost(coins=coins):
                await self._lose(coins)
            case TapeGap(coins=coins, since=since):
                self._missed = since if self._missed is None else min(self._missed, since)
                self._missed_dexs.update(map(dex_of, coins))
                await self._lose(coins)
                await self._open_holes()  # it may be the first that was heard since the last iteration
            case TapeWhole(coins=coins):
                for coin in coins:
                    self._lost.pop(coin, None)
                await self._regain()
            case InputRejected():
                await self._watch.telling.reject((news,))

    async def _on_fills(self, news: TapeFills) -> None:
        watched = self._watch.wallets.get(news.wallet)
        if watched is None:
            return
        await self._watch.telling.fills(watched, news.fills, Feed.TAPE)
        if self._watch.heard.is_tape_whole and watched.hole is None:
            watched.complete(news.fills, self._watch.line.clock.now_ms())
        self._watch.look_where_seen(watched)

    async def _lose(self, coins: tuple[Coin, ...]) -> None:
        now = self._watch.line.clock.now_ms()
        for coin in coins:
            self._lost.setdefault(coin, now)
        self._changed.set()
        if self._watch.heard.is_tape_whole:
            self._watch.heard.is_tape_whole = False
            for watched in self._watch.told:  # a repair that is under way does not vouch for what is missed now
                if not watched.is_trusted:
                    await self._repairs.lose(watched)

    async def _open_holes(self) -> None:
        """Have every wallet repaired later that the tape alone may have told of, and that nobody noted yet."""
        for watched in self._watch.told:
            if watched.hole is None and not watched.is_trusted:
                await self._repairs.lose(watched)

    async def _regain(self) -> None:
        """Mend what was missed, once no coin is lost any more."""
        if self._lost:
            return
        missed, self._missed = self._missed, None
        self._watch.rounds.search_again(self._missed_dexs)
        self._missed_dexs.clear()
        self._watch.heard.had_tape = self._watch.heard.is_tape_whole = True
        for watched in self._watch.told:
            if not self._watch.heard.is_tape_whole:  # it was lost again meanwhile
                self._missed = min(filter(None, (missed, self._missed)), default=None)
                return
            watched.is_trusted = False
            await self._repairs.regain(watched, missed, looks_first=watched.rank is not Rank.HELD)

    async def _trust_streams(self) -> None:
        """Let streams alone tell of their wallets, once what was missed is fetched."""
        for watched in self._watch.told:
            if watched.is_streamed and not watched.is_trusted:
                watched.is_trusted = True
                await self._repairs.regain(watched, watched.complete_to)

    async def _give_up(self) -> None:
        """Wait no longer for coins that do not come back, where others did; for ever."""
        clock = self._watch.line.clock
        while True:
            self._changed.clear()
            now = clock.now_ms()
            late = [coin for coin, since in self._lost.items() if since + GIVEN_UP_MS <= now]
            if late and self._tape.heard > now - GIVEN_UP_MS:
                for coin in late:
                    del self._lost[coin]
                await self._regain()
            if self._lost and self._watch.heard.had_tape:
                if min(self._lost.values()) + GIVEN_UP_MS <= now:
                    await self._trust_streams()
                await self._open_holes()  # of wallets that came meanwhile
                await clock.sleep_until(now + _LOOK_MS)
            else:
                await self._changed.wait()
