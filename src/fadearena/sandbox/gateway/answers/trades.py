"""Orders, fills and trades as they are shown."""

from typing import Any, Literal

import msgspec

from fadearena.sandbox.gateway.texts import shown, side
from fadearena.sandbox.nouns import Fill, Order, Tif, Trade

USDC = "USDC"


class TradeRow(msgspec.Struct):
    """One trade of the tape; the first user bought."""

    coin: str
    side: str
    px: str
    sz: str
    time: int
    hash: str
    tid: int
    users: tuple[str, str]


class LiquidationRow(msgspec.Struct, rename="camel"):
    """Who was liquidated in a fill."""

    liquidated_user: str
    mark_px: str
    method: str


class FillRow(msgspec.Struct, rename="camel", omit_defaults=True):
    """One side of a trade."""

    coin: str
    px: str
    sz: str
    side: str
    time: int
    start_position: str
    dir: str
    closed_pnl: str
    hash: str
    oid: int
    crossed: bool
    fee: str
    tid: int
    fee_token: str
    twap_id: int | None
    cloid: str | msgspec.UnsetType = msgspec.UNSET
    liquidation: LiquidationRow | msgspec.UnsetType = msgspec.UNSET


class SliceRow(msgspec.Struct, rename="camel"):
    """A fill of a TWAP order."""

    fill: FillRow
    twap_id: int


class OrderRow(msgspec.Struct, rename="camel", omit_defaults=True):
    """A resting order, in short."""

    coin: str
    side: str
    limit_px: str
    sz: str
    oid: int
    timestamp: int
    orig_sz: str
    cloid: str | msgspec.UnsetType = msgspec.UNSET
    reduce_only: Literal[True] | msgspec.UnsetType = msgspec.UNSET


class FullOrderRow(msgspec.Struct, rename="camel"):
    """An order with all that is known of it."""

    coin: str
    side: str
    limit_px: str
    sz: str
    oid: int
    timestamp: int
    orig_sz: str
    reduce_only: bool
    tif: str | None
    cloid: str | None
    order_type: str = "Limit"
    trigger_condition: str = "N/A"
    is_trigger: bool = False
    trigger_px: str = "0.0"
    children: tuple[()] = ()
    is_position_tpsl: bool = False


class OrderUpdate(msgspec.Struct, rename="camel"):
    """An order and what became of it."""

    order: OrderRow | FullOrderRow
    status: str
    status_timestamp: int


class FoundOrder(msgspec.Struct):
    """The answer to a look-up that found something."""

    order: OrderUpdate
    status: str = "order"


def is_slice(fill: Fill) -> bool:
    """Tell fills of TWAP orders, which have lists of their own."""
    return fill.twap_id is not None


def is_plain(fill: Fill) -> bool:
    """Tell all other fills."""
    return fill.twap_id is None


def trade_row(trade: Trade) -> TradeRow:
    """Show a trade."""
    return TradeRow(
        coin=trade.coin,
        side=side(trade.side),
        px=shown(trade.price),
        sz=shown(trade.quantity),
        time=trade.time,
        hash=trade.hash,
        tid=trade.trade_id,
        users=(trade.buyer, trade.seller),
    )


def fill_row(fill: Fill) -> FillRow:
    """Show a fill."""
    row = FillRow(
        coin=fill.coin,
        px=shown(fill.price),
        sz=shown(fill.quantity),
        side=side(fill.side),
        time=fill.time,
        start_position=shown(fill.start),
        dir=fill.direction,
        closed_pnl=shown(fill.closed_pnl, 6),
        hash=fill.hash,
        oid=fill.order_id,
        crossed=fill.is_taker,
        fee=shown(fill.fee),
        tid=fill.trade_id,
        fee_token=USDC,
        twap_id=fill.twap_id,
    )
    if fill.cloid is not None:
        row.cloid = fill.cloid
    if (marks := fill.liquidation) is not None:
        row.liquidation = LiquidationRow(marks.user, shown(marks.mark), marks.method)
    return row


def slice_row(fill: Fill) -> SliceRow:
    """Show a fill of a TWAP order."""
    assert fill.twap_id is not None  # noqa: S101 - the caller chose it for that
    return SliceRow(fill_row(fill), fill.twap_id)


def order_row(order: Order) -> OrderRow:
    """Show a resting order, in short."""
    return OrderRow(
        coin=order.coin,
        side=side(order.side),
        limit_px=shown(order.limit),
        sz=shown(order.rest),
        oid=order.order_id,
        timestamp=order.time,
        orig_sz=shown(order.quantity),
        cloid=msgspec.UNSET if order.cloid is None else order.cloid,
        reduce_only=True if order.reduce_only else msgspec.UNSET,
    )


def full_order_row(order: Order) -> FullOrderRow:
    """Show an order in full."""
    return FullOrderRow(
        coin=order.coin,
        side=side(order.side),
        limit_px=shown(order.limit),
        sz=shown(order.rest),
        oid=order.order_id,
        timestamp=order.time,
        orig_sz=shown(order.quantity),
        reduce_only=order.reduce_only,
        tif=None if order.trigger is not None else Tif(order.tif).value,
        cloid=order.cloid,
        **_triggered_by(order),
    )


def _triggered_by(order: Order) -> dict[str, Any]:
    """Return what a full row says of the mark for which an order waits, or waited."""
    trigger = order.trigger
    if trigger is None:
        return {}
    price = shown(trigger.price)
    purpose = "Take Profit" if trigger.is_take_profit else "Stop"
    return {
        "order_type": f"{purpose} {'Market' if trigger.is_market else 'Limit'}",
        "trigger_condition": f"Price {'above' if trigger.is_above(order.side) else 'below'} {price}",
        "is_trigger": True,
        "trigger_px": price,
        "is_position_tpsl": trigger.of_position,
    }


def order_update(order: Order) -> OrderUpdate:
    """Show what became of an order, as its owner is told."""
    row = order_row(order)
    row.reduce_only = msgspec.UNSET
    return OrderUpdate(row, order.status, order.status_time)


def order_history(order: Order) -> OrderUpdate:
    """Show an order in full, and what became of it."""
    return OrderUpdate(full_order_row(order), order.status, order.status_time)
