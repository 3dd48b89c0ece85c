"""Markets: what is listed, what it is worth, what rests on the books."""
# ruff: noqa: N815 - the names are the exchange's own

from typing import TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

Mids: TypeAlias = dict[str, str]
"""Answer to `allMids`: the middle price by coin."""


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
    lastGrowthModeChangeTime: str | UnsetType = UNSET


class Tier(msgspec.Struct, frozen=True, kw_only=True):
    """One tier of a margin table."""

    lowerBound: str
    maxLeverage: int


class MarginTable(msgspec.Struct, frozen=True, kw_only=True):
    """A margin table."""

    marginTiers: tuple[Tier, ...]
    description: str | UnsetType = UNSET


class Meta(msgspec.Struct, frozen=True, kw_only=True):
    """Answer to `meta`; the form of 2023 has no margin tables."""

    universe: tuple[Asset, ...]
    marginTables: tuple[tuple[int, MarginTable], ...] | UnsetType = UNSET
    collateralToken: int | UnsetType = UNSET


class AssetContext(msgspec.Struct, frozen=True, kw_only=True):
    """A market's prices; `funding` is the hourly rate. What is null is not known, as with an empty book."""

    funding: str
    oraclePx: str
    markPx: str
    midPx: str | UnsetType | None = UNSET
    premium: str | UnsetType | None = UNSET
    impactPxs: tuple[str, str] | UnsetType | None = UNSET
    openInterest: str | UnsetType = UNSET
    prevDayPx: str | UnsetType = UNSET
    dayNtlVlm: str | UnsetType = UNSET
    dayBaseVlm: str | UnsetType = UNSET


MetaAndContexts: TypeAlias = tuple[Meta, tuple[AssetContext, ...]]
"""Answer to `metaAndAssetCtxs`: a context for each market, in the same order."""


class PerpDex(msgspec.Struct, frozen=True, kw_only=True):
    """One builder-deployed dex of `perpDexs`; its place in that list is part of its asset ids."""

    name: str
    fullName: str | UnsetType = UNSET
    deployer: str | UnsetType = UNSET
    oracleUpdater: str | UnsetType | None = UNSET
    feeRecipient: str | UnsetType | None = UNSET
    deployerFeeScale: str | UnsetType = UNSET
    lastDeployerFeeScaleChangeTime: str | UnsetType = UNSET
    assetToStreamingOiCap: tuple[tuple[str, str], ...] | UnsetType = UNSET
    assetToFundingMultiplier: tuple[tuple[str, str], ...] | UnsetType = UNSET
    assetToFundingInterestRate: tuple[tuple[str, str], ...] | UnsetType = UNSET
    subDeployers: tuple[tuple[str, tuple[str, ...]], ...] | UnsetType = UNSET


class Level(msgspec.Struct, frozen=True, kw_only=True):
    """A price level: size and number of orders."""

    px: str
    sz: str
    n: int


class L2Book(msgspec.Struct, frozen=True, kw_only=True):
    """A book: bids and asks, best first; `spread` comes with rounded prices only."""

    coin: str
    time: int
    levels: tuple[tuple[Level, ...], tuple[Level, ...]]
    spread: str | UnsetType = UNSET


class Bbo(msgspec.Struct, frozen=True, kw_only=True):
    """Best bid and offer; null where a side is empty."""

    coin: str
    time: int
    bbo: tuple[Level | None, Level | None]


class ExchangeStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Answer to `exchangeStatus`: the exchange's clock, and what is unusual."""

    time: int
    specialStatuses: msgspec.Raw = msgspec.Raw(b"null")
