"""
What a made-up wallet did, as the exchange would tell it at any moment.

1. Answers about a moment see the fills up to that moment and none after, also when the market was already
   moved on: so a read never tells the future.
2. As the exchange does, it keeps the last 10,000 fills of a wallet; what was before them is forgotten.
"""

from bisect import bisect_left, bisect_right
from operator import attrgetter, itemgetter
from typing import TypeVar

import msgspec

from fadearena.model.ids import Coin
from fadearena.model.units import EpochMs, Price, Size, Usd
from fadearena.model.wallet import SourceFill, SourcePosition

T = TypeVar("T")
FILLS_KEPT = 10_000
_SWEEP = FILLS_KEPT // 4

_at = itemgetter(0)
_time = attrgetter("time")


class Held(msgspec.Struct, frozen=True, gc=False):
    """A position after a fill, and its average entry."""

    size: Size
    entry: Price | None


class WalletHistory:
    """
    The last fills of one wallet in their order, and what it held after each of them.

    From `complete_from` on nothing is missing.
    """

    def __init__(self, cash: Usd) -> None:
        self.complete_from: EpochMs = 0
        self.fills: list[SourceFill] = []
        self._held: dict[Coin, list[tuple[EpochMs, Held]]] = {}
        self._cash: list[tuple[EpochMs, Usd]] = [(0, cash)]

    def add(self, fill: SourceFill, held: Held, cash: Usd) -> None:
        """Take the next fill, with what the wallet held and owned after it."""
        self.fills.append(fill)
        self._held.setdefault(fill.coin, []).append((fill.time, held))
        self._cash.append((fill.time, cash))
        if len(self.fills) > FILLS_KEPT + _SWEEP:
            self._forget_before(self.fills[-FILLS_KEPT].time)

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

    def _forget_before(self, time: EpochMs) -> None:
        self.complete_from = time
        del self.fills[: bisect_left(self.fills, time, key=_time)]
        for steps in self._held.values():
            _keep_from(steps, time)
        _keep_from(self._cash, time)


def _keep_from(steps: list[tuple[EpochMs, T]], time: EpochMs) -> None:
    """Forget what was replaced before a moment."""
    del steps[: max(0, bisect_right(steps, time, key=_at) - 1)]
