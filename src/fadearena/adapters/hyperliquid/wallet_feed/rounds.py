"""
Whose positions are read next, and on which dex; no input or output, the time is given.

1. A wallet is read where it was ever seen. New ones come first, on the exchange's own dex: those that are told before
   the others, which are read twice. Then all take their turns: held ones at their own rhythm, the others round robin.
2. On dexs where it was never seen a wallet is looked for at first, once all have been read, and then rarely, save
   where something of a dex was missed.
3. What comes later in this list never waits for ever: of eight turns some are offered to it first, and every second
   one to a search that is not over yet for the first time.
4. What has to be read again soon, for it failed or was doubtful, is read at its time, before everything else.
"""

import heapq
from collections import deque
from collections.abc import Callable, Collection, Iterable
from enum import IntEnum
from typing import Final, TypeAlias

from fadearena.adapters.hyperliquid.wallet_feed.options import WalletOptions
from fadearena.adapters.hyperliquid.wallet_feed.wallet import DexView, Rank, Watched
from fadearena.model.ids import Address, Dex
from fadearena.model.units import MINUTE_MS, SECOND_MS, EpochMs

SURE_READS: Final = 2
AGAIN_MS: Final = 2 * SECOND_MS + 1
"""When to read a wallet for the second time: a fill around the first reading is decided by then."""
_AGAIN_MOST_MS: Final = MINUTE_MS
_IDLE_MS: Final = SECOND_MS
_STANDSTILL_MS: Final = MINUTE_MS
_ROUND_PERCENT: Final = 10

_Turn: TypeAlias = tuple[EpochMs, Address, Dex]


class _Queue(IntEnum):
    HELD = 0
    NEW_TOLD = 1
    NEW = 2
    FOLLOWED = 3
    WATCHED = 4
    SEARCH = 5


_Q = _Queue
_PLAIN = (_Q.HELD, _Q.NEW_TOLD, _Q.NEW, _Q.FOLLOWED, _Q.WATCHED, _Q.SEARCH)
_OTHERS = (_Q.NEW_TOLD, _Q.NEW, _Q.FOLLOWED, _Q.HELD, _Q.WATCHED, _Q.SEARCH)
_WATCHED = (_Q.NEW_TOLD, _Q.NEW, _Q.WATCHED, _Q.SEARCH, _Q.FOLLOWED, _Q.HELD)
_SEARCH = (_Q.NEW_TOLD, _Q.NEW, _Q.SEARCH, _Q.FOLLOWED, _Q.WATCHED, _Q.HELD)
_ORDERS: Final = (_PLAIN, _OTHERS, _PLAIN, _WATCHED, _PLAIN, _OTHERS, _PLAIN, _SEARCH)


