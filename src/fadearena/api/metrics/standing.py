"""
How things stand, as metrics: read from the read store when somebody asks, at most every few seconds.

1. What is not known has no value, and never 0.
2. Bots are named only where they hold something, and at most `NAMED_MAX` of them, the first by id.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final, TypeAlias

from prometheus_client.core import GaugeMetricFamily, Metric

from fadearena import __version__
from fadearena.api.doors import Doors
from fadearena.api.metrics.lag import LagWatch
from fadearena.model.error import StorageError
from fadearena.model.record import BotPerformance
from fadearena.model.trading import TradingState
from fadearena.model.units import SECOND_MS, EpochMs
from fadearena.ports.heartbeat import Beat, worker_of
from fadearena.ports.read_store import AccountView, BotView, SystemView

_Number: TypeAlias = float | Decimal
NAMED_MAX: Final = 50
_FRESH_MS: Final = 3 * SECOND_MS
_BPS: Final = 10_000
_TEXTS: Final = {
    "fadearena_info": "The version of this process and the mode of its databases; always 1.",
    "fadearena_database_up": "Whether the read store could be read: 1 or 0.",
    "fadearena_processes": "Processes that live, by kind.",
    "fadearena_worker_up": "Whether a worker lives: 1 or 0. While none does, no gauge of it is given out.",
    "fadearena_worker_heartbeat_age_seconds": "How long ago a worker was heard of; absent where there never was one.",
    "fadearena_projection_lag_entries": "Journal entries of the worker that are not shown yet.",
    "fadearena_projection_lag_seconds": "For how long the oldest of them has been known of.",
    "fadearena_trading_state": "The state of trading as a whole: 1 for the one that it is in, 0 for the others.",
    "fadearena_kill_switch": "Whether the kill switch is on: 1 or 0.",
    "fadearena_latches": "Reasons to stop that are set, in all scopes, by kind; bots that are switched off are none.",
    "fadearena_dead_letters_open": "Dead letters that nobody retried or discarded.",
    "fadearena_settings_version": "The version of the settings in force.",
    "fadearena_last_event_timestamp_seconds": "When a fill of a bot was journaled last, seconds UTC.",
    "fadearena_last_order_timestamp_seconds": "When an order of ours changed last, seconds UTC.",
    "fadearena_account_equity_usd": "Equity of an account of ours.",
    "fadearena_bots": "Bots of the settings, by whether they are enabled.",
    "fadearena_sleeves_held": "Sleeves that hold something.",
    "fadearena_bot_net_usd": "What a bot brought us so far, fees and funding included.",
    "fadearena_bot_day_net_usd": "What a bot brought us since 00:00 UTC.",
    "fadearena_bot_slippage_ratio": "Slippage of a bot's trades against the source's prices; above 0: worse for us.",
    "fadearena_bot_reaction_seconds": "How long after a bot's trades ours were made.",
    "fadearena_bot_tracking_error_ratio": "How far a bot's sleeves are off their targets, as a ratio of our equity.",
    "fadearena_tracking_error_ratio_max": "The largest tracking error of all bots.",
}


def documented() -> Sequence[Metric]:
    """Return all metrics that there may be, without values."""
    return [GaugeMetricFamily(name, text) for name, text in _TEXTS.items()]


class Standing:
    """
    Reads how things stand, and remembers it for a moment; who lives is looked at each time.

    `lag` is shared with who asks whether we are ready.
    """

    def __init__(self, doors: Doors) -> None:
        self.lag = LagWatch()
        self._doors = doors
        self._shown: Sequence[Metric] = ()
        self._read: EpochMs | None = None

    async def look(self) -> tuple[Sequence[Metric], Beat | None]:
        """Return metrics, and the last heartbeat of the worker; of a database that is away, that it is."""
        now = self._doors.clock.now_ms()
        info = _info(self._doors)
        try:
            beats = await self._doors.heartbeats.beats()
            if self._read is None or not self._read <= now < self._read + _FRESH_MS:
                self._shown, self._read = await self._look(worker_of(beats), now), now
        except StorageError:
            return (info, _one("fadearena_database_up", 0)), None
        return (info, _one("fadearena_database_up", 1), *_processes(beats, now), *self._shown), worker_of(beats)

    async def _look(self, worker: Beat | None, now: EpochMs) -> Sequence[Metric]:
        records = self._doors.records
        system, bots = await records.system(), await records.bots()
        lag = self.lag.see(worker, await records.position(), now)
        held = [sleeve.bot for sleeve in await records.sleeves() if sleeve.size]
        return [
            _one("fadearena_projection_lag_entries", lag.entries),
            _one("fadearena_projection_lag_seconds", lag.ms / SECOND_MS),
            _one("fadearena_dead_letters_open", len(await records.letters())),
            _one("fadearena_sleeves_held", len(held)),
            *_system(system),
            *_accounts(await records.accounts()),
            *_bots(bots, frozenset(held)),
        ]


def _processes(beats: Sequence[Beat], now: EpochMs) -> Iterator[Metric]:
    alive = Counter(beat.process.partition(":")[0] for beat in beats if beat.is_alive(now))
    yield _labelled("fadearena_processes", "kind", {kind: alive[kind] for kind in ("worker", "standby", "api")})
    worker = worker_of(beats)
    yield _one("fadearena_worker_up", int(worker is not None and worker.is_alive(now)))
    if worker is not None:
        yield _one("fadearena_worker_heartbeat_age_seconds", max(now - worker.time, 0) / SECOND_MS)


def _system(system: SystemView) -> Iterator[Metric]:
    states = {state.value: int(state.value == system.state) for state in TradingState}
    yield _labelled("fadearena_trading_state", "state", states)
    yield _one("fadearena_kill_switch", int(system.is_killed))
    latches = Counter(latch.latch for latch in system.latches if latch.latch != "disabled")
    yield _labelled("fadearena_latches", "latch", latches)
    yield _one("fadearena_settings_version", system.settings_version)
    for what, time in (("event", system.last_event_time), ("order", system.last_order_time)):
        if time is not None:
            yield _one(f"fadearena_last_{what}_timestamp_seconds", time / SECOND_MS)


def _accounts(accounts: Sequence[AccountView]) -> Iterator[Metric]:
    known = {one.id: one.equity for one in accounts[:NAMED_MAX] if one.equity is not None}
    yield _labelled("fadearena_account_equity_usd", "account", known)


def _bots(bots: Sequence[BotView], held: frozenset[str]) -> Iterator[Metric]:
    enabled = Counter(bot.enabled for bot in bots)
    yield _labelled("fadearena_bots", "enabled", {"yes": enabled[True], "no": enabled[False]})
    named = sorted((bot for bot in bots if bot.id in held and bot.performance is not None), key=lambda bot: bot.id)
    told = [(bot.id, bot.performance) for bot in named[:NAMED_MAX] if bot.performance is not None]
    for name, value_of in _OF_A_BOT.items():
        values = {bot: value for bot, one in told if (value := value_of(one)) is not None}
        yield _labelled(name, "bot", values)
    errors = [bot.performance.tracking_error for bot in bots if bot.performance is not None]
    known = [error for error in errors if error is not None]
    if known:
        yield _one("fadearena_tracking_error_ratio_max", max(known))


def _slippage(performance: BotPerformance) -> _Number | None:
    return None if performance.slippage_bps is None else performance.slippage_bps / _BPS


def _reaction(performance: BotPerformance) -> _Number | None:
    return None if performance.reaction_ms is None else performance.reaction_ms / SECOND_MS


_OF_A_BOT: Final[Mapping[str, Callable[[BotPerformance], _Number | None]]] = {
    "fadearena_bot_net_usd": lambda bot: bot.net,
    "fadearena_bot_day_net_usd": lambda bot: bot.day_net,
    "fadearena_bot_slippage_ratio": _slippage,
    "fadearena_bot_reaction_seconds": _reaction,
    "fadearena_bot_tracking_error_ratio": lambda bot: bot.tracking_error,
}


def _info(doors: Doors) -> Metric:
    family = GaugeMetricFamily("fadearena_info", _TEXTS["fadearena_info"], labels=("version", "mode"))
    family.add_metric((__version__, doors.mode.value), 1)
    return family


def _one(name: str, value: _Number) -> Metric:
    return GaugeMetricFamily(name, _TEXTS[name], value=float(value))


def _labelled(name: str, label: str, values: Mapping[str, _Number]) -> Metric:
    family = GaugeMetricFamily(name, _TEXTS[name], labels=(label,))
    for key, value in values.items():
        family.add_metric((key,), float(value))
    return family
