"""
Wire to model: what Hyperliquid says, in our words.

1. What cannot be read is a `VenueProtocolError` that names the field.
2. A fill's key is the same on every feed: (time, coin, tid, side of this wallet).
3. Numbers come in normal form.
"""

from decimal import Decimal

from msgspec import UNSET

from fadearena.adapters.hyperliquid import wire
from fadearena.kit.decimals import parse, plain
from fadearena.model.account import DexState, OwnPosition
from fadearena.model.error import InvalidInput, VenueProtocolError
from fadearena.model.event import SourceSnapshot
from fadearena.model.ids import AccountId, Address, Dex
from fadearena.model.instrument import Instrument, MarginMode
from fadearena.model.margin import MarginTier
from fadearena.model.market import BookLevel, OrderBook, Quote
from fadearena.model.order import OwnFill
from fadearena.model.units import ZERO, EpochMs, Side
from fadearena.model.wallet import ForcedKind, SourceFill, SourcePosition

_TIME_END = 100_000_000_000_000
_TABLE_IDS = 50
_FIRST_BUILDER_ID = 100_000
_IDS_PER_DEX = 10_000
_SIDES: dict[wire.Side, Side] = {"B": Side.BUY, "A": Side.SELL}
_FORCED = {"Auto-Deleveraging": ForcedKind.ADL, "Settlement": ForcedKind.SETTLEMENT}


# --- fills


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
            time=_time(fill.time),
            side=_SIDES[fill.side],
            price=_number("px", fill.px),
            quantity=_number("sz", fill.sz),
            start_position=_number("startPosition", fill.startPosition),
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
            time=_time(fill.time),
            side=_SIDES[fill.side],
            price=_number("px", fill.px),
            quantity=_number("sz", fill.sz),
            fee=_number("fee", fill.fee),
            closed_pnl=_number("closedPnl", fill.closedPnl),
            order_id=fill.oid,
            cloid=fill.cloid or None,
            start_position=_number("startPosition", fill.startPosition),
            forced=_forced(fill, wallet),
        )
    except InvalidInput as error:
        raise VenueProtocolError(str(error)) from error


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
                time=_time(trade.time),
                side=_SIDES[letter],
                price=_number("px", trade.px),
                quantity=_number("sz", trade.sz),
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
        plain(_number(name, text))
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


# --- markets


def instruments(meta: wire.Meta, dex_index: int = 0, fee_scale: Decimal | None = None) -> tuple[Instrument, ...]:
    """
    Return the markets of one dex, delisted ones too.

    Args:
        meta: The answer to `meta`; an asset's place in it is part of its id.
        dex_index: The dex's place in `perpDexs`; 0 is the exchange's own.
        fee_scale: The deployer's fee scale; None on the exchange's own dex.

    Raises:
        VenueProtocolError: A margin table is missing, or a number is impossible.
    """
    first = _FIRST_BUILDER_ID + dex_index * _IDS_PER_DEX if dex_index else 0
    tables = dict(meta.marginTables) if meta.marginTables is not UNSET else {}
    collateral = 0 if meta.collateralToken is UNSET else meta.collateralToken
    try:
        return tuple(
            Instrument(
                coin=asset.name,
                asset_id=first + place,
                size_decimals=asset.szDecimals,
                max_leverage=asset.maxLeverage,
                margin_tiers=_tiers(asset, tables),
                margin_mode=_margin_mode(asset),
                collateral_token=collateral,
                is_delisted=asset.isDelisted is True,
                deployer_fee_scale=fee_scale,
                growth_mode=asset.growthMode == "enabled",
            )
            for place, asset in enumerate(meta.universe)
        )
    except InvalidInput as error:
        raise VenueProtocolError(str(error)) from error


def _tiers(asset: wire.Asset, tables: dict[int, wire.MarginTable]) -> tuple[MarginTier, ...]:
    number = asset.marginTableId
    if number is UNSET:
        return (MarginTier(ZERO, asset.maxLeverage),)
    table = tables.get(number)
    if table is not None:
        return tuple(MarginTier(_number("lowerBound", tier.lowerBound), tier.maxLeverage) for tier in table.marginTiers)
    if number < _TABLE_IDS:
        return (MarginTier(ZERO, number),)
    raise VenueProtocolError(f"{asset.name}: margin table {number} is missing")


def _margin_mode(asset: wire.Asset) -> MarginMode:
    if asset.marginMode is not UNSET:
        known = {mode.value: mode for mode in MarginMode}
        return known.get(asset.marginMode, MarginMode.STRICT_ISOLATED)
    return MarginMode.NO_CROSS if asset.onlyIsolated is True else MarginMode.CROSS


def order_book(book: wire.L2Book) -> OrderBook:
    """
    Return a book.

    Raises:
        VenueProtocolError: A number cannot be read or is not positive.
    """
    bids, asks = (
        tuple(BookLevel(_positive("px", level.px), _positive("sz", level.sz)) for level in side) for side in book.levels
    )
    return OrderBook(coin=book.coin, time=_time(book.time), bids=bids, asks=asks)


def touch(bbo: wire.Bbo) -> Quote:
    """
    Return the best bid and ask; an empty side is None.

    Raises:
        VenueProtocolError: A number cannot be read or is not positive, or the touch is crossed.
    """
    bid, ask = (None if level is None else _positive("px", level.px) for level in bbo.bbo)
    try:
        return Quote(coin=bbo.coin, bid=bid, ask=ask, touch_time=_time(bbo.time))
    except InvalidInput as error:
        raise VenueProtocolError(str(error)) from error


# --- accounts


def source_snapshot(state: wire.ClearinghouseState, wallet: Address, dex: Dex, received: EpochMs) -> SourceSnapshot:
    """
    Return a watched wallet's positions on one dex.

    Raises:
        VenueProtocolError: The state bears no time, or a number cannot be read.
    """
    if state.time is UNSET:
        raise VenueProtocolError("clearinghouseState: time is missing")
    positions = tuple(
        SourcePosition(coin=held.coin, size=held.size, entry=held.entry) for held in dex_state(state, dex).positions
    )
    return SourceSnapshot(time=_time(state.time), received=received, wallet=wallet, dex=dex, positions=positions)


def dex_state(state: wire.ClearinghouseState, dex: Dex) -> DexState:
    """
    Return an account on one dex.

    Raises:
        VenueProtocolError: A number cannot be read.
    """
    positions = tuple(
        OwnPosition(
            coin=held.position.coin,
            size=size,
            entry=None if held.position.entryPx is None else _positive("entryPx", held.position.entryPx),
        )
        for held in state.assetPositions
        if (size := _number("szi", held.position.szi))
    )
    value = _number("accountValue", state.marginSummary.accountValue)
    return DexState(dex=dex, value=value, positions=positions)


# --- numbers


def _number(name: str, text: str) -> Decimal:
    try:
        return parse(text)
    except ValueError as error:
        raise VenueProtocolError(f"{name}: {error}") from None


def _positive(name: str, text: str) -> Decimal:
    number = _number(name, text)
    if number <= 0:
        raise VenueProtocolError(f"{name}: {text} is not positive")
    return number


def _time(time: int) -> EpochMs:
    if not 0 < time < _TIME_END:
        raise VenueProtocolError(f"time: {time} is not a time in milliseconds")
    return time
