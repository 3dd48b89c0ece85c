"""
What an order brought, and what follows from its end.

1. What was executed is booked as it becomes known: first the sleeve, then the residue that the order closes too.
2. An execution is never refused because of a state: it counts, and alarms where the order had ended.
"""

from fadearena.core import ledger
from fadearena.core.engine import booking, letters
from fadearena.core.engine.placing import show
from fadearena.core.engine.turn import Turn
from fadearena.core.engine.valuation import reserve
from fadearena.core.latches import ALL, LatchKind
from fadearena.core.ledger import Movement
from fadearena.core.lifecycle import News, Order, after
from fadearena.core.reconcile import QUIET_MS
from fadearena.core.state import RETIRED_ORDERS_MAX, Sleeve, State
from fadearena.kit.decimals import plain
from fadearena.model.command import ReadAccount
from fadearena.model.ids import BotId
from fadearena.model.order import OrderStatus, Purpose, RejectCode
from fadearena.model.record import FillKind
from fadearena.model.units import MINUTE_MS, SECOND_MS, ZERO, Price, Quantity, Ratio, Usd

ALERT_AFTER = 3
_BACKOFF_MAX_MS = MINUTE_MS
_DOUBLINGS = 6
_RETRYABLE = frozenset({RejectCode.NO_MATCH, RejectCode.NO_LIQUIDITY, RejectCode.EXPIRED})


def owner_of(state: State, order: Order) -> BotId | None:
    """Return the bot whose sleeve an order moves; None for nobody's, and where the bot left the account since."""
    policy = state.bot_policies.get(order.terms.bot or "")
    return policy.id if policy is not None and policy.account == order.terms.account else None


def execute(
    turn: Turn, order: Order, quantity: Quantity, price: Price, fill: tuple[str, Usd], fee_rate: Ratio = ZERO
) -> None:
    """
    Book an execution of an order.

    `fill` is (key, fee); `fee_rate` estimates a fee that is still to be reported.
    """
    terms, key = order.terms, order.book
    memory, account = turn.state.books[key], turn.state.accounts[terms.account]
    moves = _moves(turn, order, quantity, price)
    turn.state.today.fills += 1
    order.booked += quantity
    order.booked_notional += quantity * price
    if terms.bot is not None and terms.bot in turn.state.bots:
        stats = turn.state.bots[terms.bot].stats
        stats.see_fill(terms.side, quantity, price, order.source_price)
        if order.source_time and order.booked == quantity:
            stats.see_reaction(order.source_time, turn.now)
    if account.actions_left is not None:
        account.actions_left += int(quantity * price)
    memory.last_fill = max(turn.event.time, memory.last_fill)
    account.last_fill = max(turn.event.time, account.last_fill)
    reserve(turn.state, order)
    due = fee_rate * quantity * price
    booking.settle_moves(turn, key, moves, fill[0], order.identity.cloid, fee=fill[1], fee_due=due)


def _moves(turn: Turn, order: Order, quantity: Quantity, price: Price) -> list[Movement]:
    terms, book = order.terms, turn.state.books[order.book].book
    if terms.purpose is Purpose.FLATTEN:
        instrument = turn.state.instruments[terms.coin]
        return ledger.book_forced(book, FillKind.FLATTEN, terms.side.signed(quantity), price, instrument)
    owner = owner_of(turn.state, order)
    sleeve_left = max(terms.quantity - terms.residue_quantity - order.booked, ZERO)
    for_sleeve = min(quantity, sleeve_left) if owner is not None else ZERO
    signed = terms.side.signed
    return ledger.book_order(book, owner, signed(for_sleeve), signed(quantity - for_sleeve), price)


def alarm_late(turn: Turn, order: Order, what: str) -> None:
    """Tell that something was executed for an order that had ended; it counts, and its book is looked at."""
    turn.dirty.add(order.book)
    turn.alert("warning", "order", order.identity.cloid, f"{what} came for an order that was {order.status}")
    show(turn, order)


def settle(turn: Turn, order: Order, news: News, reason: str, code: RejectCode | None = None) -> None:
    """Bring an order to its end, and do what follows from it."""
    end(turn, order, news, reason)
    show(turn, order)
    _tell_fill(turn, order)
    key = order.book
    memory = turn.state.books[key]
    if memory.wanting or memory.book.residue.size:
        turn.dirty.add(key)
    if memory.held_fills:
        turn.wake(f"held:{key[0]}:{key[1]}", turn.now)
    _follow_up(turn, order, code)
    turn.wake(f"reconcile:{key[0]}", turn.now + QUIET_MS + 1)


