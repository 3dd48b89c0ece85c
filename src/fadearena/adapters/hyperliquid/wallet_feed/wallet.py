"""
What is known of one wallet: its positions on each dex, and the fills that lead from one snapshot to the next.

1. A position is the newest snapshot's, and the fills after its time on top. A fill of that very millisecond counts as
   in it. Where nobody knows the wallet is read again soon: where a fill is as close to it as that, and, of who is only
   watched, where one that claims to be a little older is heard of afterwards; who is told of both judges by himself.
2. Fills are remembered for a while, so that a snapshot that was long under way loses none of them, and so that a fill
   that several feeds tell counts once. What is older than `forgotten_to` may be told again, and moves nothing.
3. A position that a single snapshot lacks, although no fill closed it, stays until a second one lacks it, too.
"""

from collections.abc import Collection, Iterable, Mapping
from enum import IntEnum, StrEnum
from typing import Final

import msgspec

from fadearena.model.event import SourceSnapshot
from fadearena.model.ids import Address, Coin, Dex, dex_of, is_perp
from fadearena.model.units import MINUTE_MS, SECOND_MS, ZERO, EpochMs, Size, Usd, sign
from fadearena.model.wallet import Feed, SourceFill, SourcePosition

KEPT_MS: Final = 20 * SECOND_MS
"""How long fills are remembered in any case: longer than an answer takes."""
OVERLAP_MS: Final = MINUTE_MS
"""How far before what is known without a hole fills are fetched: so far back they are remembered, if there is room."""
FILLS_MAX: Final = 2_000
ALL_FILLS_MAX: Final = 200_000
TIE_MS: Final = 10
LATE_MS: Final = 2 * SECOND_MS
ODD_MS: Final = 2 * SECOND_MS
"""What is ahead of the clock by more cannot be: one of the two was wrong."""


class Rank(IntEnum):
    """How much a wallet matters; lower goes first."""

    HELD = 0
    FOLLOWED = 1
    WATCHED = 2

    @property
    def is_told(self) -> bool:
        """Whether what it does is told."""
        return self is not Rank.WATCHED


class News(StrEnum):
    """What a fill is: new; told again, first time by this feed, with more than before or not; or just repeated."""

    NEW = "new"
    RICHER = "richer"
    LATER = "later"
    KNOWN = "known"


class Noted(msgspec.Struct, gc=False):
    """A fill that was told: what it did, when it was told first, by which feed, and by which others since."""

    time: EpochMs
    coin: Coin
    change: Size
    at: EpochMs
    feed: Feed
    others: tuple[Feed, ...] = ()

    @property
    def is_rich(self) -> bool:
        """Whether a feed told it that knows the position before it."""
        return self.feed is not Feed.TAPE or any(feed is not Feed.TAPE for feed in self.others)


class Remembered(msgspec.Struct):
    """How many fills are remembered, of all wallets together."""

    fills: int = 0


class DexView:
    """
    A wallet on one dex; `due` and `queue` are the rounds' own.

    `is_tied` says that a fill is so close to the newest snapshot that nobody knows whether that holds it.
    """

    __slots__ = ("asked", "asks", "doubted", "due", "held", "is_tied", "queue", "reads", "time")

    def __init__(self) -> None:
        self.held: dict[Coin, SourcePosition] = {}
        self.time: EpochMs = 0
        self.reads = 0
        self.asked: EpochMs = 0
        self.asks = 0
        self.due: EpochMs = 0
        self.queue = -1
        self.doubted: Collection[Coin] = ()
        self.is_tied = False


class Hole(msgspec.Struct):
    """
    A time in which nobody would have told what a wallet does; `missed` is from when on something may be missing.

    `is_ready` once feeds tell again, so that what is fetched then lacks nothing; `losses` counts how often they failed.
    Where `looks_first`, fills are fetched only if a snapshot says that positions moved; `has_moved` once one said so.
    """

    opened: EpochMs
    missed: EpochMs | None = None
    losses: int = 0
    is_ready: bool = False
    is_queued: bool = False
    is_mending: bool = False
    looks_first: bool = False
    has_moved: bool = False
    failures: int = 0


