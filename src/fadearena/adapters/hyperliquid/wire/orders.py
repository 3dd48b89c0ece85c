"""Orders as the exchange shows them, and its answers to signed actions."""
# ruff: noqa: N815 - the names are the exchange's own

from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from fadearena.adapters.hyperliquid.wire.fills import Side


class OpenOrder(msgspec.Struct, frozen=True, kw_only=True):
    """One row of `openOrders`; `sz` is what remains of `origSz`."""

    coin: str
    side: Side
    limitPx: str
    sz: str
    oid: int
    timestamp: int
    origSz: str | UnsetType = UNSET
    cloid: str | UnsetType | None = UNSET
    reduceOnly: bool | UnsetType = UNSET


class FrontendOrder(OpenOrder, frozen=True, kw_only=True):
    """One row of `frontendOpenOrders`, and the order inside `orderStatus`: the same with its kind."""

    orderType: str | UnsetType = UNSET
    tif: str | UnsetType | None = UNSET
    isTrigger: bool | UnsetType = UNSET
    triggerPx: str | UnsetType = UNSET
    triggerCondition: str | UnsetType = UNSET
    isPositionTpsl: bool | UnsetType = UNSET
    children: tuple["FrontendOrder", ...] | UnsetType = UNSET


class OrderState(msgspec.Struct, frozen=True, kw_only=True):
    """An order and what became of it: one row of `historicalOrders`."""

    order: FrontendOrder
    status: str
    statusTimestamp: int


class OrderUpdate(msgspec.Struct, frozen=True, kw_only=True):
    """One row of channel `orderUpdates`: an order in short, and what became of it."""

    order: OpenOrder
    status: str
    statusTimestamp: int


class OrderStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Answer to `orderStatus`."""

    status: Literal["order", "unknownOid"]
    order: OrderState | UnsetType = UNSET


class Resting(msgspec.Struct, frozen=True, kw_only=True):
    """The order rests on the book."""

    oid: int
    cloid: str | UnsetType = UNSET


class Filled(msgspec.Struct, frozen=True, kw_only=True):
    """The order traded `totalSz`, perhaps less than it asked for."""

    totalSz: str
    avgPx: str
    oid: int
    cloid: str | UnsetType = UNSET


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one order or cancel of an action; one of the three is set."""

    resting: Resting | UnsetType = UNSET
    filled: Filled | UnsetType = UNSET
    error: str | UnsetType = UNSET


class Statuses(msgspec.Struct, frozen=True, kw_only=True):
    """One status for each order or cancel; texts are `success`, `waitingForFill`, `waitingForTrigger`."""

    statuses: tuple[str | Status, ...]


class Response(msgspec.Struct, frozen=True, kw_only=True):
    """What an action that was accepted came to; `data` is a text for a new sub-account's address."""

    type: str
    data: str | Statuses | UnsetType = UNSET


class ExchangeReply(msgspec.Struct, frozen=True, kw_only=True):
    """Answer of `/exchange`: with `err` the response is a text that refuses the action as a whole."""

    status: Literal["ok", "err"]
    response: str | Response