class Rounds:
    """The order of readings, of all wallets together."""

    def __init__(self, wallets: dict[Address, Watched], options: WalletOptions) -> None:
        self._wallets = wallets
        self._options = options
        self._queues: dict[_Queue, deque[_Turn]] = {queue: deque() for queue in _Queue}
        self._again: list[_Turn] = []
        self._turns = -1
        self._now: EpochMs = 0
        self._dexs: tuple[Dex, ...] = ("",)
        self._searched: dict[Dex, deque[_Turn]] = {}
        self._pass_began: EpochMs = 0
        self._pass_left = 0
        self._measured: EpochMs = 0
        self.round_ms: EpochMs | None = None
        self.on_sooner: Callable[[], None] = _nobody
        """Is called where a turn was added that may come before all others."""

    def add(self, wallets: Iterable[Watched]) -> None:
        """Take in wallets that are new, or of another rank than before; the first of them first."""
        new = list(wallets)
        for watched in new:
            for dex, view in watched.dexs.items():
                due = min(view.due, view.asked + self._period(watched, view)) if view.asks else 0
                self._place(watched, dex, view, due)
        for dex, turns in self._searched.items():
            turns.extendleft((0, watched.wallet, dex) for watched in reversed(new) if not watched.dexs[""].asks)

    def drop(self, gone: set[Address]) -> None:
        """Look for wallets no longer; what was read of them is forgotten by itself."""
        for dex, turns in self._searched.items():
            self._searched[dex] = deque(turn for turn in turns if turn[1] not in gone)

    def see(self, watched: Watched, dex: Dex) -> None:
        """Have a wallet read on a dex on which it was seen, from now on; again soon where a reading says too little."""
        view = watched.dexs[dex]
        if view.queue < 0:
            self._place(watched, dex, view, 0)
        if view.is_tied:
            view.is_tied = False
            self.again(watched.wallet, dex, view.time + AGAIN_MS)

    def know(self, dexs: tuple[Dex, ...]) -> None:
        """Look for all wallets on these dexs."""
        if dexs == self._dexs:
            return
        self._dexs = dexs
        for dex in dexs:
            if dex and dex not in self._searched:
                self._searched[dex] = deque((0, wallet, dex) for wallet in self._wallets)

    def search_again(self, dexs: Collection[Dex]) -> None:
        """Look for all wallets on some dexs anew: what began there may have been missed."""
        for dex in self._searched.keys() & set(dexs):
            self._searched[dex] = deque((0, wallet, dex) for wallet in self._wallets)

    def again(self, wallet: Address, dex: Dex, at: EpochMs) -> None:
        """Read a wallet at a time, whatever its turn."""
        turn = at, wallet, dex
        heapq.heappush(self._again, turn)
        if self._again[0] is turn:
            self.on_sooner()

    def take(self, now: EpochMs) -> tuple[Watched, Dex] | EpochMs:
        """Return whom to read now, and take it for asked; or when to ask again, where nobody is due."""
        self._turns += 1
        self._set_back(now)
        order = _SEARCH if self._turns % 2 and self._is_new_search else _ORDERS[self._turns % len(_ORDERS)]
        while self._again and _is_due(self._again[0][0], now, _AGAIN_MOST_MS):
            _, wallet, dex = heapq.heappop(self._again)
            if (watched := self._wallets.get(wallet)) is not None:
                return watched, dex
        for queue in order:
            found = self._search(now) if queue is _Q.SEARCH else self._from(queue, now)
            if found is not None:
                return found
        return self._next_at(now)

    def _set_back(self, now: EpochMs) -> None:
        """Where the clock was set back have all turns come as much earlier, or rounds would stand still for as long."""
        back = self._now - now
        if back <= SECOND_MS:
            self._now = max(self._now, now)
            return
        self._now = now
        for turns in (*self._queues.values(), *self._searched.values()):
            moved = [(_earlier(due, back), wallet, dex) for due, wallet, dex in turns]
            turns.clear()
            turns.extend(moved)
        self._again = [(_earlier(at, back), wallet, dex) for at, wallet, dex in self._again]
        for watched in self._wallets.values():
            for view in watched.dexs.values():
                view.due, view.asked = _earlier(view.due, back), _earlier(view.asked, back)

    @property
    def _is_new_search(self) -> bool:
        """Whether somebody was never looked for on some dex."""
        return any(turns and not turns[0][0] for turns in self._searched.values())

    def _place(self, watched: Watched, dex: Dex, view: DexView, due: EpochMs) -> None:
        queue = _queue_of(watched, view)
        view.queue, view.due = int(queue), due
        self._queues[queue].append((due, watched.wallet, dex))

    def _from(self, queue: _Queue, now: EpochMs) -> tuple[Watched, Dex] | None:
        """Take the first turn of a queue, if it is due."""
        turns = self._queues[queue]
        longest = self._options.watched_ms if queue in {_Q.NEW, _Q.WATCHED} else self._options.period_ms
        while turns and _is_due(turns[0][0], now, longest):
            due, wallet, dex = turns.popleft()
            watched = self._wallets.get(wallet)
            view = None if watched is None else watched.dexs.get(dex)
            if watched is None or view is None or (view.queue, view.due) != (int(queue), due):
                continue  # it went elsewhere meanwhile
            if queue is _Q.NEW_TOLD and view.reads:  # somebody else asked
                view.asks += 1
                self._place(watched, dex, view, view.time + self._options.period_ms)
                continue
            view.asks += 1
            view.asked = now
            self._place(watched, dex, view, now + self._period(watched, view))
            self._measure(queue, now)
            return watched, dex
        return None

    def _period(self, watched: Watched, view: DexView) -> EpochMs:
        if watched.rank.is_told:
            return self._options.period_ms
        return AGAIN_MS if view.asks < SURE_READS else self._options.watched_ms

    def _search(self, now: EpochMs) -> tuple[Watched, Dex] | None:
        """Take the next turn of looking for a wallet where it was not seen."""
        for dex in self._dexs:
            turns = self._searched.get(dex)
            while turns and _is_due(turns[0][0], now, self._options.round_ms):
                _, wallet, _ = turns.popleft()
                watched = self._wallets.get(wallet)
                if watched is None:
                    continue
                turns.append((now + self._options.round_ms, wallet, dex))
                if dex not in watched.dexs:
                    return watched, dex
        return None

    def _measure(self, queue: _Queue, now: EpochMs) -> None:
        """
        Note how long a round of those that are told takes: of the held ones where there is no other.

        Where for long nothing was read, or the clock was set, it begins anew: a standstill is no round.
        """
        measured = _Q.FOLLOWED if self._queues[_Q.FOLLOWED] else _Q.HELD
        if queue is not measured:
            return
        if not self._measured <= now < self._measured + _STANDSTILL_MS:
            self._pass_began = self._pass_left = 0
        self._measured = now
        self._pass_left -= 1
        if self._pass_left > 0:
            return
        if self._pass_began:
            self.round_ms = max(0, now - self._pass_began)
        self._pass_began, self._pass_left = now, len(self._queues[queue])

    def _next_at(self, now: EpochMs) -> EpochMs:
        heads = [turns[0][0] for turns in (*self._queues.values(), *self._searched.values()) if turns]
        heads += [turn[0] for turn in self._again[:1]]
        return max(now + 1, min(heads, default=now + _IDLE_MS))


def _nobody() -> None:
    """Wait for no turns."""


def _is_due(due: EpochMs, now: EpochMs, longest: EpochMs) -> bool:
    """Tell whether a time has come; one that is too far ahead was set before the clock was set back."""
    return due <= now or due > now + longest + SECOND_MS


def _earlier(time: EpochMs, by: EpochMs) -> EpochMs:
    """Return a time before a time; none, which is 0, stays none."""
    return max(1, time - by) if time else 0


def differs(length_ms: EpochMs, told_ms: EpochMs | None) -> bool:
    """Tell whether the length of a round is another than was told."""
    return told_ms is None or abs(length_ms - told_ms) * 100 > told_ms * _ROUND_PERCENT


def _queue_of(watched: Watched, view: DexView) -> _Queue:
    if watched.rank is Rank.HELD:
        return _Q.HELD
    if watched.rank is Rank.FOLLOWED:
        return _Q.FOLLOWED if view.asks else _Q.NEW_TOLD
    return _Q.WATCHED if view.asks >= SURE_READS else _Q.NEW
