"""
Stage 5: the only place where an order is approved, clamped or refused, and where `PlaceOrder(` is written.

1. Every check is evaluated and recorded, whatever the others said.
2. A check that cannot be evaluated fails for increases and passes for reduces.
3. A clamp makes an order smaller and never turns it around.
"""

from decimal import Decimal

import msgspec

from fadearena.kit.decimals import plain
from fadearena.model.command import PlaceOrder
from fadearena.model.error import InvariantBroken
from fadearena.model.instrument import Instrument
from fadearena.model.margin import distance_ratio, liquidation_price, tier_of
from fadearena.model.order import OrderIdentity, OrderTerms
from fadearena.model.record import Check, Effect
from fadearena.model.trading import TradingState
from fadearena.model.units import SECOND_MS, ZERO, Bps, Price, Quantity, Ratio, Side, Size, Usd

HEARD_MS = 30 * SECOND_MS
PRICE_MS = 10 * SECOND_MS
OTHER_MARKS_MS = 30 * SECOND_MS
CLOCK_SPREAD_MS = SECOND_MS
NONCE_AHEAD_MS = 60 * SECOND_MS
BELOW_MINIMUM = "below_minimum"
_SHOWN_RATIO = Decimal("0.0001")
_SHOWN_BPS = Decimal("0.01")
_REDUCIBLE = (TradingState.ACTIVE, TradingState.REDUCING)


class Cap(msgspec.Struct, frozen=True, gc=False):
    """A limit on gross notional: what is used of it now, None = unlimited."""

    name: str
    used: Usd
    limit: Usd | None


