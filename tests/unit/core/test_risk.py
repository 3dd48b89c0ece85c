"""Risk: each check at its edge, what it stops, and that nothing is ordered beyond what was approved."""

from decimal import Decimal as D
from typing import Any

import msgspec
import pytest

from fadearena.core.risk import (
    Cap,
    StopTerms,
    Verdict,
    judge,
    judge_close,
    judge_residue,
    judge_stop,
    place,
    place_stop,
)
from fadearena.model.command import PlaceOrder
from fadearena.model.error import InvariantBroken
from fadearena.model.instrument import Instrument
from fadearena.model.order import OrderIdentity, OrderTerms, Purpose
from fadearena.model.record import Check, Effect
from fadearena.model.trading import TradingState
from fadearena.model.units import Side
from tests.support.books import lots
from tests.support.cases import CAPS, LOSSES, STOPS_INCREASES, TABLE, UNKNOWN, caps, case, margin

DELISTED = msgspec.structs.replace(lots(3), is_delisted=True)


def check(verdict: Verdict, name: str) -> Check:
    """Return the one check of this name."""
    (found,) = [each for each in verdict.checks if each.name == name]
    return found


def skipped(verdict: Verdict, name: str) -> bool:
    """Tell whether this check, and no other, stopped everything."""
    failed = [each for each in verdict.checks if not each.passed]
    return (verdict.quantity, verdict.is_hold, failed) == (D(0), False, [check(verdict, name)]) and (
        check(verdict, name).effect is Effect.SKIP
    )


def held(verdict: Verdict, name: str) -> bool:
    """Tell whether an increase only has to wait for this."""
    return (verdict.quantity, verdict.is_hold, verdict.reason) == (D(0), True, name) and (
        check(verdict, name).effect is Effect.HOLD
    )


def test_a_decision_records_every_check() -> None:
    """An increase that nothing stops passes every check of the table, each recorded once."""
    verdict = judge(case())
    assert tuple(each.name for each in verdict.checks) == TABLE
    assert all(each.passed for each in verdict.checks)
    assert (verdict.quantity, verdict.reason, verdict.is_hold) == (D(1), "", False)


@pytest.mark.parametrize("name", [name for name, changes in STOPS_INCREASES.items() if changes])
def test_a_check_that_stops_increases(name: str) -> None:
    """Just outside its limit each check stops an increase, is named as the reason, and lets a reduce pass."""
    changes = STOPS_INCREASES[name]
    verdict = judge(case(**changes))
    assert skipped(verdict, name)
    assert verdict.reason == name
    assert judge(case(is_increase=False, **changes)).quantity == D(1)


@pytest.mark.parametrize(
    "changes",
    [
        {"signal_age": 60_000},
        {"heard_age": 30_000, "snapshot_age": 60_000},
        {"touch_age": 10_000, "mark_age": 10_000, "other_marks_age": 30_000},
        {"chase": D(50)},
        {"orders_last_minute": 119},
        {"actions_left": 1_000},
        {"clock_spread": 1_000, "nonce_ahead": 60_000},
        {"quantity": D("0.0105")},
        {"loss_limits": tuple((name, D("0.99"), D(1)) for name in LOSSES)},
        {"loss_limits": tuple((name, None, None) for name in LOSSES)},
        {"caps": caps("99000"), "max_order_notional": D(1_000)},
        {"caps": caps(limit=None), "max_order_notional": None},
    ],
)
def test_an_increase_just_inside_its_limits_passes(changes: dict[str, Any]) -> None:
    """At its limit each check still passes, and a limit that is not set never stops."""
    verdict = judge(case(**changes))
    assert [each for each in verdict.checks if not each.passed] == []
    assert verdict.quantity == changes.get("quantity", D(1))


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("feed_fresh", {"snapshot_age": 60_001}),
        ("feed_fresh", {"heard_age": 30_001, "snapshot_age": 60_001, "snapshot_requested": True}),
        ("price_fresh", {"mark_age": 10_001}),
        ("price_fresh", {"mark_age": None}),
        ("price_fresh", {"other_marks_age": 30_001}),
        ("clock_ok", {"clock_spread": None}),
        ("clock_ok", {"nonce_ahead": 60_001}),
        ("trading_state", {"state": TradingState.HALTED}),
        ("bot_state", {"bot_state": TradingState.FLATTENING}),
        ("market_tradable", {"instrument": DELISTED}),
    ],
)
def test_each_half_of_a_check_stops_alone(name: str, changes: dict[str, Any]) -> None:
    """A check of several conditions fails as soon as one of them does."""
    assert skipped(judge(case(**changes)), name)


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_cannot_be_evaluated_stops_increases_only(name: str) -> None:
    """A check whose facts are unknown fails for an increase and passes for a reduce."""
    verdict = judge(case(**UNKNOWN[name]))
    assert (verdict.quantity, check(verdict, name).passed) == (D(0), False)
    assert check(verdict, name).effect is Effect.SKIP
    assert judge(case(is_increase=False, **UNKNOWN[name])).quantity == D(1)


