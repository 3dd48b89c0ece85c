"""
Recorded wallets as a feed.

1. Messages of all recordings come in order of time; `received = time`.
2. A wallet's state is what the messages delivered so far make of it: before a coin's first fill its position
   is that fill's `startPosition`, so a snapshot never contradicts the chain.
3. Who merges this feed with other sources of events asks `next_time` and then `deliver`s, instead of pulling
   ahead: what was delivered is known to snapshots.
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from decimal import Decimal
from heapq import merge

from fadearena.adapters.sim.recording import Message, Recording
from fadearena.kit.clock import Clock
from fadearena.kit.decimals import exact_arithmetic, normalise
from fadearena.model.account import AccountMode
from fadearena.model.command import ReadRole, ReadSource, ReadSourceEquity, RepairSource
from fadearena.model.event import (
    Event,
    RepairStage,
    RoleRead,
    SourceEquity,
    SourceFills,
    SourceRepair,
    SourceSnapshot,
    SourceUnreadable,
)
from fadearena.model.ids import Address, Coin, Dex, dex_of, is_perp
from fadearena.model.instrument import Instrument
from fadearena.model.market import Quote
from fadearena.model.position import average_price, trade
from fadearena.model.units import BPS, ONE, ZERO, Bps, EpochMs, Price, Size, Usd
from fadearena.model.wallet import Feed, SourceFill, SourcePosition, WalletRole
from fadearena.ports.sightings import FeedStatus, Sighting
from fadearena.ports.wallet_feed import Roster, SourceRead

DEFAULT_HALF_SPREAD_BPS = Decimal(1)


class HistoryFeed:
    """
    Plays recordings as a `WalletFeed`, as fast as it is asked.

    Each message carries quotes of its perpetuals: mark = the price of the coin's last fill in it, bid and ask
    `half_spread_bps` below and above, rounded outwards to ticks where the market is known.
    """

    def __init__(
        self,
        recordings: Sequence[Recording],
        clock: Clock,
        instruments: Iterable[Instrument] = (),
        half_spread_bps: Bps = DEFAULT_HALF_SPREAD_BPS,
    ) -> None:
        self._clock = clock
        self._instruments: Mapping[Coin, Instrument] = {market.coin: market for market in instruments}
        self._half_spread = half_spread_bps * BPS
        self._trails = {recording.wallet: _Trail() for recording in recordings}
        dated = list(merge(*(_dated(n, r) for n, r in enumerate(recordings)), key=lambda item: item[:2]))
        for _, _, wallet, message in dated:
            self._trails[wallet].look_at(message)
        self._queue = iter(dated)
        self._next = next(self._queue, None)

    @property
    def next_time(self) -> EpochMs | None:
        """The time of the next message; None when all were delivered."""
        return None if self._next is None else self._next[0]

    def deliver(self) -> SourceFills | None:
        """Return the next message; from now on snapshots know it. None when there is none."""
        if self._next is None:
            return None
        time, _, wallet, message = self._next
        self._next = next(self._queue, None)
        self._trails[wallet].apply(message)
        with exact_arithmetic():
            quotes = tuple(self._quote(coin, price, time) for coin, price in _last_prices(message).items())
        return SourceFills(
            time=time,
            received=time,
            quotes=quotes,
            heard=time,
            wallet=wallet,
            feed=Feed.REPLAY,
            fills=message,
        )

    async def __aiter__(self) -> AsyncIterator[Event]:
        """Iterate over the messages that were not delivered yet."""
        while (event := self.deliver()) is not None:
            yield event

    def follow(self, roster: Roster) -> None:
        """Change nothing: what was recorded is told."""

    def feeds(self) -> Sequence[FeedStatus]:
        """Return none: what was recorded does not fall silent."""
        return ()

    def sightings(self) -> Sequence[Sighting]:
        """Return none."""
        return ()

    async def read(self, command: SourceRead) -> Sequence[Event]:
        """Answer from what was delivered so far, at the clock's time; an unknown wallet cannot be read."""
        now = self._clock.now_ms()
        wallet = command.wallet
        trail = self._trails.get(wallet)
        match command:
            case ReadRole():
                role = WalletRole.MISSING if trail is None else WalletRole.USER
                return (RoleRead(time=now, received=now, heard=now, wallet=wallet, role=role),)
            case ReadSource(dex=dex) if trail is not None:
                with exact_arithmetic():
                    held = trail.positions(dex)
                return (SourceSnapshot(time=now, received=now, heard=now, wallet=wallet, dex=dex, positions=held),)
            case RepairSource() if trail is not None:
                return (
                    SourceRepair(
                        time=now, received=now, heard=now, wallet=wallet, stage=RepairStage.DONE, is_answer=True
                    ),
                )
            case ReadSourceEquity() if trail is not None:
                return (SourceEquity(time=now, received=now, heard=now, wallet=wallet, mode=AccountMode.UNKNOWN),)
            case ReadSource(dex=dex):
                return (_unreadable(now, wallet, dex),)
            case RepairSource() | ReadSourceEquity():
                return (_unreadable(now, wallet, None),)

    def _quote(self, coin: Coin, price: Price, time: EpochMs) -> Quote:
        bid, ask = price * (ONE - self._half_spread), price * (ONE + self._half_spread)
        market = self._instruments.get(coin)
        if market is not None:
            bid, ask = market.price_down(bid), market.price_up(ask)
        return Quote(
            coin=coin,
            mark=price,
            mark_time=time,
            bid=normalise(bid) if bid > 0 else None,
            ask=normalise(ask),
            touch_time=time,
        )


