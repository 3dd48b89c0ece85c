"""Rule 5, steps and small change: from what is wanted and what is held to one order at most."""

from decimal import Decimal as D

import pytest

from fadearena.core.sizing import (
    Exit,
    Move,
    Step,
    crossing,
    exit_of,
    in_dead_band,
    is_reduce_only,
    next_step,
    residue_share,
    without_stub,
)

MIN = D("10.5")


@pytest.mark.parametrize(
    ("sleeve", "target", "step"),
    [
        ("0", "0", None),
        ("3", "3", None),
        ("0", "-3", Step(Move.INCREASE, D(-3))),
        ("1", "3", Step(Move.INCREASE, D(2))),
        ("-1", "-3", Step(Move.INCREASE, D(-2))),
        ("3", "1", Step(Move.REDUCE, D(-2))),
        ("-3", "-1", Step(Move.REDUCE, D(2))),
        ("3", "0", Step(Move.REDUCE, D(-3), closes=True)),
        ("3", "-5", Step(Move.REDUCE, D(-3), closes=True)),
        ("-3", "5", Step(Move.REDUCE, D(3), closes=True)),
    ],
)
def test_the_next_step(sleeve: str, target: str, step: Step | None) -> None:
    """Away from zero is an increase, towards it a reduce; a turn goes to zero first."""
    assert next_step(D(sleeve), D(target)) == step


@pytest.mark.parametrize(("left", "closes"), [("0.10", True), ("0.105", False)])
def test_a_reduce_that_would_leave_less_than_the_minimum_closes(left: str, closes: bool) -> None:
    """What would be left at $100 counts: $10 is too little, $10.50 is not."""
    step = Step(Move.REDUCE, D(-1))
    changed = without_stub(step, D(1) + D(left), D(100), MIN)
    assert changed == (Step(Move.REDUCE, -D(1) - D(left), closes=True) if closes else step)


def test_what_closes_or_increases_leaves_no_stub() -> None:
    """Only a partial reduce can."""
    for step in (Step(Move.REDUCE, D(-1), closes=True), Step(Move.INCREASE, D("0.01"))):
        assert without_stub(step, D(1), D(1), MIN) is step


@pytest.mark.parametrize(
    ("delta", "target", "minimum", "skipped"),
    [
        ("0.10", "1", "10.5", True),
        ("0.105", "1", "10.5", False),
        ("1.99", "100", "10.5", True),
        ("2.00", "100", "10.5", False),
        ("-1.99", "-100", "10.5", True),
        ("0.01", "0.5", "0", False),
    ],
)
def test_the_dead_band(delta: str, target: str, minimum: str, skipped: bool) -> None:
    """A step below max(minimum, 2 % of the target's notional) is skipped."""
    assert in_dead_band(Step(Move.INCREASE, D(delta)), D(target), D(100), D(minimum), D("0.02")) is skipped


def test_what_ends_flat_is_never_in_the_dead_band() -> None:
    """An exit is never too small to be wanted."""
    assert not in_dead_band(Step(Move.REDUCE, D("-0.001"), closes=True), D(0), D(1), MIN, D("0.02"))


@pytest.mark.parametrize(
    ("step", "order", "book", "way"),
    [
        (Step(Move.REDUCE, D("-0.2")), "-0.2", "1", Exit.SEND),
        (Step(Move.REDUCE, D("-0.1")), "-0.1", "1", Exit.WAIT),
        (Step(Move.REDUCE, D("-0.1"), closes=True), "-0.1", "0.1", Exit.SEND),
        (Step(Move.REDUCE, D("-0.1"), closes=True), "-0.1", "1", Exit.DUST),
        (Step(Move.REDUCE, D("-0.1"), closes=True), "-0.1", "-1", Exit.DUST),
        (Step(Move.REDUCE, D("-0.05"), closes=True), "-0.2", "1", Exit.SEND),
        (Step(Move.REDUCE, D(-1), closes=True), "-0.05", "0.06", Exit.WAIT),
    ],
)
def test_how_a_reduce_is_carried_out(step: Step, order: str, book: str, way: Exit) -> None:
    """Below the minimum only what closes the whole book is sent; a partial one waits, a full exit is dust."""
    assert exit_of(step, D(order), D(book), D(100), MIN) is way


@pytest.mark.parametrize(("one", "other", "quantity"), [("2", "-3", 2), ("-5", "3", 3), ("2", "3", 0), ("0", "-1", 0)])
def test_opposite_deltas_are_crossed(one: str, other: str, quantity: int) -> None:
    """Up to the smaller of the two."""
    assert crossing(D(one), D(other)) == quantity


@pytest.mark.parametrize(
    ("delta", "residue", "share"), [("-1", "0.1", "-0.1"), ("1", "-0.1", "0.1"), ("1", "0.1", "0")]
)
def test_residue_goes_with_an_order_that_closes_it(delta: str, residue: str, share: str) -> None:
    """An order the other way leaves it alone."""
    assert residue_share(D(delta), D(residue)) == D(share)


@pytest.mark.parametrize(
    ("order", "book", "flag"),
    [("-1", "1", True), ("-1", "3", True), ("-2", "1", False), ("1", "1", False), ("1", "-1", True), ("1", "0", False)],
)
def test_reduce_only_is_about_the_book(order: str, book: str, flag: bool) -> None:
    """Exactly when the order moves the book towards zero and is not larger than its position."""
    assert is_reduce_only(D(order), D(book)) is flag