def _tell_fill(turn: Turn, order: Order) -> None:
    """Tell people what an order brought, if they want to hear of that much."""
    least, terms = turn.state.policy.alerts.fill_usd, order.terms
    if least is not None and order.booked and order.booked_notional >= least:
        text = f"{terms.side} {plain(order.booked)} {terms.coin}, {order.booked_notional:.2f} USD: {terms.purpose}"
        turn.alert("info", "fill", f"{terms.bot or terms.account} {terms.coin}", text)


def end(turn: Turn, order: Order, news: News, reason: str) -> None:
    """End an order in its book, and in what is in flight."""
    state, key = turn.state, order.book
    order.status, order.reason = after(order.status, news), reason
    memory, account = state.books[key], state.accounts[key[0]]
    memory.open.remove(order.identity.cloid)
    if not memory.open:
        account.flying.remove(key[1])
    memory.last_settled = account.last_settled = turn.now
    state.retired.append(order.identity.cloid)
    while len(state.retired) > RETIRED_ORDERS_MAX:
        del state.orders[state.retired.pop(0)]
    reserve(state, order)


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
    _count_streak(turn, order, sleeve, code)
    if terms.purpose is Purpose.INCREASE:
        _after_increase(turn, order, sleeve, code)
    elif order.booked:
        sleeve.failed, sleeve.retry_at = 0, 0
        if not turn.state.books[order.book].book.size_of(terms.bot):
            sleeve.is_emergency = False
    else:
        sleeve.failed += 1
        sleeve.retry_at = turn.now + min(SECOND_MS << min(sleeve.failed - 1, _DOUBLINGS), _BACKOFF_MAX_MS)
        turn.wake(f"decide:{terms.account}:{terms.coin}", sleeve.retry_at)
        if sleeve.failed == ALERT_AFTER:
            turn.alert("critical", "reduce", f"{terms.bot} {terms.coin}", f"a reduce failed {ALERT_AFTER} times")


def _after_increase(turn: Turn, order: Order, sleeve: Sleeve, code: RejectCode | None) -> None:
    growth, terms = sleeve.growth, order.terms
    may_retry = code is None or code in _RETRYABLE
    if order.status is OrderStatus.REJECTED and not may_retry:
        letters.write(turn, order, order.reason)
    if growth is None or not growth.attempts:  # without an attempt it is newer than this order, and still counts
        return
    done = order.booked >= terms.quantity
    if done or not may_retry or growth.attempts >= turn.state.policy.tuning.max_attempts:
        sleeve.growth = None
        return
    booking.wants_work(turn, order.book, terms.bot or "")


def _after_unowned(turn: Turn, order: Order) -> None:
    """Look at once what a close left; one that keeps failing waits for the next round."""
    memory = turn.state.books[order.book]
    if order.terms.purpose is not Purpose.FLATTEN:
        return
    if order.booked:
        memory.flatten_failed = 0
    else:
        memory.flatten_failed += 1
        turn.alert("critical", "flatten", order.terms.coin, f"a close failed: {order.reason}; it is tried again")
    if memory.flatten_failed < ALERT_AFTER:
        turn.commands.append(ReadAccount(account=order.terms.account))


def _count_streak(turn: Turn, order: Order, sleeve: Sleeve, code: RejectCode | None) -> None:
    """Pause a sleeve after too many rejects in a row; what came too late says something of clocks, not of orders."""
    tuning, terms = turn.state.policy.tuning, order.terms
    if order.booked:
        sleeve.streak = 0
    elif order.status is OrderStatus.REJECTED and code is not RejectCode.EXPIRED:
        sleeve.streak += 1
        if sleeve.streak >= tuning.reject_streak:
            sleeve.streak, sleeve.paused_until = 0, turn.now + tuning.reject_pause_ms
            text = f"{tuning.reject_streak} rejects in a row"
            turn.alert("warning", "reject_streak", f"{terms.bot} {terms.coin}", text)


def halt_for_two_writers(turn: Turn, subject: str) -> None:
    """Stop everything: somebody else signs for us."""
    reason = f"a fill with a client order id that was never made here: {subject}"
    if turn.set_latch(ALL, LatchKind.TWO_WRITERS, "core", reason):
        turn.alert("critical", "two_writers", subject, reason)
