"""
Shows what the worker sees at present: its feeds, its rate budget, the wallets in sight, and which bots are idle.

1. It is there for others to look at: nothing of it reaches the core.
2. Where the storage is away, what changed is kept, and shown the next time.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from fadearena.kit.clock import Clock
from fadearena.model.error import StorageError
from fadearena.model.ids import Address, BotId
from fadearena.model.policy import Policy
from fadearena.model.units import MINUTE_MS, SECOND_MS, EpochMs
from fadearena.ports.sightings import FeedStatus, Sight, Sighting, Sightings, is_idle
from fadearena.runtime.life import WorkerDoors
from fadearena.runtime.metrics import Metrics

log = structlog.get_logger(__name__)
_SAY_MS: Final = MINUTE_MS
_NAMED_MAX: Final = 10
_PARTS_MAX: Final = 400


def feeds_of(doors: WorkerDoors) -> Sequence[FeedStatus]:
    """Return how all feeds do."""
    return (*doors.wallets.feeds(), *doors.markets.feeds(), *doors.venue.feeds())


class Lookout:
    """Looks again and again; what was seen outlives a recovery."""

    def __init__(self, doors: WorkerDoors, metrics: Metrics, every_ms: EpochMs = 5 * SECOND_MS) -> None:
        self._doors = doors
        self._metrics = metrics
        self._every_ms = every_ms
        self._known: dict[Address, Sighting] = {}
        self._unshown: dict[Address, Sighting] = {}
        self._policy: Policy | None = None
        self._is_tidy = False
        self._idle: tuple[BotId, ...] = ()
        self._said: EpochMs | None = None

    async def run(self, clock: Clock, policy: Callable[[], Policy]) -> None:
        """
        Look from now on, for ever.

        Args:
            clock: The exchange's time.
            policy: Returns the settings of the moment.
        """
        wall = self._doors.wall
        while True:
            began = wall.now_ms()
            await self.look(clock.now_ms(), policy())
            await wall.sleep_until(began + self._every_ms)

    async def look(self, now: EpochMs, policy: Policy) -> None:
        """Look once, and show it."""
        doors = self._doors
        sight = Sight(time=doors.wall.now_ms(), now=now, feeds=tuple(feeds_of(doors)), rate=doors.rate())
        changed = await self._changed()
        self._known |= changed
        self._unshown |= changed
        self._keep_to(policy)
        self._metrics.sight.show(sight, self._known.values())
        self._say_idle(policy, sight)
        if doors.sightings is not None:
            await self._show(doors.sightings, sight)

    async def _changed(self) -> dict[Address, Sighting]:
        """Return the wallets that changed; where they are many, others get their turn between."""
        changed: dict[Address, Sighting] = {}
        for _ in range(_PARTS_MAX):
            part = self._doors.wallets.sightings()
            if not part:
                break
            changed |= {one.wallet: one for one in part}
            await asyncio.sleep(0)
        return changed

    async def _show(self, sightings: Sightings, sight: Sight) -> None:
        changed = dict(self._unshown)
        try:
            await sightings.show(sight, changed.values())
            self._unshown = {name: one for name, one in self._unshown.items() if one is not changed.get(name)}
            if not self._is_tidy:
                await sightings.forget(self._known.keys())
                self._is_tidy = True
        except StorageError as error:
            log.warning("sight_not_shown", error=str(error), wallets=len(changed))

    def _keep_to(self, policy: Policy) -> None:
        """Lose sight of wallets that no bot of the settings has any more."""
        if policy is self._policy:
            return
        self._policy, self._is_tidy = policy, False
        kept = {bot.wallet for bot in policy.bots}
        for wallet in self._known.keys() - kept:
            del self._known[wallet]
            self._unshown.pop(wallet, None)

    def _say_idle(self, policy: Policy, sight: Sight) -> None:
        """Name the followed bots that do not trade any more, when that changed; not more often than once a minute."""
        if self._said is not None and sight.time - self._said < _SAY_MS:
            return
        known, now = self._known, sight.now
        idle = tuple(bot.id for bot in policy.bots if bot.enabled and is_idle(known.get(bot.wallet), now))
        if idle == self._idle:
            return
        self._idle, self._said = idle, sight.time
        if idle:
            more = f" and {len(idle) - _NAMED_MAX} more" if len(idle) > _NAMED_MAX else ""
            named = ", ".join(idle[:_NAMED_MAX]) + more
            log.warning(
                "bots_idle", bots=named, for_days=7, advice="`fadearena bots discover` ranks wallets that trade"
            )
        else:
            log.info("bots_trade_again")
