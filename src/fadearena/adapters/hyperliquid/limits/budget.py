"""The weight of one IP address: who may use how much of it, who goes first, and who pauses."""

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Mapping
from itertools import count
from random import Random
from typing import Final, TypeAlias

from fadearena.adapters.hyperliquid.limits.lanes import KEPT, SHARES, Lane
from fadearena.adapters.hyperliquid.limits.window import Window
from fadearena.kit.clock import Clock
from fadearena.model.error import InvalidInput, VenueUnavailable
from fadearena.model.units import MINUTE_MS, SECOND_MS, EpochMs
from fadearena.ports.sightings import LaneUse, RateUse

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
        self._kept = self._kept_most = per_minute * KEPT // _PERCENT
        self._rng = rng or Random(0)  # noqa: S311 - jitter
        self._window = Window(clock, per_minute)
        self._by_lane = {lane: Window(clock, per_minute) for lane in Lane}
        self._queue: list[_Ticket] = []
        self._tickets = count()
        self._paused: dict[Lane, EpochMs] = {}
        self._longest: dict[Lane, int] = {}
        self._paused_ms: dict[Lane, int] = {}
        self._refusals = dict.fromkeys(Lane, 0)

    @property
    def per_minute(self) -> int:
        """How much weight a minute has."""
        return self._per_minute

    def use(self) -> RateUse:
        """Return how it stands."""
        now, waiting = self._clock.now_ms(), Counter(lane for lane, _, _ in self._queue)
        return RateUse(
            per_minute=self._per_minute,
            used=self._window.used,
            lanes=tuple(
                LaneUse(
                    lane=lane.name.lower(),
                    most=self._most[lane],
                    used=self._by_lane[lane].used,
                    waiting=waiting[lane],
                    refusals=self._refusals[lane],
                    paused_until=until if (until := self._held_until(lane)) > now else None,
                )
                for lane in Lane
            ),
        )

    def keep(self, weight: int) -> None:
        """Keep no more of a minute for snapshots than they can use: with few wallets the rest is there for repairs."""
        self._kept = min(weight, self._kept_most)

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
            del self._queue[bisect_left(self._queue, ticket)]
        self.spend(lane, weight)

    def spend(self, lane: Lane, weight: int) -> None:
        """Count what was used, or what an answer cost beyond what was taken for its request."""
        if weight:
            self._window.add(weight)
            self._by_lane[lane].add(weight)

    def pause(self, lane: Lane, ms: int) -> None:
        """Let nothing of this lane and of those after it leave for some time."""
        self._set_back()
        until = self._clock.now_ms() + ms
        if until >= self._paused.get(lane, until):
            self._paused[lane], self._longest[lane] = until, ms

    def refused(self, lane: Lane) -> None:
        """
        Pause after a 429: 10 s, twice as long each time that it comes again within a minute, at most 60 s.

        What closes positions pauses for 2 s each time, and only what comes after it for so long.
        """
        self._refusals[lane] += 1
        if lane is Lane.CANCEL:
            self.pause(lane, _EXIT_PAUSE_MS)
            lane = Lane.ORDER
        self._set_back()
        now, until = self._clock.now_ms(), self._paused.get(lane)
        if until is not None and now < until:
            return
        again = lane in self._paused_ms and until is not None and now < until + MINUTE_MS
        ms = min(self._paused_ms[lane] * 2, _PAUSE_MOST_MS) if again else _PAUSE_MS
        self._paused_ms[lane] = ms
        self.pause(lane, ms + self._rng.randrange(ms // 4))

    def _turn(self, ticket: _Ticket) -> EpochMs:
        """Return when it is a ticket's turn at the earliest, as things stand."""
        lane, _, needed = ticket
        most, kept = self._most[lane], max(0, self._kept - self._by_lane[Lane.SNAPSHOT].used)
        if lane is Lane.REPAIR:
            most = max(needed, most - kept)
        before = self._queue[: bisect_left(self._queue, ticket)]
        if lane is Lane.SNAPSHOT and needed + sum(weight for each, _, weight in before if each is lane) <= kept:
            most, before = self._most[Lane.REPAIR], [each for each in before if each[0] is not Lane.REPAIR]
        for _, _, weight in before:
            needed += weight
            if needed > self._per_minute:  # not within a minute: how much more it is does not matter
                break
        return max(self._held_until(lane), self._window.free_at(needed, most))

    def _held_until(self, lane: Lane) -> EpochMs:
        """Return until when a lane is paused, or was; with it are those after it."""
        self._set_back()
        return max((until for each, until in self._paused.items() if each <= lane), default=0)

    def _set_back(self) -> None:
        """Let no pause last longer than it was to be: the clock may have been set back."""
        now = self._clock.now_ms()
        for lane, until in self._paused.items():
            if until <= now:  # it is over: a clock that is set back does not bring it back
                self._longest[lane] = 0
            self._paused[lane] = min(until, now + self._longest[lane])


def _check(at: EpochMs, deadline: EpochMs | None, lane: Lane) -> None:
    if deadline is not None and at >= deadline:
        raise VenueUnavailable(f"the rate limit lets nothing of lane {lane.name} out before the deadline; nothing left")
