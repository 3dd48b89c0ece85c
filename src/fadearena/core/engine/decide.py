"""
From wants to at most one order a book.

Order of work: reduces, crossings of opposite wants, increases; each by tracking error, then by bot. A book with an
order in flight waits; beside an unknown order only reduce-only orders of at most the live position are sent.
"""

from fadearena.core import pricing, risk, sizing
from fadearena.core.engine import booking
from fadearena.core.engine.facts import Want, case_of, leverage_ready, lowest_price, wants_cross
from fadearena.core.engine.placing import place, spend_action
from fadearena.core.engine.turn import Turn
from fadearena.core.engine.valuation import mark_of, wanted_leverage
from fadearena.core.latches import bot_scope
from fadearena.core.sizing import Exit, Move
from fadearena.core.state import BookMemory, DexView
from fadearena.model.command import ReadBook, ReadSource, SetLeverage
from fadearena.model.ids import BookKey, dex_of
from fadearena.model.instrument import Instrument
from fadearena.model.market import Quote
from fadearena.model.order import OrderStatus, OrderTerms, Purpose
from fadearena.model.record import Decision, Outcome
from fadearena.model.trading import TradingState
from fadearena.model.units import MINUTE_MS, SECOND_MS, ZERO, Bps, Price, Quantity, Size, side_of, sign

LEVERAGE_RETRY_MS = 5 * SECOND_MS
SNAPSHOT_WAIT_MS = 5 * SECOND_MS


def decide_book(turn: Turn, key: BookKey) -> None:
    """Look at one book and release at most one order."""
    state, memory = turn.state, turn.state.books[key]
    if not memory.todo and not memory.book.residue.size:
        return
    if state.settling or not state.accounts[key[0]].is_read:
        return
    if turn.trading_state(key[0]) is TradingState.FLATTENING:
        return
    beside_unknown = bool(memory.open)
    if beside_unknown and not all(state.orders[c].status is OrderStatus.UNKNOWN for c in memory.open):
        return
    if not beside_unknown:
        _cross_all(turn, key, memory)
    wants = wants_of(turn, key, memory)
    for want in wants:
        if want.step.move is Move.REDUCE and try_reduce(turn, want):
            return
    if beside_unknown:
        return
    if any(want.step.move is Move.REDUCE for want in wants):
        wants = wants_of(turn, key, memory)
    for want in wants:
        if want.step.move is Move.INCREASE and try_increase(turn, want):
            return
    if memory.book.residue.size:
        _try_residue(turn, key, memory)


def wants_of(turn: Turn, key: BookKey, memory: BookMemory) -> list[Want]:
    """Return the sleeves of a book that want something now, the largest tracking error first."""
    state, wants = turn.state, list[Want]()
    for bot in list(memory.todo):
        policy, sleeve = state.bot_policies[bot], state.sleeves[(bot, key[1])]
        step = sizing.next_step(memory.book.size_of(bot), sleeve.target)
        if step is None or (step.move is Move.INCREASE and sleeve.growth is None):
            memory.todo.remove(bot)
            continue
        wants.append(
            Want(
                key=key,
                memory=memory,
                bot=bot,
                policy=policy,
                bot_memory=state.bots[bot],
                sleeve=sleeve,
                step=step,
            )
        )
    if len(wants) > 1:
        wants.sort(key=lambda want: (-abs(want.step.delta), want.bot))
    return wants


# --- crossings


def _cross_all(turn: Turn, key: BookKey, memory: BookMemory) -> None:
    """Exchange opposite wants of two sleeves, or of a sleeve and the residue, at mid."""
    quote = turn.state.quotes.get(key[1])
    if quote is None or quote.mid is None or not (memory.book.residue.size or len(memory.todo) > 1):
        return
    wants = wants_of(turn, key, memory)
    room = {want.bot: _may_cross(turn, want) for want in wants}
    for n, one in enumerate(wants):
        for other in wants[n + 1 :]:
            quantity = sizing.crossing(room[one.bot], room[other.bot])
            if quantity:
                _cross(turn, one, other, quantity, quote.mid)
                for want in (one, other):
                    room[want.bot] -= sign(room[want.bot]) * quantity
        quantity = sizing.crossing(room[one.bot], -memory.book.residue.size)
        if quantity:
            _cross(turn, one, None, quantity, quote.mid)
            room[one.bot] -= sign(room[one.bot]) * quantity


def _may_cross(turn: Turn, want: Want) -> Size:
    """Return how much of a want may be exchanged now; an increase passes all checks first."""
    if _backs_off(turn, want):
        return ZERO
    if want.step.move is Move.INCREASE:
        _prepare(turn, want)
    mark = mark_of(turn.state, want.coin)
    verdict = risk.judge(case_of(turn, want, mark, minimum_exempt=True))
    return sign(want.step.delta) * verdict.quantity


def _cross(turn: Turn, one: Want, other: Want | None, quantity: Quantity, mid: Price) -> None:
    buys = one.step.delta > 0
    second = other.bot if other else None
    buyer, seller = (one.bot, second) if buys else (second, one.bot)
    for want in (one, other):
        if want is not None:
            say(turn, want, Outcome.EXECUTE, "crossed", quantity=quantity, limit=mid)
    booking.cross(turn, one.key, buyer, seller, (quantity, mid))


