"""
Stage 2: followed x anchor -> the size that a sleeve should have.

While a sleeve is open its ratio never rises: a losing source whose equity shrinks must not make us grow, and a
deposit must not multiply us.
"""

from typing import assert_never

import msgspec

from fadearena.model.error import InvalidInput
from fadearena.model.policy import BotPolicy, Sizing
from fadearena.model.units import ONE, ZERO, Direction, Price, Quantity, Ratio, Size, Usd, sign


class Anchor(msgspec.Struct, kw_only=True):
    """
    What was fixed when followed left zero: direction, sizing and ratio, with the inputs of that moment.

    `leg` is the leg of the follow that it belongs to. `scale` is what operators left of it (1 = all).
    `ratio` is None while an input is unknown: increases wait for it.
    """

    leg: int
    sign: int
    direction: Direction
    sizing: Sizing
    multiplier: Ratio
    share: Ratio
    notional_usd: Usd | None
    mark: Price | None = None
    ratio: Ratio | None = None
    scale: Ratio = ONE
    is_used: bool = False


class Inputs(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a ratio is computed from; None is unknown."""

    our_equity: Usd | None
    source_equity: Usd | None
    mark: Price | None
    share: Ratio


def target_size(followed: Size, ratio: Ratio, direction: Direction) -> Size:
    """
    Return the size that a sleeve should have, before rounding to the lot.

    Args:
        followed: The part of the bot's position that is followed, base units (long > 0).
        ratio: Our size per unit of the bot's, fixed when the sleeve was anchored.
        direction: FADE turns the sign, COPY keeps it.

    Raises:
        InvalidInput: `ratio` is negative.
    """
    if ratio < 0:
        raise InvalidInput(f"ratio {ratio} is negative")
    return direction.sign * ratio * followed


def take_anchor(bot: BotPolicy, followed: Size, leg: int, peak: Quantity, inputs: Inputs) -> Anchor:
    """Fix how a sleeve is sized from now on; `followed` is not zero."""
    anchor = Anchor(
        leg=leg,
        sign=sign(followed),
        direction=bot.direction,
        sizing=bot.sizing,
        multiplier=bot.leverage_multiplier,
        share=bot.share or inputs.share,
        notional_usd=bot.notional_usd,
    )
    complete(anchor, peak, inputs)
    return anchor


def complete(anchor: Anchor, peak: Quantity, inputs: Inputs) -> None:
    """Fill in the ratio of an anchor that waits for an input, if it is known now."""
    if anchor.mark is None:
        anchor.mark = inputs.mark
    anchor.ratio = computed_ratio(anchor, peak, inputs)


def computed_ratio(anchor: Anchor, peak: Quantity, inputs: Inputs) -> Ratio | None:
    """
    Return the ratio by an anchor's sizing with the inputs of now; None while one is unknown.

    multiplier: the multiplier. equity: multiplier x (our equity x share / the source's equity).
    notional: (notional / mark at the anchor) / the largest |followed| since the anchor.
    """
    match anchor.sizing:
        case Sizing.MULTIPLIER:
            return anchor.multiplier * anchor.scale
        case Sizing.EQUITY:
            ours, theirs = inputs.our_equity, inputs.source_equity
            if ours is None or theirs is None or ours <= 0 or theirs <= 0:
                return None
            return anchor.multiplier * ours * anchor.share / theirs * anchor.scale
        case Sizing.NOTIONAL:
            if anchor.mark is None or anchor.notional_usd is None or not peak:
                return None
            return anchor.notional_usd / anchor.mark / peak * anchor.scale
        case _:
            assert_never(anchor.sizing)


def grow(anchor: Anchor, old: Quantity, new: Quantity, peak: Quantity, inputs: Inputs) -> None:
    """
    Blend the ratio when |followed| grew from `old` to `new`; it never rises.

    `ratio = (ratio * old + min(ratio, ratio computed now) * d) / new`, d = new - old. By notional the new ratio
    counts for all of it, also where |followed| is back from its peak, so that the notional is never exceeded. An
    input that became unknown leaves the old ratio (increases are stopped by the checks that need the input).
    """
    now = computed_ratio(anchor, peak, inputs)
    if anchor.ratio is None or now is None or now >= anchor.ratio:
        return
    if anchor.sizing is Sizing.NOTIONAL:
        anchor.ratio = now
    elif new > old:
        anchor.ratio = (anchor.ratio * old + now * (new - old)) / new


def cut(anchor: Anchor, before: Size, after: Size) -> None:
    """Scale an anchor after an operator's trade cut its sleeve (not flat); 0 = detached until the source is flat."""
    kept = min(ONE, max(ZERO, after / before))
    anchor.scale *= kept
    if anchor.ratio is not None:
        anchor.ratio *= kept
