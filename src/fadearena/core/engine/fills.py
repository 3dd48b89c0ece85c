"""Our own executions: ours by order, held back until it can be told, or foreign by what they did."""

from fadearena.core import ledger
from fadearena.core.engine import booking, orders
from fadearena.core.engine.turn import Turn
from fadearena.core.latches import LatchKind, account_scope
from fadearena.core.lifecycle import Order, filled_news
from fadearena.core.state import FILL_KEYS_MAX, AccountMemory, BookMemory
from fadearena.model.event import OwnFills
from fadearena.model.ids import is_perp
from fadearena.model.order import OrderStatus, OwnFill
from fadearena.model.record import FillKind
from fadearena.model.units import SECOND_MS, ZERO, EpochMs
from fadearena.model.wallet import ForcedKind

HOLD_BACK_MS = 5 * SECOND_MS
_FORCED = {
    ForcedKind.LIQUIDATION: FillKind.LIQUIDATION,
    ForcedKind.ADL: FillKind.ADL,
    ForcedKind.SETTLEMENT: FillKind.SETTLEMENT,
}


def on_own_fills(turn: Turn, event: OwnFills) -> None:
    """Book executions that are new."""
    account = turn.state.accounts.get(event.account)
    if account is None:
        return
    for fill in event.fills:
        if is_perp(fill.coin) and is_new(account, fill.key, fill.time):
            _take(turn, fill)
    if event.is_complete_to is not None:
        account.fills_to = max(account.fills_to, event.is_complete_to)
        for coin in account.coins:
            for cloid in list(turn.state.books[event.account, coin].open):
                order = turn.state.orders[cloid]
                if order.status is OrderStatus.UNKNOWN:
                    orders.conclude(turn, order)


def is_new(account: AccountMemory, key: str, time: EpochMs) -> bool:
    """Tell whether a fill or payment was not booked yet, and remember it."""
    if key in account.fill_keys or time < account.fill_horizon:
        return False
    account.fill_keys[key] = time
    if len(account.fill_keys) > FILL_KEYS_MAX:
        for old in list(account.fill_keys)[: FILL_KEYS_MAX // 2]:
            account.fill_horizon = max(account.fill_horizon, account.fill_keys.pop(old))
    return True


def release_held(turn: Turn, memory: BookMemory) -> None:
    """Book fills that were held back, as soon as it can be told whose they are."""
    held, memory.held_fills = memory.held_fills, []
    for fill in held:
        _take(turn, fill)


def _take(turn: Turn, fill: OwnFill) -> None:
    key = (fill.account, fill.coin)
    memory = turn.book(*key)
    memory.last_fill = max(memory.last_fill, fill.time)
    turn.state.accounts[fill.account].last_fill = max(turn.state.accounts[fill.account].last_fill, fill.time)
    order = _order_of(turn, memory, fill)
    if order is not None:
        _book(turn, order, fill)
    elif fill.forced is not None:
        _book_foreign(turn, memory, fill, _FORCED[fill.forced])
        _note_forced(turn, fill, fill.forced)
    elif fill.cloid is not None and fill.cloid in turn.state.adopted:
        _book_foreign(turn, memory, fill, FillKind.FLATTEN)
    elif fill.cloid is not None:
        _book_foreign(turn, memory, fill, FillKind.OPERATOR)
        orders.halt_for_two_writers(turn, fill.cloid)
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
    recent = [*memory.open, *turn.state.retired[-len(memory.open) - 64 :]]
    return next((orders_known[c] for c in recent if orders_known[c].order_id == fill.order_id), None)


def _book(turn: Turn, order: Order, fill: OwnFill) -> None:
    """Book a fill of an order of ours: it replaces what the answer's average stood for, and adds what goes beyond."""
    order.order_id = fill.order_id if order.order_id is None else order.order_id
    order.filled += fill.quantity
    booking.book_fee(turn, order.book, order.terms.bot, fill.fee)
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
    orders.execute(turn, order, rest, fill.price, (fill.key, fee))
    if late:
        turn.alert("warning", "order", order.identity.cloid, f"a fill came for an order that was {order.status}")
    elif order.booked >= order.terms.quantity:
        orders.settle(turn, order, filled_news(order), "by its fills")
    elif order.status is OrderStatus.UNKNOWN:
        orders.conclude(turn, order)


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
