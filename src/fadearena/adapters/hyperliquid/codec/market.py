"""Markets: instruments, books, prices and funding rates."""

from decimal import Decimal

from msgspec import UNSET

from fadearena.adapters.hyperliquid import wire
from fadearena.adapters.hyperliquid.codec.numbers import moment, number, positive
from fadearena.model.error import InvalidInput, VenueProtocolError
from fadearena.model.ids import Coin
from fadearena.model.instrument import Instrument, MarginMode
from fadearena.model.margin import MarginTier
from fadearena.model.market import BookLevel, FundingRate, OrderBook, Quote
from fadearena.model.units import ZERO, EpochMs, Price

_TABLE_IDS = 50
_FIRST_BUILDER_ID = 100_000
_IDS_PER_DEX = 10_000


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
    table_id = asset.marginTableId
    if table_id is UNSET:
        return (MarginTier(ZERO, asset.maxLeverage),)
    table = tables.get(table_id)
    if table is not None:
        return tuple(MarginTier(number("lowerBound", tier.lowerBound), tier.maxLeverage) for tier in table.marginTiers)
    if table_id < _TABLE_IDS:
        return (MarginTier(ZERO, table_id),)
    raise VenueProtocolError(f"{asset.name}: margin table {table_id} is missing")


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
        tuple(BookLevel(positive("px", level.px), positive("sz", level.sz)) for level in side) for side in book.levels
    )
    return OrderBook(coin=book.coin, time=moment(book.time), bids=bids, asks=asks)


def touch(bbo: wire.Bbo) -> Quote:
    """
    Return the best bid and ask; an empty side is None.

    Raises:
        VenueProtocolError: A number cannot be read or is not positive, or the touch is crossed.
    """
    bid, ask = (None if level is None else positive("px", level.px) for level in bbo.bbo)
    try:
        return Quote(coin=bbo.coin, bid=bid, ask=ask, touch_time=moment(bbo.time))
    except InvalidInput as error:
        raise VenueProtocolError(str(error)) from error


def context_quote(coin: Coin, context: wire.AssetContext, heard: EpochMs) -> Quote:
    """
    Return mark and oracle of a market; contexts bear no time of their own, so `heard` is when this one came.

    Raises:
        VenueProtocolError: A number cannot be read.
    """
    mark, oracle = _price("markPx", context.markPx), _price("oraclePx", context.oraclePx)
    return Quote(coin=coin, mark=mark, mark_time=heard if mark is not None else 0, oracle=oracle)


def context_mid(context: wire.AssetContext) -> Price | None:
    """
    Return the middle of the touch as a context tells it; None where a side is empty.

    Raises:
        VenueProtocolError: It cannot be read.
    """
    return _price("midPx", context.midPx) if context.midPx else None


def funding_rate(coin: Coin, context: wire.AssetContext) -> FundingRate | None:
    """
    Return the present hourly rate; None while there is no oracle price.

    Raises:
        VenueProtocolError: A number cannot be read.
    """
    oracle = _price("oraclePx", context.oraclePx)
    return None if oracle is None else FundingRate(coin=coin, rate=number("funding", context.funding), oracle=oracle)


def _price(name: str, text: str) -> Price | None:
    """Return a price; a dead market's zero is none."""
    return positive(name, text) if number(name, text) else None