# --- reduces


def try_reduce(turn: Turn, want: Want) -> bool:
    """Carry a reduce out; tell whether an order was released."""
    state, tuning = turn.state, turn.state.policy.tuning
    instrument = state.instruments.get(want.coin)
    if _backs_off(turn, want):
        return False
    if instrument is None:
        say(turn, want, Outcome.SKIP, "market_tradable")
        return False
    limit = _reduce_limit(turn, want, instrument)
    if limit is None:
        say(turn, want, Outcome.HOLD, "price_fresh")
        return False
    price, size = lowest_price(turn, want.coin, limit), want.memory.book.size_of(want.bot)
    want.step = step = sizing.without_stub(want.step, size, price, tuning.minimum_usd)
    if sizing.in_dead_band(step, want.sleeve.target, price, ZERO, tuning.dead_band):
        say(turn, want, Outcome.SKIP, "dead_band")
        return False
    order, reduce_only = _reduce_order(want)
    way = sizing.exit_of(step, order, want.memory.book.position, price, tuning.minimum_usd)
    verdict = risk.judge(case_of(turn, want, price, minimum_exempt=way is not Exit.WAIT))
    if not verdict.quantity or not order:
        say(turn, want, Outcome.SKIP, verdict.reason or "order_settled", verdict)
        return False
    if way is Exit.DUST:
        say(turn, want, Outcome.EXECUTE, "dust", verdict, quantity=abs(step.delta), limit=price)
        booking.to_dust(turn, want.key, want.bot)
        return False
    purpose = Purpose.PROTECT if want.sleeve.is_emergency else Purpose.REDUCE
    _send(turn, want, verdict, (order, limit), instrument, purpose, reduce_only=reduce_only)
    return True


def _backs_off(turn: Turn, want: Want) -> bool:
    return want.step.move is Move.REDUCE and turn.now < want.sleeve.retry_at


def _reduce_order(want: Want) -> tuple[Size, bool]:
    """Return what is sent for a reduce (sleeve and residue), and whether it is flagged reduce-only."""
    memory, book = want.memory, want.memory.book
    order = want.step.delta
    if not memory.open:
        order += sizing.residue_share(order, book.residue.size)
    if memory.open or memory.watch.is_drifting:
        live = book.position if memory.watch.theirs is None or not memory.watch.is_drifting else memory.watch.theirs
        if sign(order) != -sign(live):
            return ZERO, True
        return sign(order) * min(abs(order), abs(live)), True
    return order, sizing.is_reduce_only(order, book.position)


def _reduce_limit(turn: Turn, want: Want, instrument: Instrument) -> Price | None:
    """Return the limit of a reduce; None while its market data has to be fetched first."""
    slippage, side = turn.state.policy.slippage, side_of(want.step.delta)
    quote = turn.state.quotes.get(want.coin)
    if pricing.is_stale(quote, turn.now):
        if not want.memory.quote_failed:
            if not want.memory.awaits_quote:
                want.memory.awaits_quote = True
                turn.commands.append(ReadBook(coin=want.coin))
            return None
        bps = slippage.emergency_bps
        quote = None if quote is None else Quote(coin=quote.coin, mark=quote.mark, mark_time=quote.mark_time)
    else:
        want.memory.quote_failed = False
        bps = _reduce_bps(turn, want)
    return pricing.reduce_limit(instrument, quote, side, bps)


def _reduce_bps(turn: Turn, want: Want) -> Bps:
    slippage = turn.state.policy.slippage
    if turn.state.latches.state(bot_scope(want.bot)) is TradingState.FLATTENING:
        return pricing.flatten_bps(slippage, want.sleeve.failed)
    return pricing.reduce_bps(slippage, want.sleeve.failed, is_emergency=want.sleeve.is_emergency)


# --- increases


def try_increase(turn: Turn, want: Want) -> bool:
    """Carry an increase out, refuse it, or hold it; tell whether an order was released."""
    state, tuning, growth = turn.state, turn.state.policy.tuning, want.sleeve.growth
    if growth is None:
        return False
    ready_at = growth.received + tuning.coalesce_ms
    if turn.now < ready_at:
        turn.wake(f"decide:{want.key[0]}:{want.coin}", ready_at)
        return False
    instrument, quote = state.instruments.get(want.coin), state.quotes.get(want.coin)
    side = side_of(want.step.delta)
    reference = want.sleeve.reference if growth.needs_reference else None
    limit = None
    if instrument is not None:
        limit = pricing.increase_limit(instrument, quote, side, reference, state.policy.slippage)
    _prepare(turn, want)
    price = None if limit is None else lowest_price(turn, want.coin, limit)
    if price is not None and sizing.in_dead_band(want.step, want.sleeve.target, price, ZERO, tuning.dead_band):
        return _refuse(turn, want, "dead_band", None)
    verdict = risk.judge(case_of(turn, want, price, minimum_exempt=False))
    if verdict.is_hold:
        say(turn, want, Outcome.HOLD, verdict.reason, verdict)
        turn.wake(f"decide:{want.key[0]}:{want.coin}", growth.source_time + state.policy.max_signal_age_ms + 1)
        return False
    if not verdict.quantity or instrument is None or limit is None:
        return _refuse(turn, want, verdict.reason or "price_fresh", verdict)
    delta = sign(want.step.delta) * verdict.quantity
    order = delta + sizing.residue_share(delta, want.memory.book.residue.size)
    reduce_only = sizing.is_reduce_only(order, want.memory.book.position)
    _send(turn, want, verdict, (order, limit), instrument, Purpose.INCREASE, reduce_only=reduce_only)
    return True


