"""From a judged want to what is sent and what is said: the order's terms, and the decision as people see it."""

from fadearena.core import risk
from fadearena.core.engine.facts import Want
from fadearena.core.engine.placing import place
from fadearena.core.engine.turn import Turn
from fadearena.model.instrument import Instrument
from fadearena.model.order import OrderTerms, Purpose
from fadearena.model.record import Decision, Outcome
from fadearena.model.units import Price, Quantity, Size, side_of


def send(
    turn: Turn,
    want: Want,
    verdict: risk.Verdict,
    ask: tuple[Size, Price],
    instrument: Instrument,
    purpose: Purpose,
    *,
    reduce_only: bool,
) -> None:
    """
    Release the order of a want, and say so.

    Args:
        turn: The present turn.
        want: Whose sleeve moves.
        verdict: The approval.
        ask: Signed size (the sleeve's step and the residue that goes with it) and limit.
        instrument: The market.
        purpose: Why.
        reduce_only: The flag towards the exchange.
    """
    size, limit = ask
    step = min(abs(size), verdict.quantity)
    terms = OrderTerms(
        account=want.key[0],
        coin=want.coin,
        asset_id=instrument.asset_id,
        side=side_of(size),
        quantity=abs(size),
        limit=limit,
        reduce_only=reduce_only,
        purpose=purpose,
        bot=want.bot,
        residue_quantity=abs(size) - step,
    )
    growth, anchor = want.sleeve.growth, want.sleeve.anchor
    order = place(turn, verdict, terms, (want.sleeve.reference, growth.source_time if growth else 0))
    if growth is not None and anchor is not None and purpose is Purpose.INCREASE:
        growth.attempts, anchor.is_used = growth.attempts + 1, True
    say(turn, want, Outcome.EXECUTE, purpose, verdict, quantity=step, limit=limit, cloid=order.identity.cloid)


def say(
    turn: Turn,
    want: Want,
    outcome: Outcome,
    reason: str,
    verdict: risk.Verdict | None = None,
    *,
    quantity: Quantity | None = None,
    limit: Price | None = None,
    cloid: str | None = None,
) -> None:
    """Record a decision if its outcome changed; every execution is a new one."""
    sleeve, said = want.sleeve, f"{outcome}:{reason}"
    if outcome is not Outcome.EXECUTE and sleeve.said == said:
        return
    sleeve.said = said
    if outcome is Outcome.SKIP:
        sleeve.skips[reason] = sleeve.skips.get(reason, 0) + 1
    turn.records.append(
        Decision(
            bot=want.bot,
            account=want.key[0],
            coin=want.coin,
            outcome=outcome,
            reason=reason,
            delta=want.step.delta,
            target=sleeve.target,
            sleeve=want.memory.book.size_of(want.bot),
            quantity=quantity,
            limit=limit,
            cloid=cloid,
            checks=verdict.checks if verdict else (),
        )
    )
