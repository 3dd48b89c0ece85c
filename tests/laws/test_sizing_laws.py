"""Whatever happens, a ratio never rises, a turn is two steps, and a reduce stays inside its sleeve."""

from decimal import Decimal as D
from decimal import localcontext

from hypothesis import given, settings
from hypothesis import strategies as st

from fadearena.core.sizing import (
    Exit,
    Move,
    crossing,
    exit_of,
    in_dead_band,
    is_reduce_only,
    next_step,
    residue_share,
    without_stub,
)
from fadearena.core.target import Inputs, cut, grow, take_anchor, target_size
from fadearena.kit.decimals import CONTEXT
from fadearena.model.policy import Sizing
from fadearena.model.units import Direction, sign
from tests.support.world import bot, market

quick = settings(max_examples=60)
sizes = st.decimals(-1_000, 1_000, places=3)
some = sizes.filter(bool)
prices = st.decimals("0.001", 100_000, places=3)
ratios = st.decimals(0, 10, places=6)
unknown = st.none() | st.decimals(-5, 100_000, places=2)
MIN = D("10.5")


@given(sizes, ratios, st.sampled_from(Direction), st.integers(0, 6))
@quick
def test_targets_round_towards_zero(followed: D, ratio: D, direction: Direction, decimals: int) -> None:
    """A target has the direction's sign, is in whole lots, and at most a lot short of ratio x |followed|."""
    instrument = market("X", 1, decimals)
    target = instrument.floor(target_size(followed, ratio, direction))
    assert sign(target) in {0, direction.sign * sign(followed)}
    assert 0 <= ratio * abs(followed) - abs(target) < instrument.lot
    assert target % instrument.lot == 0


@given(
    st.sampled_from(Sizing),
    st.lists(st.tuples(st.decimals("0.001", 1_000, places=3), unknown, unknown, prices), min_size=1, max_size=8),
)
@quick
def test_while_a_sleeve_is_open_its_ratio_never_rises(
    sizing: Sizing, steps: list[tuple[D, D | None, D | None, D]]
) -> None:
    """Whatever |followed|, the equities and the mark do; by notional the amount is never exceeded at its mark."""
    policy = bot(sizing=sizing, notional_usd=D(500), leverage_multiplier=D(2))
    old, peak = steps[0][0], D(0)
    anchor, ratio = None, None
    with localcontext(CONTEXT):
        for size, ours, theirs, mark in steps:
            inputs = Inputs(our_equity=ours, source_equity=theirs, mark=mark, share=D("0.5"))
            peak = max(peak, size)
            if anchor is None or anchor.ratio is None:
                anchor = take_anchor(policy, size, 1, peak, inputs)
            else:
                grow(anchor, old, size, peak, inputs)
            assert ratio is None or (anchor.ratio is not None and anchor.ratio <= ratio)
            old, ratio = size, anchor.ratio
            if sizing is Sizing.NOTIONAL and anchor.mark is not None and ratio is not None:
                assert ratio * size * anchor.mark <= D("500.000001")


@given(st.sampled_from(Sizing), some, some)
@quick
def test_a_cut_never_raises_a_ratio(sizing: Sizing, before: D, after: D) -> None:
    """It is scaled by what is left, at most by one, and at least to nothing."""
    inputs = Inputs(our_equity=D(100), source_equity=D(100), mark=D(1), share=D(1))
    anchor = take_anchor(bot(sizing=sizing, notional_usd=D(5)), before, 1, abs(before), inputs)
    ratio = anchor.ratio
    assert ratio is not None
    cut(anchor, before, after)
    assert anchor.ratio is not None
    assert 0 <= anchor.ratio <= ratio


@given(sizes, sizes)
@quick
def test_every_target_is_reached_in_at_most_two_steps(sleeve: D, target: D) -> None:
    """A turn is two: the first only reduces, to zero; no step goes beyond zero or past the target."""
    taken = 0
    while (step := next_step(sleeve, target)) is not None:
        after = sleeve + step.delta
        assert sign(after) * sign(sleeve) >= 0
        if step.move is Move.REDUCE:
            assert sign(step.delta) == -sign(sleeve)
            assert abs(step.delta) <= abs(sleeve)
        else:
            assert after == target
            assert abs(after) > abs(sleeve)
        assert step.closes is (after == 0)
        sleeve, taken = after, taken + 1
    assert sleeve == target
    assert taken <= 2


@given(some, sizes, prices)
@quick
def test_a_reduce_never_exceeds_its_sleeve(sleeve: D, target: D, price: D) -> None:
    """Also where a stub is closed with it; what it leaves is nothing or the minimum at least."""
    step = next_step(sleeve, target)
    if step is None or step.move is Move.INCREASE:
        return
    step = without_stub(step, sleeve, price, MIN)
    left = sleeve + step.delta
    assert abs(step.delta) <= abs(sleeve)
    assert left == 0 or (sign(left) == sign(sleeve) and abs(left) * price >= MIN)
    assert step.closes is (left == 0)


@given(sizes, sizes, prices)
@quick
def test_the_dead_band_never_holds_an_exit_and_skips_only_the_small(sleeve: D, target: D, mark: D) -> None:
    """A step that is skipped is below the minimum, or below 2 % of the target's notional."""
    step = next_step(sleeve, target)
    if step is None:
        return
    small = abs(step.delta) * mark < MIN or abs(step.delta) < D("0.02") * abs(target)
    assert in_dead_band(step, target, mark, MIN, D("0.02")) is (small and not step.closes)


@given(some, sizes, sizes, prices)
@quick
def test_nothing_below_the_minimum_is_sent_unless_it_closes_the_book(sleeve: D, target: D, book: D, price: D) -> None:
    """And a full exit below it never waits."""
    step = next_step(sleeve, target)
    if step is None or step.move is Move.INCREASE:
        return
    way = exit_of(step, step.delta, book, price, MIN)
    if way is Exit.SEND:
        assert abs(step.delta) * price >= MIN or book + step.delta == 0
    assert way is not Exit.WAIT or not step.closes


@given(some, some, sizes)
@quick
def test_crossings_residue_and_the_flag_never_overshoot(one: D, other: D, book: D) -> None:
    """A crossing is within both, residue ends at zero, a reduce-only order never turns the book."""
    assert crossing(one, other) <= min(abs(one), abs(other))
    assert residue_share(one, other) in {D(0), -other}
    if is_reduce_only(one, book):
        assert sign(book + one) in {0, sign(book)}
        assert abs(book + one) < abs(book)
