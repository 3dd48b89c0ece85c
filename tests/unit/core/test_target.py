"""Rule 4: from the followed part to the size that a sleeve should have."""

from decimal import Decimal as D

import pytest

from fadearena.core.target import Anchor, Inputs, complete, cut, grow, take_anchor, target_size
from fadearena.model.error import InvalidInput
from fadearena.model.policy import Sizing
from fadearena.model.units import Direction
from tests.support.world import bot, market

KNOWN = Inputs(our_equity=D(1_000), source_equity=D(20_000), mark=D(50), share=D("0.5"))
BLIND = Inputs(our_equity=None, source_equity=None, mark=None, share=D("0.5"))


def anchor(sizing: Sizing, inputs: Inputs = KNOWN, *, followed: str = "2", share: str | None = None) -> Anchor:
    """Return an anchor taken where followed left zero."""
    own = None if share is None else D(share)
    policy = bot(sizing=sizing, leverage_multiplier=D(2), notional_usd=D(100), share=own)
    return take_anchor(policy, D(followed), 1, abs(D(followed)), inputs)


@pytest.mark.parametrize(
    ("direction", "followed", "target"),
    [
        (Direction.FADE, "2", "-1"),
        (Direction.FADE, "-2", "1"),
        (Direction.COPY, "2", "1"),
        (Direction.COPY, "-2", "-1"),
    ],
)
def test_target_is_sign_times_ratio_times_followed(direction: Direction, followed: str, target: str) -> None:
    """Fading holds the opposite, copying the same."""
    assert target_size(D(followed), D("0.5"), direction) == D(target)


@pytest.mark.parametrize("way", [1, -1])
def test_a_target_is_rounded_towards_zero_to_the_lot(way: int) -> None:
    """Neither a long nor a short is ever rounded up."""
    size = target_size(D("0.123") * way, D("0.05"), Direction.COPY)
    assert market("SOL", 5, 3).floor(size) == D("0.006") * way


def test_a_negative_ratio_is_refused() -> None:
    """It would turn the direction."""
    with pytest.raises(InvalidInput, match="negative"):
        target_size(D(1), D("-0.1"), Direction.FADE)


def test_fade_and_multiplier_are_the_defaults() -> None:
    """A bot that nobody set otherwise is faded by a multiplier."""
    taken = take_anchor(bot(), D(-3), 4, D(3), BLIND)
    assert (taken.direction, taken.sizing, taken.ratio) == (Direction.FADE, Sizing.MULTIPLIER, D("0.05"))
    assert (taken.leg, taken.sign) == (4, -1)


def test_the_ratio_by_multiplier_is_the_multiplier() -> None:
    """It needs no input."""
    assert anchor(Sizing.MULTIPLIER, BLIND).ratio == 2


def test_the_ratio_by_equity() -> None:
    """Multiplier x (our equity x share) / the source's equity; the bot's own share goes before the default."""
    assert anchor(Sizing.EQUITY).ratio == D("0.05")
    assert anchor(Sizing.EQUITY, share="0.1").ratio == D("0.01")


def test_the_ratio_by_notional() -> None:
    """(Notional / mark at the anchor) / the largest |followed| since the anchor."""
    assert anchor(Sizing.NOTIONAL).ratio == 1
    assert anchor(Sizing.NOTIONAL, followed="-8").ratio == D("0.25")


@pytest.mark.parametrize(
    ("sizing", "inputs"),
    [
        (Sizing.EQUITY, BLIND),
        (Sizing.EQUITY, Inputs(our_equity=D(1), source_equity=None, mark=D(50), share=D("0.5"))),
        (Sizing.EQUITY, Inputs(our_equity=D(0), source_equity=D(1), mark=D(50), share=D("0.5"))),
        (Sizing.EQUITY, Inputs(our_equity=D(1), source_equity=D(0), mark=D(50), share=D("0.5"))),
        (Sizing.NOTIONAL, BLIND),
    ],
)
def test_while_an_input_is_unknown_the_anchor_is_pending(sizing: Sizing, inputs: Inputs) -> None:
    """Nothing is sized on an equity or a mark that nobody knows; once it is known the anchor is completed."""
    pending = anchor(sizing, inputs)
    assert pending.ratio is None
    grow(pending, D(2), D(3), D(3), inputs)
    assert pending.ratio is None
    complete(pending, D(2), KNOWN)
    assert pending.ratio == anchor(sizing).ratio


def test_notional_without_an_amount_or_a_peak_is_pending() -> None:
    """The settings refuse the one and the other cannot be divided by."""
    assert take_anchor(bot(sizing=Sizing.NOTIONAL), D(1), 1, D(1), KNOWN).ratio is None
    assert take_anchor(bot(sizing=Sizing.NOTIONAL, notional_usd=D(1)), D(1), 1, D(0), KNOWN).ratio is None


def test_the_mark_of_the_anchor_stays() -> None:
    """A price that moves later does not change the notional's ratio."""
    taken = anchor(Sizing.NOTIONAL)
    complete(taken, D(2), Inputs(our_equity=None, source_equity=None, mark=D(1), share=D(1)))
    assert (taken.mark, taken.ratio) == (D(50), D(1))


def test_growth_is_sized_by_what_is_worth_less_now() -> None:
    """Ratio = (ratio x old + min(ratio, ratio computed now) x d) / new: the source's equity doubled."""
    taken = anchor(Sizing.EQUITY)
    grow(taken, D(2), D(3), D(3), Inputs(our_equity=D(1_000), source_equity=D(40_000), mark=D(50), share=D(1)))
    assert taken.ratio == (D("0.05") * 2 + D("0.025")) / 3


@pytest.mark.parametrize("theirs", ["10000", "1"])
def test_a_losing_source_does_not_make_us_grow(theirs: str) -> None:
    """A ratio that would rise stays; so does one whose input became unknown, and one where nothing grew."""
    taken = anchor(Sizing.EQUITY)
    grow(taken, D(2), D(3), D(3), Inputs(our_equity=D(9_000), source_equity=D(theirs), mark=D(50), share=D(1)))
    grow(taken, D(3), D(4), D(4), BLIND)
    grow(taken, D(4), D(2), D(4), Inputs(our_equity=D(1), source_equity=D(20_000), mark=D(50), share=D(1)))
    assert taken.ratio == D("0.05")


def test_a_notional_is_never_exceeded() -> None:
    """The ratio follows the largest |followed|, also one that came and went in one message, and never rises."""
    taken = anchor(Sizing.NOTIONAL)
    grow(taken, D(2), D(4), D(4), KNOWN)
    assert taken.ratio == D("0.5")
    grow(taken, D(4), D(3), D(8), KNOWN)
    assert taken.ratio == D("0.25")
    grow(taken, D(3), D(5), D(8), KNOWN)
    assert taken.ratio == D("0.25")


@pytest.mark.parametrize(
    ("before", "after", "scale"), [("-4", "-1", "0.25"), ("4", "0", "0"), ("4", "-1", "0"), ("4", "5", "1")]
)
def test_an_operators_cut_scales_the_ratio_for_good(before: str, after: str, scale: str) -> None:
    """By after / before; 0 is detached; it never rises."""
    taken, pending = anchor(Sizing.EQUITY), anchor(Sizing.EQUITY, BLIND)
    for each in (taken, pending):
        cut(each, D(before), D(after))
    complete(pending, D(2), KNOWN)
    assert taken.ratio == pending.ratio == D("0.05") * D(scale)
    grow(taken, D(2), D(4), D(4), KNOWN)
    assert taken.ratio == D("0.05") * D(scale)
