"""The size that a sleeve should have now, whatever moved: the source, a stop, an operator, the market's lot."""

from fadearena.core.engine.turn import Turn
from fadearena.core.latches import LatchKind, bot_scope
from fadearena.core.state import Sleeve
from fadearena.core.target import target_size
from fadearena.model.ids import BotId, Coin
from fadearena.model.units import ONE, ZERO, Quantity, Ratio, Size, sign


def target_of(turn: Turn, bot: BotId, coin: Coin, sleeve: Sleeve, shrunk: Ratio = ONE) -> Size:
    """
    Return a sleeve's target: 0 while the bot is closed or orphaned, else followed x anchor, in whole lots.

    `shrunk` is to what part |followed| fell: while an anchor waits for an input the ratio is not known, and what
    is held follows the source's reduces by it.
    """
    state = turn.state
    if state.latches.has(bot_scope(bot), LatchKind.FLATTEN) or state.bots[bot].is_orphaned:
        return ZERO
    followed, anchor = state.follows[bot, coin].followed, sleeve.anchor
    if anchor is None or not followed:
        return ZERO
    instrument = state.instruments.get(coin)
    if anchor.ratio is not None:
        size = target_size(followed, anchor.ratio, anchor.direction)
    else:
        held = state.books[sleeve.account, coin].book.size_of(bot)
        size = held * shrunk if sign(held) == anchor.direction.sign * sign(followed) else ZERO
    return size if instrument is None else instrument.floor(size)


def shrunk_to(before: Size, after: Size) -> Ratio:
    """Return to what part |followed| fell; 1 where it did not, or turned."""
    old: Quantity = abs(before)
    return abs(after) / old if sign(before) == sign(after) and abs(after) < old else ONE
