"""
The signed actions that clients send, as typed fields in the exchange's own order.

1. What does not fit is refused before anything else is looked at (`422`); keys that nobody knows are left out.
2. Values take their canonical form while they are read: numbers without zeros at the end, ids in lower case, and
   `false` where it means absent becomes absent. `packing` of these fields is what a right client hashed.
3. What only an owner's key signs is in `owners`.
"""

from collections.abc import Callable
from typing import Annotated, Literal, TypeAlias

import msgspec

from fadearena.sandbox.gateway import texts
from fadearena.sandbox.gateway.owners import Long, UserSigned

Count = Annotated[int, msgspec.Meta(ge=0, le=(1 << 32) - 1)]
"""A whole number of 32 bits: an asset id, a leverage."""


class Limit(msgspec.Struct):
    """A limit order; `FrontendMarket` is an IOC that the exchange's own page sends."""

    tif: Literal["Gtc", "Ioc", "Alo", "FrontendMarket"]


class Trigger(msgspec.Struct, rename="camel"):
    """An order that waits for a mark price."""

    is_market: bool
    trigger_px: str
    tpsl: Literal["tp", "sl"]

    def __post_init__(self) -> None:
        self.trigger_px = texts.canonical(self.trigger_px)


class OrderType(msgspec.Struct):
    """Limit or trigger, never both."""

    limit: Limit | None = None
    trigger: Trigger | None = None

    def __post_init__(self) -> None:
        if (self.limit is None) == (self.trigger is None):
            raise ValueError("an order is either limit or trigger")


class OrderWire(msgspec.Struct):
    """One order: asset, is it a buy, price, size, is it reduce-only, type, client order id."""

    a: Count
    b: bool
    p: str
    s: str
    r: bool
    t: OrderType
    c: str | None = None

    def __post_init__(self) -> None:
        self.p, self.s = texts.canonical(self.p), texts.canonical(self.s)
        self.c = _absent_or(texts.cloid, self.c)


class Builder(msgspec.Struct):
    """Who earns an extra fee, in tenths of a basis point."""

    b: str
    f: Count

    def __post_init__(self) -> None:
        self.b = texts.address(self.b)


class Priority(msgspec.Struct):
    """A grouping that pays for being early."""

    p: Count


class PlaceOrders(msgspec.Struct, tag_field="type", tag="order"):
    """Place orders."""

    orders: list[OrderWire]
    grouping: Literal["na", "normalTpsl", "positionTpsl"] | Priority
    builder: Builder | None = None


class CancelWire(msgspec.Struct):
    """An order by its id."""

    a: Count
    o: Long


class Cancel(msgspec.Struct, tag_field="type", tag="cancel"):
    """Cancel by order id."""

    cancels: list[CancelWire]
    f: bool | None = None

    def __post_init__(self) -> None:
        self.f = self.f or None


class CancelByCloidWire(msgspec.Struct):
    """An order by its client order id."""

    asset: Count
    cloid: str

    def __post_init__(self) -> None:
        self.cloid = texts.cloid(self.cloid)


class CancelByCloid(msgspec.Struct, tag_field="type", tag="cancelByCloid"):
    """Cancel by client order id."""

    cancels: list[CancelByCloidWire]
    f: bool | None = None

    def __post_init__(self) -> None:
        self.f = self.f or None


class ModifyWire(msgspec.Struct):
    """An order that takes the place of another."""

    oid: Long | str
    order: OrderWire

    def __post_init__(self) -> None:
        self.oid = self.oid if isinstance(self.oid, int) else texts.cloid(self.oid)


class Modify(ModifyWire, tag_field="type", tag="modify"):
    """Cancel an order and place another; `a` places it even where nothing could be cancelled."""

    a: bool | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self.a = self.a or None


class BatchModify(msgspec.Struct, tag_field="type", tag="batchModify"):
    """Modify several orders."""

    modifies: list[ModifyWire]
    a: bool | None = None

    def __post_init__(self) -> None:
        self.a = self.a or None


class ScheduleCancel(msgspec.Struct, tag_field="type", tag="scheduleCancel"):
    """Cancel everything at a time; without one, do not."""

    time: Long | None = None


class UpdateLeverage(msgspec.Struct, tag_field="type", tag="updateLeverage", rename="camel"):
    """Set leverage and margin mode of one coin."""

    asset: Count
    is_cross: bool
    leverage: Count


class UpdateIsolatedMargin(msgspec.Struct, tag_field="type", tag="updateIsolatedMargin", rename="camel"):
    """Add margin to an isolated position, in millionths of a dollar; below zero it is removed."""

    asset: Count
    is_buy: bool
    ntli: Annotated[int, msgspec.Meta(ge=-(1 << 62), le=1 << 62)]


class Noop(msgspec.Struct, tag_field="type", tag="noop"):
    """Do nothing but use up the nonce."""


class CreateSubAccount(msgspec.Struct, tag_field="type", tag="createSubAccount"):
    """Open an account of its own under a master."""

    name: str


class SubAccountTransfer(msgspec.Struct, tag_field="type", tag="subAccountTransfer", rename="camel"):
    """Move money to a sub-account or back, in millionths of a dollar."""

    sub_account_user: str
    is_deposit: bool
    usd: Long

    def __post_init__(self) -> None:
        self.sub_account_user = texts.address(self.sub_account_user)


class AgentSetAbstraction(msgspec.Struct, tag_field="type", tag="agentSetAbstraction"):
    """Choose the account mode: standard, unified, portfolio."""

    abstraction: Literal["i", "u", "p"]


Action: TypeAlias = (
    PlaceOrders
    | Cancel
    | CancelByCloid
    | Modify
    | BatchModify
    | ScheduleCancel
    | UpdateLeverage
    | UpdateIsolatedMargin
    | Noop
    | CreateSubAccount
    | SubAccountTransfer
    | AgentSetAbstraction
    | UserSigned
)


class Signature(msgspec.Struct):
    """A signature as it is sent; zeros in front may be missing."""

    r: str
    s: str
    v: int


class Envelope(msgspec.Struct, rename="camel"):
    """What is posted to `/exchange`."""

    action: Action
    nonce: Long
    signature: Signature
    vault_address: str | None = None
    expires_after: Long | None = None

    def __post_init__(self) -> None:
        self.vault_address = _absent_or(texts.address, self.vault_address)


def batch_length(action: Action) -> int:
    """Return how many requests an action counts for."""
    match action:
        case PlaceOrders():
            return max(1, len(action.orders))
        case Cancel() | CancelByCloid():
            return max(1, len(action.cancels))
        case BatchModify():
            return max(1, len(action.modifies))
        case _:
            return 1


def _absent_or(reader: Callable[[str], str], text: str | None) -> str | None:
    return None if text is None else reader(text)