# --- waiting


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("source_known", {"uncertainty": "gap", "uncertainty_passes": True}),
        ("feed_fresh", {"snapshot_age": None, "snapshot_requested": True}),
        ("order_settled", {"unsettled": 1, "unknown_only": False}),
        ("leverage_ready", {"leverage_ready": False, "leverage_requested": True}),
    ],
)
def test_an_increase_that_only_has_to_wait_is_held(name: str, changes: dict[str, Any]) -> None:
    """What is being fetched or settled holds an increase, and lets a reduce pass."""
    assert held(judge(case(**changes)), name)
    assert judge(case(is_increase=False, **changes)).quantity == D(1)


def test_a_stop_outweighs_a_wait() -> None:
    """An increase that has to wait and is refused by another check is refused."""
    verdict = judge(case(uncertainty="gap", uncertainty_passes=True, signal_age=60_001))
    assert (verdict.is_hold, verdict.reason) == (False, "signal_age")


def test_the_first_reason_is_the_one_that_is_named() -> None:
    """With several stops, and with several waits, the first of the table is the reason."""
    assert judge(case(coin_permitted=False, signal_age=None)).reason == "coin_allowed"
    waits = case(snapshot_age=None, snapshot_requested=True, leverage_ready=False, leverage_requested=True)
    assert judge(waits).reason == "feed_fresh"


# --- states


@pytest.mark.parametrize(
    ("state", "increases", "reduces"),
    [
        (TradingState.ACTIVE, True, True),
        (TradingState.REDUCING, False, True),
        (TradingState.HALTED, False, False),
        (TradingState.FLATTENING, False, False),
    ],
)
def test_the_trading_state_binds_increases_and_reduces(state: TradingState, increases: bool, reduces: bool) -> None:
    """Increases need ACTIVE, reduces ACTIVE or REDUCING; while everything is closed no sleeve follows its source."""
    assert bool(judge(case(state=state)).quantity) is increases
    assert bool(judge(case(state=state, is_increase=False)).quantity) is reduces


@pytest.mark.parametrize(
    ("state", "reduces"),
    [(TradingState.REDUCING, True), (TradingState.HALTED, False), (TradingState.FLATTENING, True)],
)
def test_the_state_of_a_bot_binds_its_own_sleeves(state: TradingState, reduces: bool) -> None:
    """A bot that is being closed reduces its sleeves; one that is halted does nothing."""
    assert judge(case(bot_state=state)).quantity == D(0)
    assert bool(judge(case(bot_state=state, is_increase=False)).quantity) is reduces


def test_the_stricter_of_both_states_counts() -> None:
    """A halted account stops the reduces of a bot that is active, and the other way round."""
    halted = TradingState.HALTED
    assert judge(case(is_increase=False, state=halted)).reason == "trading_state"
    assert judge(case(is_increase=False, bot_state=halted, bot_state_why="kill (bot:a)")).reason == "bot_state"


@pytest.mark.parametrize("instrument", [None, DELISTED])
def test_a_market_that_cannot_be_traded_stops_everything(instrument: Instrument | None) -> None:
    """Without an asset id, or once delisted, not even a reduce is sent."""
    assert judge(case(instrument=instrument)).quantity == D(0)
    assert judge(case(instrument=instrument, is_increase=False)).reason == "market_tradable"


# --- caps


@pytest.mark.parametrize("name", CAPS)
def test_a_cap_clamps_to_its_room(name: str) -> None:
    """An increase that does not fit is made smaller, in whole lots, so that the cap is never exceeded."""
    verdict = judge(case(mark=D(999), caps=(Cap(name, D(99500), D(100_000)),)))
    assert verdict.quantity == D("0.500")
    assert (check(verdict, name).effect, check(verdict, name).value) == (Effect.CLAMP, "100499")


def test_the_tightest_cap_counts() -> None:
    """Of several caps the smallest room is what is left, whatever their order."""
    rooms = (Cap("global_exposure_cap", D(0), D(400)), Cap("bot_exposure_cap", D(100), D(700)))
    assert judge(case(caps=rooms)).quantity == judge(case(caps=rooms[::-1])).quantity == D("0.4")
    assert judge(case(caps=rooms, max_order_notional=D(100))).quantity == D("0.1")


