"""
What the exchange allows us, and who goes first where it is scarce.

1. Per IP address: weight per minute, shared by all that is asked and ordered over HTTP; a lower lane goes first, and
   each lane may fill the minute only up to its share. What is above is kept for the lanes before it, so that no order
   ever waits behind snapshots. Inside a lane: first come, first served.
2. A 429 pauses its lane and those after it, never the lanes before it; exits and cancels only for less than an order
   lives, so that they wait for their turn and do not expire.
3. Per IP address: connections and messages of sockets per minute.
4. Per address: signed requests since its first day, against what it traded.
"""

from bisect import insort
from collections.abc import Mapping
from itertools import count
from random import Random
from typing import Final, TypeAlias

from fadearena.adapters.hyperliquid.limits.address import AddressBudget
from fadearena.adapters.hyperliquid.limits.lanes import SHARES, Lane
from fadearena.adapters.hyperliquid.limits.weights import weight_of, weight_of_action, weight_of_rows
from fadearena.adapters.hyperliquid.limits.window import SocketLimits, Window
from fadearena.kit.clock import Clock
from fadearena.model.error import InvalidInput, VenueUnavailable
from fadearena.model.units import MINUTE_MS, SECOND_MS, EpochMs

__all__ = [
    "SHARES",
    "AddressBudget",
    "Lane",
    "RateBudget",
    "SocketLimits",
    "Window",
    "weight_of",
    "weight_of_action",
    "weight_of_rows",
]

_LOOK_AGAIN_MS: Final = 5 * SECOND_MS
"""Who waits looks again after this time at the latest: those before may have given up."""
_PAUSE_MS: Final = 10 * SECOND_MS
_PAUSE_MOST_MS: Final = MINUTE_MS
_EXIT_PAUSE_MS: Final = 2 * SECOND_MS
_PERCENT: Final = 100

_Ticket: TypeAlias = tuple[Lane, int, int]


class RateBudget:
    """The weight of one IP address: everything that goes out from it has to share one of these."""

    def __init__(
        self,
        clock: Clock,
        *,
        per_minute: int = 1200,
        shares: Mapping[Lane, int] = SHARES,
        rng: Random | None = None,
    ) -> None:
        """
        Make a budget of which nothing is used yet.

        Args:
            clock: The time in which the exchange counts its minutes.
            per_minute: The exchange's limit, or less where others share the address.
            shares: Up to how many percent of it each lane may use.
            rng: Where the jitter of pauses comes from.
        """
        self._clock = clock
        self._per_minute = per_minute
        self._most = {lane: per_minute * shares[lane] // _PERCENT for lane in Lane}
        self._rng = rng or Random(0)  # noqa: S311 - jitter
        self._window = Window(clock, per_minute)
        self._queue: list[_Ticket] = []
        self._tickets = count()
        self._paused: dict[Lane, EpochMs] = {}
        self._paused_ms: dict[Lane, int] = {}
        self._refusals = 0

    @property
    def used(self) -> Mapping[str, int]:
        """How it stands: weight of the last minute and its limit, requests that wait, and 429s since the start."""
        return {
            "used": self._window.used,
            "per_minute": self._per_minute,
            "waiting": len(self._queue),
            "refusals": self._refusals,
        }

    async def take(self, lane: Lane, weight: int, *, deadline: EpochMs | None = None) -> None:
        """
        Wait for one's turn, and use `weight`.

        Raises:
            InvalidInput: It is more than the lane may ever use.
            VenueUnavailable: Its turn does not come before the deadline; nothing was used.
        """
        if weight > self._most[lane]:
            raise InvalidInput(f"a request of weight {weight} never fits into {self._most[lane]}: raise the rate limit")
        ticket = (lane, next(self._tickets), weight)
        insort(self._queue, ticket)
        try:
            while (at := self._turn(ticket)) > (now := self._clock.now_ms()):
                _check(at, deadline, lane)
                await self._clock.sleep_until(min(at, now + _LOOK_AGAIN_MS))
            _check(at, deadline, lane)
        finally:
            self._queue.remove(ticket)
        self._window.add(weight)

    def spend(self, weight: int) -> None:
        """Count what an answer cost beyond what was taken for its request."""
        if weight:
            self._window.add(weight)

    def pause(self, lane: Lane, ms: int) -> None:
        """Let nothing of this lane and of those after it leave for some time."""
        until = self._clock.now_ms() + ms
        self._paused[lane] = max(until, self._paused.get(lane, until))

    def refused(self, lane: Lane) -> None:
        """
        Pause after a 429: 10 s, twice as long each time that it comes again within a minute, at most 60 s.

        What closes positions pauses for 2 s each time, and only what comes after it for so long.
        """
        self._refusals += 1
        if lane is Lane.CANCEL:
            self.pause(lane, _EXIT_PAUSE_MS)
            lane = Lane.ORDER
        now, until = self._clock.now_ms(), self._paused.get(lane)
        if until is not None and now < until:
            return
        again = lane in self._paused_ms and until is not None and now < until + MINUTE_MS
        ms = min(self._paused_ms[lane] * 2, _PAUSE_MOST_MS) if again else _PAUSE_MS
        self._paused_ms[lane] = ms
        self.pause(lane, ms + self._rng.randrange(ms // 4))

    def _turn(self, ticket: _Ticket) -> EpochMs:
        """Return when it is a ticket's turn at the earliest, as things stand."""
        lane, _, weight = ticket
        ahead = sum(each[2] for each in self._queue[: self._queue.index(ticket)])
        paused = max((until for each, until in self._paused.items() if each <= lane), default=0)
        return max(paused, self._window.free_at(ahead + weight, self._most[lane]))


def _check(at: EpochMs, deadline: EpochMs | None, lane: Lane) -> None:
    if deadline is not None and at >= deadline:
        raise VenueUnavailable(f"the rate limit lets nothing of lane {lane.name} out before the deadline; nothing left")
