"""The arena itself: moves the market second by second, lets traders trade, and hands out what happened."""

import heapq
from collections.abc import AsyncIterator, Mapping, Sequence
from itertools import count
from types import MappingProxyType

from fadearena.adapters.sim.arena.history import Held, WalletHistory
from fadearena.adapters.sim.arena.market import Market, listings
from fadearena.adapters.sim.arena.tape import executed, messages
from fadearena.adapters.sim.arena.traders import START_USD, chance, roster
from fadearena.kit.clock import Clock
from fadearena.kit.decimals import exact_arithmetic, normalise
from fadearena.model.account import AccountMode
from fadearena.model.command import ReadRole, ReadSource, ReadSourceEquity, RepairSource
from fadearena.model.event import (
    Event,
    Marks,
    RepairStage,
    RoleRead,
    SourceEquity,
    SourceFills,
    SourceRepair,
    SourceSnapshot,
    SourceUnreadable,
)
from fadearena.model.ids import Address, BotId
from fadearena.model.position import unrealised
from fadearena.model.units import HOUR_MS, MINUTE_MS, SECOND_MS, ZERO, EpochMs, Usd
from fadearena.model.wallet import Feed, WalletRole
from fadearena.ports.market_feed import MarketNews
from fadearena.ports.wallet_feed import SourceRead

START_MS: EpochMs = 1_760_796_000_000
"""2025-10-18 14:00 UTC: the second day of the first Alpha Arena, an hour in which much happens."""
_SNAPSHOT_MS = 20 * SECOND_MS
_EQUITY_MS = MINUTE_MS
_HISTORY_MS = 30 * MINUTE_MS
_WIRE_MS = 60
_CENTS = Usd("0.000001")
_NO_WALLETS: Mapping[BotId, Address] = MappingProxyType({})