@pytest.mark.parametrize("used", ["100000", "250000"])
def test_a_cap_without_room_skips(used: str) -> None:
    """At or beyond its cap an increase is skipped; it is never turned around."""
    verdict = judge(case(caps=(Cap("bot_exposure_cap", D(used), D(100_000)),)))
    assert (verdict.quantity, verdict.reason) == (D(0), "bot_exposure_cap")
    assert check(verdict, "bot_exposure_cap").effect is Effect.SKIP


def test_a_room_below_the_minimum_skips() -> None:
    """An increase that is clamped below the minimum notional is skipped, not rounded up."""
    verdict = judge(case(caps=caps("99990")))
    assert (verdict.quantity, verdict.reason) == (D(0), "below_minimum")


def test_a_cap_never_binds_a_reduce() -> None:
    """A reduce beyond every cap is recorded as such and keeps its size."""
    verdict = judge(case(is_increase=False, caps=caps("250000"), max_order_notional=D(1)))
    assert verdict.quantity == D(1)
    assert [(each.name, each.effect) for each in verdict.checks if not each.passed] == [
        (name, Effect.NONE) for name in (*CAPS, "max_order_notional")
    ]


# --- margin


def test_margin_is_needed_for_the_worst_un_netting() -> None:
    """The pool must cover its initial margins and what the order's worst un-netting adds, to the cent."""
    fits = margin(initial=D(9_950), worst=D(2), own=D(2), maintenance=D(100))
    assert judge(case(margin=fits)).quantity == D(1)
    assert skipped(judge(case(margin=msgspec.structs.replace(fits, initial=D("9950.01")))), "margin_available")


def test_an_order_that_nets_needs_no_margin() -> None:
    """An increase that does not raise the worst un-netting passes with all margin in use."""
    assert judge(case(margin=margin(initial=D(10_000), worst=D(1), other=D(-1)))).quantity == D(1)


@pytest.mark.parametrize(("side", "equity"), [(Side.BUY, "158.5"), (Side.SELL, "161.5")])
def test_liquidation_must_stay_fifteen_percent_away(side: Side, equity: str) -> None:
    """After the order the mark must be 15 % from liquidation: (equity - maintenance) / notional / (1 -+ rate)."""
    facts = margin(side=side, equity=D(equity), leverage=50)
    assert judge(case(margin=facts)).quantity == D(1)
    short = msgspec.structs.replace(facts, equity=D(equity) - D("0.01"))
    assert skipped(judge(case(margin=short)), "liquidation_distance")


def test_a_pool_below_its_maintenance_takes_nothing() -> None:
    """Where maintenance margins exceed equity the distance does not matter any more."""
    facts = margin(equity=D(900), maintenance=D(1_400), worst=D(1))
    assert skipped(judge(case(margin=facts)), "liquidation_distance")


def test_a_flat_book_has_no_liquidation() -> None:
    """A reduce that leaves nothing is recorded with the largest distance there is."""
    verdict = judge(case(is_increase=False, margin=margin(worst=D(1), own=D(-1))))
    assert check(verdict, "liquidation_distance").value == "1"


def test_an_unknown_equity_is_not_zero() -> None:
    """A pool whose equity is not known stops increases, and is shown as unknown."""
    verdict = judge(case(margin=margin(equity=None)))
    assert (verdict.reason, check(verdict, "margin_available").value) == ("margin_available", "unknown")


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_limit_that_is_reached_stops_increases(name: str) -> None:
    """At its limit a loss stops increases, before its latch is even set."""
    assert skipped(judge(case(loss_limits=((name, D(500), D(500)),))), name)


# --- the minimum


def test_the_minimum_is_ours_and_not_the_exchanges() -> None:
    """An increase of less than 10.50 USD is skipped, also above the exchange's 10."""
    assert judge(case(quantity=D("0.010"))).reason == "below_minimum"


def test_a_reduce_below_the_minimum_waits_unless_it_is_exempt() -> None:
    """A reduce below the minimum is refused, unless it closes the whole book."""
    small = {"is_increase": False, "quantity": D("0.001")}
    assert judge(case(**small)).reason == "below_minimum"
    assert judge(case(minimum_exempt=True, **small)).quantity == D("0.001")


# --- other orders


@pytest.mark.parametrize("state", TradingState)
def test_a_close_is_approved_only_while_flattening(state: TradingState) -> None:
    """Closing what the exchange shows needs FLATTENING and a market, nothing else."""
    verdict = judge_close(state, lots(3), D(5))
    assert bool(verdict.quantity) is (state is TradingState.FLATTENING)
    assert judge_close(state, DELISTED, D(5)).quantity == judge_close(state, None, D(5)).quantity == D(0)


