"""Reduces: decided by every event, priced from fresh data or the last mark, never more than their sleeve."""

import msgspec

from fadearena.core import pricing, risk, sizing
from fadearena.core.engine import booking
from fadearena.core.engine.facts import Want, case_of, lowest_price, usable_quote
from fadearena.core.engine.saying import say, send
from fadearena.core.engine.turn import Turn
from fadearena.core.latches import bot_scope
from fadearena.core.sizing import Exit
from fadearena.model.command import ReadBook
from fadearena.model.instrument import Instrument
from fadearena.model.order import Purpose
from fadearena.model.record import Outcome
from fadearena.model.trading import TradingState
from fadearena.model.units import SECOND_MS, ZERO, Bps, Price, Quantity, Size, side_of, sign

QUOTE_WAIT_MS = 5 * SECOND_MS


def try_reduce(turn: Turn, want: Want) -> bool:
    """Carry a reduce out; tell whether an order was released."""
    state, tuning = turn.state, turn.state.policy.tuning
    instrument = state.instruments.get(want.coin)
    if turn.now < want.sleeve.retry_at:
        turn.wake(f"decide:{want.key[0]}:{want.coin}", want.sleeve.retry_at)
        return False
    limit = None if instrument is None else _limit(turn, want, instrument)
    if instrument is None or limit is None:
        say(turn, want, Outcome.HOLD, "price_fresh")
        return False
    price, size = lowest_price(turn, want.coin, limit), want.memory.book.size_of(want.bot)
    want.step = step = sizing.without_stub(want.step, size, price, tuning.minimum_usd)
    order, reduce_only = _order(turn, want)
    way = sizing.exit_of(step, order, _live(want), price, tuning.minimum_usd) if order else Exit.WAIT
    verdict = risk.judge(case_of(turn, want, price, minimum_exempt=way is not Exit.WAIT))
    if sizing.in_dead_band(step, want.sleeve.target, price, ZERO, tuning.dead_band):
        say(turn, want, Outcome.SKIP, "dead_band", verdict)
    elif not order:
        say(turn, want, Outcome.SKIP, "order_settled" if want.memory.open else "reconciled", verdict)
    elif not verdict.quantity:
        say(turn, want, Outcome.SKIP, verdict.reason, verdict)
    elif way is Exit.DUST:
        say(turn, want, Outcome.EXECUTE, "dust", verdict, quantity=abs(step.delta), limit=price)
        booking.to_dust(turn, want.key, want.bot, price)
    else:
        purpose = Purpose.PROTECT if want.sleeve.is_emergency else Purpose.REDUCE
        send(turn, want, verdict, (order, limit), instrument, purpose, reduce_only=reduce_only)
        return True
    return False


def _order(turn: Turn, want: Want) -> tuple[Size, bool]:
    """
    Return what is sent for a reduce (sleeve and residue), and whether it is flagged reduce-only.

    Beside an unknown order, and while the exchange's position is not ours, only the live position is reduced; what
    an unknown order of the same sleeve may have done already is not asked for again.
    """
    memory, book, delta = want.memory, want.memory.book, want.step.delta
    if not memory.open and not memory.watch.is_drifting:
        order = delta + sizing.residue_share(delta, book.residue.size)
        return order, sizing.is_reduce_only(order, book.position)
    live = _live(want)
    if sign(delta) != -sign(live):
        return ZERO, True
    left = max(abs(delta) - _asked_already(turn, want), ZERO)
    return sign(delta) * min(left, abs(live)), True


def _live(want: Want) -> Size:
    """Return the book's position: ours, or the exchange's where the two differ."""
    watch = want.memory.watch
    return watch.theirs if watch.is_drifting and watch.theirs is not None else want.memory.book.position


def _asked_already(turn: Turn, want: Want) -> Quantity:
    """Return what unsettled orders of this sleeve could still take from it."""
    way = side_of(want.step.delta)
    orders = (turn.state.orders[cloid] for cloid in want.memory.open)
    mine = (order for order in orders if order.terms.bot == want.bot and order.terms.side is way)
    return sum((order.remaining for order in mine), start=ZERO)


def _limit(turn: Turn, want: Want, instrument: Instrument) -> Price | None:
    """Return the limit of a reduce; None while its market data has to be fetched first."""
    memory, side = want.memory, side_of(want.step.delta)
    quote = turn.state.quotes.get(want.coin)
    if not pricing.is_stale(quote, turn.now):
        memory.quote_asked, memory.quote_failed = 0, False
        return pricing.reduce_limit(instrument, usable_quote(quote, turn.now), side, _bps(turn, want))
    if not memory.quote_asked or turn.now > memory.quote_asked + pricing.STALE_MS:
        memory.quote_asked, memory.quote_failed = turn.now, False
        turn.commands.append(ReadBook(coin=want.coin))
    last_call = memory.quote_asked + QUOTE_WAIT_MS
    if quote is None or not (memory.quote_failed or turn.now >= last_call):
        turn.wake(f"decide:{want.key[0]}:{want.coin}", last_call if turn.now < last_call else turn.now + QUOTE_WAIT_MS)
        return None
    last = msgspec.structs.replace(quote, bid=None, ask=None)
    return pricing.reduce_limit(instrument, last, side, max(_bps(turn, want), turn.state.policy.slippage.emergency_bps))


def _bps(turn: Turn, want: Want) -> Bps:
    slippage = turn.state.policy.slippage
    if turn.state.latches.state(bot_scope(want.bot)) is TradingState.FLATTENING:
        return pricing.flatten_bps(slippage, want.sleeve.failed)
    return pricing.reduce_bps(slippage, want.sleeve.failed, is_emergency=want.sleeve.is_emergency)
