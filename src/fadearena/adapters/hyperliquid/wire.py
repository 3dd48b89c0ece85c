"""
Shapes as Hyperliquid sends them, with its own names.

1. Prices, sizes and money are texts; ids, times and leverages are numbers.
2. Unknown fields are ignored, for the exchange adds fields at will; only recorded files are read strictly.
3. A field that some forms leave out is `UNSET` there, so that what was decoded encodes to the same again.
"""
# ruff: noqa: N815 - the names are the exchange's own

from typing import Literal, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

Side: TypeAlias = Literal["A", "B"]
"""B: this user bought (bid); A: sold (ask). On the tape it is the aggressor's side."""


class Liquidation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who was liquidated in a fill; both sides of the trade carry it."""

    liquidatedUser: str
    markPx: str
    method: str


class Fill(msgspec.Struct, frozen=True, kw_only=True):
    """One row of `userFills`; the form of 2023 has neither `tid` nor `feeToken`."""

    coin: str
    px: str
    sz: str
    side: Side
    time: int
    startPosition: str
    dir: str
    closedPnl: str
    hash: str
    oid: int
    crossed: bool
    fee: str
    tid: int | UnsetType = UNSET
    cloid: str | UnsetType | None = UNSET
    feeToken: str | UnsetType = UNSET
    builderFee: str | UnsetType | None = UNSET
    twapId: int | UnsetType | None = UNSET
    liquidation: Liquidation | UnsetType | None = UNSET
    feeTrialEscrow: str | UnsetType = UNSET


class RecordedFill(Fill, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of a recorded file: a fill, and perhaps whose it is; nothing else."""

    user: str | UnsetType = UNSET


class Trade(msgspec.Struct, frozen=True, kw_only=True):
    """One trade of the tape; `users` are buyer and seller."""

    coin: str
    side: Side
    px: str
    sz: str
    time: int
    hash: str
    tid: int
    users: tuple[str, str]


class Asset(msgspec.Struct, frozen=True, kw_only=True):
    """One market of `meta`; its place in the list is its index."""

    name: str
    szDecimals: int
    maxLeverage: int
    marginTableId: int | UnsetType = UNSET
    isDelisted: bool | UnsetType = UNSET
    marginMode: str | UnsetType = UNSET
    onlyIsolated: bool | UnsetType = UNSET
    growthMode: str | UnsetType = UNSET


class Tier(msgspec.Struct, frozen=True, kw_only=True):
    """One tier of a margin table."""

    lowerBound: str
    maxLeverage: int


class MarginTable(msgspec.Struct, frozen=True, kw_only=True):
    """A margin table."""

    marginTiers: tuple[Tier, ...]
    description: str = ""


class Meta(msgspec.Struct, frozen=True, kw_only=True):
    """Answer to `meta`; the form of 2023 has no margin tables."""

    universe: tuple[Asset, ...]
    marginTables: tuple[tuple[int, MarginTable], ...] | UnsetType = UNSET
    collateralToken: int | UnsetType = UNSET


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """A position of `clearinghouseState`; a flat coin is absent."""

    coin: str
    szi: str
    entryPx: str | None = None


class AssetPosition(msgspec.Struct, frozen=True, kw_only=True):
    """A position in its wrapping."""

    position: Position


class MarginSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What an account is worth on one dex."""

    accountValue: str


class ClearinghouseState(msgspec.Struct, frozen=True, kw_only=True):
    """Answer to `clearinghouseState`: one account on one dex; the form of 2023 has no `time`."""

    marginSummary: MarginSummary
    assetPositions: tuple[AssetPosition, ...]
    time: int | UnsetType = UNSET


class Level(msgspec.Struct, frozen=True, kw_only=True):
    """A price level: size and number of orders."""

    px: str
    sz: str
    n: int


class L2Book(msgspec.Struct, frozen=True, kw_only=True):
    """A book: bids and asks, best first."""

    coin: str
    time: int
    levels: tuple[tuple[Level, ...], tuple[Level, ...]]


class Bbo(msgspec.Struct, frozen=True, kw_only=True):
    """Best bid and offer; null where a side is empty."""

    coin: str
    time: int
    bbo: tuple[Level | None, Level | None]
