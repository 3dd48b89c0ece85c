"""
What wallets did, on its way to who listens: each fill once, and again where a later feed knows more of it.

1. Nothing is told of a wallet that is only watched.
2. An event says when the feeds that would have told of its wallet were heard last, so that a blind wallet shows by its
   age, however alive another feed is. Where neither tape nor stream ever told of it, the answers to polls count.
3. Every coin that is told of becomes one of which prices are wanted.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec

from fadearena.adapters.hyperliquid.line import Line
from fadearena.adapters.hyperliquid.session import Session
from fadearena.adapters.hyperliquid.tape_feed import Tape
from fadearena.adapters.hyperliquid.wallet_feed.wallet import News, Watched
from fadearena.model.event import Event, InputRejected, Notice, SourceFills, SourceSnapshot
from fadearena.model.ids import Address, Coin
from fadearena.model.units import MINUTE_MS, EpochMs
from fadearena.model.wallet import Feed, SourceFill
from fadearena.ports.sightings import Seen

WAITING_MAX: Final = 10_000
_REJECTED_MAX: Final = 1_000
_OFF_MAX_MS: Final = 2 * MINUTE_MS
"""What is ahead of our clock by more says nothing of the time."""


def nobody(_first: Feed, _later: Feed, _ms: EpochMs) -> None:
    """Tell nobody."""


class Heard:
    """What the feeds cover that tell of many wallets, and when they were heard."""

    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        self.session: Session | None = None
        self.had_tape = False
        self.is_tape_whole = False

    def covers(self, watched: Watched) -> bool:
        """Tell whether a feed tells at present what a wallet does."""
        return watched.is_streamed or self.is_tape_whole

    def of(self, watched: Watched, now: EpochMs) -> EpochMs | None:
        """Return when what would have told of a wallet was heard last."""
        user = self.session.heard if watched.is_streamed and self.session else watched.stream_heard
        tape = self.tape.heard if self.had_tape else None
        return max((time for time in (user, tape) if time is not None), default=now) or None


class Telling:
    """Tells events, and remembers which fills it told."""

    def __init__(self, line: Line, wallets: dict[Address, Watched], heard: Heard) -> None:
        self._line = line
        self._wallets = wallets
        self._heard = heard
        self._rejected: dict[bytes, None] = {}
        self.queue: asyncio.Queue[Event] = asyncio.Queue(WAITING_MAX)
        self.seen: Seen = nobody
        self.counts: Counter[str] = Counter()
        self.changed: dict[Address, None] = {}
        self._newest: EpochMs = 0

    def present(self) -> EpochMs:
        """Return the exchange's time: our clock's, or that of a fill where it shows that our clock is behind."""
        return max(self._line.clock.now_ms(), self._newest)

    async def tell(self, event: Event) -> None:
        """Tell an event, unless it is about a wallet that nobody wants to hear of."""
        wallet = getattr(event, "wallet", None)
        if wallet is not None and not ((watched := self._wallets.get(wallet)) and watched.rank.is_told):
            return
        await self.note_coins(event)
        await self.queue.put(self.stamped(event))

    async def notice(self, level: str, text: str) -> None:
        """Tell people something."""
        await self.queue.put(Notice(time=0, received=0, level=level, category="wallets", text=text))

    async def fills(self, watched: Watched, fills: Iterable[SourceFill], feed: Feed) -> int:
        """Tell fills that were not told yet, or not by a feed that knows as much; return how many are new."""
        fresh = [(fill, news) for fill, news in self._news(watched, fills, feed) if news in {News.NEW, News.RICHER}]
        if fresh and watched.rank.is_told:
            told = sorted((fill for fill, _ in fresh), key=lambda fill: fill.time)
            time = told[-1].time
            await self.tell(SourceFills(time=time, received=0, wallet=watched.wallet, feed=feed, fills=tuple(told)))
        return sum(news is News.NEW for _, news in fresh)

    def note(self, watched: Watched, fills: Iterable[SourceFill]) -> None:
        """Take fills over that somebody else tells."""
        for _ in self._news(watched, fills, Feed.POLL):
            pass

    def _news(self, watched: Watched, fills: Iterable[SourceFill], feed: Feed) -> Iterator[tuple[SourceFill, News]]:
        """Return what each fill is, and count which feed was how late."""
        now = self._line.clock.now_ms()
        for fill in fills:
            news = watched.note(fill, feed, now)
            if news is News.NEW:
                self.counts[f"{feed}-first"] += 1
                self.changed[watched.wallet] = None
                if self._newest < fill.time < now + _OFF_MAX_MS:
                    self._newest = fill.time
            elif news is not News.KNOWN:
                noted = watched.fills[fill.key]
                self.counts[f"{feed}-late"] += 1
                self.seen(noted.feed, feed, max(0, now - noted.at))
            yield fill, news

    async def reject(self, rejected: Iterable[InputRejected]) -> None:
        """Tell what could not be read, once."""
        for event in rejected:
            key = msgspec.json.encode(event)
            if key in self._rejected:
                continue
            self._rejected[key] = None
            if len(self._rejected) > _REJECTED_MAX:
                del self._rejected[next(iter(self._rejected))]
            await self.queue.put(event)

    def stamped(self, event: Event) -> Event:
        """Return an event of a wallet with when that would have been heard of; others as they are."""
        wallet = getattr(event, "wallet", None)
        if wallet is None:
            return event
        watched, now = self._wallets.get(wallet), self._line.clock.now_ms()
        return msgspec.structs.replace(event, heard=now if watched is None else self._heard.of(watched, now))

    async def note_coins(self, event: Event) -> None:
        """Want the prices of what a wallet trades or holds, and have it listed."""
        coins = _coins_of(event)
        if not coins:
            return
        self._line.listing.see(coins)
        refused = self._line.interest.want(coins)
        if refused:
            text = f"prices of {', '.join(refused)} are not streamed: there are too many coins; they are read on demand"
            await self.queue.put(Notice(time=0, received=0, level="warning", category="prices", text=text))


def _coins_of(event: Event) -> Sequence[Coin]:
    match event:
        case SourceFills(fills=fills):
            return list({fill.coin: None for fill in fills})
        case SourceSnapshot(positions=positions):
            return [position.coin for position in positions]
        case _:
            return ()
