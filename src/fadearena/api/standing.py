"""
How things stand, as routes and the stream show it.

What is recorded bears the exchange's time, which in a sandbox is another one than ours: days are counted by it.
"""

import asyncio
from collections.abc import Mapping, Sequence

from fadearena.api.doors import Doors
from fadearena.api.schemas.settings import SettingsShape, settings_shape
from fadearena.api.schemas.state import (
    DailyPnLShape,
    EquityShape,
    OpenPositionsShape,
    StateShape,
    SystemStatusShape,
)
from fadearena.model.ids import Coin
from fadearena.model.policy import Policy
from fadearena.model.record import BotPerformance, SleeveUpdate
from fadearena.model.sums import notional, whole_sum
from fadearena.model.trading import TradingState
from fadearena.model.units import SECOND_MS, EpochMs, Usd, day_start
from fadearena.ports.archive import Mark
from fadearena.ports.heartbeat import Beat, worker_of
from fadearena.ports.read_store import AccountView, BotView, SystemView
from fadearena.ports.sightings import FeedState, Sight

SIGHT_MS = 15 * SECOND_MS
"""What a worker saw longer ago is not what it sees at present."""


async def state_of(doors: Doors) -> StateShape:
    """
    Return how things stand.

    Raises:
        StorageUnavailable: The database is away.
    """
    records = doors.records
    (system, bots, accounts), sleeves, marks, (beats, sight) = await asyncio.gather(
        asyncio.gather(records.system(), records.bots(), records.accounts()),
        records.sleeves(),
        doors.archive.marks(),
        asyncio.gather(doors.heartbeats.beats(), doors.sightings.sight()),
    )
    now = _venue_now(doors, sight)
    ours = whole_sum(account.equity for account in accounts) if accounts else None
    sources, sources_today = await _sources(doors, bots, now)
    return StateShape(
        mode=doors.mode,
        kill_switch=system.is_killed,
        trading_state=TradingState(system.state),
        equity=EquityShape(total=ours, bots_aggregate=sources, fade_arena=ours),
        open_positions=_open_positions(sleeves, marks),
        system_status=_system_status(system, worker_of(beats), sight, now, doors.clock.now_ms()),
        daily_pnl=DailyPnLShape(bots=sources_today, fade_arena=_our_day(bots, accounts, now)),
    )


async def venue_now(doors: Doors) -> EpochMs:
    """
    Return what time it is at the exchange, as the worker saw it last; our own time where none ever did.

    Raises:
        StorageUnavailable: The database is away.
    """
    return _venue_now(doors, await doors.sightings.sight())


def _venue_now(doors: Doors, sight: Sight | None) -> EpochMs:
    ahead = 0 if sight is None else sight.now - sight.time
    return max(doors.clock.now_ms() + ahead, 0)


async def settings_of(doors: Doors) -> SettingsShape:
    """
    Return the settings in force; before there were any, the defaults as version 0.

    Raises:
        StorageUnavailable: The database is away.
    """
    view, system = await asyncio.gather(doors.records.settings(), doors.records.system())
    policy = Policy(version=0, mode=doors.mode) if view is None else view.policy
    return settings_shape(policy, is_killed=system.is_killed)


async def _sources(doors: Doors, bots: Sequence[BotView], now: EpochMs) -> tuple[Usd | None, Usd | None]:
    """Return what the bots' own wallets are worth, and by how much that changed since 00:00 UTC."""
    series = tuple(f"bot:{bot.id}" for bot in bots if bot.enabled)
    before = doors.archive.equity_before
    present, earlier = await asyncio.gather(before(series, now), before(series, day_start(now)))
    changes = [present[one] - earlier[one] for one in present if one in earlier]
    return whole_sum(present.values()) if present else None, whole_sum(changes) if changes else None


def _our_day(bots: Sequence[BotView], accounts: Sequence[AccountView], now: EpochMs) -> Usd | None:
    """Return what we earned since 00:00 UTC; None where nobody looked since then."""
    if not any(_is_of_today(account.equity_time, now) for account in accounts):
        return None
    return whole_sum(day_net(bot, now) for bot in bots if bot.performance)


def day_net(bot: BotView, now: EpochMs) -> Usd | None:
    """Return what a bot brought us since 00:00 UTC; None where that was not summed up since."""
    performance: BotPerformance | None = bot.performance
    return performance.day_net if performance and _is_of_today(bot.performance_time, now) else None


def _is_of_today(time: EpochMs | None, now: EpochMs) -> bool:
    return time is not None and time >= day_start(now)


def _open_positions(sleeves: Sequence[SleeveUpdate], marks: Mapping[Coin, Mark]) -> OpenPositionsShape:
    held = [sleeve for sleeve in sleeves if sleeve.size]
    prices = {coin: mark.price for coin, mark in marks.items()}
    worth = whole_sum(notional(sleeve.size, prices.get(sleeve.coin)) for sleeve in held)
    return OpenPositionsShape(count=len(held), total_notional=worth)


def _system_status(
    system: SystemView, worker: Beat | None, sight: Sight | None, now: EpochMs, here: EpochMs
) -> SystemStatusShape:
    is_alive = worker is not None and worker.is_alive(here)
    sight = present_sight(sight, here)
    started = system.started if is_alive else None
    return SystemStatusShape(
        hyperliquid_connected=is_alive and sight is not None and any(f.state is FeedState.OK for f in sight.feeds),
        last_event_time=system.last_event_time,
        last_order_time=system.last_order_time,
        uptime=0 if started is None else max(now - started, 0) // SECOND_MS,
    )


def present_sight(sight: Sight | None, now: EpochMs) -> Sight | None:
    """Return what a worker sees; None where it did not say so lately."""
    return sight if sight is not None and now - sight.time <= SIGHT_MS else None
