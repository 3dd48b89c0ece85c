"""News of orders after they were released: sent, answered, looked up, their nonce burnt."""

from fadearena.core.engine.outcome import alarm_late, execute, settle
from fadearena.core.engine.placing import show
from fadearena.core.engine.turn import Turn
from fadearena.core.engine.unknown import cancel, conclude, doubt, poll
from fadearena.core.lifecycle import News, Order, after, filled_news
from fadearena.model.event import ActionAnswered, OrderAnswered, OrderFound, OrderSent, OrderShadowed
from fadearena.model.order import (
    ActionKind,
    ActionOutcome,
    Dropped,
    Filled,
    Found,
    OrderStatus,
    Refused,
    RejectCode,
    Resting,
)
from fadearena.model.record import ShadowFill
from fadearena.model.units import ZERO


def on_sent(turn: Turn, event: OrderSent) -> None:
    """Note that an order was handed over."""
    order = turn.state.orders.get(event.cloid)
    if order is not None and order.status is OrderStatus.PENDING:
        order.status = after(order.status, News.SENT)
        show(turn, order)


def on_answered(turn: Turn, event: OrderAnswered) -> None:
    """Take the answer to an order; only executions still count for one that has ended."""
    order = turn.state.orders.get(event.cloid)
    if order is None or order.book not in turn.state.books:
        turn.alert("warning", "order", event.cloid, "an answer came for an order that is not known here")
        return
    match event.answer:
        case Filled() as answer if answer.quantity > 0:
            _on_filled(turn, order, answer)
        case _ if order.status.is_settled:
            pass
        case Filled():
            _on_refused(turn, order, Refused(code=RejectCode.NO_MATCH, text="filled nothing"))
        case Refused(code=RejectCode.NONCE) as answer:
            doubt(turn, order, f"its nonce was refused: {answer.text}")
        case Refused() as answer:
            _on_refused(turn, order, answer)
        case Dropped() as answer if order.status is OrderStatus.PENDING:
            settle(turn, order, News.DROPPED, answer.reason)
        case Resting() as answer:
            order.order_id = answer.order_id
            turn.alert("warning", "order", event.cloid, "an IOC order rests on the book; it is cancelled")
            cancel(turn, order)
            doubt(turn, order, "resting")
        case answer:  # none came, or it was sent and is said never to have left
            doubt(turn, order, answer.reason)


def on_found(turn: Turn, event: OrderFound) -> None:
    """Take what a look-up says of an order whose outcome is unknown; "not found" alone is no proof."""
    order = turn.state.orders.get(event.cloid)
    if order is None or order.status is not OrderStatus.UNKNOWN or event.found is Found.NOT_FOUND:
        return
    order.found, order.order_id = event.found, event.order_id or order.order_id
    order.found_quantity = ZERO if event.found is Found.REJECTED else event.quantity
    if event.found is Found.OPEN:
        cancel(turn, order)
    if turn.state.books[order.book].held_fills:  # one of them may be told by the order's id now
        turn.wake(f"held:{order.book[0]}:{order.book[1]}", turn.now)
    conclude(turn, order)


def on_action(turn: Turn, event: ActionAnswered) -> None:
    """Take the answer to a noop or a cancel."""
    order = turn.state.orders.get(event.subject)
    if order is None or order.status is not OrderStatus.UNKNOWN:
        return
    is_burnt = event.kind is ActionKind.NOOP and event.outcome is ActionOutcome.ACCEPTED
    if is_burnt and not order.booked:
        settle(turn, order, News.NONCE_BURNT, "its nonce was burnt: it never ran and never will")
    else:
        poll(turn, order)


def on_shadowed(turn: Turn, event: OrderShadowed) -> None:
    """Record once what simulation would have made of an order of ours."""
    order = turn.state.orders.get(event.cloid)
    if order is None or order.is_shadowed:
        return
    order.is_shadowed, terms = True, order.terms
    turn.records.append(
        ShadowFill(
            cloid=event.cloid,
            account=terms.account,
            coin=terms.coin,
            side=terms.side,
            quantity=event.quantity,
            price=event.average_price,
            fee=event.fee,
            reason=event.reason,
        )
    )


def _on_refused(turn: Turn, order: Order, answer: Refused) -> None:
    if order.booked:
        settle(turn, order, filled_news(order), f"refused after a fill: {answer.code}")
    else:
        settle(turn, order, News.REFUSED, answer.code, answer.code)


def _on_filled(turn: Turn, order: Order, answer: Filled) -> None:
    """Book what the answer says beyond our fills, at its average price; the fills replace that later."""
    order.order_id = answer.order_id if order.order_id is None else order.order_id
    order.answered = max(order.answered, answer.quantity)
    growth = order.answered - order.booked
    if growth > 0:
        order.guessed, order.guessed_price = order.guessed + growth, answer.average_price
        rate = turn.state.account_policies[order.terms.account].taker_rate
        execute(turn, order, growth, answer.average_price, (f"{order.identity.cloid}:answer", ZERO), rate)
    if not order.status.is_settled:
        settle(turn, order, filled_news(order), "")
    elif growth > 0:
        alarm_late(turn, order, "an answer")
