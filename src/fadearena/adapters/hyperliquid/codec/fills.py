"""Fills: of watched wallets, of our accounts, and on the tape."""

from msgspec import UNSET

from fadearena.adapters.hyperliquid import wire
from fadearena.adapters.hyperliquid.codec.numbers import moment, number
from fadearena.kit.decimals import plain
from fadearena.model.error import InvalidInput, VenueProtocolError
from fadearena.model.ids import AccountId, Address
from fadearena.model.order import OwnFill
from fadearena.model.units import Side
from fadearena.model.wallet import ForcedKind, SourceFill

_SIDES: dict[wire.Side, Side] = {"B": Side.BUY, "A": Side.SELL}
_FORCED = {"Auto-Deleveraging": ForcedKind.ADL, "Settlement": ForcedKind.SETTLEMENT}


def source_fill(fill: wire.Fill, wallet: Address) -> SourceFill:
    """
    Return a watched wallet's fill.

    Raises:
        VenueProtocolError: A number cannot be read, or size, price or time are impossible.
    """
    try:
        return SourceFill(
            key=_key(fill),
            coin=fill.coin,
            time=moment(fill.time),
            side=_SIDES[fill.side],
            price=number("px", fill.px),
            quantity=number("sz", fill.sz),
            start_position=number("startPosition", fill.startPosition),
            order_id=fill.oid,
            forced=_forced(fill, wallet),
            is_twap=isinstance(fill.twapId, int),
        )
    except InvalidInput as error:
        raise VenueProtocolError(str(error)) from error


def own_fill(fill: wire.Fill, account: AccountId, wallet: Address) -> OwnFill:
    """
    Return a fill of an account of ours, which trades as `wallet`.

    Raises:
        VenueProtocolError: A number cannot be read, or size, price or time are impossible.
    """
    try:
        return OwnFill(
            key=_key(fill),
            account=account,
            coin=fill.coin,
            time=moment(fill.time),
            side=_SIDES[fill.side],
            price=number("px", fill.px),
            quantity=number("sz", fill.sz),
            fee=number("fee", fill.fee),
            closed_pnl=number("closedPnl", fill.closedPnl),
            order_id=fill.oid,
            cloid=fill.cloid or None,
            start_position=number("startPosition", fill.startPosition),
            forced=_forced(fill, wallet),
        )
    except InvalidInput as error:
        raise VenueProtocolError(str(error)) from error


def tape_key(trade: wire.TapeTrade, side: wire.Side) -> str:
    """Return the key of the fill that a trade of the tape is to its buyer (`B`) or its seller (`A`)."""
    return f"{trade.time}:{trade.coin}:{trade.tid}:{side}"


def tape_fill(trade: wire.TapeTrade, side: wire.Side) -> SourceFill:
    """
    Return what a trade of the tape is to its buyer (`B`) or its seller (`A`).

    Raises:
        VenueProtocolError: A number cannot be read, or size, price or time are impossible.
    """
    try:
        return SourceFill(
            key=tape_key(trade, side),
            coin=trade.coin,
            time=moment(trade.time),
            side=_SIDES[side],
            price=number("px", trade.px),
            quantity=number("sz", trade.sz),
        )
    except InvalidInput as error:
        raise VenueProtocolError(str(error)) from error


def _key(fill: wire.Fill) -> str:
    if fill.tid is not UNSET:
        return f"{fill.time}:{fill.coin}:{fill.tid}:{fill.side}"
    start, px, sz = (
        plain(number(name, text))
        for name, text in (("startPosition", fill.startPosition), ("px", fill.px), ("sz", fill.sz))
    )
    return f"{fill.time}:{fill.coin}:{fill.oid}:{fill.side}:{start}:{px}:{sz}"


def _forced(fill: wire.Fill, wallet: Address) -> ForcedKind | None:
    liquidation = fill.liquidation or None
    if liquidation is not None and liquidation.liquidatedUser.lower() == wallet:
        return ForcedKind.LIQUIDATION
    if fill.dir.startswith("Liquidated"):
        return ForcedKind.LIQUIDATION
    return _FORCED.get(fill.dir)
