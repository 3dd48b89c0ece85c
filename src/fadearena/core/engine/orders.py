"""
The life of an order after it was released: answers, settlement of unknown outcomes, what follows.

Unknown is settled at once and never re-sent: a noop with the same nonce proves that the order never ran, or that
it was processed; then look-ups and fills decide, at last the position.
"""

from fadearena.core import ledger
from fadearena.core.engine import booking, letters
from fadearena.core.engine.placing import reserve, show
from fadearena.core.engine.turn import Turn
from fadearena.core.latches import ALL, LatchKind
from fadearena.core.lifecycle import News, Order, after, filled_news
from fadearena.core.state import RETIRED_ORDERS_MAX, Sleeve
from fadearena.model.command import BurnNonce, CancelOrder, QueryOrder, ReadAccount, ReadOwnFills
from fadearena.model.event import ActionAnswered, OrderAnswered, OrderFound, OrderSent
from fadearena.model.order import (
    ActionOutcome,
    Dropped,
    Filled,
    Found,
    NoAnswer,
    OrderStatus,
    Purpose,
    Refused,
    RejectCode,
    Resting,
)
from fadearena.model.record import FillKind
from fadearena.model.units import MINUTE_MS, SECOND_MS, ZERO, Price, Quantity, Usd

POLL_MS = SECOND_MS
LOOK_BACK_MS = 5 * SECOND_MS
ALERT_AFTER = 3
_BACKOFF_MAX_MS = MINUTE_MS
_RETRYABLE = frozenset({RejectCode.NO_MATCH, RejectCode.NO_LIQUIDITY, RejectCode.EXPIRED})


def on_sent(turn: Turn, event: OrderSent) -> None:
    """Note that an order was handed over."""
    order = turn.state.orders.get(event.cloid)
    if order is not None and order.status is OrderStatus.PENDING:
        order.status, order.changed = after(order.status, News.SENT), turn.now
        show(turn, order)


def on_answered(turn: Turn, event: OrderAnswered) -> None:
    """Take the answer to an order."""
    order = turn.state.orders.get(event.cloid)
    if order is None:
        turn.alert("warning", "order", event.cloid, "an answer came for an order that is not known here")
        return
    match event.answer:
        case Filled() as answer:
            _on_filled(turn, order, answer)
        case Refused() as answer if not order.status.is_settled:
            if order.booked:
                settle(turn, order, filled_news(order), f"refused after a fill: {answer.code}")
            else:
                settle(turn, order, News.REFUSED, answer.code, answer.code)
        case Dropped() as answer if order.status is OrderStatus.PENDING:
            settle(turn, order, News.DROPPED, answer.reason)
        case Resting() as answer if not order.status.is_settled:
            order.order_id = answer.order_id
            turn.alert("warning", "order", event.cloid, "an IOC order rests on the book; it is cancelled")
            _cancel(turn, order)
            doubt(turn, order, "resting")
        case NoAnswer() as answer if not order.status.is_settled:
            doubt(turn, order, answer.reason)
        case _:
            pass


def on_found(turn: Turn, event: OrderFound) -> None:
    """Take what a look-up says of an order whose outcome is unknown."""
    order = turn.state.orders.get(event.cloid)
    if order is None or order.status is not OrderStatus.UNKNOWN or event.found is Found.NOT_FOUND:
        return
    order.found, order.order_id = event.found, event.order_id or order.order_id
    order.found_quantity = ZERO if event.found is Found.REJECTED else event.quantity
    if event.found is Found.OPEN:
        _cancel(turn, order)
    conclude(turn, order)


def on_action(turn: Turn, event: ActionAnswered) -> None:
    """Take the answer to a noop or a cancel."""
    order = turn.state.orders.get(event.subject)
    if order is None or order.status is not OrderStatus.UNKNOWN:
        return
    if event.kind == "noop" and event.outcome is ActionOutcome.ACCEPTED and not order.booked:
        settle(turn, order, News.NONCE_BURNT, "its nonce was burnt: it never ran and never will")
    else:
        poll(turn, order)


# --- unknown outcomes


def doubt(turn: Turn, order: Order, reason: str) -> None:
    """Begin to settle an order whose outcome is not known."""
    order.status, order.changed, order.reason = after(order.status, News.NO_ANSWER), turn.now, reason
    show(turn, order)
    burn(turn, order)
    turn.wake(f"settle:{order.identity.cloid}", turn.now + POLL_MS)


def burn(turn: Turn, order: Order) -> None:
    """Send a noop with the order's own nonce, once."""
    if not order.is_burnt:
        order.is_burnt = True
        identity = order.identity
        turn.commands.append(
            BurnNonce(
                account=order.terms.account,
                signer=identity.signer,
                cloid=identity.cloid,
                nonce=identity.nonce,
            )
        )


