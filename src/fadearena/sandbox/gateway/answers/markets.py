"""Coins, prices, books and candles as they are shown."""

from datetime import UTC, datetime, timedelta
from typing import Literal

import msgspec

from fadearena.model.units import DAY_MS, HOUR_MS, MINUTE_MS, EpochMs
from fadearena.sandbox.exchange.shown import Book, Context, Level
from fadearena.sandbox.exchange.state import Candle, Rate
from fadearena.sandbox.gateway.requests import Interval
from fadearena.sandbox.gateway.texts import shown
from fadearena.sandbox.listing import Asset, MarginTable, PerpDex

_LISTED_TABLES_FROM = 50
_NEVER = "1970-01-01T00:00:00"
_CAP = "100000000.0"
_STEPS: dict[Interval, int] = {
    "1m": MINUTE_MS,
    "3m": 3 * MINUTE_MS,
    "5m": 5 * MINUTE_MS,
    "15m": 15 * MINUTE_MS,
    "30m": 30 * MINUTE_MS,
    "1h": HOUR_MS,
    "2h": 2 * HOUR_MS,
    "4h": 4 * HOUR_MS,
    "8h": 8 * HOUR_MS,
    "12h": 12 * HOUR_MS,
    "1d": DAY_MS,
    "3d": 3 * DAY_MS,
    "1w": 7 * DAY_MS,
}
_Flag = Literal[True] | msgspec.UnsetType
_Text = str | msgspec.UnsetType


class AssetRow(msgspec.Struct, rename="camel", omit_defaults=True):
    """A coin of a dex; its place in the list is its index."""

    sz_decimals: int
    name: str
    max_leverage: int
    margin_table_id: int
    is_delisted: _Flag = msgspec.UNSET
    only_isolated: _Flag = msgspec.UNSET
    margin_mode: _Text = msgspec.UNSET
    growth_mode: _Text = msgspec.UNSET
    last_growth_mode_change_time: _Text = msgspec.UNSET


class TierRow(msgspec.Struct, rename="camel"):
    """From a notional on, the most leverage."""

    lower_bound: str
    max_leverage: int


class TableRow(msgspec.Struct, rename="camel"):
    """A margin table."""

    description: str
    margin_tiers: list[TierRow]


class MetaRow(msgspec.Struct, rename="camel"):
    """The coins of a dex."""

    universe: list[AssetRow]
    margin_tables: list[tuple[int, TableRow]]
    collateral_token: int = 0


class ContextRow(msgspec.Struct, rename="camel"):
    """Prices and funding of a coin; an empty book is null."""

    funding: str
    open_interest: str
    prev_day_px: str
    day_ntl_vlm: str
    premium: str | None
    oracle_px: str
    mark_px: str
    mid_px: str | None
    impact_pxs: tuple[str, str] | None
    day_base_vlm: str


class DexRow(msgspec.Struct, rename="camel"):
    """A builder-deployed dex."""

    name: str
    full_name: str
    deployer: str | None
    oracle_updater: None
    fee_recipient: str | None
    asset_to_streaming_oi_cap: list[tuple[str, str]]
    sub_deployers: list[object]
    deployer_fee_scale: str
    last_deployer_fee_scale_change_time: str
    asset_to_funding_multiplier: list[object]
    asset_to_funding_interest_rate: list[object]


class LevelRow(msgspec.Struct, frozen=True):
    """A price of the book."""

    px: str
    sz: str
    n: int


class BookRow(msgspec.Struct):
    """The book of a coin: bids, asks."""

    coin: str
    time: int
    levels: tuple[list[LevelRow], list[LevelRow]]


class BboRow(msgspec.Struct):
    """The best bid and offer of a coin."""

    coin: str
    time: int
    bbo: tuple[LevelRow | None, LevelRow | None]


class CandleRow(msgspec.Struct):
    """The trades of one interval."""

    start: int = msgspec.field(name="t")
    end: int = msgspec.field(name="T")
    coin: str = msgspec.field(name="s")
    interval: Interval = msgspec.field(name="i")
    open: str = msgspec.field(name="o")
    close: str = msgspec.field(name="c")
    high: str = msgspec.field(name="h")
    low: str = msgspec.field(name="l")
    volume: str = msgspec.field(name="v")
    count: int = msgspec.field(name="n")


class RateRow(msgspec.Struct, rename="camel"):
    """The funding of one hour."""

    coin: str
    funding_rate: str
    premium: str
    time: int


