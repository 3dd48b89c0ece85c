"""Fills: of watched wallets, of our accounts, and on the tape."""

from collections.abc import Collection

import msgspec
from msgspec import UNSET

from fadearena.adapters.hyperliquid import wire
from fadearena.adapters.hyperliquid.codec.numbers import moment, number
from fadearena.kit.decimals import plain
from fadearena.model.error import InvalidInput, VenueProtocolError
from fadearena.model.ids import AccountId, Address
from fadearena.model.order import OwnFill
from fadearena.model.units import Side
from fadearena.model.wallet import ForcedKind, SourceFill


class _Parties(msgspec.Struct, frozen=True, gc=False):
    users: tuple[str, str]


_PARTIES = msgspec.json.Decoder(list[_Parties])
_TRADES = msgspec.json.Decoder(list[wire.Trade])
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


def watched_trades(data: bytes | msgspec.Raw, wallets: Collection[Address]) -> list[wire.Trade]:
    """
    Return the trades of one message of the tape in which these wallets took part.

    Nearly all messages have none, so first only the two addresses of each trade are decoded.

    Args:
        data: The data of channel `trades`.
        wallets: A set, for each trade is looked up in it.

    Raises:
        VenueProtocolError: It cannot be decoded.
    """
    try:
        for parties in _PARTIES.decode(data):
            buyer, seller = parties.users
            if buyer in wallets or seller in wallets:
                break
        else:
            return []
        return [trade for trade in _TRADES.decode(data) if trade.users[0] in wallets or trade.users[1] in wallets]
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise VenueProtocolError(f"trades: {error}") from error


def tape_fills(trade: wire.Trade, wallet: Address) -> tuple[SourceFill, ...]:
    """
    Return what a trade of the tape is to a wallet: one fill, none if it took no part, two if it met itself.

    Raises:
        VenueProtocolError: A number cannot be read, or size, price or time are impossible.
    """
    letters: tuple[tuple[wire.Side, str], ...] = (("B", trade.users[0]), ("A", trade.users[1]))
    try:
        return tuple(
            SourceFill(
                key=f"{trade.time}:{trade.coin}:{trade.tid}:{letter}",
                coin=trade.coin,
                time=moment(trade.time),
                side=_SIDES[letter],
                price=number("px", trade.px),
                quantity=number("sz", trade.sz),
            )
            for letter, user in letters
            if user.lower() == wallet
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