@pytest.mark.parametrize("state", TradingState)
def test_residue_is_closed_only_while_reduces_are_allowed(state: TradingState) -> None:
    """An order for residue alone needs a state that allows reduces."""
    allowed = state in {TradingState.ACTIVE, TradingState.REDUCING}
    assert bool(judge_residue(state, lots(3), D(1), D(1_000), D("10.50")).quantity) is allowed


@pytest.mark.parametrize(("minimum", "quantity"), [("10.50", "0"), ("10.49", "1"), (None, "1")])
def test_residue_below_the_minimum_waits_unless_it_is_exempt(minimum: str | None, quantity: str) -> None:
    """Residue that is too small waits, unless it is all that the book holds."""
    least = None if minimum is None else D(minimum)
    assert judge_residue(TradingState.ACTIVE, lots(3), D(1), D("10.49"), least).quantity == D(quantity)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, ""),
        ({"mark_age": 10_000, "actions_left": 1_000}, ""),
        ({"actions_left": None}, ""),
        ({"state": TradingState.REDUCING}, ""),
        ({"state": TradingState.HALTED}, "trading_state"),
        ({"state": TradingState.FLATTENING}, "trading_state"),
        ({"instrument": None}, "market_tradable"),
        ({"instrument": DELISTED}, "market_tradable"),
        ({"mark_age": 10_001}, "price_fresh"),
        ({"mark_age": None}, "price_fresh"),
        ({"actions_left": 999}, "action_budget"),
    ],
)
def test_a_stop_can_wait(changes: dict[str, Any], reason: str) -> None:
    """It is sent while reduces may be, with a fresh mark, and not from the last actions of the budget."""
    facts: dict[str, Any] = {
        "state": TradingState.ACTIVE,
        "instrument": lots(3),
        "quantity": D(1),
        "mark_age": 0,
        "actions_left": 5_000,
        "actions_reserve": 1_000,
    }
    verdict = judge_stop(**facts | changes)
    assert (verdict.quantity, verdict.reason) == (D(0) if reason else D(1), reason)


def test_a_stop_is_not_larger_than_what_was_approved() -> None:
    """Nor is one made that was refused."""
    identity = OrderIdentity(cloid="0x1", label="x", signer="0x2", nonce=1, expires_after=2)
    terms = StopTerms(account="main", coin="BTC", asset_id=0, side=Side.SELL, quantity=D(1), trigger=D(95), limit=D(76))
    command = place_stop(Verdict(quantity=D(1), checks=()), terms, identity)
    assert (command.quantity, command.trigger, command.limit, command.cloid) == (D(1), D(95), D(76), "0x1")
    for approved in ("0", "0.99"):
        with pytest.raises(InvariantBroken, match="a stop of 1 BTC"):
            place_stop(Verdict(quantity=D(approved), checks=()), terms, identity)


# --- the order itself


def order(quantity: str, residue: str = "0", bot: str | None = "a") -> OrderTerms:
    """Return the terms of a sale."""
    return OrderTerms(
        account="main",
        coin="BTC",
        asset_id=0,
        side=Side.SELL,
        quantity=D(quantity),
        limit=D(990),
        reduce_only=False,
        purpose=Purpose.INCREASE,
        bot=bot,
        residue_quantity=D(residue),
    )


IDENTITY = OrderIdentity(cloid="0x1", label="one", signer="0x2", nonce=1, expires_after=2)


def test_an_approved_order_is_made_as_it_was_approved() -> None:
    """An order of what was approved, and the residue that goes with it, becomes a command."""
    terms = order("1.002", "0.002")
    assert place(judge(case()), terms, IDENTITY) == PlaceOrder(terms=terms, identity=IDENTITY)


@pytest.mark.parametrize(
    "terms", [order("1.001"), order("1.003", "0.002"), order("1.001", "1.001", bot=None), order("1.001", bot=None)]
)
def test_an_order_beyond_its_approval_is_never_made(terms: OrderTerms) -> None:
    """An order that is larger than what was approved breaks off the turn; of no bot, residue counts too."""
    with pytest.raises(InvariantBroken, match="was approved"):
        place(judge(case()), terms, IDENTITY)


@pytest.mark.parametrize("terms", [order("1"), order("0.002", "0.002")])
def test_an_order_that_was_refused_is_never_made(terms: OrderTerms) -> None:
    """A verdict that refuses or holds makes no order, not even of residue."""
    with pytest.raises(InvariantBroken, match="0 was approved"):
        place(judge(case(coin_permitted=False)), terms, IDENTITY)
