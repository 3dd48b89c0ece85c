"""Crossings: opposite wants of two sleeves, or of a sleeve and the residue, are exchanged at mid without an order."""

from fadearena.core import pricing, risk, sizing
from fadearena.core.engine import booking, increases
from fadearena.core.engine.facts import Want, case_of
from fadearena.core.engine.saying import say
from fadearena.core.engine.turn import Turn
from fadearena.core.sizing import Move
from fadearena.model.ids import BotId
from fadearena.model.market import Quote
from fadearena.model.record import Outcome
from fadearena.model.units import ZERO, Price, Quantity, Size, sign


def cross_one(turn: Turn, wants: list[Want], done: set[tuple[BotId, BotId]]) -> bool:
    """
    Exchange between one pair of a book's wants; tell whether anything was.

    After an exchange the caller asks for the wants anew, so that each next one is judged by what the last one left.
    A pair is exchanged at most once a decision: `done` are those that were (residue is the bot "").
    """
    first = wants[0]
    quote = turn.state.quotes.get(first.coin)
    if quote is None or quote.mid is None or turn.now - quote.touch_time > pricing.STALE_MS:
        return False
    residue = first.memory.book.residue.size
    for n, one in enumerate(wants):
        for other in wants[n + 1 :]:
            if (one.bot, other.bot) in done or sign(one.step.delta) != -sign(other.step.delta):
                continue
            both = one.step.move is other.step.move is Move.INCREASE
            quantity = min(
                _room(turn, one, quote, other.step.delta if both else ZERO),
                _room(turn, other, quote, one.step.delta if both else ZERO),
            )
            if quantity:
                done.update({(one.bot, other.bot), (other.bot, one.bot)})
                _cross(turn, one, other, quantity, quote.mid)
                return True
        if sign(one.step.delta) == sign(residue) and (one.bot, "") not in done:
            quantity = min(_room(turn, one, quote, ZERO), abs(residue))
            if quantity:
                done.add((one.bot, ""))
                _cross(turn, one, None, quantity, quote.mid)
                return True
    return False


def _room(turn: Turn, want: Want, quote: Quote, against: Size) -> Quantity:
    """
    Return how much of a want may be exchanged now; an increase passes all checks first.

    `against` is what another sleeve would increase by in the same exchange.
    """
    tuning, mark = turn.state.policy.tuning, quote.mark
    if mark is None or sizing.in_dead_band(want.step, want.sleeve.target, mark, tuning.minimum_usd, tuning.dead_band):
        return ZERO
    if want.step.move is Move.INCREASE and want.sleeve.growth is not None:
        if turn.now < want.sleeve.growth.received + tuning.coalesce_ms:
            return ZERO
        increases.prepare(turn, want, want.sleeve.growth)
    return risk.judge(case_of(turn, want, mark, minimum_exempt=True, against=against)).quantity


def _cross(turn: Turn, one: Want, other: Want | None, quantity: Quantity, mid: Price) -> None:
    buys = one.step.delta > 0
    second = other.bot if other else None
    buyer, seller = (one.bot, second) if buys else (second, one.bot)
    for want in (one, other):
        if want is not None:
            say(turn, want, Outcome.EXECUTE, "crossed", quantity=quantity, limit=mid)
    booking.cross(turn, one.key, buyer, seller, (quantity, mid))
