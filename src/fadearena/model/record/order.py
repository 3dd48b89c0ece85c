"""What became of orders, and of stops that rest."""

import msgspec

from fadearena.model.ids import AccountId, BotId, Cloid, Coin
from fadearena.model.order import OrderStatus, Purpose
from fadearena.model.units import Price, Quantity, Side, Usd


class OrderUpdate(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="order-update"):
    """One transition of an order."""

    cloid: Cloid
    label: str
    account: AccountId
    bot: BotId | None
    coin: Coin
    side: Side
    quantity: Quantity
    limit: Price
    reduce_only: bool
    purpose: Purpose
    status: OrderStatus
    filled: Quantity
    average_price: Price | None
    reason: str = ""


class ShadowFill(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="shadow-fill"):
    """
    What simulation would have paid for a live order: the other half of `fadearena parity`.

    `quantity` is 0 where a paper venue would have refused it, with the `reason`; `price` is None then.
    """

    cloid: Cloid
    account: AccountId
    coin: Coin
    side: Side
    quantity: Quantity
    price: Price | None
    fee: Usd
    reason: str = ""


class StopUpdate(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="stop-update"):
    """A stop on the exchange, after a change: `pending`, `resting`, `cancelled`, `refused` or `filled`."""

    cloid: Cloid
    label: str
    account: AccountId
    coin: Coin
    side: Side
    quantity: Quantity
    trigger: Price
    status: str
    reason: str = ""
