"""Settings of prices, of alerts, and the numbers of the rules."""

import msgspec

from fadearena.model.policy.problem import positive
from fadearena.model.units import MINUTE_MS, SECOND_MS, Bps, Ratio, Usd

_MAX_BPS = Bps(5000)


class AlertPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """What people are told beyond what they always are."""

    fill_usd: Usd | None = None
    """Own fills of at least this notional; None tells none."""
    limit_ratio: Ratio | None = Ratio("0.8")
    """From which part of a cap or loss limit on it is told that it comes near; None never tells."""
    daily_summary: bool = True

    def problems(self) -> list[str]:
        """Return what is wrong with it, one sentence each, naming the field."""
        found: list[str] = []
        positive(found, "alerts.fillUsd", self.fill_usd)
        if self.limit_ratio is not None and not 0 < self.limit_ratio < 1:
            found.append("alerts.limitRatio must be > 0 and < 1 or null")
        return found


class Slippage(msgspec.Struct, frozen=True, kw_only=True):
    """How far from the touch an order may trade, in bps."""

    entry_bps: Bps = Bps(50)
    reduce_bps: Bps = Bps(100)
    emergency_bps: Bps = Bps(300)
    flatten_max_bps: Bps = Bps(2000)
    chase_bps: Bps = Bps(50)

    def problems(self) -> list[str]:
        """Return what is wrong with it, one sentence each, naming the field."""
        found = [
            f"slippage.{name} must be > 0 and <= 5000"
            for name, value in (
                ("entryBps", self.entry_bps),
                ("reduceBps", self.reduce_bps),
                ("emergencyBps", self.emergency_bps),
                ("flattenMaxBps", self.flatten_max_bps),
                ("chaseBps", self.chase_bps),
            )
            if not 0 < value <= _MAX_BPS
        ]
        if not self.reduce_bps <= self.emergency_bps <= self.flatten_max_bps:
            found.append("slippage must grow: reduceBps <= emergencyBps <= flattenMaxBps")
        return found


class Tuning(msgspec.Struct, frozen=True, kw_only=True):
    """Numbers of the rules that are seldom changed; the defaults are the rules' own."""

    minimum_usd: Usd = Usd("10.50")
    dead_band: Ratio = Ratio("0.02")
    max_attempts: int = 3
    coalesce_ms: int = 0
    provisional_max: int = 256
    snapshot_round_ms: int = MINUTE_MS
    snapshots_per_minute: int = 30
    orders_per_minute: int = 120
    actions_reserve: int = 1000
    reject_streak: int = 5
    reject_pause_ms: int = 5 * MINUTE_MS
    liquidation_distance: Ratio = Ratio("0.15")
    protect_distance: Ratio = Ratio("0.05")
    equity_jump: Ratio = Ratio("0.30")
    drift: Ratio = Ratio("0.01")
    tracking_error: Ratio = Ratio("0.02")
    order_life_ms: int = 5 * SECOND_MS
    reconcile_ms: int = 30 * SECOND_MS

    def problems(self) -> list[str]:
        """Return what is wrong with it, one sentence each, naming the field."""
        may_be_zero = {"coalesce_ms", "dead_band"}
        return [
            f"tuning.{name} must be {'at least 0' if name in may_be_zero else 'positive'}"
            for name, value in msgspec.structs.asdict(self).items()
            if value < 0 or (value == 0 and name not in may_be_zero)
        ]
