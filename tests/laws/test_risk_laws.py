"""Laws of risk: whatever fails, reduces go on; whatever is unknown, increases stop; a clamp keeps to every room."""

from decimal import Decimal as D
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fadearena.core.risk import Cap, judge, place
from fadearena.model.error import InvariantBroken
from fadearena.model.order import OrderIdentity, OrderTerms, Purpose
from fadearena.model.record import Effect
from fadearena.model.units import Side
from tests.support.books import lots
from tests.support.cases import CAPS, STOPS_INCREASES, TABLE, UNKNOWN, case, margin

BREAKS: list[dict[str, Any]] = [
    *(changes for changes in STOPS_INCREASES.values() if changes),
    *UNKNOWN.values(),
    {"margin": margin(equity=D(1))},
    {"margin": margin(equity=None)},
    {"caps": (Cap("bot_exposure_cap", D(500), D(100)),)},
    {"loss_limits": (("daily_loss_limit", D(501), D(500)),)},
    {"unsettled": 1, "unknown_only": False},
    {"uncertainty": "gap", "uncertainty_passes": True},
    {"snapshot_age": None, "snapshot_requested": True},
    {"leverage_ready": False, "leverage_requested": True},
]
breaks = st.lists(st.sampled_from(BREAKS), min_size=1, max_size=8)
quantities = st.integers(11, 100_000).map(lambda n: D(n) / 1000)
money = st.integers(0, 5_000_000).map(lambda n: D(n) / 100)
marks = st.integers(1, 10_000_000).map(lambda n: D(n) / 100)


def together(some: list[dict[str, Any]]) -> dict[str, Any]:
    """Return several breaks as one."""
    return {key: value for each in some for key, value in each.items()}


@given(breaks)
def test_no_failure_of_an_increase_check_stops_a_reduce(some: list[dict[str, Any]]) -> None:
    """Whatever fails of the checks that stop increases, and however much is unknown, a reduce is approved whole."""
    verdict = judge(case(is_increase=False, **together(some)))
    assert (verdict.quantity, verdict.reason, verdict.is_hold) == (D(1), "", False)
    assert {each.effect for each in verdict.checks} == {Effect.NONE}


@given(breaks)
def test_an_increase_passes_only_when_nothing_fails(some: list[dict[str, Any]]) -> None:
    """One failure or one unknown is enough to stop an increase, and the reason is a check that failed."""
    verdict = judge(case(**together(some)))
    assert verdict.quantity == D(0)
    failed = {each.name for each in verdict.checks if each.effect in {Effect.SKIP, Effect.HOLD}}
    assert verdict.reason in failed | ({"below_minimum"} if "minimum_notional" in failed else set())


@given(breaks, st.booleans())
def test_every_decision_records_every_check(some: list[dict[str, Any]], is_increase: bool) -> None:
    """Checks are recorded once each and in the same order, whatever the others said."""
    changes = {key: value for key, value in together(some).items() if key not in {"caps", "loss_limits"}}
    verdict = judge(case(is_increase=is_increase, **changes))
    assert tuple(each.name for each in verdict.checks) == TABLE


@given(quantities, marks, st.lists(st.tuples(money, st.none() | money), min_size=3, max_size=3), st.none() | money)
def test_a_clamp_keeps_to_every_room(
    quantity: D, mark: D, rooms: list[tuple[D, D | None]], order_max: D | None
) -> None:
    """What is approved fits every cap in whole lots, is not more than was wanted, and could not be a lot more."""
    caps = tuple(Cap(name, used, limit) for name, (used, limit) in zip(CAPS, rooms, strict=True))
    verdict = judge(
        case(
            quantity=quantity,
            mark=mark,
            price=mark,
            caps=caps,
            max_order_notional=order_max,
            margin=margin(equity=D("1e12")),
        )
    )
    granted, market = verdict.quantity, lots(3)
    assert D(0) <= granted <= quantity
    assert market.floor(granted) == granted
    limits = [(used, limit) for used, limit in (*rooms, (D(0), order_max)) if limit is not None]
    if granted:
        assert all(used + granted * mark <= limit for used, limit in limits)
        assert granted * mark >= D("10.50")
        assert granted == quantity or any(used + (granted + market.lot) * mark > limit for used, limit in limits)


@given(quantities, quantities, st.integers(0, 100), st.booleans(), breaks | st.just([]))
def test_nothing_is_ordered_beyond_what_was_approved(
    approved: D, asked: D, residue: int, is_owned: bool, some: list[dict[str, Any]]
) -> None:
    """An order is made exactly when it is not larger than its approval, the residue of its book aside."""
    rest = min(D(residue) / 1000, asked)
    changes: dict[str, Any] = {"quantity": approved, "margin": margin(equity=D("1e12")), **together(some)}
    verdict = judge(case(**changes))
    terms = OrderTerms(
        account="main",
        coin="BTC",
        asset_id=0,
        side=Side.BUY,
        quantity=asked,
        limit=D(1),
        reduce_only=False,
        purpose=Purpose.INCREASE,
        bot="a" if is_owned else None,
        residue_quantity=rest,
    )
    identity = OrderIdentity(cloid="0x1", label="one", signer="0x2", nonce=1, expires_after=2)
    if verdict.quantity and asked - (rest if is_owned else D(0)) <= verdict.quantity:
        assert place(verdict, terms, identity).terms is terms
    else:
        with pytest.raises(InvariantBroken):
            place(verdict, terms, identity)