def _refuse(turn: Turn, want: Want, reason: str, verdict: risk.Verdict | None) -> bool:
    """Skip an increase: the permission is used up, the rest waits for the next growth."""
    want.sleeve.growth = None
    want.sleeve.said = ""
    say(turn, want, Outcome.SKIP, reason, verdict)
    want.memory.todo.remove(want.bot)
    return False


def _prepare(turn: Turn, want: Want) -> None:
    """Ask for what an increase may have to wait for: leverage, and a snapshot of the source."""
    growth = want.sleeve.growth
    if growth is None or turn.now - growth.source_time > turn.state.policy.max_signal_age_ms:
        return
    if turn.state.latches.strictest(*turn.scopes(want.bot, want.key[0])) is not TradingState.ACTIVE:
        return
    prepare_leverage(turn, want.key, want.memory)
    tuning, dex = turn.state.policy.tuning, dex_of(want.coin)
    view = want.bot_memory.views.setdefault(dex, DexView())
    if view.reads and turn.now - view.received <= tuning.snapshot_round_ms:
        return
    if turn.now - max(view.requested, view.failed) <= SNAPSHOT_WAIT_MS:
        return
    view.requested = 0
    times = [time for time in turn.state.snapshot_times if time > turn.now - MINUTE_MS]
    if len(times) < tuning.snapshots_per_minute:
        times.append(turn.now)
        view.requested = turn.now
        turn.commands.append(ReadSource(wallet=want.policy.wallet, dex=dex))
        turn.wake(f"decide:{want.key[0]}:{want.coin}", turn.now + SNAPSHOT_WAIT_MS + 1)
    turn.state.snapshot_times = times


def prepare_leverage(turn: Turn, key: BookKey, memory: BookMemory) -> None:
    """Have a flat book's leverage and margin mode set, if they are not as wanted; it is read back afterwards."""
    state, leverage = turn.state, memory.leverage
    instrument = state.instruments.get(key[1])
    if instrument is None or memory.book.position or memory.open or leverage_ready(turn, key, memory):
        return
    if turn.now - max(leverage.requested, leverage.failed) <= LEVERAGE_RETRY_MS:
        return
    account = state.account_policies[key[0]]
    leverage.wanted = wanted_leverage(state, *key, memory)
    leverage.wanted_cross = wants_cross(turn, key)
    leverage.requested = turn.now
    turn.commands.append(
        SetLeverage(
            account=key[0],
            signer=account.signer,
            coin=key[1],
            asset_id=instrument.asset_id,
            leverage=leverage.wanted,
            is_cross=leverage.wanted_cross,
            nonce=turn.next_nonce(account.signer),
            expires_after=turn.now + state.policy.tuning.order_life_ms,
        )
    )
    spend_action(turn, key[0])
    turn.wake(f"decide:{key[0]}:{key[1]}", turn.now + LEVERAGE_RETRY_MS + 1)


# --- sending and saying


def _send(
    turn: Turn,
    want: Want,
    verdict: risk.Verdict,
    ask: tuple[Size, Price],
    instrument: Instrument,
    purpose: Purpose,
    *,
    reduce_only: bool,
) -> None:
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
    growth = want.sleeve.growth
    source = (want.sleeve.reference, growth.source_time if growth else 0)
    order = place(turn, verdict, terms, source)
    want.sleeve.orders += 1
    if purpose is Purpose.INCREASE and growth is not None:
        growth.attempts += 1
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


# --- residue


def _try_residue(turn: Turn, key: BookKey, memory: BookMemory) -> None:
    """Close residue by an order of its own, once it is large enough or all that the book holds."""
    state, tuning = turn.state, turn.state.policy.tuning
    instrument, quote = state.instruments.get(key[1]), state.quotes.get(key[1])
    order = -memory.book.residue.size
    if instrument is None or turn.now < memory.residue_retry_at or pricing.is_stale(quote, turn.now):
        return
    if turn.trading_state(key[0]) not in {TradingState.ACTIVE, TradingState.REDUCING} or instrument.is_delisted:
        return
    limit = pricing.reduce_limit(instrument, quote, side_of(order), state.policy.slippage.reduce_bps)
    if limit is None or memory.watch.is_drifting:
        return
    closes = order == -memory.book.position
    if not closes and abs(order) * lowest_price(turn, key[1], limit) < tuning.minimum_usd:
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
    memory.residue_retry_at = turn.now + MINUTE_MS
    place(turn, risk.Verdict(quantity=ZERO, checks=()), terms)
