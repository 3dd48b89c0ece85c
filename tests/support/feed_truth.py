"""What traders of a sandbox held and when, as the exchange itself told it: the truth that a feed is judged by."""

from bisect import bisect_right
from collections import defaultdict
from decimal import Decimal

import msgspec

from fadearena.model.ids import Address, Coin
from fadearena.model.units import EpochMs, Side, Size
from fadearena.sandbox.nouns import Fill, News

ZERO = Decimal(0)


class Move(msgspec.Struct, frozen=True, gc=False):
    """One fill: what was held before it, and after."""

    time: EpochMs
    before: Size
    after: Size


def key_of(fill: Fill) -> str:
    """Return how clients name a fill: every feed names it so."""
    return f"{fill.time}:{fill.coin}:{fill.trade_id}:{'B' if fill.side is Side.BUY else 'A'}"


class FeedTruth:
    """Listens to an exchange from its beginning on."""

    def __init__(self) -> None:
        self.fills: dict[Address, dict[str, Fill]] = defaultdict(dict)
        self._moves: dict[tuple[Address, Coin], list[Move]] = defaultdict(list)

    def hear(self, news: News) -> None:
        """Take note of a fill."""
        if isinstance(news, Fill):
            self.fills[news.user][key_of(news)] = news
            after = news.start + news.side.signed(news.quantity)
            self._moves[news.user, news.coin].append(Move(news.time, news.start, after))

    def now(self, wallet: Address) -> dict[Coin, Size]:
        """Return what a wallet holds after everything."""
        held = {coin: moves[-1].after for (who, coin), moves in self._moves.items() if who == wallet}
        return {coin: size for coin, size in held.items() if size}

    def possible(self, wallet: Address, coin: Coin, since: EpochMs, until: EpochMs) -> set[Size]:
        """Return all sizes that a wallet held at some moment of a span, both ends included."""
        moves = self._moves.get((wallet, coin), [])
        first = bisect_right(moves, since - 1, key=lambda move: move.time)
        within = moves[first : bisect_right(moves, until, key=lambda move: move.time)]
        before = moves[first - 1].after if first else ZERO
        return {before, *(move.before for move in within), *(move.after for move in within)}