class Watched:
    """One wallet of the roster."""

    __slots__ = (
        "active_asked",
        "complete_to",
        "dexs",
        "equity",
        "equity_asked",
        "equity_time",
        "fills",
        "fills_due",
        "forgotten_to",
        "hole",
        "is_streamed",
        "is_trusted",
        "last_feed",
        "last_heard",
        "last_trade",
        "leverages",
        "quiet_since",
        "rank",
        "remembered",
        "since",
        "stream_heard",
        "wallet",
    )

    def __init__(self, wallet: Address, rank: Rank, now: EpochMs, remembered: Remembered) -> None:
        self.wallet = wallet
        self.rank = rank
        self.since = now
        self.dexs: dict[Dex, DexView] = {"": DexView()}
        self.leverages: dict[Dex, dict[Coin, int]] = {}
        self.fills: dict[str, Noted] = {}
        self.remembered = remembered
        self.forgotten_to: EpochMs = 0
        self.complete_to: EpochMs = now
        self.is_streamed = False
        self.is_trusted = False
        self.stream_heard: EpochMs | None = None
        self.hole: Hole | None = None
        self.fills_due: EpochMs = 0
        self.last_feed: Feed | None = None
        self.last_heard: EpochMs | None = None
        self.last_trade: EpochMs | None = None
        self.quiet_since: EpochMs | None = None
        self.active_asked: EpochMs | None = None
        self.equity: Usd | None = None
        self.equity_time: EpochMs | None = None
        self.equity_asked: EpochMs = 0

    @property
    def positions(self) -> tuple[SourcePosition, ...]:
        """What it holds, as far as that is known."""
        return tuple(position for view in self.dexs.values() for position in view.held.values())

    @property
    def read_time(self) -> EpochMs | None:
        """When the dex that was read longest ago was read; None where one of them was not yet."""
        oldest = min(view.time for view in self.dexs.values())
        return oldest or None

    def complete(self, fills: Iterable[SourceFill], now: EpochMs) -> None:
        """Note that all fills up to the newest of these are known: never up to a time that has not come."""
        newest = max((fill.time for fill in fills), default=0)
        self.complete_to = max(self.complete_to, min(newest, now))

    def note(self, fill: SourceFill, feed: Feed, now: EpochMs) -> News:
        """Take a fill over, once."""
        known = self.fills.get(fill.key)
        if known is not None:
            was_rich = known.is_rich
            if feed is known.feed or feed in known.others:
                return News.KNOWN
            known.others = (*known.others, feed)
            return News.LATER if was_rich or feed is Feed.TAPE else News.RICHER
        noted = Noted(fill.time, fill.coin, fill.change, now, feed)
        self.fills[fill.key] = noted
        self.remembered.fills += 1
        self.last_trade = max(self.last_trade or 0, fill.time)
        self.last_feed, self.last_heard = feed, now
        if is_perp(fill.coin):
            view = self.dexs.get(dex_of(fill.coin))
            if view is None:
                view = self.dexs[dex_of(fill.coin)] = DexView()
            elif view.reads:
                late_ms = TIE_MS if self.rank.is_told else LATE_MS
                view.is_tied = view.is_tied or -late_ms <= fill.time - view.time <= TIE_MS
                if fill.time > view.time and fill.time > self.forgotten_to:
                    _move(view.held, noted)
        self._forget(now)
        return News.NEW

    def unexplained(self, snapshot: SourceSnapshot) -> set[Coin]:
        """Return the coins of a dex that were read before and of which a snapshot says other than the fills do."""
        view = self.dexs.get(snapshot.dex)
        if view is None or not view.reads or snapshot.time <= view.time:
            return set()
        expected, shown = self._expected(view, snapshot), _shown(snapshot)
        return {coin for coin in expected.keys() | shown.keys() if expected.get(coin, ZERO) != shown.get(coin, ZERO)}

    def take(self, snapshot: SourceSnapshot, now: EpochMs) -> set[Coin] | None:
        """
        Take a complete reading over, and return in which coins it says other than the fills do.

        None where it comes too late: fills that may be in it are forgotten. One that is not newer says nothing.
        """
        view = self.dexs.get(snapshot.dex)
        if view is None:
            if not snapshot.positions:
                return set()
            view = self.dexs[snapshot.dex] = DexView()
        time = snapshot.time
        if view.reads and time <= view.time <= now + ODD_MS:
            return set()
        if time < self.forgotten_to:
            return None
        wrong = self.unexplained(snapshot)
        shown = _shown(snapshot)
        vanished = {coin for coin in wrong if coin not in shown and coin not in view.doubted}
        expected = self._expected(view, snapshot) if vanished else {}
        held = {position.coin: position for position in snapshot.positions if is_perp(position.coin)}
        held |= {coin: SourcePosition(coin=coin, size=expected[coin]) for coin in vanished}
        for noted in self.fills.values():
            if is_perp(noted.coin) and dex_of(noted.coin) == snapshot.dex:
                view.is_tied = view.is_tied or abs(noted.time - time) <= TIE_MS
                if noted.time > time:
                    _move(held, noted)
        view.held, view.time, view.doubted = held, time, vanished or ()
        view.reads += 1
        self._forget(now)
        return wrong

    def _expected(self, view: DexView, snapshot: SourceSnapshot) -> Mapping[Coin, Size]:
        """Return what it should have held at the time of a snapshot."""
        sizes = {coin: position.size for coin, position in view.held.items()}
        for noted in self.fills.values():
            if noted.time > snapshot.time and is_perp(noted.coin) and dex_of(noted.coin) == snapshot.dex:
                sizes[noted.coin] = sizes.get(noted.coin, ZERO) - noted.change
        return {coin: size for coin, size in sizes.items() if size}

    def _forget(self, now: EpochMs) -> None:
        """Drop the oldest fills: what nobody may tell again, and what is too much."""
        is_fetched = self.rank.is_told and self.remembered.fills <= ALL_FILLS_MAX
        since = self.complete_to - OVERLAP_MS if is_fetched else now
        while self.fills:
            key = next(iter(self.fills))
            first = self.fills[key]
            if len(self.fills) <= FILLS_MAX and (first.at > now - KEPT_MS or first.time >= since):
                return
            del self.fills[key]
            self.remembered.fills -= 1
            self.forgotten_to = max(self.forgotten_to, min(first.time, now))

    def forget_all(self) -> None:
        """Drop all fills: nobody wants to know of it any longer."""
        self.remembered.fills -= len(self.fills)
        self.fills.clear()


def _shown(snapshot: SourceSnapshot) -> dict[Coin, Size]:
    return {position.coin: position.size for position in snapshot.positions if is_perp(position.coin)}


def _move(held: dict[Coin, SourcePosition], noted: Noted) -> None:
    """Add a fill to what is held; the entry price is known as long as nothing is added."""
    before = held.get(noted.coin)
    size = noted.change if before is None else before.size + noted.change
    if not size:
        held.pop(noted.coin, None)
        return
    is_less = before is not None and sign(size) == sign(before.size) and abs(size) <= abs(before.size)
    entry = before.entry if before is not None and is_less else None
    held[noted.coin] = SourcePosition(coin=noted.coin, size=size, entry=entry)