def poll(turn: Turn, order: Order) -> None:
    """Look an unknown order up, with our fills; past the deadline also the position."""
    if turn.now < order.last_poll + POLL_MS:
        turn.wake(f"settle:{order.identity.cloid}", order.last_poll + POLL_MS)
        return
    account = order.terms.account
    order.last_poll, order.polls = turn.now, order.polls + 1
    turn.commands.append(QueryOrder(account=account, cloid=order.identity.cloid))
    turn.commands.append(ReadOwnFills(account=account, since=order.created - LOOK_BACK_MS))
    pause = POLL_MS
    if turn.now >= order.verdict_from:
        turn.commands.append(ReadAccount(account=account))
        late = (turn.now - order.verdict_from) // SECOND_MS
        pause = min(max(POLL_MS, late * SECOND_MS), _BACKOFF_MAX_MS)
    turn.wake(f"settle:{order.identity.cloid}", turn.now + pause)


def on_settle_wake(turn: Turn, cloid: str) -> None:
    """Go on settling an order, if it still is unknown."""
    order = turn.state.orders.get(cloid)
    if order is not None and order.status is OrderStatus.UNKNOWN:
        conclude(turn, order)
        if order.status is OrderStatus.UNKNOWN:
            poll(turn, order)


def conclude(turn: Turn, order: Order) -> None:
    """Settle an unknown order if what is known by now decides it."""
    found, quantity = order.found, order.found_quantity
    if order.booked >= order.terms.quantity:
        settle(turn, order, News.FILLED_ALL, "by its fills")
    elif found is Found.REJECTED and not order.booked:
        settle(turn, order, News.REFUSED, "looked up: rejected")
    elif found in {Found.FILLED, Found.CANCELLED} and quantity is not None and order.booked >= quantity:
        news = filled_news(order) if order.booked else News.CANCELLED
        settle(turn, order, news, f"looked up: {found}")
    elif _is_proven_over(turn, order):
        if order.booked:
            settle(turn, order, filled_news(order), "by its fills, past its deadline")
        elif found in {None, Found.CANCELLED}:
            settle(turn, order, News.NEVER_SEEN, "no trace, no fill, and the position is unchanged")


def _is_proven_over(turn: Turn, order: Order) -> bool:
    """Tell whether complete readings past the deadline agree with what is booked."""
    account, memory = turn.state.accounts[order.terms.account], turn.state.books[order.book]
    if min(account.fills_to, account.read_time) < order.verdict_from or memory.held_fills:
        return False
    if (memory.watch.theirs or ZERO) == memory.book.position:
        return True
    if order.polls and turn.now >= order.verdict_from + MINUTE_MS and not order.reason.startswith("unexplained"):
        order.reason = "unexplained: the position does not fit"
        turn.alert("critical", "order", order.identity.cloid, "its outcome is unknown and the position does not fit")
    return False


def _cancel(turn: Turn, order: Order) -> None:
    identity, terms = order.identity, order.terms
    turn.commands.append(
        CancelOrder(
            account=terms.account,
            signer=identity.signer,
            cloid=identity.cloid,
            asset_id=terms.asset_id,
            nonce=turn.next_nonce(identity.signer),
            expires_after=turn.now + turn.state.policy.tuning.order_life_ms,
        )
    )


# --- executions


def _on_filled(turn: Turn, order: Order, answer: Filled) -> None:
    order.order_id = answer.order_id if order.order_id is None else order.order_id
    order.answered = max(order.answered, answer.quantity)
    order.answered_price = answer.average_price
    growth = order.answered - order.booked
    if growth > 0:
        order.guessed, order.guessed_price = order.guessed + growth, answer.average_price
        rate = turn.state.account_policies[order.terms.account].taker_rate
        execute(turn, order, growth, answer.average_price, (f"{order.identity.cloid}:answer", ZERO), rate)
    if not order.status.is_settled:
        settle(turn, order, filled_news(order), "")
    elif growth > 0:
        _alarm_late(turn, order)


def _alarm_late(turn: Turn, order: Order) -> None:
    turn.alert("warning", "order", order.identity.cloid, f"an execution came for an order that was {order.status}")
    show(turn, order)


def execute(
    turn: Turn, order: Order, quantity: Quantity, price: Price, fill: tuple[str, Usd], fee_rate: Usd = ZERO
) -> None:
    """
    Book an execution of an order: the sleeve first, then the residue that it closes.

    `fill` is (key, fee); `fee_rate` estimates a fee that is still to be reported.
    """
    terms, key = order.terms, order.book
    memory, account = turn.state.books[key], turn.state.accounts[terms.account]
    sleeve_left = max(terms.quantity - terms.residue_quantity - order.booked, ZERO)
    for_sleeve = min(quantity, sleeve_left) if terms.bot is not None else ZERO
    order.booked += quantity
    order.booked_notional += quantity * price
    if terms.purpose is Purpose.FLATTEN:
        instrument = turn.state.instruments[terms.coin]
        moves = ledger.book_forced(memory.book, FillKind.FLATTEN, terms.side.signed(quantity), price, instrument)
    else:
        moves = ledger.book_order(
            memory.book,
            terms.bot,
            terms.side.signed(for_sleeve),
            terms.side.signed(quantity - for_sleeve),
            price,
        )
    if terms.bot is not None and terms.bot in turn.state.bots:
        stats = turn.state.bots[terms.bot].stats
        stats.see_fill(terms.side, quantity, price, order.source_price)
        if order.source_time and order.booked == quantity:
            stats.see_reaction(order.source_time, turn.now)
    if account.actions_left is not None:
        account.actions_left += int(quantity * price)
    memory.last_fill = account.last_fill = max(turn.event.time, memory.last_fill)
    reserve(turn.state, order)
    booking.settle_moves(
        turn, key, moves, fill[0], order.identity.cloid, fee=fill[1], fee_due=fee_rate * quantity * price
    )


