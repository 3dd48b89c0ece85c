"""
Records as they are shown: one outer form for each kind, the same in the log's pages and in messages.

1. Names are camelCase and those of the contract: `botId`, `walletAddress`, `asset`, `size`.
2. Trades, others' and ours, have the shapes of the contract, with `long` and `short` for their sides. Everything else
   is shown as it was recorded.
3. Decimals stay decimals: who writes JSON says how.
4. What a fill of ours realised is null where it closed nothing.
"""

from decimal import Decimal
from functools import cache
from typing import Any, Final, TypeAlias

import msgspec

from fadearena.kit.decimals import exact_arithmetic, normalise
from fadearena.model.record import BotTrade, MyFill
from fadearena.model.units import Side
from fadearena.ports.read_store import LoggedRecord

Form: TypeAlias = dict[str, Any]

_SPECIAL: Final = {"bot": "botId", "coin": "asset", "wallet": "walletAddress", "quantity": "size"}
_SIDES: Final = {Side.BUY: "long", Side.SELL: "short"}


def outer_name(name: str) -> str:
    """Return a record's field's name as it is shown."""
    first, *rest = name.split("_")
    return _SPECIAL.get(name, first + "".join(word.capitalize() for word in rest))


def form_of_record(logged: LoggedRecord, *, simulated: bool) -> Form:
    """
    Return a record as it is shown.

    Args:
        logged: The record with its place.
        simulated: Whether our orders are on paper.
    """
    match logged.record:
        case BotTrade() as trade:
            return _form_of_bot_trade(trade)
        case MyFill() as fill:
            return _form_of_my_trade(logged, fill, simulated=simulated)
        case record:
            return {outer: _formed(getattr(record, name)) for name, outer in _names(type(record))}


def _formed(value: Any) -> Any:  # noqa: ANN401 - a part of a record
    """Return a part of a record, and what is inside of it, under outer names."""
    match value:
        case msgspec.Struct():
            return {outer: _formed(getattr(value, name)) for name, outer in _names(type(value))}
        case tuple() | list():
            return [_formed(item) for item in value]
        case dict():
            return {name: _formed(item) for name, item in value.items()}
        case _:
            return value


def _form_of_bot_trade(trade: BotTrade) -> Form:
    event = {
        "id": trade.key,
        "timestamp": trade.time,
        "asset": trade.coin,
        "side": _SIDES[trade.side],
        "size": trade.quantity,
        "price": trade.price,
        "notional": _notional(trade.quantity, trade.price),
        "startPosition": trade.start_position,
        "feed": trade.feed,
        "isFollowed": trade.is_followed,
    }
    return {"botId": trade.bot, "walletAddress": trade.wallet, "event": event}


def _form_of_my_trade(logged: LoggedRecord, fill: MyFill, *, simulated: bool) -> Form:
    return {
        "id": str(logged.record_seq),
        "timestamp": logged.time,
        "botId": fill.bot,
        "asset": fill.coin,
        "side": _SIDES[fill.side],
        "size": fill.quantity,
        "price": fill.price,
        "notional": _notional(fill.quantity, fill.price),
        "pnl": fill.realised or None,
        "simulated": simulated,
        "orderId": fill.cloid,
        "reason": fill.kind,
    }


def _notional(size: Decimal, price: Decimal) -> Decimal:
    with exact_arithmetic():
        return normalise(size * price)


@cache
def _names(kind: type[msgspec.Struct]) -> tuple[tuple[str, str], ...]:
    return tuple((name, outer_name(name)) for name in kind.__struct_fields__)
