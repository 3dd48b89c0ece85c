"""
Stage 3: wanted minus held -> steps, crossings, residue, at most one order.

All sizes here are signed; `minimum` is in USD and `price` is the lowest of limit, mark and mid, at which the
exchange might value the order.
"""

from enum import StrEnum

import msgspec

from fadearena.model.units import ZERO, Price, Quantity, Ratio, Size, Usd, sign


class Move(StrEnum):
    """Whether a step takes a sleeve away from zero or towards it."""

    INCREASE = "increase"
    REDUCE = "reduce"


class Step(msgspec.Struct, frozen=True, gc=False):
    """The next step of a sleeve; `closes` when it ends at zero."""

    move: Move
    delta: Size
    closes: bool = False


class Exit(StrEnum):
    """How a reduce is carried out."""

    SEND = "send"
    WAIT = "wait"
    DUST = "dust"


def next_step(sleeve: Size, target: Size) -> Step | None:
    """Return the step from `sleeve` to `target`, both in whole lots; a flip goes to zero first."""
    if sleeve == target:
        return None
    if sleeve == 0 or (sign(target) == sign(sleeve) and abs(target) > abs(sleeve)):
        return Step(Move.INCREASE, target - sleeve)
    if target == 0 or sign(target) != sign(sleeve):
        return Step(Move.REDUCE, -sleeve, closes=True)
    return Step(Move.REDUCE, target - sleeve)


def without_stub(step: Step, sleeve: Size, price: Price, minimum: Usd) -> Step:
    """Turn a reduce that would leave less than the minimum into one that closes the sleeve."""
    left = sleeve + step.delta
    if step.move is Move.REDUCE and left and abs(left) * price < minimum:
        return Step(Move.REDUCE, -sleeve, closes=True)
    return step


def in_dead_band(step: Step, target: Size, mark: Price, minimum: Usd, ratio: Ratio) -> bool:
    """Tell whether a step is too small to be worth an order: below max(minimum, 2 % of the target's notional)."""
    if step.closes:
        return False
    return abs(step.delta) * mark < max(minimum, ratio * abs(target) * mark)


def exit_of(step: Step, order: Size, book: Size, price: Price, minimum: Usd) -> Exit:
    """
    Say how a reduce is carried out.

    Below the minimum it is sent only if it closes the whole book (exempt there); else a partial one waits and a
    full exit becomes dust in the book's residue.

    Args:
        step: The reduce of the sleeve.
        order: What would be sent: the step and the residue that goes with it.
        book: Position of the whole book.
        price: At which the exchange might value it.
        minimum: USD.
    """
    if abs(order) * price >= minimum or order == -book:
        return Exit.SEND
    return Exit.DUST if step.closes and abs(step.delta) * price < minimum else Exit.WAIT


def crossing(one: Size, other: Size) -> Quantity:
    """Return how much of two opposite deltas can be exchanged without an order."""
    return min(abs(one), abs(other)) if sign(one) * sign(other) < 0 else ZERO


def residue_share(delta: Size, residue: Size) -> Size:
    """Return what an order in the direction of `delta` can close of the residue."""
    return -residue if sign(delta) == -sign(residue) else ZERO


def is_reduce_only(order: Size, book: Size) -> bool:
    """Tell whether an order moves the book towards zero and is not larger than its position."""
    return sign(order) == -sign(book) and abs(order) <= abs(book)