class Arena:
    """
    A made-up market with `bots` traders in `coins` coins, from `START_MS` on.

    Who merges it with other sources of events asks `next_time` and then `deliver`s, as with recorded wallets.

    Args:
        seed: Two arenas with one seed tell the same story.
        clock: The reader's; what is read on demand is true at its time.
        seconds: How long it lasts; None is without end.
        wallets: The wallets of some bots; the others have made-up ones.
    """

    def __init__(
        self,
        seed: int,
        clock: Clock,
        *,
        bots: int = 6,
        coins: int = 6,
        seconds: int | None = None,
        wallets: Mapping[BotId, Address] = _NO_WALLETS,
    ) -> None:
        self.traders = roster(seed, bots, wallets)
        self.market = Market(chance(seed, "market"), listings(coins), START_MS - _HISTORY_MS)
        self._end = None if seconds is None else START_MS + seconds * SECOND_MS
        self._clock = clock
        self._rng = chance(seed, "tape")
        self._order_ids = count(1_000_000)
        self._sequence = count()
        self._shown_hour = 0
        self._pending: list[tuple[EpochMs, int, Event]] = []
        first = START_MS - _HISTORY_MS
        self._due = [(first + trader.rng.randrange(_HISTORY_MS), n) for n, trader in enumerate(self.traders)]
        heapq.heapify(self._due)
        self._history = {trader.wallet: WalletHistory(START_USD) for trader in self.traders}
        self.live_through(START_MS)

    @property
    def next_time(self) -> EpochMs | None:
        """When the next event arrives; None after the last that was under way at the end."""
        edge = self.market.time + SECOND_MS
        is_over = self._end is not None and edge > self._end
        if self._pending and (is_over or self._pending[0][0] < edge):
            return self._pending[0][0]
        return None if is_over else edge

    def deliver(self) -> Event | None:
        """Return the next event, by `received`; None after the end."""
        time = self.next_time
        if time is None:
            return None
        if not self._pending or self._pending[0][0] != time:
            with exact_arithmetic():
                self._tick()
        return heapq.heappop(self._pending)[2]

    def live_through(self, until: EpochMs) -> None:
        """
        Trade up to a moment while nobody listens, a tenth of a second an hour: it is found in the wallets' history.

        At the start that is half an hour, so that there are positions to find.
        """
        with exact_arithmetic():
            while self.market.time + SECOND_MS <= until:
                self.market.step()
                self._trade()
                while self._pending and self._pending[0][0] <= self.market.time:
                    heapq.heappop(self._pending)

    def news(self) -> Sequence[MarketNews]:
        """Return what the last second brought beside quotes: funding rates at a new hour. Books are asked for."""
        hour, before = self.market.time // HOUR_MS, self._shown_hour
        if hour == before:
            return ()
        self._shown_hour = hour
        with exact_arithmetic():
            return [self.market.funding(coin) for coin in self.market.coins]

    async def __aiter__(self) -> AsyncIterator[Event]:
        """Iterate over the events that were not delivered yet."""
        while (event := self.deliver()) is not None:
            yield event

    async def read(self, command: SourceRead) -> Sequence[Event]:
        """Answer a question on a wallet with the truth of the clock's moment."""
        now, wallet = self._clock.now_ms(), command.wallet
        is_known = wallet in self._history
        match command:
            case ReadRole():
                role = WalletRole.USER if is_known else WalletRole.MISSING
                return (RoleRead(time=now, received=now, heard=now, wallet=wallet, role=role),)
            case ReadSource(dex=dex) if is_known:
                return (self._snapshot(wallet, now, now, dex),)
            case RepairSource(since=since) if is_known:
                return _repaired(self._history[wallet], wallet, since, now)
            case ReadSourceEquity() if is_known:
                with exact_arithmetic():
                    return (self._equity(wallet, now, now),)
            case ReadSource() | RepairSource() | ReadSourceEquity():
                reason = "the arena has no such wallet"
                return (SourceUnreadable(time=now, received=now, wallet=wallet, reason=reason),)

    def _tick(self) -> None:
        """Move the market on by one second and put what happens in it in order of arrival."""
        self.market.step()
        now = self.market.time
        self._put(Marks(time=now, received=now, heard=now, quotes=self.market.all_quotes()))
        self._trade()
        for n, trader in enumerate(self.traders):
            at = now + n * 37 % SECOND_MS
            if (now // SECOND_MS + n) % (_SNAPSHOT_MS // SECOND_MS) == 0:
                self._put(self._snapshot(trader.wallet, at, at + _WIRE_MS, ""))
            if (now // SECOND_MS + n) % (_EQUITY_MS // SECOND_MS) == 0:
                self._put(self._equity(trader.wallet, at, at + _WIRE_MS))

    def _trade(self) -> None:
        """Let everybody trade whose moment falls into this second."""
        edge = self.market.time + SECOND_MS
        while self._due[0][0] < edge:
            time, n = self._due[0]
            trader = self.traders[n]
            wish = trader.wish(self.market)
            heapq.heapreplace(self._due, (time + trader.pause(self.market), n))
            if wish is None:
                continue
            fills = executed(trader, wish, self.market, time, next(self._order_ids))
            history = self._history[trader.wallet]
            for fill in fills:
                after = normalise((fill.start_position or ZERO) + fill.change)
                history.add(fill, Held(after, trader.entry(fill.coin)), trader.cash)
            for message in messages(self._rng, trader, fills):
                self._put(message)

    def _put(self, event: Event) -> None:
        heapq.heappush(self._pending, (event.received, next(self._sequence), event))

    def _snapshot(self, wallet: Address, at: EpochMs, received: EpochMs, dex: str) -> SourceSnapshot:
        positions = self._history[wallet].positions(at) if dex == "" else ()
        return SourceSnapshot(time=at, received=received, heard=received, wallet=wallet, dex=dex, positions=positions)

    def _equity(self, wallet: Address, at: EpochMs, received: EpochMs) -> SourceEquity:
        value: Usd = self._history[wallet].cash(at)
        for coin, held in self._history[wallet].held(at).items():
            value += unrealised(held.size, held.size * (held.entry or ZERO), self.market.mark(coin))
        return SourceEquity(
            time=at,
            received=received,
            heard=received,
            wallet=wallet,
            mode=AccountMode.STANDARD,
            dex_values=(normalise(value.quantize(_CENTS)),),
        )


def _repaired(history: WalletHistory, wallet: Address, since: EpochMs, now: EpochMs) -> Sequence[Event]:
    stage = RepairStage.DONE if since >= history.complete_from else RepairStage.FAILED
    done = SourceRepair(time=now, received=now, heard=now, wallet=wallet, stage=stage, is_answer=True)
    fills = history.between(since, now)
    if not fills:
        return (done,)
    time = fills[-1].time
    return (
        SourceFills(time=time, received=now, heard=now, wallet=wallet, feed=Feed.POLL, fills=fills),
        done,
    )
