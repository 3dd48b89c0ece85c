"""
Orders whose outcome is not known: settled at once, never re-sent.

A noop with the same nonce proves that the order never ran, or that it was processed; then look-ups and our own
fills decide, and past the deadline the position. What fits nothing alarms and waits for a person.
"""

from fadearena.core.engine.outcome import settle
from fadearena.core.engine.placing import cancel_resting, in_flight, show
from fadearena.core.engine.turn import Turn
from fadearena.core.latches import ALL, LatchKind
from fadearena.core.lifecycle import News, Order, after, filled_news
from fadearena.core.state import BookMemory
from fadearena.model.command import BurnNonce, QueryOrder, ReadAccount, ReadOwnFills
from fadearena.model.order import Found, OrderStatus
from fadearena.model.record import Drift
from fadearena.model.units import MINUTE_MS, SECOND_MS, ZERO, Size

POLL_MS = SECOND_MS
LOOK_BACK_MS = 5 * SECOND_MS
COMPLAIN_MS = MINUTE_MS
_PAUSE_MAX_MS = MINUTE_MS


def doubt(turn: Turn, order: Order, reason: str) -> None:
    """Begin to settle an order whose outcome is not known."""
    if order.status is not OrderStatus.UNKNOWN:
        order.status, order.reason = after(order.status, News.NO_ANSWER), reason
        show(turn, order)
    if not order.is_burnt:
        burn(turn, order)
    turn.wake(f"settle:{order.identity.cloid}", turn.now + POLL_MS)


def burn(turn: Turn, order: Order) -> None:
    """Send a noop with the order's own nonce."""
    order.is_burnt = True
    account, identity = order.terms.account, order.identity
    turn.commands.append(BurnNonce(account=account, signer=identity.signer, cloid=identity.cloid, nonce=identity.nonce))


def cancel(turn: Turn, order: Order) -> None:
    """Cancel an order that rests although it should not."""
    cancel_resting(turn, order.terms.account, order.terms.asset_id, cloid=order.identity.cloid)


def poll(turn: Turn, order: Order) -> None:
    """
    Look an unknown order up every second, with our fills after 0, 1, 3 and 7 s; past the deadline also the position.

    Fetching fills is dear: where it used up what the exchange allows, nothing would be settled at all.
    """
    if turn.now < order.last_poll + POLL_MS:
        turn.wake(f"settle:{order.identity.cloid}", order.last_poll + POLL_MS)
        return
    account = order.terms.account
    order.last_poll, order.polls = turn.now, order.polls + 1
    is_over, pause = turn.now >= order.verdict_from, POLL_MS
    turn.commands.append(QueryOrder(account=account, cloid=order.identity.cloid))
    if is_over or order.polls & (order.polls - 1) == 0:
        since = min(order.created - LOOK_BACK_MS, turn.state.accounts[account].fills_to)
        turn.commands.append(ReadOwnFills(account=account, since=since))
    if turn.now >= order.verdict_from + COMPLAIN_MS and not order.reason.startswith("unexplained"):
        _complain(turn, order)
    if is_over:
        turn.commands.append(ReadAccount(account=account))
        pause = min(max(POLL_MS, turn.now - order.verdict_from), _PAUSE_MAX_MS)
    turn.wake(f"settle:{order.identity.cloid}", turn.now + pause)


def on_settle_wake(turn: Turn, cloid: str) -> None:
    """Go on settling an order, if it still is unknown."""
    order = turn.state.orders.get(cloid)
    if order is not None and order.status is OrderStatus.UNKNOWN:
        poll(turn, order)


def conclude_all(turn: Turn, account: str) -> None:
    """Settle the unknown orders of an account that are decided by what is known by now."""
    for order in in_flight(turn.state, [account]):
        if order.status is OrderStatus.UNKNOWN:
            conclude(turn, order)


def conclude(turn: Turn, order: Order) -> None:
    """Settle an unknown order if what is known by now decides it."""
    found, quantity = order.found, order.found_quantity
    if found is Found.REJECTED and not order.booked:
        settle(turn, order, News.REFUSED, "looked up: rejected")
    elif found in {Found.FILLED, Found.CANCELLED} and quantity is not None and order.booked >= quantity:
        settle(turn, order, filled_news(order) if order.booked else News.CANCELLED, f"looked up: {found}")
    elif found is not Found.OPEN and _is_proven_over(turn, order):
        if order.booked:
            settle(turn, order, filled_news(order), "by its fills, past its deadline")
        else:
            settle(turn, order, News.NEVER_SEEN, "no trace, no fill, and the position is unchanged")


def _is_proven_over(turn: Turn, order: Order) -> bool:
    """Tell whether complete readings past the deadline agree with what is booked."""
    account, memory = turn.state.accounts[order.terms.account], turn.state.books[order.book]
    if min(account.fills_to, account.read_time) < order.verdict_from:
        return False
    if turn.state.latches.has(ALL, LatchKind.FLATTEN) and not memory.watch.theirs:
        return True
    return (order.found is not Found.FILLED or bool(order.booked)) and not unexplained(memory)


def unexplained(memory: BookMemory) -> Size:
    """Return what the exchange holds beyond our sum and the fills of which it is not told yet whose they are."""
    held = sum((fill.side.signed(fill.quantity) for fill in memory.held_fills), start=ZERO)
    return (memory.watch.theirs or ZERO) - memory.book.position - held


def _complain(turn: Turn, order: Order) -> None:
    """Alarm, and let a person accept what cannot be explained as a drift."""
    key, memory = order.book, turn.state.books[order.book]
    order.reason = "unexplained: neither look-ups nor fills nor the position tell what became of it"
    turn.alert("critical", "order", order.identity.cloid, order.reason)
    off, watch = unexplained(memory), memory.watch
    if off and not watch.is_drifting and turn.state.accounts[key[0]].read_time >= order.verdict_from:
        watch.is_drifting, watch.drift = True, off
        ours, theirs = memory.book.position, watch.theirs or ZERO
        turn.records.append(Drift(account=key[0], coin=key[1], ours=ours, theirs=theirs, is_open=True))
