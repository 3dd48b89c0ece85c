"""Orders: what the exchange answers, and what it says when asked for one."""

from collections.abc import Iterable

import msgspec
from msgspec import UNSET

from fadearena.adapters.hyperliquid import wire
from fadearena.adapters.hyperliquid.codec.numbers import number, positive
from fadearena.adapters.hyperliquid.errors import code_of, is_duplicate_nonce
from fadearena.model.account import OpenOrder
from fadearena.model.error import VenueProtocolError
from fadearena.model.order import ActionOutcome, Answer, Filled, Found, Refused, Resting
from fadearena.model.units import ZERO, Quantity

_OPEN = frozenset({"open", "triggered"})


class Lookup(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a look-up says; `quantity` is what was executed, None where it does not tell and fills have to."""

    found: Found
    quantity: Quantity | None = None
    order_id: int | None = None


class Outcome(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What became of an action that is no order; `text` is the exchange's reason."""

    outcome: ActionOutcome
    text: str = ""


def order_answers(reply: wire.ExchangeReply, count: int = 1) -> tuple[Answer, ...]:
    """
    Return the answer to each of an action's orders.

    A partial execution is answered as filled, and what is left of an IOC is gone without a word. One error for a
    batch of several refuses them all.

    Raises:
        VenueProtocolError: The reply does not say what became of every order: their outcome is unknown.
    """
    response = _response(reply)
    if isinstance(response, str):
        return (_refused(response),) * count
    statuses = _statuses(response)
    if len(statuses) == 1 < count and isinstance(statuses[0], wire.Status) and statuses[0].error is not UNSET:
        return (_refused(statuses[0].error),) * count
    if len(statuses) != count:
        raise VenueProtocolError(f"{len(statuses)} statuses came for {count} orders")
    return tuple(_answer(status) for status in statuses)


def action_outcome(reply: wire.ExchangeReply) -> Outcome:
    """
    Return what became of a noop, a single cancel, a change of leverage, or a schedule.

    Raises:
        VenueProtocolError: The reply does not say it.
    """
    response = _response(reply)
    if isinstance(response, str):
        return _not_done(response)
    if response.type == "default":
        return Outcome(outcome=ActionOutcome.ACCEPTED)
    match _statuses(response):
        case ("success",):
            return Outcome(outcome=ActionOutcome.ACCEPTED)
        case (wire.Status(error=str() as text),):
            return _not_done(text)
        case other:
            raise VenueProtocolError(f"unknown statuses of an action: {other!r:.200}")


def stop_outcome(reply: wire.ExchangeReply) -> Outcome:
    """
    Return what became of a stop: accepted once it rests or waits to be triggered, or was triggered at once.

    Raises:
        VenueProtocolError: The reply does not say it.
    """
    response = _response(reply)
    if isinstance(response, str):
        return _not_done(response)
    match _statuses(response):
        case ("waitingForTrigger",):
            return Outcome(outcome=ActionOutcome.ACCEPTED)
        case (wire.Status() as status,):
            answer = _answer(status)
            return _not_done(answer.text) if isinstance(answer, Refused) else Outcome(outcome=ActionOutcome.ACCEPTED)
        case other:
            raise VenueProtocolError(f"unknown statuses of a stop: {other!r:.200}")


def looked_up(answer: wire.OrderStatus) -> Lookup:
    """
    Return what `orderStatus` says of an order.

    How much of it was executed is told for certain only of one that was rejected whole, and of one that is filled and
    could not have been shrunk to a position. A rejection that left less than was asked for counts as cancelled.

    Raises:
        VenueProtocolError: Its state is none that is known here, and does not sound final.
    """
    if answer.order is UNSET:
        if answer.status == "unknownOid":
            return Lookup(found=Found.NOT_FOUND)
        raise VenueProtocolError("orderStatus: an order was found, and is missing")
    return _lookup(answer.order.order, answer.order.status, may_shrink=answer.order.order.reduceOnly is not False)


def updated(update: wire.OrderUpdate, *, may_shrink: bool) -> Lookup:
    """
    Return what a row of `orderUpdates` says of an order; `may_shrink` unless it is known not to be reduce-only.

    Raises:
        VenueProtocolError: Its state is none that is known here, and does not sound final.
    """
    return _lookup(update.order, update.status, may_shrink=may_shrink)


def _lookup(order: wire.OpenOrder, status: str, *, may_shrink: bool) -> Lookup:
    found = _found(status)
    asked, left = number("origSz", order.origSz or order.sz), number("sz", order.sz)
    match found:
        case Found.REJECTED if left == asked:
            return Lookup(found=found, quantity=ZERO, order_id=order.oid)
        case Found.REJECTED:
            return Lookup(found=Found.CANCELLED, order_id=order.oid)
        case Found.FILLED if not may_shrink and left < asked:
            return Lookup(found=found, quantity=asked - left, order_id=order.oid)
        case _:
            return Lookup(found=found, order_id=order.oid)


def open_orders(rows: Iterable[wire.OpenOrder]) -> tuple[OpenOrder, ...]:
    """Return the orders that rest for an account."""
    return tuple(
        OpenOrder(coin=row.coin, order_id=row.oid, cloid=row.cloid.lower() if row.cloid else None) for row in rows
    )


def _found(status: str) -> Found:
    if status in _OPEN:
        return Found.OPEN
    if status == "filled":
        return Found.FILLED
    low = status.lower()
    if low.endswith(("canceled", "cancel")):
        return Found.CANCELLED
    if low.endswith("rejected"):
        return Found.REJECTED
    raise VenueProtocolError(f"{status!r} is no state of an order that is known here")


def _response(reply: wire.ExchangeReply) -> str | wire.Response:
    """Return what a reply holds: a text where the whole action was refused, and only there."""
    if (reply.status == "err") is not isinstance(reply.response, str):
        raise VenueProtocolError(f"a reply says {reply.status} and holds {reply.response!r:.200}")
    return reply.response


def _statuses(response: wire.Response) -> tuple[str | wire.Status, ...]:
    if not isinstance(response.data, wire.Statuses):
        raise VenueProtocolError(f"a reply of type {response.type!r} has no statuses")
    return response.data.statuses


def _answer(status: str | wire.Status) -> Answer:
    match status:
        case wire.Status(filled=wire.Filled() as filled):
            return Filled(
                quantity=positive("totalSz", filled.totalSz),
                average_price=positive("avgPx", filled.avgPx),
                order_id=filled.oid,
            )
        case wire.Status(resting=wire.Resting() as resting):
            return Resting(order_id=resting.oid)
        case wire.Status(error=str() as text):
            return _refused(text)
        case _:
            raise VenueProtocolError(f"unknown status of an order: {status!r:.200}")


def _refused(text: str) -> Refused:
    return Refused(code=code_of(text), text=text)


def _not_done(text: str) -> Outcome:
    is_duplicate = is_duplicate_nonce(text)
    return Outcome(outcome=ActionOutcome.DUPLICATE_NONCE if is_duplicate else ActionOutcome.REFUSED, text=text)
