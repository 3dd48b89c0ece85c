"""Our orders: `GET /api/orders` and `GET /api/orders/{cloid}`."""

from typing import Self

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from fadearena.api.schemas.common import Amount, Money, NextCursor, Rate, Shape, Time
from fadearena.api.schemas.decisions import DECISION, DecisionShape
from fadearena.api.schemas.fills import FILL, FillShape
from fadearena.model.order import OrderStatus, Purpose
from fadearena.model.record import ShadowFill
from fadearena.model.units import Side
from fadearena.ports.archive import LoggedOrder, OrderStory, Transition


class OrderShape(Shape):
    """An order as it stands."""

    seq: int = Field(ge=1, description="Number of the record that it was made by.")
    cloid: str = Field(description="Client order id: 0x and 32 hex digits, by which the exchange knows it.")
    label: str = Field(description="The text that the client order id is made of.")
    account: str = Field(description="Id of the account of ours.")
    bot_id: str | None = Field(description="The bot; null for an order that belongs to none.")
    asset: str = Field(description="The coin, as the exchange names it.")
    side: Side = Field(description="`buy` or `sell`.")
    size: Amount = Field(description="What was ordered, base units.")
    limit_price: Rate = Field(description="Limit, USD for one base unit.")
    reduce_only: bool = Field(description="Whether it may only reduce.")
    purpose: Purpose = Field(description="Why it was made.")
    status: OrderStatus = Field(description="Where it stands; `unknown` was sent and is being asked for.")
    filled: Amount = Field(description="What of it traded, base units.")
    average_price: Rate | None = Field(description="Average price of that, USD; null where nothing traded.")
    reason: str = Field(description="Why it has this status; empty where there is nothing to say.")
    created: Time = Field(description="When it was made, ms UTC.")
    changed: Time = Field(description="When it changed last, ms UTC.")

    @classmethod
    def of(cls, logged: LoggedOrder) -> Self:
        """Return the shape of an order."""
        order = logged.view.order
        return cls.model_construct(
            seq=logged.record_seq,
            cloid=order.cloid,
            label=order.label,
            account=order.account,
            bot_id=order.bot,
            asset=order.coin,
            side=order.side,
            size=order.quantity,
            limit_price=order.limit,
            reduce_only=order.reduce_only,
            purpose=order.purpose,
            status=order.status,
            filled=order.filled,
            average_price=order.average_price,
            reason=order.reason,
            created=logged.view.created,
            changed=logged.view.changed,
        )


class TransitionShape(Shape):
    """One transition of an order."""

    seq: int = Field(ge=1, description="Number of its record.")
    timestamp: Time = Field(description="When it was recorded, ms UTC.")
    status: OrderStatus = Field(description="What it became.")
    filled: Amount = Field(description="What of it had traded by then, base units.")
    average_price: Rate | None = Field(description="Average price of that, USD; null where nothing had traded.")
    reason: str = Field(description="Why; empty where there is nothing to say.")

    @classmethod
    def of(cls, transition: Transition) -> Self:
        """Return the shape of a transition."""
        update = transition.update
        return cls.model_construct(
            seq=transition.record_seq,
            timestamp=transition.time,
            status=update.status,
            filled=update.filled,
            average_price=update.average_price,
            reason=update.reason,
        )


class ShadowShape(Shape):
    """What simulation would have made of a live order."""

    size: Amount = Field(description="What would have traded, base units; 0 where it would have been refused.")
    price: Rate | None = Field(description="At which average price, USD; null where nothing would have traded.")
    fee: Money = Field(description="What would have been paid, USD.")
    reason: str = Field(description="Why it would have been refused; empty where it would not.")

    @classmethod
    def of(cls, shadow: ShadowFill) -> Self:
        """Return the shape of a shadow."""
        return cls.model_construct(size=shadow.quantity, price=shadow.price, fee=shadow.fee, reason=shadow.reason)


_ORDER: JsonDict = {
    "seq": 4711,
    "cloid": "0x6d1f4b0c9a3e48d2b7c5e1f00a9d8c7b",
    "label": "fadearena-0x56d652e62998251b56c8398fb11fcfe464c08f84-1767268799900-0.0",
    "account": "main",
    "botId": "grok-4",
    "asset": "BTC",
    "side": "sell",
    "size": 0.025,
    "limitPrice": 98514,
    "reduceOnly": False,
    "purpose": "increase",
    "status": "filled",
    "filled": 0.025,
    "averagePrice": 99010,
    "reason": "",
    "created": 1767268800000,
    "changed": 1767268800120,
}
_TRANSITION: JsonDict = {
    "seq": 4714,
    "timestamp": 1767268800120,
    "status": "filled",
    "filled": 0.025,
    "averagePrice": 99010,
    "reason": "",
}
_STORY: JsonDict = {
    "order": _ORDER,
    "decision": DECISION,
    "transitions": [_TRANSITION],
    "fills": [FILL],
    "shadow": None,
}


class OrdersShape(Shape):
    """A page of orders."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"orders": [_ORDER], "nextCursor": None}]})

    orders: tuple[OrderShape, ...] = Field(description="The orders, the newest first.")
    next_cursor: NextCursor


class OrderStoryShape(Shape):
    """An order from its decision to its last fill."""

    model_config = ConfigDict(json_schema_extra={"examples": [_STORY]})

    order: OrderShape = Field(description="The order as it stands.")
    decision: DecisionShape | None = Field(description="Why it was made, with every check; null where none names it.")
    transitions: tuple[TransitionShape, ...] = Field(description="What became of it, the oldest first.")
    fills: tuple[FillShape, ...] = Field(description="What it moved, the oldest first.")
    shadow: ShadowShape | None = Field(description="What simulation would have made of it; null where nobody asked.")

    @classmethod
    def of(cls, story: OrderStory) -> Self:
        """Return the shape of an order's story."""
        return cls(
            order=OrderShape.of(story.order),
            decision=None if story.decision is None else DecisionShape.of(story.decision),
            transitions=tuple(map(TransitionShape.of, story.transitions)),
            fills=tuple(map(FillShape.of, story.fills)),
            shadow=None if story.shadow is None else ShadowShape.of(story.shadow),
        )