def settle(turn: Turn, order: Order, news: News, reason: str, code: RejectCode | None = None) -> None:
    """Bring an order to its end, and do what follows from it."""
    state, key = turn.state, order.book
    order.status, order.changed, order.reason = after(order.status, news), turn.now, reason
    memory = state.books[key]
    memory.open.remove(order.identity.cloid)
    memory.last_settled = state.accounts[key[0]].last_settled = turn.now
    state.retired.append(order.identity.cloid)
    while len(state.retired) > RETIRED_ORDERS_MAX:
        del state.orders[state.retired.pop(0)]
    reserve(state, order)
    show(turn, order)
    if memory.todo or memory.book.residue.size:
        turn.dirty.add(key)
    if memory.held_fills:
        turn.wake(f"held:{key[0]}:{key[1]}", turn.now)
    _follow_up(turn, order, code)
    if not memory.open:
        turn.wake(f"reconcile:{key[0]}", turn.now + state.policy.tuning.reconcile_ms)


def _follow_up(turn: Turn, order: Order, code: RejectCode | None) -> None:
    """Judge an attempt: retry, back off, give up."""
    terms = order.terms
    if code is RejectCode.REDUCE_ONLY:
        turn.commands.append(ReadAccount(account=terms.account))
    if terms.bot is None:
        _after_unowned(turn, order)
        return
    sleeve = turn.state.sleeves[terms.bot, terms.coin]
    sleeve.said = ""
    _count_streak(turn, order, sleeve)
    if terms.purpose is Purpose.INCREASE:
        _after_increase(turn, order, sleeve, code)
    elif order.booked:
        sleeve.failed, sleeve.retry_at = 0, 0
        if not turn.state.books[order.book].book.size_of(terms.bot):
            sleeve.is_emergency = False
    else:
        sleeve.failed += 1
        sleeve.retry_at = turn.now + min(SECOND_MS << min(sleeve.failed - 1, 6), _BACKOFF_MAX_MS)
        turn.wake(f"decide:{terms.account}:{terms.coin}", sleeve.retry_at)
        if sleeve.failed == ALERT_AFTER:
            turn.alert("critical", "reduce", f"{terms.bot} {terms.coin}", f"a reduce failed {ALERT_AFTER} times")


def _after_increase(turn: Turn, order: Order, sleeve: Sleeve, code: RejectCode | None) -> None:
    growth, terms = sleeve.growth, order.terms
    may_retry = code is None or code in _RETRYABLE
    if order.status is OrderStatus.REJECTED and not may_retry:
        letters.write(turn, order, order.reason)
    if growth is None or growth.received > order.created:
        return
    done = order.booked >= terms.quantity
    if done or not may_retry or growth.attempts >= turn.state.policy.tuning.max_attempts:
        sleeve.growth = None
        return
    booking.wants_work(turn, order.book, terms.bot or "")


def _after_unowned(turn: Turn, order: Order) -> None:
    memory = turn.state.books[order.book]
    if order.terms.purpose is not Purpose.FLATTEN:
        return
    if order.booked:
        memory.flatten_failed = 0
    else:
        memory.flatten_failed += 1
        turn.alert("critical", "flatten", order.terms.coin, f"a close failed: {order.reason}; it is tried again")
    turn.commands.append(ReadAccount(account=order.terms.account))


def _count_streak(turn: Turn, order: Order, sleeve: Sleeve) -> None:
    tuning, terms = turn.state.policy.tuning, order.terms
    if order.booked:
        sleeve.streak = 0
    elif order.status is OrderStatus.REJECTED:
        sleeve.streak += 1
        if sleeve.streak >= tuning.reject_streak:
            sleeve.streak, sleeve.paused_until = 0, turn.now + tuning.reject_pause_ms
            turn.alert(
                "warning",
                "reject_streak",
                f"{terms.bot} {terms.coin}",
                f"{tuning.reject_streak} rejects in a row",
            )


def halt_for_two_writers(turn: Turn, subject: str) -> None:
    """Stop everything: somebody else signs for us."""
    reason = f"a fill with a client order id that was never made here: {subject}"
    if turn.set_latch(ALL, LatchKind.TWO_WRITERS, "core", reason):
        turn.alert("critical", "two_writers", subject, reason)
