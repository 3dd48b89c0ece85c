"""Answers and messages that are read from records only: history, statistics, spot."""
# ruff: noqa: N815 - the names are the exchange's own

from typing import TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

from fadearena.adapters.hyperliquid.wire.fills import Fill
from fadearena.adapters.hyperliquid.wire.market import AssetContext


class FundingHistoryRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row of `fundingHistory`: a coin's rate for an hour."""

    coin: str
    fundingRate: str
    premium: str
    time: int


class Candle(msgspec.Struct, frozen=True, kw_only=True, rename={"close_time": "T"}):
    """One row of `candleSnapshot`: open, close, high, low, volume, number of trades."""

    t: int
    close_time: int
    s: str
    i: str
    o: str
    c: str
    h: str
    l: str  # noqa: E741 - the exchange's own name
    v: str
    n: int


class VaultEquity(msgspec.Struct, frozen=True, kw_only=True):
    """One row of `userVaultEquities`."""

    vaultAddress: str
    equity: str
    lockedUntilTimestamp: int | UnsetType = UNSET


class PerpDexStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Answer to `perpDexStatus`."""

    totalNetDeposit: str


class PerpDexLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Answer to `perpDexLimits`."""

    totalOiCap: str
    oiSzCapPerPerp: str
    maxTransferNtl: str
    coinToOiCap: tuple[tuple[str, str], ...]


class PeriodHistory(msgspec.Struct, frozen=True, kw_only=True):
    """What an account was worth and made over one period."""

    accountValueHistory: tuple[tuple[int, str], ...]
    pnlHistory: tuple[tuple[int, str], ...]
    vlm: str


Portfolio: TypeAlias = tuple[tuple[str, PeriodHistory], ...]
"""Answer to `portfolio`, by the name of the period."""


class Delegation(msgspec.Struct, frozen=True, kw_only=True):
    """Stake given to a validator, or taken back."""

    validator: str
    amount: str
    isUndelegate: bool


class StakeDeposit(msgspec.Struct, frozen=True, kw_only=True):
    """Stake paid in."""

    amount: str


class StakeDelta(msgspec.Struct, frozen=True, kw_only=True):
    """One of the two."""

    delegate: Delegation | UnsetType = UNSET
    cDeposit: StakeDeposit | UnsetType = UNSET


class StakeUpdate(msgspec.Struct, frozen=True, kw_only=True):
    """One row of `delegatorHistory`."""

    time: int
    hash: str
    delta: StakeDelta


class EvmContract(msgspec.Struct, frozen=True, kw_only=True):
    """Where a token lives on the other chain."""

    address: str
    evm_extra_wei_decimals: int


class SpotToken(msgspec.Struct, frozen=True, kw_only=True):
    """A token of `spotMeta`."""

    name: str
    szDecimals: int
    weiDecimals: int
    index: int
    tokenId: str
    isCanonical: bool
    evmContract: EvmContract | UnsetType | None = UNSET
    fullName: str | UnsetType | None = UNSET
    deployerTradingFeeShare: str | UnsetType = UNSET


class SpotPair(msgspec.Struct, frozen=True, kw_only=True):
    """A pair of `spotMeta`: base and quote by token index."""

    name: str
    tokens: tuple[int, int]
    index: int
    isCanonical: bool


class SpotMeta(msgspec.Struct, frozen=True, kw_only=True):
    """Answer to `spotMeta`; `index` counts, not the place in the list."""

    universe: tuple[SpotPair, ...]
    tokens: tuple[SpotToken, ...]


class SpotContext(msgspec.Struct, frozen=True, kw_only=True):
    """A spot pair's prices."""

    coin: str
    markPx: str
    midPx: str | None
    prevDayPx: str
    dayNtlVlm: str
    dayBaseVlm: str
    circulatingSupply: str
    totalSupply: str


SpotMetaAndContexts: TypeAlias = tuple[SpotMeta, tuple[SpotContext, ...]]
"""Answer to `spotMetaAndAssetCtxs`."""


class AllDexsContexts(msgspec.Struct, frozen=True, kw_only=True):
    """Data of `allDexsAssetCtxs`: by dex, a context for each market in the order of its `meta`."""

    ctxs: tuple[tuple[str, tuple[AssetContext, ...]], ...]


class UserEvents(msgspec.Struct, frozen=True, kw_only=True):
    """Data of channel `user`: what happened to a user, who is not named; of other kinds than fills it tells nothing."""

    fills: tuple[Fill, ...] | UnsetType = UNSET
