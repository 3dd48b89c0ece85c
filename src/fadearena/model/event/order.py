"""What becomes of what was signed: orders and other actions."""

from fadearena.model.event.header import Header
from fadearena.model.ids import AccountId, Cloid
from fadearena.model.order import ActionKind, ActionOutcome, Answer, Found
from fadearena.model.units import Price, Quantity, Usd


class OrderSent(Header, frozen=True, kw_only=True, gc=False, tag="order-sent"):
    """The order was handed to the venue."""

    cloid: Cloid


class OrderAnswered(Header, frozen=True, kw_only=True, gc=False, tag="order-answered"):
    """The venue answered an order, or it is certain that it never left, or nobody knows."""

    cloid: Cloid
    answer: Answer


class OrderFound(Header, frozen=True, kw_only=True, gc=False, tag="order-found"):
    """A look-up by cloid succeeded; `quantity` is what it says was executed, None where it does not say."""

    cloid: Cloid
    found: Found
    quantity: Quantity | None = None
    order_id: int | None = None


class ActionAnswered(Header, frozen=True, kw_only=True, gc=False, tag="action-answered"):
    """
    The venue answered a signed action that is no order.

    `subject` is the cloid for a noop, a cancel or a stop, the coin for leverage, the account for a schedule.
    """

    account: AccountId
    kind: ActionKind
    subject: str
    outcome: ActionOutcome
    text: str = ""


class OrderShadowed(Header, frozen=True, kw_only=True, gc=False, tag="order-shadowed"):
    """
    What a paper venue would have made of a live order, at the moment when the live one should have arrived.

    `quantity` is 0 where it would have been refused, with the `reason`; `average_price` is None then.
    """

    cloid: Cloid
    quantity: Quantity
    average_price: Price | None
    fee: Usd
    reason: str = ""
