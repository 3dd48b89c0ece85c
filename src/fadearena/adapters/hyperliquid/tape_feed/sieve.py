"""
What a message of the tape says of the wallets that are watched.

1. Each trade is decoded once, and only what its two parties need of it; that costs the same however many are watched.
2. What was told is remembered by coin: the last thousand keys and up to a thousand before them, which is many times
   the batch of recent trades that comes with a subscription. What is older than all that was forgotten cannot be told
   from a repeat: it is not told, but named in `forgotten`.
3. A row that cannot be read is told as such, with its coin where that can be read; the others go on.
"""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import Final

import msgspec

from fadearena.adapters.hyperliquid import codec, wire
from fadearena.adapters.hyperliquid.rows import UNREADABLE, rejection
from fadearena.adapters.hyperliquid.tape_feed.coverage import AHEAD_MS
from fadearena.adapters.hyperliquid.tape_feed.news import TapeFills
from fadearena.model.error import VenueProtocolError
from fadearena.model.event import InputRejected
from fadearena.model.ids import Address, Coin
from fadearena.model.units import EpochMs
from fadearena.model.wallet import SourceFill

KEYS_MAX: Final = 1_000
_SIDES: Final[tuple[wire.Side, wire.Side]] = ("B", "A")
_TRADES = msgspec.json.Decoder(list[wire.TapeTrade])
_ROWS = msgspec.json.Decoder(list[msgspec.Raw])
_TRADE = msgspec.json.Decoder(wire.TapeTrade)


class _OfCoin(msgspec.Struct, frozen=True):
    coin: str


_COIN = msgspec.json.Decoder(_OfCoin)


class Sifted(msgspec.Struct):
    """
    What one message says.

    `trades` are all that can be read. Of the coins in `doubted` something cannot be read, or cannot be told from a
    repeat; None in it stands for a coin that nobody knows.
    """

    trades: Sequence[wire.TapeTrade]
    fills: Sequence[TapeFills] = ()
    rejected: tuple[InputRejected, ...] = ()
    doubted: AbstractSet[Coin | None] = frozenset()

    def reject(self, text: bytes, error: Exception, coin: Coin | None) -> None:
        """Note that something of a coin cannot be read."""
        self.rejected = (*self.rejected, rejection(text, error))
        self.doubted |= {coin}


class _Told:
    """
    The keys of one coin that were told last.

    They are kept in dicts, at which the collector of cycles does not look as long as they hold nothing but texts: it
    would look through hundreds of young sets at once, all keys of them.
    """

    __slots__ = ("_before", "_forgotten", "_last", "_newest", "_newest_before")

    def __init__(self) -> None:
        self._last: dict[str, None] = {}
        self._before: dict[str, None] = {}
        self._newest = self._newest_before = self._forgotten = 0

    def has(self, key: str) -> bool:
        """Tell whether it was told."""
        return key in self._last or key in self._before

    def forgot(self, time: EpochMs) -> bool:
        """Tell whether something of this age may have been told and forgotten."""
        return time <= self._forgotten

    def add(self, key: str, time: EpochMs) -> None:
        """Remember a key."""
        self._last[key] = None
        self._newest = max(self._newest, time)
        if len(self._last) >= KEYS_MAX:
            self._forgotten = max(self._forgotten, self._newest_before)
            self._before, self._newest_before = self._last, self._newest
            self._last, self._newest = {}, 0


class Sieve:
    """Keeps the fills of some wallets, each once."""

    def __init__(self, wallets: Iterable[Address] = ()) -> None:
        self.repeats = 0
        self._wallets: frozenset[Address] = frozenset(wallets)
        self._told: dict[Coin, _Told] = {}

    @property
    def wallets(self) -> frozenset[Address]:
        """Those that are watched."""
        return self._wallets

    def watch(self, wallets: Iterable[Address]) -> None:
        """Watch these, and no others."""
        self._wallets = frozenset(wallets)

    def sift(self, data: msgspec.Raw | bytes, now: EpochMs) -> Sifted:
        """Return what the data of a message of channel `trades`, which came `now`, says."""
        try:
            sifted = Sifted(_TRADES.decode(data))
        except UNREADABLE as error:
            sifted = _row_by_row(data, error)
        wallets = self._wallets
        for trade in sifted.trades:
            buyer, seller = trade.users
            if buyer in wallets or seller in wallets:
                sifted.fills = self._fills(sifted, now + AHEAD_MS)
                break
        return sifted

    def _fills(self, sifted: Sifted, latest: EpochMs) -> list[TapeFills]:
        """Return what is told of those who are watched; a trade that claims to be later counts as one of `latest`."""
        by_wallet: dict[Address, list[SourceFill]] = {}
        for trade in sifted.trades:
            for user, side in zip(trade.users, _SIDES, strict=True):
                if user in self._wallets and (fill := self._fill(trade, side, sifted, latest)) is not None:
                    by_wallet.setdefault(user, []).append(fill)
        return [TapeFills(wallet, tuple(fills)) for wallet, fills in by_wallet.items()]

    def _fill(self, trade: wire.TapeTrade, side: wire.Side, sifted: Sifted, latest: EpochMs) -> SourceFill | None:
        """Return what a trade is to one of its sides; None where that was told, or cannot be."""
        told = self._told.get(trade.coin)
        if told is None:
            told = self._told[trade.coin] = _Told()
        key = codec.tape_key(trade, side)
        if told.has(key):
            self.repeats += 1
        elif told.forgot(trade.time):
            sifted.doubted |= {trade.coin}
        else:
            try:
                fill = codec.tape_fill(trade, side)
            except VenueProtocolError as error:
                sifted.reject(msgspec.json.encode(trade), error, trade.coin)
            else:
                told.add(key, min(trade.time, latest))
                return fill
        return None


def _row_by_row(data: msgspec.Raw | bytes, error: Exception) -> Sifted:
    """Return the rows that can be read, and what is told of the others."""
    trades: list[wire.TapeTrade] = []
    sifted = Sifted(trades)
    try:
        rows = _ROWS.decode(data)
    except UNREADABLE:
        sifted.reject(bytes(data), error, None)
        return sifted
    for row in rows:
        try:
            trades.append(_TRADE.decode(row))
        except UNREADABLE as why:
            sifted.reject(bytes(row), why, _coin_of(row))
    return sifted


def _coin_of(row: msgspec.Raw) -> Coin | None:
    try:
        return _COIN.decode(row).coin
    except UNREADABLE:
        return None
