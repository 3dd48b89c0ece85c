"""
One watched wallet: polled at its rhythm, repaired after each new connection, told once.

1. Its positions are polled on every dex where it was ever seen, and on all dexs at first and every ten minutes.
2. Where positions moved and no fill was told that could have moved them, its fills are fetched first and told first.
   They are fetched from time to time, too, whatever the positions say: what went in and out between two polls.
3. `complete_to` is up to when all its fills were told: it moves by complete fetches, and by the stream as long as
   that has no hole behind it. What is after it, and a minute before, is fetched again, but told once only.
4. Its equity is told once a minute, beside the polls; one that cannot be read is told the next time.
5. A read that failed is told as failed, and says nothing of what the wallet holds.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable

import msgspec
import structlog

from fadearena.adapters.hyperliquid.limits import Lane
from fadearena.adapters.hyperliquid.user_feed.reader import WalletReader
from fadearena.kit.clock import Clock
from fadearena.kit.tasks import either
from fadearena.model.error import VenueError
from fadearena.model.event import (
    Event,
    RepairStage,
    SourceFills,
    SourceRepair,
    SourceSnapshot,
    SourceUnreadable,
)
from fadearena.model.ids import Address, Coin, Dex, dex_of, is_perp
from fadearena.model.units import MINUTE_MS, SECOND_MS, EpochMs, Size
from fadearena.model.wallet import Feed, SourceFill

log = structlog.get_logger(__name__)
Tell = Callable[[Event], Awaitable[None]]
KEYS_MAX = 10_000
_OVERLAP_MS = MINUTE_MS
_BACKOFF_MS = (1_000, 2_000, 4_000, 8_000, 15_000, 30_000, 60_000)


class WalletOptions(msgspec.Struct, frozen=True, kw_only=True):
    """
    Rhythms and limits.

    `streams_max` counts all users of one IP address whom the exchange streams: our own accounts take from it, too.
    `polls_per_minute` bounds the polls of all wallets together; with many wallets each comes round less often.
    """

    streams_max: int = 10
    period_ms: EpochMs = 10 * SECOND_MS
    polls_per_minute: int = 240
    round_ms: EpochMs = 10 * MINUTE_MS
    fills_ms: EpochMs = 5 * MINUTE_MS
    equity_ms: EpochMs = MINUTE_MS


class Watched:
    """Keeps one wallet in sight."""

    def __init__(self, wallet: Address, reader: WalletReader, clock: Clock, options: WalletOptions, tell: Tell) -> None:
        self.wallet = wallet
        self.dexs: set[Dex] = {""}
        self.is_streamed = False
        self._reader = reader
        self._clock = clock
        self._options = options
        self._tell = tell
        self._complete_to: EpochMs = clock.now_ms()
        self._is_whole = False
        self._told: dict[str, None] = {}
        self._held: dict[Dex, dict[Coin, Size]] = {}
        self._moved: dict[Coin, EpochMs] = {}
        self._round_due: EpochMs = 0
        self._fills_due: EpochMs = clock.now_ms() + options.fills_ms
        self._repair_due: EpochMs | None = None
        self._repair_failures = 0
        self._connections = 0
        self._nudged = asyncio.Event()

    async def watch(self, first: EpochMs, period: Callable[[], EpochMs]) -> None:
        """Poll from `first` on, `period` apart, and repair when that is due; for ever."""
        await either(self._poll(first, period), self._weigh(first))

    async def _poll(self, due: EpochMs, period: Callable[[], EpochMs]) -> None:
        while True:
            self._nudged.clear()
            now = self._clock.now_ms()
            if self._repair_due is not None and now >= self._repair_due:
                await self._repair()
            elif now >= due:
                due = now + period()
                await self._look()
            at = due if self._repair_due is None else min(due, self._repair_due)
            if at > self._clock.now_ms():
                await either(self._clock.sleep_until(at), self._nudged.wait())

    def streams(self) -> None:
        """Note that its fills are streamed from now on: what was missed before is fetched at once."""
        self.is_streamed, self._is_whole = True, False
        self._connections += 1
        self._repair_due = self._clock.now_ms()
        self._nudged.set()

    def stream_lost(self) -> None:
        """Note that its fills are not streamed any more."""
        self.is_streamed = self._is_whole = False

    async def hear(self, fills: Iterable[SourceFill], *, is_snapshot: bool) -> None:
        """Tell what the stream brought; of what was before only what came after all that is known."""
        since = self._complete_to - _OVERLAP_MS if is_snapshot else 0
        news = self._news(fill for fill in fills if fill.time >= since)
        if self._is_whole:
            self._move_on(news)
        await self._tell_fills(news, Feed.USER)

    async def reject(self, rejected: Iterable[Event]) -> None:
        """Tell what could not be read, once."""
        for event in rejected:
            key = f"rejected:{msgspec.json.encode(event).decode()}"
            if key not in self._told:
                self._remember(key)
                await self._tell(event)

    async def _look(self) -> None:
        """Poll the positions, and before them tell the fills that may have moved them."""
        dexs = self._dexs_to_read()
        answers = await asyncio.gather(*(self._snapshot(dex) for dex in dexs))
        snapshots = [answer for answer in answers if isinstance(answer, SourceSnapshot)]
        moved = {coin for snapshot in snapshots for coin in self._take(snapshot)}
        if self._clock.now_ms() >= self._fills_due or not moved <= self._moved.keys():
            await self._fetch_if_possible()
        seen = min((snapshot.time for snapshot in snapshots), default=0)
        self._moved = {coin: time for coin, time in self._moved.items() if time > seen}
        for answer in answers:
            if isinstance(answer, SourceUnreadable) or answer.dex in self.dexs:
                await self._tell(answer)

    async def _weigh(self, due: EpochMs) -> None:
        """Tell what it is worth, from time to time; that may wait for the rate limit, and nothing waits for it."""
        while True:
            await self._clock.sleep_until(due)
            try:
                await self._tell(await self._reader.equity(self.wallet, Lane.REST))
            except VenueError as error:
                log.warning("equity_unreadable", wallet=self.wallet, error=str(error))
            due = self._clock.now_ms() + self._options.equity_ms

    def _dexs_to_read(self) -> list[Dex]:
        """Return the dexs where it was seen; all of them, when a round is due."""
        now = self._clock.now_ms()
        if now < self._round_due:
            return sorted(self.dexs)
        try:
            known = self._reader.dexs
        except VenueError:
            return sorted(self.dexs)
        self._round_due = now + self._options.round_ms
        return sorted(self.dexs | set(known))

    async def _snapshot(self, dex: Dex) -> SourceSnapshot | SourceUnreadable:
        try:
            return await self._reader.snapshot(self.wallet, dex, Lane.SNAPSHOT)
        except VenueError as error:
            if dex not in self.dexs:  # nobody knows whether it is there: ask again soon
                self._round_due = min(self._round_due, self._clock.now_ms() + MINUTE_MS)
            return SourceUnreadable(time=0, received=0, wallet=self.wallet, reason=str(error), dex=dex)

    def _take(self, snapshot: SourceSnapshot) -> set[Coin]:
        """Note what it holds on a dex; return the coins of which it held something else at the last poll."""
        held = {position.coin: position.size for position in snapshot.positions}
        if held:
            self.dexs.add(snapshot.dex)
        before = self._held.get(snapshot.dex, held)
        self._held[snapshot.dex] = held
        return {coin for coin in before.keys() | held.keys() if before.get(coin) != held.get(coin)}

    async def _fetch_if_possible(self) -> None:
        try:
            await self._fetch(Lane.SNAPSHOT)
        except VenueError as error:
            log.warning("fills_unreadable", wallet=self.wallet, error=str(error))
            self._fills_due = self._clock.now_ms()
            await self._tell(SourceUnreadable(time=0, received=0, wallet=self.wallet, reason=str(error)))

    async def _fetch(self, lane: Lane) -> None:
        """Fetch and tell all fills since those that are known without a hole."""
        fills, rejected = await self._reader.fills(self.wallet, self._complete_to - _OVERLAP_MS, lane)
        self._fills_due = self._clock.now_ms() + self._options.fills_ms
        self._move_on(fills)
        await self.reject(rejected)
        await self._tell_fills(self._news(fills), Feed.POLL)

    def _move_on(self, fills: Iterable[SourceFill]) -> None:
        """Note up to when all fills were told: never a time that has not come."""
        newest = max((fill.time for fill in fills), default=0)
        self._complete_to = max(self._complete_to, min(newest, self._clock.now_ms()))

    async def _repair(self) -> None:
        """Fetch what was missed while the stream was away."""
        if not self._repair_failures:
            await self._tell_stage(RepairStage.STARTED)
        connections = self._connections
        try:
            await self._fetch(Lane.REPAIR)
        except VenueError as error:
            wait = _BACKOFF_MS[min(self._repair_failures, len(_BACKOFF_MS) - 1)]
            self._repair_failures += 1
            self._repair_due = self._clock.now_ms() + wait
            log.warning("repair_failed", wallet=self.wallet, error=str(error), again_in_ms=wait)
            if self._repair_failures == 1:
                await self._tell_stage(RepairStage.FAILED)
            return
        self._repair_failures = 0
        if connections == self._connections:  # else the stream was lost and came back meanwhile: once more
            self._repair_due, self._is_whole = None, self.is_streamed
        await self._tell_stage(RepairStage.DONE)

    async def _tell_stage(self, stage: RepairStage) -> None:
        await self._tell(SourceRepair(time=0, received=0, wallet=self.wallet, stage=stage))

    def _news(self, fills: Iterable[SourceFill]) -> list[SourceFill]:
        """Return the fills that were not told yet, and take them for told."""
        news = [fill for fill in fills if fill.key not in self._told]
        for fill in news:
            self._remember(fill.key)
            if is_perp(fill.coin):
                self.dexs.add(dex_of(fill.coin))
        return news

    async def _tell_fills(self, fills: list[SourceFill], feed: Feed) -> None:
        if fills:
            told = sorted(fills, key=lambda fill: fill.time)
            time = told[-1].time
            self._moved |= {fill.coin: fill.time for fill in told}
            await self._tell(SourceFills(time=time, received=0, wallet=self.wallet, feed=feed, fills=tuple(told)))

    def _remember(self, key: str) -> None:
        self._told[key] = None
        if len(self._told) > KEYS_MAX:
            del self._told[next(iter(self._told))]
