"""Our own executions: ours by order, held back until it can be told, or foreign by what they did."""

from fadearena.core import ledger
from fadearena.core.engine import booking, stop_orders
from fadearena.core.engine.outcome import alarm_late, execute, halt_for_two_writers, owner_of, settle
from fadearena.core.engine.turn import Turn
from fadearena.core.engine.unknown import conclude, conclude_all
from fadearena.core.latches import LatchKind, account_scope
from fadearena.core.lifecycle import Order, filled_news
from fadearena.core.state import BookMemory
from fadearena.model.event import OwnFills
from fadearena.model.ids import BookKey, is_perp
from fadearena.model.order import OrderStatus, OwnFill
from fadearena.model.record import FillKind
from fadearena.model.units import SECOND_MS, ZERO
from fadearena.model.wallet import ForcedKind

HOLD_BACK_MS = 5 * SECOND_MS
_RECENT = 64
_FORCED = {
    ForcedKind.LIQUIDATION: FillKind.LIQUIDATION,
    ForcedKind.ADL: FillKind.ADL,
    ForcedKind.SETTLEMENT: FillKind.SETTLEMENT,
}


def on_own_fills(turn: Turn, event: OwnFills) -> None:
    """
    Book executions that are new.

    What came before the first complete reading is part of the positions that it showed; it is asked for again
    from there on.
    """
    account = turn.state.accounts.get(event.account)
    if account is None or not account.is_read:
        return
    for fill in event.fills:
        if is_perp(fill.coin) and account.fills.take(fill.key, fill.time):
            _take(turn, fill)
    if event.is_complete_to is not None:
        account.fills_to, account.awaits_fills = max(account.fills_to, event.is_complete_to), False
        conclude_all(turn, event.account)


def release_held(turn: Turn, key: BookKey) -> None:
    """Book fills that were held back, as soon as it can be told whose they are."""
    memory = turn.state.books.get(key)
    held: list[OwnFill] = []
    if memory is not None:
        held, memory.held_fills = memory.held_fills, []
    for fill in held:
        _take(turn, fill)


def _take(turn: Turn, fill: OwnFill) -> None:
    key = (fill.account, fill.coin)
    memory = turn.book(*key)
    memory.last_fill = max(memory.last_fill, fill.time)
    turn.state.accounts[fill.account].last_fill = max(turn.state.accounts[fill.account].last_fill, fill.time)
    order, stop = _order_of(turn, memory, fill), stop_orders.stop_of(memory, fill)
    if order is not None:
        _book(turn, order, fill)
    elif fill.forced is not None:
        _book_foreign(turn, memory, fill, _FORCED[fill.forced])
        _note_forced(turn, fill, fill.forced)
    elif stop is not None:
        _book_foreign(turn, memory, fill, FillKind.STOP)
        stop_orders.on_fill(turn, key, stop, fill)
    elif fill.cloid is not None and fill.cloid in turn.state.adopted:
        _book_foreign(turn, memory, fill, FillKind.FLATTEN)
    elif fill.cloid is not None:
        _book_foreign(turn, memory, fill, FillKind.OPERATOR)
        halt_for_two_writers(turn, fill.cloid)
    elif memory.open or (memory.last_settled and turn.now < memory.last_settled + HOLD_BACK_MS):
        memory.held_fills.append(fill)
        turn.wake(f"held:{fill.account}:{fill.coin}", max(turn.now, memory.last_settled) + HOLD_BACK_MS)
    else:
        _book_foreign(turn, memory, fill, FillKind.OPERATOR)
        turn.alert("info", "operator_trade", fill.coin, f"{fill.side} {fill.quantity} @ {fill.price} was not ours")


def _order_of(turn: Turn, memory: BookMemory, fill: OwnFill) -> Order | None:
    orders_known = turn.state.orders
    if fill.cloid is not None:
        return orders_known.get(fill.cloid)
    if fill.order_id is None:
        return None
    recent = (orders_known[cloid] for cloid in [*memory.open, *turn.state.retired[-_RECENT:]])
    book = (fill.account, fill.coin)
    return next((order for order in recent if order.order_id == fill.order_id and order.book == book), None)


def _book(turn: Turn, order: Order, fill: OwnFill) -> None:
    """Book a fill of an order of ours: it replaces what the answer's average stood for, and adds what goes beyond."""
    order.order_id = fill.order_id if order.order_id is None else order.order_id
    order.filled += fill.quantity
    booking.book_fee(turn, order.book, owner_of(turn.state, order), fill.fee)
    covered = min(fill.quantity, order.guessed)
    if covered and order.guessed_price is not None:
        order.guessed -= covered
        order.booked_notional += covered * (fill.price - order.guessed_price)
        booking.book_correction(turn, order, fill, covered, order.guessed_price)
    rest = fill.quantity - covered
    if not rest:
        return
    late = order.status.is_settled
    fee = ZERO if covered else fill.fee
    execute(turn, order, rest, fill.price, (fill.key, fee))
    if late:
        alarm_late(turn, order, "a fill")
    elif order.booked >= order.terms.quantity:
        settle(turn, order, filled_news(order), "by its fills")
    elif order.status is OrderStatus.UNKNOWN:
        conclude(turn, order)


def _book_foreign(turn: Turn, memory: BookMemory, fill: OwnFill, kind: FillKind) -> None:
    key = (fill.account, fill.coin)
    instrument = turn.state.instruments.get(fill.coin)
    change = fill.side.signed(fill.quantity)
    booking.book_fee(turn, key, None, fill.fee)
    if instrument is None:
        moves = [ledger.adopt_external(memory.book, change, fill.price)]
    elif kind is FillKind.OPERATOR:
        moves = ledger.book_operator(memory.book, change, fill.price, instrument)
    else:
        moves = ledger.book_forced(memory.book, kind, change, fill.price, instrument)
    booking.settle_moves(turn, key, moves, fill.key, fill.cloid, fee=fill.fee)


def _note_forced(turn: Turn, fill: OwnFill, forced: ForcedKind) -> None:
    text = f"{fill.coin}: {forced} of {fill.quantity} @ {fill.price}"
    turn.alert("critical", forced, fill.account, text)
    if forced is not ForcedKind.SETTLEMENT:
        turn.set_latch(account_scope(fill.account), LatchKind.OWN_LIQUIDATION, "core", text)