class _Trail:
    """What is known of one wallet's positions: size by coin, and cost where it was seen from flat on."""

    def __init__(self) -> None:
        self._held: dict[Coin, tuple[Size, Usd | None]] = {}
        self._waiting: list[Message] = []

    def look_at(self, message: Message) -> None:
        """Take the positions that exist before the first fills of coins that are new here."""
        if all(fill.coin in self._held for fill in message):
            return
        for coin, fills in _chains(message).items():
            if coin not in self._held:
                start = _head(fills, None)
                self._held[coin] = (start, None if start else ZERO)

    def apply(self, message: Message) -> None:
        """Take a message; it is folded in when somebody asks for positions."""
        self._waiting.append(message)

    def _fold(self, message: Message) -> None:
        for coin, fills in _chains(message).items():
            before, cost = self._held[coin]
            start = _head(fills, before)
            end = _end(fills, start)
            if start != before or end != start + sum((fill.change for fill in fills), start=ZERO):
                cost = None
            for fill in fills if cost is not None else ():
                start, cost, _ = trade(start, cost or ZERO, fill.change, fill.price)
            self._held[coin] = (end, cost if end else ZERO)

    def positions(self, dex: Dex) -> tuple[SourcePosition, ...]:
        """Return the open positions of one dex, by name."""
        for message in self._waiting:
            self._fold(message)
        self._waiting.clear()
        return tuple(
            SourcePosition(coin=coin, size=normalise(size), entry=_entry(size, cost))
            for coin, (size, cost) in sorted(self._held.items())
            if size and dex_of(coin) == dex
        )


def _entry(size: Size, cost: Usd | None) -> Price | None:
    entry = None if cost is None else average_price(size, cost)
    return None if entry is None or entry <= 0 else normalise(entry)


def _dated(number: int, recording: Recording) -> Iterable[tuple[EpochMs, int, Address, Message]]:
    return ((message[0].time, number, recording.wallet, message) for message in recording.messages)


def _chains(message: Message) -> dict[Coin, list[SourceFill]]:
    """Return the fills that have a place in a chain, by coin: perpetuals with a `startPosition`."""
    found: dict[Coin, list[SourceFill]] = {}
    for fill in message:
        if fill.start_position is not None and is_perp(fill.coin):
            found.setdefault(fill.coin, []).append(fill)
    return found


def _start(fill: SourceFill) -> Size:
    return ZERO if fill.start_position is None else fill.start_position


def _head(fills: list[SourceFill], before: Size | None) -> Size:
    """Return the position before fills of one millisecond, whatever their order in the list."""
    starts = [_start(fill) for fill in fills]
    if before is not None and before in starts:
        return before
    ends = {_start(fill) + fill.change for fill in fills}
    return next((start for start in starts if start not in ends), starts[0])


def _end(fills: list[SourceFill], head: Size) -> Size:
    """
    Return the position after fills of one millisecond.

    It is the sum in an unbroken chain, and also where a wallet traded with itself (two fills with one
    `startPosition`). In a broken chain the last fill of the list counts.
    """
    total = head + sum((fill.change for fill in fills), start=ZERO)
    ends = {_start(fill) + fill.change for fill in fills}
    if total in ends or any(_start(fill) == total for fill in fills):
        return total
    return _start(fills[-1]) + fills[-1].change


def _last_prices(message: Message) -> dict[Coin, Price]:
    return {fill.coin: fill.price for fill in message if is_perp(fill.coin)}


def _unreadable(now: EpochMs, wallet: Address, dex: Dex | None) -> SourceUnreadable:
    reason = "nothing is recorded of this wallet"
    return SourceUnreadable(time=now, received=now, wallet=wallet, dex=dex, reason=reason)
