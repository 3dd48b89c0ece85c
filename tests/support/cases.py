"""Risk cases: one in which everything passes, and ways to break it."""

from decimal import Decimal as D
from typing import Any

import msgspec

from fadearena.core.risk import Cap, Case, MarginFacts
from fadearena.model.trading import TradingState
from fadearena.model.units import Side
from tests.support.books import lots

CAPS = ("global_exposure_cap", "asset_exposure_cap", "bot_exposure_cap")
LOSSES = ("daily_loss_limit", "max_drawdown", "bot_loss_limit")
TABLE = (
    "trading_state",
    "bot_state",
    "coin_allowed",
    "market_tradable",
    "no_collateral",
    "source_known",
    "sizing_known",
    "signal_age",
    "feed_fresh",
    "price_fresh",
    "chase",
    *CAPS,
    "max_order_notional",
    "margin_available",
    "liquidation_distance",
    *LOSSES,
    "order_rate",
    "action_budget",
    "signer_valid",
    "reject_streak",
    "order_settled",
    "reconciled",
    "leverage_ready",
    "clock_ok",
    "minimum_notional",
)
"""Every check of the rules, in the order in which they are recorded."""

STOPS_INCREASES: dict[str, dict[str, Any]] = {
    "trading_state": {"state": TradingState.REDUCING},
    "bot_state": {"bot_state": TradingState.REDUCING},
    "coin_allowed": {"coin_permitted": False},
    "no_collateral": {"has_collateral": False},
    "source_known": {"uncertainty": "unknown"},
    "sizing_known": {"sizing_known": False},
    "signal_age": {"signal_age": 60_001},
    "feed_fresh": {"heard_age": 30_001},
    "price_fresh": {"touch_age": 10_001},
    "chase": {"chase": D("50.01")},
    "margin_available": {},
    "liquidation_distance": {},
    "order_rate": {"orders_last_minute": 120},
    "action_budget": {"actions_left": 999},
    "signer_valid": {"signer_left": 300_000},
    "reject_streak": {"paused_ms": 1},
    "order_settled": {"unsettled": 1, "unknown_only": True},
    "reconciled": {"is_reconciled": False},
    "leverage_ready": {"leverage_ready": False},
    "clock_ok": {"clock_spread": 1_001},
}
"""What makes each check fail that stops increases only."""

UNKNOWN: dict[str, dict[str, Any]] = {
    "no_collateral": {"has_collateral": None},
    "signal_age": {"signal_age": None},
    "feed_fresh": {"heard_age": None},
    "price_fresh": {"touch_age": None},
    "chase": {"chase": None},
    "global_exposure_cap": {"mark": None},
    "max_order_notional": {"mark": None},
    "margin_available": {"margin": None},
    "liquidation_distance": {"margin": None},
    "daily_loss_limit": {"loss_limits": (("daily_loss_limit", None, D(500)),)},
    "max_drawdown": {"loss_limits": (("max_drawdown", None, D("0.2")),)},
    "bot_loss_limit": {"loss_limits": (("bot_loss_limit", None, D(100)),)},
    "clock_ok": {"clock_offset": None},
    "minimum_notional": {"price": None},
}
"""What makes each check impossible to evaluate."""


def margin(**changes: object) -> MarginFacts:
    """Return a pool of 10,000 USD in which a first position of 1 is opened with leverage 20."""
    facts = MarginFacts(
        equity=D(10_000),
        initial=D(0),
        maintenance=D(0),
        worst=D(0),
        own=D(0),
        other=D(0),
        side=Side.BUY,
        leverage=20,
        min_distance=D("0.15"),
    )
    return msgspec.structs.replace(facts, **changes)


def caps(used: str = "0", limit: str | None = "100000") -> tuple[Cap, ...]:
    """Return all caps with the same use and limit."""
    return tuple(Cap(name, D(used), None if limit is None else D(limit)) for name in CAPS)


def case(**changes: object) -> Case:
    """Return an increase of 1 at 1,000 USD that passes every check."""
    made = Case(
        is_increase=True,
        quantity=D(1),
        minimum_exempt=False,
        state=TradingState.ACTIVE,
        state_why="",
        bot_state=TradingState.ACTIVE,
        bot_state_why="",
        coin_permitted=True,
        instrument=lots(3),
        has_collateral=True,
        uncertainty=None,
        uncertainty_passes=False,
        sizing_known=True,
        signal_age=100,
        max_signal_age=60_000,
        heard_age=100,
        snapshot_age=100,
        snapshot_round=60_000,
        snapshot_requested=False,
        touch_age=100,
        mark_age=100,
        other_marks_age=None,
        chase=D(0),
        chase_max=D(50),
        price=D(1_000),
        mark=D(1_000),
        caps=caps(),
        max_order_notional=D(100_000),
        margin=margin(),
        loss_limits=tuple((name, D(0), D(1)) for name in LOSSES),
        orders_last_minute=0,
        orders_per_minute=120,
        actions_left=10_000,
        actions_reserve=1_000,
        signer_left=None,
        paused_ms=0,
        unsettled=0,
        unknown_only=True,
        is_reconciled=True,
        leverage_ready=True,
        leverage_requested=False,
        clock_offset=3,
        clock_spread=5,
        nonce_ahead=0,
        minimum=D("10.50"),
    )
    return msgspec.structs.replace(made, **changes)
