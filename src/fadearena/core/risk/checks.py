"""The checks of a sleeve's increase or reduce, in the order in which they are evaluated and shown."""

from decimal import Decimal

from fadearena.core.risk.board import Board
from fadearena.core.risk.case import Cap, Case
from fadearena.model.instrument import Instrument
from fadearena.model.margin import distance_ratio, liquidation_price, tier_of
from fadearena.model.trading import TradingState
from fadearena.model.units import MINUTE_MS, SECOND_MS, ZERO

HEARD_MS = 30 * SECOND_MS
PRICE_MS = 10 * SECOND_MS
OTHER_MARKS_MS = 30 * SECOND_MS
CLOCK_SPREAD_MS = SECOND_MS
NONCE_AHEAD_MS = 60 * SECOND_MS
SIGNER_MS = 5 * MINUTE_MS
BELOW_MINIMUM = "below_minimum"
REDUCIBLE = (TradingState.ACTIVE, TradingState.REDUCING)
_SHOWN_RATIO = Decimal("0.0001")
_SHOWN_BPS = Decimal("0.01")


def judge_all(board: Board, case: Case) -> None:
    """Evaluate every check, whatever the others said."""
    _states(board, case)
    _sources(board, case)
    _prices(board, case)
    _caps(board, case)
    _money(board, case)
    _traffic(board, case)
    _minimum(board, case)


def is_tradable(instrument: Instrument | None) -> bool:
    """Tell whether a market is known and not delisted."""
    return instrument is not None and not instrument.is_delisted


def _within(age: int | None, limit: int) -> bool:
    return age is not None and age <= limit


def _shown(value: object) -> object:
    return "unknown" if value is None else value


def _states(board: Board, case: Case) -> None:
    for name, state, why, reducible in (
        ("trading_state", case.state, case.state_why, REDUCIBLE),
        ("bot_state", case.bot_state, case.bot_state_why, (*REDUCIBLE, TradingState.FLATTENING)),
    ):
        passed = state is TradingState.ACTIVE if case.is_increase else state in reducible
        board.add(name, passed, why or state, stops_all=True)
    board.add("coin_allowed", case.coin_permitted)
    board.add("market_tradable", is_tradable(case.instrument), stops_all=True)
    board.add("no_collateral", case.has_collateral is True, _shown(case.has_collateral))


def _sources(board: Board, case: Case) -> None:
    if case.uncertainty is not None and case.uncertainty_passes:
        board.wait("source_known", case.uncertainty)
    else:
        board.add("source_known", case.uncertainty is None, case.uncertainty or "")
    board.add("sizing_known", case.sizing_known)
    age, limit = case.signal_age, case.max_signal_age
    board.add("signal_age", _within(age, limit), _shown(age), limit)
    heard = _within(case.heard_age, HEARD_MS)
    read = _within(case.snapshot_age, case.snapshot_round)
    ages = f"heard {_shown(case.heard_age)}, read {_shown(case.snapshot_age)}"
    limits = f"{HEARD_MS}, {case.snapshot_round}"
    if heard and not read and case.snapshot_requested:
        board.wait("feed_fresh", ages, limits)
    else:
        board.add("feed_fresh", heard and read, ages, limits)


def _prices(board: Board, case: Case) -> None:
    fresh = (
        _within(case.touch_age, PRICE_MS)
        and _within(case.mark_age, PRICE_MS)
        and (case.other_marks_age is None or case.other_marks_age <= OTHER_MARKS_MS)
    )
    ages = f"touch {_shown(case.touch_age)}, mark {_shown(case.mark_age)}, others {case.other_marks_age or 0}"
    board.add("price_fresh", fresh, ages, f"{PRICE_MS}, {PRICE_MS}, {OTHER_MARKS_MS}")
    chase = "unknown" if case.chase is None else case.chase.quantize(_SHOWN_BPS)
    board.add("chase", case.chase is not None and case.chase <= case.chase_max, chase, case.chase_max)


def _caps(board: Board, case: Case) -> None:
    for cap in (*case.caps, Cap("max_order_notional", ZERO, case.max_order_notional)):
        if cap.limit is None:
            board.add(cap.name, True, cap.used, "none")  # noqa: FBT003
        elif case.mark is None or case.instrument is None:
            board.add(cap.name, False, "unknown", cap.limit)  # noqa: FBT003
        else:
            room = case.instrument.floor(max(cap.limit - cap.used, ZERO) / case.mark)
            board.clamp(cap.name, room, cap.used + case.quantity * case.mark, cap.limit)


def _money(board: Board, case: Case) -> None:
    facts, mark = case.margin, case.mark
    if facts is None or mark is None or facts.equity is None or case.instrument is None:
        board.add("margin_available", False, "unknown")  # noqa: FBT003
        board.add("liquidation_distance", False, "unknown")  # noqa: FBT003
    else:
        after, tiers = facts.after(board.quantity), case.instrument.margin_tiers
        added = (abs(after) - facts.worst) * mark
        initial = facts.initial + added / facts.leverage
        board.add("margin_available", initial <= facts.equity, initial, facts.equity)
        maintenance = facts.maintenance + added * tier_of(abs(after) * mark, tiers).maintenance_ratio
        price = liquidation_price(mark, after, facts.equity - maintenance, tiers) if after else None
        distance = distance_ratio(mark, price)
        safe = facts.equity > maintenance and distance >= facts.min_distance
        board.add("liquidation_distance", safe, distance.quantize(_SHOWN_RATIO), facts.min_distance)
    for name, value, limit in case.loss_limits:
        board.add(name, limit is None or (value is not None and value < limit), _shown(value), limit or "none")


def _traffic(board: Board, case: Case) -> None:
    board.add(
        "order_rate",
        case.orders_last_minute < case.orders_per_minute,
        case.orders_last_minute,
        case.orders_per_minute,
    )
    left = case.actions_left
    board.add("action_budget", left is not None and left >= case.actions_reserve, _shown(left), case.actions_reserve)
    lasts = case.signer_left is None or case.signer_left > SIGNER_MS
    board.add("signer_valid", lasts, "no end known" if case.signer_left is None else case.signer_left, SIGNER_MS)
    board.add("reject_streak", case.paused_ms <= 0, case.paused_ms)
    if case.unsettled and not case.unknown_only:
        board.wait("order_settled", case.unsettled)
    else:
        board.add("order_settled", not case.unsettled, case.unsettled)
    board.add("reconciled", case.is_reconciled)
    if not case.leverage_ready and case.leverage_requested:
        board.wait("leverage_ready")
    else:
        board.add("leverage_ready", case.leverage_ready)
    calm = case.clock_offset is not None and case.clock_spread is not None and case.clock_spread <= CLOCK_SPREAD_MS
    calm = calm and case.nonce_ahead <= NONCE_AHEAD_MS
    board.add(
        "clock_ok",
        calm,
        f"offset {_shown(case.clock_offset)}, spread {_shown(case.clock_spread)}",
        CLOCK_SPREAD_MS,
    )


def _minimum(board: Board, case: Case) -> None:
    if case.price is None:
        board.add("minimum_notional", False, "unknown", case.minimum)  # noqa: FBT003
        return
    value = board.quantity * case.price
    passed = value >= case.minimum or case.minimum_exempt
    board.add("minimum_notional", passed, value, case.minimum, stops_all=True)
    if board.stop == "minimum_notional":
        board.stop = BELOW_MINIMUM