class MarginFacts(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """
    A margin pool before an order, and how the order's book could un-net.

    `initial` and `maintenance` are of all books of the pool, `worst` is the largest un-netting of this one, as they
    stand before. `own` is the un-netting that the order changes, `other` the one that it leaves as it is; both with
    everything that is in flight.
    """

    equity: Usd | None
    initial: Usd
    maintenance: Usd
    worst: Quantity
    own: Size
    other: Size
    side: Side
    leverage: int
    min_distance: Ratio

    def after(self, quantity: Quantity) -> Size:
        """Return, with its sign, the largest un-netting once `quantity` is filled."""
        return max(self.own + self.side.signed(quantity), self.other, key=abs)


class Case(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """
    Everything that is looked at before an order, gathered by the engine. None is unknown.

    `uncertainty_passes` is set where the source's position will be clear after the next read. Ages are in ms.
    `quantity` is of the sleeve. `price` is the lowest of limit, mark and mid.
    """

    is_increase: bool
    quantity: Quantity
    minimum_exempt: bool
    state: TradingState
    state_why: str
    bot_state: TradingState
    bot_state_why: str
    coin_permitted: bool
    instrument: Instrument | None
    has_collateral: bool | None
    uncertainty: str | None
    uncertainty_passes: bool
    sizing_known: bool
    signal_age: int | None
    max_signal_age: int
    heard_age: int | None
    snapshot_age: int | None
    snapshot_round: int
    snapshot_requested: bool
    touch_age: int | None
    mark_age: int | None
    other_marks_age: int | None
    chase: Bps | None
    chase_max: Bps
    price: Price | None
    mark: Price | None
    caps: tuple[Cap, ...]
    max_order_notional: Usd | None
    margin: MarginFacts | None
    loss_limits: tuple[tuple[str, Usd | Ratio | None, Usd | Ratio | None], ...]
    orders_last_minute: int
    orders_per_minute: int
    actions_left: int | None
    actions_reserve: int
    paused_ms: int
    unsettled: int
    unknown_only: bool
    is_reconciled: bool
    leverage_ready: bool
    leverage_requested: bool
    clock_offset: int | None
    clock_spread: int | None
    nonce_ahead: int
    minimum: Usd


class Verdict(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What risk says: how much may be ordered (0 = nothing), and why; `is_hold` when it only has to wait."""

    quantity: Quantity
    checks: tuple[Check, ...]
    reason: str = ""
    is_hold: bool = False


def place(verdict: Verdict, terms: OrderTerms, identity: OrderIdentity) -> PlaceOrder:
    """
    Make an order that was approved.

    Raises:
        InvariantBroken: it is larger than what was approved, residue that goes with a bot's order aside.
    """
    of_residue = ZERO if terms.bot is None else terms.residue_quantity
    if not verdict.quantity or terms.quantity - of_residue > verdict.quantity:
        raise InvariantBroken(f"an order of {terms.quantity} {terms.coin} where {verdict.quantity} was approved")
    return PlaceOrder(terms=terms, identity=identity)


def judge(case: Case) -> Verdict:
    """Evaluate all checks of one sleeve's increase or reduce."""
    board = _Board(case.is_increase, case.quantity)
    _states(board, case)
    _sources(board, case)
    _prices(board, case)
    _caps(board, case)
    _money(board, case)
    _traffic(board, case)
    _minimum(board, case)
    return board.verdict()


def judge_close(state: TradingState, instrument: Instrument | None, quantity: Quantity) -> Verdict:
    """Evaluate the checks of a close while flattening: only the state and the market count."""
    board = _Board(is_increase=False, quantity=quantity)
    board.add("trading_state", state is TradingState.FLATTENING, state, stops_all=True)
    board.add("market_tradable", _tradable(instrument), stops_all=True)
    return board.verdict()


def judge_residue(
    state: TradingState, instrument: Instrument | None, quantity: Quantity, price: Price, minimum: Usd | None
) -> Verdict:
    """Evaluate the checks of an order that only closes residue; without a `minimum` none counts."""
    board = _Board(is_increase=False, quantity=quantity)
    board.add("trading_state", state in _REDUCIBLE, state, stops_all=True)
    board.add("market_tradable", _tradable(instrument), stops_all=True)
    passed = minimum is None or quantity * price >= minimum
    board.add("minimum_notional", passed, quantity * price, minimum or "none", stops_all=True)
    return board.verdict()


class _Board:
    """Collects checks; the first that stops gives the reason, a hold counts only if nothing else stops."""

    def __init__(self, is_increase: bool, quantity: Quantity) -> None:  # noqa: FBT001 - private, one caller each
        self.is_increase = is_increase
        self.quantity = quantity
        self.checks: list[Check] = []
        self.stop = ""
        self.hold = ""

    def add(self, name: str, passed: bool, value: object = "", limit: object = "", *, stops_all: bool = False) -> None:  # noqa: FBT001
        """Record a check that stops increases, or everything."""
        if passed or not (self.is_increase or stops_all):
            self.checks.append(Check(name, passed, _text(value), _text(limit)))
            return
        self.checks.append(Check(name, False, _text(value), _text(limit), Effect.SKIP))  # noqa: FBT003
        self.stop = self.stop or name

    def wait(self, name: str, value: object = "", limit: object = "") -> None:
        """Record a check that is not passed yet, but will be looked at again by itself."""
        if not self.is_increase:
            self.checks.append(Check(name, False, _text(value), _text(limit)))  # noqa: FBT003
            return
        self.checks.append(Check(name, False, _text(value), _text(limit), Effect.HOLD))  # noqa: FBT003
        self.hold = self.hold or name

    def clamp(self, name: str, allowed: Quantity, value: object, limit: object) -> None:
        """Record a limit on the quantity and keep to it."""
        if not self.is_increase or self.quantity <= allowed:
            self.checks.append(Check(name, self.quantity <= allowed, _text(value), _text(limit)))
            return
        self.quantity = max(allowed, ZERO)
        if self.quantity:
            self.checks.append(Check(name, False, _text(value), _text(limit), Effect.CLAMP))  # noqa: FBT003
        else:
            self.checks.append(Check(name, False, _text(value), _text(limit), Effect.SKIP))  # noqa: FBT003
            self.stop = self.stop or name

    def verdict(self) -> Verdict:
        """Return what all checks together say."""
        checks = tuple(self.checks)
        if self.stop:
            return Verdict(quantity=ZERO, checks=checks, reason=self.stop)
        if self.hold:
            return Verdict(quantity=ZERO, checks=checks, reason=self.hold, is_hold=True)
        return Verdict(quantity=self.quantity, checks=checks)


def _within(age: int | None, limit: int) -> bool:
    return age is not None and age <= limit


def _text(value: object) -> str:
    if type(value) is str:
        return value
    return plain(value) if isinstance(value, Decimal) else str(value)


def _shown(value: object) -> object:
    return "unknown" if value is None else value


def _tradable(instrument: Instrument | None) -> bool:
    return instrument is not None and not instrument.is_delisted


def _states(board: _Board, case: Case) -> None:
    for name, state, why, reducible in (
        ("trading_state", case.state, case.state_why, _REDUCIBLE),
        ("bot_state", case.bot_state, case.bot_state_why, (*_REDUCIBLE, TradingState.FLATTENING)),
    ):
        passed = state is TradingState.ACTIVE if case.is_increase else state in reducible
        board.add(name, passed, why or state, stops_all=True)
    board.add("coin_allowed", case.coin_permitted)
    board.add("market_tradable", _tradable(case.instrument), stops_all=True)
    board.add("no_collateral", case.has_collateral is True, _shown(case.has_collateral))


def _sources(board: _Board, case: Case) -> None:
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


def _prices(board: _Board, case: Case) -> None:
    fresh = (
        _within(case.touch_age, PRICE_MS)
        and _within(case.mark_age, PRICE_MS)
        and (case.other_marks_age is None or case.other_marks_age <= OTHER_MARKS_MS)
    )
    ages = f"touch {_shown(case.touch_age)}, mark {_shown(case.mark_age)}, others {case.other_marks_age or 0}"
    board.add("price_fresh", fresh, ages, f"{PRICE_MS}, {PRICE_MS}, {OTHER_MARKS_MS}")
    chase = "unknown" if case.chase is None else case.chase.quantize(_SHOWN_BPS)
    board.add("chase", case.chase is not None and case.chase <= case.chase_max, chase, case.chase_max)


def _caps(board: _Board, case: Case) -> None:
    for cap in (*case.caps, Cap("max_order_notional", ZERO, case.max_order_notional)):
        if cap.limit is None:
            board.add(cap.name, True, cap.used, "none")  # noqa: FBT003
        elif case.mark is None or case.instrument is None:
            board.add(cap.name, False, "unknown", cap.limit)  # noqa: FBT003
        else:
            room = case.instrument.floor(max(cap.limit - cap.used, ZERO) / case.mark)
            board.clamp(cap.name, room, cap.used + case.quantity * case.mark, cap.limit)


def _money(board: _Board, case: Case) -> None:
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


def _traffic(board: _Board, case: Case) -> None:
    board.add(
        "order_rate",
        case.orders_last_minute < case.orders_per_minute,
        case.orders_last_minute,
        case.orders_per_minute,
    )
    left = case.actions_left
    board.add("action_budget", left is not None and left >= case.actions_reserve, _shown(left), case.actions_reserve)
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


def _minimum(board: _Board, case: Case) -> None:
    if case.price is None:
        board.add("minimum_notional", False, "unknown", case.minimum)  # noqa: FBT003
        return
    value = board.quantity * case.price
    passed = value >= case.minimum or case.minimum_exempt
    board.add("minimum_notional", passed, value, case.minimum, stops_all=True)
    if board.stop == "minimum_notional":
        board.stop = BELOW_MINIMUM
