"""
What a made-up wallet did, as the exchange would tell it at any moment.

Answers about a moment see the fills up to that moment and none after, also when the market was already
moved on: so a read never tells the future.
"""

from bisect import bisect_left, bisect_right
from operator import attrgetter, itemgetter

import msgspec

from fadearena.model.ids import Coin
from fadearena.model.units import EpochMs, Price, Size, Usd
from fadearena.model.wallet import SourceFill, SourcePosition

_at = itemgetter(0)
_time = attrgetter("time")


class Held(msgspec.Struct, frozen=True, gc=False):
    """A position after a fill, and its average entry."""

    size: Size
    entry: Price | None


class WalletHistory:
    """All fills of one wallet in their order, and what it held after each of them."""

    def __init__(self, cash: Usd) -> None:
        self.fills: list[SourceFill] = []
        self._held: dict[Coin, list[tuple[EpochMs, Held]]] = {}
        self._cash: list[tuple[EpochMs, Usd]] = [(0, cash)]

    def add(self, fill: SourceFill, held: Held, cash: Usd) -> None:
        """Take the next fill, with what the wallet held and owned after it."""
        self.fills.append(fill)
        self._held.setdefault(fill.coin, []).append((fill.time, held))
        self._cash.append((fill.time, cash))

    def held(self, at: EpochMs) -> dict[Coin, Held]:
        """Return all open positions at a moment."""
        found = {}
        for coin, steps in self._held.items():
            index = bisect_right(steps, at, key=_at)
            if index and steps[index - 1][1].size:
                found[coin] = steps[index - 1][1]
        return found

    def positions(self, at: EpochMs) -> tuple[SourcePosition, ...]:
        """Return the positions of a snapshot at a moment, by coin."""
        open_now = sorted(self.held(at).items())
        return tuple(SourcePosition(coin=coin, size=held.size, entry=held.entry) for coin, held in open_now)

    def cash(self, at: EpochMs) -> Usd:
        """Return what the wallet owned at a moment besides its open PnL."""
        return self._cash[bisect_right(self._cash, at, key=_at) - 1][1]

    def between(self, since: EpochMs, until: EpochMs) -> tuple[SourceFill, ...]:
        """Return the fills of a span, both ends included, as a query by time does: without TWAP slices."""
        first, last = bisect_left(self.fills, since, key=_time), bisect_right(self.fills, until, key=_time)
        return tuple(fill for fill in self.fills[first:last] if not fill.is_twap)