def meta_row(dex: PerpDex) -> MetaRow:
    """Show the coins of a dex."""
    tables = {one.table.id: one.table for one in dex.assets if one.table.id >= _LISTED_TABLES_FROM}
    return MetaRow(
        universe=[_asset_row(one) for one in dex.assets],
        margin_tables=[(number, _table_row(table)) for number, table in sorted(tables.items())],
    )


def context_row(context: Context) -> ContextRow:
    """Show prices and funding."""
    return ContextRow(
        funding=shown(context.funding, 10),
        open_interest=shown(context.open_interest),
        prev_day_px=shown(context.prev_day),
        day_ntl_vlm=shown(context.day_volume_usd, 10),
        premium=None if context.premium is None else shown(context.premium, 10),
        oracle_px=shown(context.oracle),
        mark_px=shown(context.mark),
        mid_px=None if context.mid is None else shown(context.mid),
        impact_pxs=None if context.impact is None else (shown(context.impact[0]), shown(context.impact[1])),
        day_base_vlm=shown(context.day_volume),
    )


def dex_row(dex: PerpDex) -> DexRow:
    """Show a dex."""
    return DexRow(
        name=dex.name,
        full_name=dex.full_name,
        deployer=dex.deployer,
        oracle_updater=None,
        fee_recipient=dex.fee_recipient,
        asset_to_streaming_oi_cap=[(one.coin, _CAP) for one in dex.assets],
        sub_deployers=[],
        deployer_fee_scale=shown(dex.fee_scale) if dex.fee_scale is not None else "0.0",
        last_deployer_fee_scale_change_time=_NEVER,
        asset_to_funding_multiplier=[],
        asset_to_funding_interest_rate=[],
    )


def book_row(book: Book, time: EpochMs) -> BookRow:
    """Show a book."""
    bids, asks = ([_level_row(level) for level in side] for side in (book.bids, book.asks))
    return BookRow(book.coin, time, (bids, asks))


def bbo_row(coin: str, time: EpochMs, best: tuple[Level | None, Level | None]) -> BboRow:
    """Show the best bid and offer."""
    bid, ask = (None if level is None else _level_row(level) for level in best)
    return BboRow(coin, time, (bid, ask))


def rate_row(coin: str, rate: Rate) -> RateRow:
    """Show the funding of an hour."""
    return RateRow(coin, shown(rate.rate, 10), shown(rate.premium, 10), rate.time)


def start_of(time: EpochMs, interval: Interval) -> EpochMs:
    """Return when the interval began in which a time lies; weeks begin on Thursday, as 1970 did."""
    if interval == "1M":
        return _ms(datetime.fromtimestamp(time / 1_000, UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0))
    return time - time % _STEPS[interval]


def end_of(start: EpochMs, interval: Interval) -> EpochMs:
    """Return the last millisecond of the interval that began at `start`."""
    if interval == "1M":
        next_month = datetime.fromtimestamp(start / 1_000, UTC) + timedelta(days=31)
        return _ms(next_month.replace(day=1)) - 1
    return start + _STEPS[interval] - 1


def candle_row(coin: str, interval: Interval, minutes: list[Candle]) -> CandleRow:
    """Show minutes, of which there is at least one, as one candle."""
    start = start_of(minutes[0].time, interval)
    return CandleRow(
        start=start,
        end=end_of(start, interval),
        coin=coin,
        interval=interval,
        open=shown(minutes[0].open),
        close=shown(minutes[-1].close),
        high=shown(max(one.high for one in minutes)),
        low=shown(min(one.low for one in minutes)),
        volume=shown(sum((one.quantity for one in minutes[1:]), start=minutes[0].quantity)),
        count=sum(one.count for one in minutes),
    )


def _asset_row(asset: Asset) -> AssetRow:
    row = AssetRow(asset.size_decimals, asset.coin, asset.max_leverage, asset.table.id)
    if asset.is_delisted:
        row.is_delisted = True
    if asset.restriction is not None:
        row.only_isolated, row.margin_mode = True, asset.restriction.value
    if asset.growth_mode:
        row.growth_mode, row.last_growth_mode_change_time = "enabled", _NEVER
    return row


def _table_row(table: MarginTable) -> TableRow:
    return TableRow(table.description, [TierRow(shown(tier.lower_bound), tier.max_leverage) for tier in table.tiers])


def _level_row(level: Level) -> LevelRow:
    return LevelRow(shown(level.price), shown(level.quantity), level.count)


def _ms(moment: datetime) -> EpochMs:
    return int(moment.timestamp()) * 1_000
