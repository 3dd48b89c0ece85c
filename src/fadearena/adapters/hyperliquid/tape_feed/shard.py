"""
One connection of the tape, with the coins that are subscribed to on it.

Liveness is the age of trades, not of pongs, for a socket that answers pings may tell nothing else. But markets are
quiet at times, so silence alone proves nothing:

1. A connection on which no trade was told for 3 s is asked: the coin of which it told most is subscribed to anew,
   which must bring the batch of its recent trades. What comes proves that the connection tells trades, as of now, in a
   market however quiet.
2. Comes no batch within 5 s, or shows it trades that should have been told for longer than a moment, the connection
   lies or is half open, and is made anew; so is one that, fresh, brings no batch of any coin that has traded before,
   or says nothing at all for 10 s. The session waits longer each time that this repeats itself.
3. Where no coin ever traded there is nothing to ask for; then the age is that of any text.
4. Trades of all coins come over one socket in order. So what it told of one coin makes all coins sure up to then.

Times are those of a line that takes a silent socket for dead after 45 s, else in proportion.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Final

import structlog

from fadearena.adapters.hyperliquid import wire
from fadearena.adapters.hyperliquid.limits import Purpose
from fadearena.adapters.hyperliquid.line import Line
from fadearena.adapters.hyperliquid.session import Connected, Failed, Lost, Message, Subscribed
from fadearena.adapters.hyperliquid.tape_feed.coverage import LAG_MS, Coverage, Turn
from fadearena.adapters.hyperliquid.tape_feed.news import TapeGap, TapeLost, TapeNews
from fadearena.adapters.hyperliquid.tape_feed.sieve import Sieve
from fadearena.kit.tasks import either
from fadearena.model.ids import Coin
from fadearena.model.units import EpochMs

log = structlog.get_logger(__name__)
_LOOKS: Final = 5
_QUIET_PERCENT: Final = 60


class Shard:
    """A session, and the coverage of its coins."""

    def __init__(
        self,
        line: Line,
        name: str,
        *,
        sieve: Sieve,
        tell: Callable[[TapeNews], Awaitable[None]],
        counts: Counter[str],
        heard: EpochMs = 0,
    ) -> None:
        """
        Prepare a connection; `run` keeps it up.

        Args:
            line: The way to the exchange.
            name: What it is called in the log.
            sieve: Where its messages go through.
            tell: Whom it tells.
            counts: Where it counts what it does.
            heard: Up to when the tape was heard that it becomes a part of.
        """
        self.coins: dict[Coin, Coverage] = {}
        self._name = name
        self._clock = line.clock
        self._quiet_ms = line.fresh_ms * _QUIET_PERCENT // 100
        self._answer_ms = line.fresh_ms
        self.session = line.session(name, Purpose.TAPE)
        self._sieve = sieve
        self._tell = tell
        self._counts = counts
        self._sure: EpochMs = 0
        self._heard = heard
        self._connected: EpochMs | None = None
        self._asked: tuple[Coin, EpochMs] | None = None

    @property
    def heard(self) -> EpochMs:
        """When it was proven last that trades are told here; 0 as long as it was not."""
        if any(coverage.was_heard for coverage in self.coins.values()):
            return self._heard
        return self.session.heard

    def add(self, coverage: Coverage) -> None:
        """Subscribe to a coin."""
        self.coins[coverage.coin] = coverage
        self.session.subscribe(_trades_of(coverage.coin))

    async def drop(self, coin: Coin) -> None:
        """Subscribe to a coin no longer; what is missed from now on is a gap."""
        coverage = self.coins.pop(coin)
        self.session.unsubscribe(_trades_of(coin))
        if (gap := coverage.give_up(self._sure)) is not None:
            await self._open(gap)

    def hand_over(self, coin: Coin) -> Coverage:
        """Give a coin to another connection, which asks for it anew."""
        coverage = self.coins.pop(coin)
        self.session.unsubscribe(_trades_of(coin))
        coverage.ask_again(self._sure)
        return coverage

    async def run(self) -> None:
        """Listen; for ever."""
        try:
            await either(self.session.run(), self._hear(), self._look())
        finally:
            for coverage in self.coins.values():
                coverage.lose(self._sure)

    # --- what comes

    async def _hear(self) -> None:
        async for news in self.session:
            match news:
                case Message(channel="trades"):
                    await self._on_trades(news)
                case Subscribed(subscription=subscription):
                    coverage = self.coins.get(str(subscription.get("coin")))
                    if coverage is not None:
                        await self._turn(coverage.confirm(self._clock.now_ms()))
                case Connected(at=at):
                    self._connected = at
                case Lost(reason=reason):
                    await self._on_lost(reason)
                case Failed(text=text, subscription=subscription):
                    coin = None if subscription is None else subscription.get("coin")
                    log.warning("subscription_failed", feed=self._name, coin=coin, text=text)
                case _:
                    pass

    async def _on_trades(self, message: Message) -> None:
        sifted = self._sieve.sift(message.data, message.received)
        self._counts["messages"] += 1
        self._counts["trades"] += len(sifted.trades)
        sure, now = self._sure, message.received
        turns: list[Turn] = []
        for coin, trades in _by_coin(sifted.trades):
            if (coverage := self.coins.get(coin)) is not None:
                turns.append(self._take(coverage, trades, now))
        for rejected in sifted.rejected:
            await self._tell(rejected)
        for doubted in sifted.doubted:
            doubtful = self.coins.values() if doubted is None else filter(None, (self.coins.get(doubted),))
            turns += [coverage.doubt(sure, now) for coverage in doubtful]
        for gap, _ in turns:
            if gap is not None:
                await self._open(gap)
        for fills in sifted.fills:
            self._counts["told"] += len(fills.fills)
            await self._tell(fills)
        for _, whole in turns:
            if whole is not None:
                await self._tell(whole)

    def _take(self, coverage: Coverage, trades: Sequence[wire.TapeTrade], now: EpochMs) -> Turn:
        """Take over the trades of one coin."""
        self._heard = now
        was_settled = coverage.is_settled
        is_lie = not was_settled and self._is_asked(coverage) and coverage.hides(trades)
        gap, whole = coverage.hear(trades, now)
        if was_settled:
            self._sure = max(self._sure, coverage.newest)
        elif coverage.is_settled and self._is_asked(coverage):
            self._asked = None
            if is_lie or gap is not None:
                self._renew(f"it kept trades of {coverage.coin} to itself")
            else:
                self._sure, whole = max(self._sure, now - LAG_MS), None
        return gap, whole

    async def _on_lost(self, reason: str) -> None:
        self._connected = self._asked = None
        whole = [coverage for coverage in self.coins.values() if coverage.whole_since is not None]
        gone = tuple(coverage.coin for coverage in whole)
        since = min((coverage.sure(self._sure) for coverage in whole), default=0)
        for coverage in self.coins.values():
            coverage.lose(self._sure)
        if gone:
            self._counts["lost"] += 1
            await self._tell(TapeLost(gone, since))
        log.info("tape_lost", feed=self._name, coins=len(gone), reason=reason)

    async def _turn(self, turn: Turn) -> None:
        gap, whole = turn
        if gap is not None:
            await self._open(gap)
        if whole is not None:
            await self._tell(whole)

    async def _open(self, gap: TapeGap) -> None:
        self._counts["gaps"] += 1
        await self._tell(gap)

    # --- what does not come

    async def _look(self) -> None:
        while True:
            await self._clock.sleep_until(self._clock.now_ms() + max(1, self._answer_ms // _LOOKS))
            now = self._clock.now_ms()
            self._set_back(now)
            if self._connected is None or not self.session.is_connected:
                continue
            if self._heard >= self._connected:
                for coverage in self._overdue(now):
                    await self._turn(coverage.expect_no_batch(now))
                self._ask(now)
            elif any(coverage.was_heard for coverage in self._overdue(now)):
                self._renew("it brings no trades")
            elif self.session.heard + self._answer_ms * 2 <= now and self.session.unconfirmed:
                self._renew("it confirms nothing")

    def _set_back(self, now: EpochMs) -> None:
        """Let no moment lie in the future: the clock may have been set back."""
        self._heard = min(self._heard, now)
        if self._connected is not None:
            self._connected = min(self._connected, now)
        if self._asked is not None:
            self._asked = (self._asked[0], min(self._asked[1], now))
        for coverage in self.coins.values():
            coverage.set_back(now)

    def _overdue(self, now: EpochMs) -> list[Coverage]:
        """Return the coins whose batch should have come."""
        until = now - self._answer_ms
        return [
            coverage
            for coverage in self.coins.values()
            if not coverage.is_settled and coverage.confirmed is not None and coverage.confirmed <= until
            if not self._is_asked(coverage)
        ]

    def _ask(self, now: EpochMs) -> None:
        """Ask a silent connection for the coin of which it told most; give one up that does not answer."""
        if self._asked is not None:
            coin, since = self._asked
            if coin not in self.coins:
                self._asked = None
            elif since + self._answer_ms <= now:
                self._asked = None
                self._renew(f"it brings no trades of {coin}")
            return
        if self._heard + self._quiet_ms > now:
            return
        lively = max(self._settled(), key=lambda coverage: coverage.messages, default=None)
        if lively is not None:
            self._asked = (lively.coin, now)
            self._counts["asked"] += 1
            lively.ask_again(self._sure)
            self.session.unsubscribe(_trades_of(lively.coin))
            self.session.subscribe(_trades_of(lively.coin))

    def _settled(self) -> Iterable[Coverage]:
        return (coverage for coverage in self.coins.values() if coverage.is_settled and coverage.messages)

    def _is_asked(self, coverage: Coverage) -> bool:
        return self._asked is not None and self._asked[0] == coverage.coin

    def _renew(self, reason: str) -> None:
        self._counts["renewed"] += 1
        self.session.renew(reason)


def _trades_of(coin: Coin) -> dict[str, object]:
    return {"type": "trades", "coin": coin}


def _by_coin(trades: Sequence[wire.TapeTrade]) -> Iterable[tuple[Coin, Sequence[wire.TapeTrade]]]:
    """Return the trades of a message by coin; nearly always there is one."""
    found: dict[Coin, list[wire.TapeTrade]] = {}
    for trade in trades:
        found.setdefault(trade.coin, []).append(trade)
    return found.items()
