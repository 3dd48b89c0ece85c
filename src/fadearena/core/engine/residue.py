"""Residue: dust of closed sleeves. Sleeves that still want something go first; what is left is closed by an order."""

from fadearena.core import pricing, risk, sizing
from fadearena.core.engine.facts import lowest_price, usable_quote
from fadearena.core.engine.placing import place
from fadearena.core.engine.turn import Turn
from fadearena.core.state import BookMemory
from fadearena.model.ids import BookKey
from fadearena.model.order import OrderTerms, Purpose
from fadearena.model.units import MINUTE_MS, side_of

RETRY_MS = MINUTE_MS


def try_residue(turn: Turn, key: BookKey, memory: BookMemory) -> None:
    """Close residue by an order of its own, once it is large enough or all that the book holds."""
    state, tuning = turn.state, turn.state.policy.tuning
    instrument, quote = state.instruments.get(key[1]), usable_quote(state.quotes.get(key[1]), turn.now)
    order = -memory.book.residue.size
    if turn.now < memory.residue_retry_at:
        turn.wake(f"decide:{key[0]}:{key[1]}", memory.residue_retry_at)
        return
    if instrument is None or pricing.is_stale(quote, turn.now):
        return
    limit = pricing.reduce_limit(instrument, quote, side_of(order), state.policy.slippage.reduce_bps)
    if limit is None or memory.watch.is_drifting:
        return
    minimum = None if order == -memory.book.position else tuning.minimum_usd
    price = lowest_price(turn, key[1], limit)
    verdict = risk.judge_residue(turn.trading_state(key[0]), instrument, abs(order), price, minimum)
    if not verdict.quantity:
        return
    terms = OrderTerms(
        account=key[0],
        coin=key[1],
        asset_id=instrument.asset_id,
        side=side_of(order),
        quantity=abs(order),
        limit=limit,
        reduce_only=sizing.is_reduce_only(order, memory.book.position),
        purpose=Purpose.RESIDUE,
        bot=None,
        residue_quantity=abs(order),
    )
    memory.residue_retry_at = turn.now + RETRY_MS
    place(turn, verdict, terms)
