"""
From when on the tape of one coin is known without a hole; no input or output, times are given.

1. A subscription begins with a batch of the most recent trades, and what follows joins it. Reaches the batch back to a
   trade that was heard before the loss, nothing was missed: the gap is bridged. Otherwise there is one, and the coin is
   whole again behind the batch's oldest trade: others of the same millisecond may have been cut off.
2. The batch is the first message of the coin after the confirmation, or one before it that bridges. Comes none in
   time on a connection that tells trades of other coins, there was none to send. Where a trade had been heard before,
   that cannot be, and is a gap.
3. What cannot be read is a gap up to now.
"""

from collections.abc import Sequence
from typing import Final, TypeAlias

from fadearena.adapters.hyperliquid import wire
from fadearena.adapters.hyperliquid.tape_feed.news import TapeGap, TapeWhole
from fadearena.model.ids import Coin
from fadearena.model.units import MINUTE_MS, SECOND_MS, EpochMs

Turn: TypeAlias = tuple[TapeGap | None, TapeWhole | None]
"""A gap that showed, and from when on the coin is whole."""
AHEAD_MS: Final = MINUTE_MS
"""A trade that claims to be so far ahead of our clock, or farther, counts as one of then."""
LAG_MS: Final = 40 * SECOND_MS
"""What happened so long ago by our clock was told by now, even were it half a minute off."""
LIE_MS: Final = SECOND_MS
"""A connection that keeps trades to itself for so long lies; less may lie between two messages."""
_NOTHING: Final[Turn] = (None, None)


class Coverage:
    """What was heard of one coin, and whether that is all; `sure` is up to when its connection told all trades."""

    def __init__(self, coin: Coin) -> None:
        self.coin = coin
        self.messages = 0
        self.newest: EpochMs = 0
        self.confirmed: EpochMs | None = None
        self.whole_since: EpochMs | None = None
        self.is_settled = False
        self.bridged = 0
        self._kept: EpochMs | None = None
        self._settled_at: EpochMs = 0
        self._sure: EpochMs = 0
        self._last: Sequence[wire.TapeTrade] = ()
        self._anchor: frozenset[tuple[EpochMs, int]] = frozenset()
        self._is_bridged = False
        self._is_doubted = False
        self._oldest: EpochMs | None = None

    @property
    def was_heard(self) -> bool:
        """Whether a trade of it was ever heard."""
        return bool(self._last)

    def sure(self, sure: EpochMs) -> EpochMs:
        """Return up to when all of it was heard, as long as it is whole."""
        return max(self.newest, self._settled_at, sure)

    def lose(self, sure: EpochMs) -> None:
        """Note that it is subscribed to no longer."""
        self.ask_again(sure)
        self.whole_since = None
        self.messages = 0

    def ask_again(self, sure: EpochMs) -> None:
        """Note that its subscription is made anew, which begins with another batch; what was whole stays so."""
        if self.whole_since is not None:
            self._kept, self._sure = self.whole_since, self.sure(sure)
            self._anchor = frozenset((trade.time, trade.tid) for trade in self._last)
        self.confirmed, self.is_settled, self._is_bridged, self._oldest = None, False, False, None

    def give_up(self, sure: EpochMs) -> TapeGap | None:
        """Note that it will not be subscribed to for some time; return the gap that begins, if it was whole."""
        self.lose(sure)
        kept, self._kept = self._kept, None
        return None if kept is None else self._gap()

    def confirm(self, now: EpochMs) -> Turn:
        """Note that it is subscribed to."""
        self.confirmed = now
        return self._settled(now) if self._is_bridged and not self.is_settled else _NOTHING

    def hear(self, trades: Sequence[wire.TapeTrade], now: EpochMs) -> Turn:
        """Take over the trades of one message, which are some."""
        turn = _NOTHING
        newest = min(trades[-1].time, now + AHEAD_MS)
        is_newer, self.newest = newest >= self.newest, max(newest, self.newest)
        if not self.is_settled:
            oldest = min(trade.time for trade in trades)
            self._oldest = oldest if self._oldest is None else min(oldest, self._oldest)
            self._is_bridged |= any((trade.time, trade.tid) in self._anchor for trade in trades)
            if self.confirmed is not None:
                turn = self._settled(now)
        self.messages += 1
        if is_newer:
            self._last = trades
        return turn

    def set_back(self, now: EpochMs) -> None:
        """Let it not be confirmed in the future: the clock may have been set back."""
        if self.confirmed is not None:
            self.confirmed = min(self.confirmed, now)

    def expect_no_batch(self, now: EpochMs) -> Turn:
        """Note that no batch comes any more, on a connection that tells others."""
        return _NOTHING if self.is_settled else self._settled(now)

    def doubt(self, sure: EpochMs, now: EpochMs) -> Turn:
        """Note that something of it could not be read."""
        if not self.is_settled:
            self._is_doubted = True
            return _NOTHING
        self._sure = max(sure, self._settled_at)
        return self._gap(), self._whole(max(self.newest, now) + 1, now)

    def hides(self, batch: Sequence[wire.TapeTrade]) -> bool:
        """Tell whether a batch shows trades that the connection had kept to itself for longer than a moment."""
        unheard = [trade.time for trade in batch if trade.time > self.newest]
        return bool(unheard) and max(unheard) - min(unheard) >= LIE_MS

    def _settled(self, now: EpochMs) -> Turn:
        kept, never_told = self._kept, not self.was_heard and self._oldest is None
        if kept is not None and (self._is_bridged or never_told) and not self._is_doubted:
            self.bridged += self.whole_since is None
            return None, self._whole(kept, now)
        since = (max(now, self.newest) if self._oldest is None or self._is_doubted else self._oldest) + 1
        return None if kept is None else self._gap(), self._whole(since, now)

    def _gap(self) -> TapeGap:
        return TapeGap((self.coin,), self._sure)

    def _whole(self, since: EpochMs, now: EpochMs) -> TapeWhole:
        self.is_settled, self._is_doubted, self._kept = True, False, None
        self.whole_since, self._settled_at = since, now - LAG_MS
        return TapeWhole((self.coin,), since)
