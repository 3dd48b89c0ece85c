"""
Where news wait that lie ahead of our clock.

No fact comes from the future, but our clock may be wrong, and what a feed told it does not tell again. So fills and
payments of more than `FUTURE_MS` ahead wait, in their order, while the clock is measured anew: until it has caught up,
or for `PATIENCE_MS`, after which they are set aside like any other input that cannot be. Where fills of a wallet wait,
what is told of its repairs waits behind them: the end of a repair vouches for the fills that came before it.
"""

from collections import Counter, deque
from collections.abc import Callable, Sequence

import structlog

from fadearena.model.event import CashMoved, FundingPaid, Notice, OwnFills, SourceFills, SourceRepair
from fadearena.model.ids import Address
from fadearena.model.units import MINUTE_MS, SECOND_MS, EpochMs
from fadearena.runtime.inbox import Incoming

log = structlog.get_logger(__name__)
FUTURE_MS = 5 * SECOND_MS
PATIENCE_MS = MINUTE_MS
WAITING_MAX = 1_000
_TOLD_ONCE = (OwnFills, FundingPaid, CashMoved, SourceFills)


class Ahead:
    """Holds back what cannot have happened yet; `doubt` has the clock measured."""

    def __init__(self, doubt: Callable[[], None]) -> None:
        self._doubt = doubt
        self._waiting: deque[tuple[Incoming, EpochMs]] = deque()
        self._wallets: Counter[Address] = Counter()

    def __len__(self) -> int:
        return len(self._waiting)

    def sift(self, incoming: Sequence[Incoming], now: EpochMs) -> list[Incoming]:
        """Return what can be taken now: first what waited, if its time has come."""
        due: list[Incoming] = []
        while self._waiting and self._is_over(*self._waiting[0], now):
            due.append(self._waiting.popleft()[0])
            self._count(due[-1], -1)
        for each in incoming:
            if self._has_to_wait(each, now):
                due += self._hold(each, now)
            else:
                due.append(each)
        return due

    def _hold(self, incoming: Incoming, now: EpochMs) -> list[Incoming]:
        """Let something wait; return what is to be said of that."""
        self._doubt()
        is_first = not self._waiting
        self._waiting.append((incoming, now))
        self._count(incoming, 1)
        if not is_first:
            return []
        ahead_s = (incoming.event.time - now) // SECOND_MS
        text = f"the exchange tells of what happens in {ahead_s} s by our clock: it waits while the clock is measured"
        log.warning("clock_doubted", ahead_s=ahead_s)
        return [Incoming(Notice(time=0, received=0, level="warning", category="clock", text=text))]

    def forget_answers(self) -> None:
        """Drop what answered a question: after a recovery everything is asked anew, and an old answer is no news."""
        self._waiting = deque(each for each in self._waiting if each[0].cause is None)
        self._wallets.clear()
        for incoming, _ in self._waiting:
            self._count(incoming, 1)

    def _count(self, incoming: Incoming, by: int) -> None:
        if isinstance(incoming.event, SourceFills):
            self._wallets[incoming.event.wallet] += by

    def _has_to_wait(self, incoming: Incoming, now: EpochMs) -> bool:
        event = incoming.event
        if len(self._waiting) >= WAITING_MAX:
            return False
        if isinstance(event, SourceRepair):
            return self._wallets[event.wallet] > 0
        is_ahead = event.time > now + FUTURE_MS and isinstance(event, _TOLD_ONCE)
        return is_ahead and (incoming.cause is None or isinstance(event, SourceFills))

    def _is_over(self, incoming: Incoming, since: EpochMs, now: EpochMs) -> bool:
        return incoming.event.time <= now + FUTURE_MS or not since <= now < since + PATIENCE_MS
