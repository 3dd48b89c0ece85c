"""Accounts: balances, positions, leverage, role, limits, and the money that came and went."""
# ruff: noqa: N815 - the names are the exchange's own

import msgspec
from msgspec import UNSET, UnsetType


class Leverage(msgspec.Struct, frozen=True, kw_only=True):
    """Leverage of a coin, `cross` or `isolated`; `rawUsd` with isolated margin only."""

    type: str
    value: int
    rawUsd: str | UnsetType = UNSET


class CumFunding(msgspec.Struct, frozen=True, kw_only=True):
    """Sums of funding, of a sign that is not documented."""

    allTime: str
    sinceOpen: str
    sinceChange: str


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """A position of `clearinghouseState`; a flat coin is absent."""

    coin: str
    szi: str
    entryPx: str | UnsetType | None = UNSET
    leverage: Leverage | UnsetType = UNSET
    positionValue: str | UnsetType = UNSET
    unrealizedPnl: str | UnsetType = UNSET
    returnOnEquity: str | UnsetType = UNSET
    liquidationPx: str | UnsetType | None = UNSET
    marginUsed: str | UnsetType = UNSET
    maxLeverage: int | UnsetType = UNSET
    maxTradeSzs: tuple[str, str] | UnsetType = UNSET
    cumFunding: CumFunding | UnsetType = UNSET


class AssetPosition(msgspec.Struct, frozen=True, kw_only=True):
    """A position in its wrapping."""

    position: Position
    type: str | UnsetType = UNSET


class MarginSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What an account is worth on one dex."""

    accountValue: str
    totalNtlPos: str | UnsetType = UNSET
    totalRawUsd: str | UnsetType = UNSET
    totalMarginUsed: str | UnsetType = UNSET


class ClearinghouseState(msgspec.Struct, frozen=True, kw_only=True):
    """Answer to `clearinghouseState`: one account on one dex; the form of 2023 has no `time`."""

    marginSummary: MarginSummary
    assetPositions: tuple[AssetPosition, ...]
    crossMarginSummary: MarginSummary | UnsetType = UNSET
    crossMaintenanceMarginUsed: str | UnsetType = UNSET
    withdrawable: str | UnsetType = UNSET
    time: int | UnsetType = UNSET


class SpotBalance(msgspec.Struct, frozen=True, kw_only=True):
    """What an account holds of one token; outcome tokens bear no number. The last four are of pooled accounts."""

    coin: str
    total: str
    token: int | UnsetType = UNSET
    hold: str | UnsetType = UNSET
    entryNtl: str | UnsetType = UNSET
    spotHold: str | UnsetType = UNSET
    ltv: str | UnsetType = UNSET
    borrowed: str | UnsetType = UNSET
    supplied: str | UnsetType = UNSET


class SpotState(msgspec.Struct, frozen=True, kw_only=True):
    """Answer to `spotClearinghouseState`."""

    balances: tuple[SpotBalance, ...]
    tokenToAvailableAfterMaintenance: tuple[tuple[int, str], ...] | UnsetType = UNSET
    portfolioMarginEnabled: bool | UnsetType = UNSET
    portfolioMarginRatio: str | UnsetType = UNSET


class ActiveAsset(msgspec.Struct, frozen=True, kw_only=True):
    """Answer to `activeAssetData`: a coin's leverage, with or without a position. Pairs are (buy, sell)."""

    user: str
    coin: str
    leverage: Leverage
    maxTradeSzs: tuple[str, str] | UnsetType = UNSET
    availableToTrade: tuple[str, str] | UnsetType = UNSET
    markPx: str | UnsetType = UNSET


class RoleData(msgspec.Struct, frozen=True, kw_only=True):
    """Whom an agent acts for (`user`), or whose a sub-account is (`master`)."""

    user: str | UnsetType = UNSET
    master: str | UnsetType = UNSET


class UserRole(msgspec.Struct, frozen=True, kw_only=True):
    """Answer to `userRole`."""

    role: str
    data: RoleData | UnsetType = UNSET


class ExtraAgent(msgspec.Struct, frozen=True, kw_only=True):
    """One row of `extraAgents`: a named agent; the one without a name is not listed."""

    address: str
    name: str | UnsetType = UNSET
    validUntil: int | UnsetType | None = UNSET


class SubAccount(msgspec.Struct, frozen=True, kw_only=True):
    """One row of `subAccounts`."""

    subAccountUser: str
    master: str
    name: str | UnsetType = UNSET
    clearinghouseState: ClearinghouseState | UnsetType = UNSET
    spotState: SpotState | UnsetType = UNSET


class VaultDetails(msgspec.Struct, frozen=True, kw_only=True):
    """What `vaultDetails` says of whose a vault is."""

    vaultAddress: str
    leader: str
    name: str | UnsetType = UNSET


class RateLimit(msgspec.Struct, frozen=True, kw_only=True):
    """Answer to `userRateLimit`: signed actions of an address, used and allowed since its beginning."""

    cumVlm: str
    nRequestsUsed: int
    nRequestsCap: int
    nRequestsSurplus: int | UnsetType = UNSET


class UserFees(msgspec.Struct, frozen=True, kw_only=True):
    """What `userFees` says of an address's own rates: taker, maker, and the discount that is not in them."""

    userCrossRate: str
    userAddRate: str
    activeReferralDiscount: str | UnsetType = UNSET


class FundingDelta(msgspec.Struct, frozen=True, kw_only=True):
    """One payment of funding; `usdc` is negative where the user paid."""

    coin: str
    usdc: str
    szi: str
    fundingRate: str
    nSamples: int | UnsetType | None = UNSET
    type: str | UnsetType = UNSET


class Funding(msgspec.Struct, frozen=True, kw_only=True):
    """One row of `userFunding`."""

    time: int
    delta: FundingDelta
    hash: str | UnsetType = UNSET


class LiquidatedPosition(msgspec.Struct, frozen=True, kw_only=True):
    """A position that a liquidation took."""

    coin: str
    szi: str


class LedgerDelta(msgspec.Struct, frozen=True, kw_only=True):
    """What moved, by `type`: each kind has its own few of these fields."""

    type: str
    usdc: str | UnsetType = UNSET
    toPerp: bool | UnsetType = UNSET
    user: str | UnsetType = UNSET
    destination: str | UnsetType = UNSET
    sourceDex: str | UnsetType = UNSET
    destinationDex: str | UnsetType = UNSET
    token: str | UnsetType = UNSET
    amount: str | UnsetType = UNSET
    usdcValue: str | UnsetType | None = UNSET
    fee: str | UnsetType | None = UNSET
    feeToken: str | UnsetType = UNSET
    nativeTokenFee: str | UnsetType = UNSET
    nonce: int | UnsetType | None = UNSET
    vault: str | UnsetType = UNSET
    requestedUsd: str | UnsetType = UNSET
    commission: str | UnsetType = UNSET
    closingCost: str | UnsetType = UNSET
    basis: str | UnsetType = UNSET
    netWithdrawnUsd: str | UnsetType = UNSET
    liquidatedNtlPos: str | UnsetType = UNSET
    accountValue: str | UnsetType = UNSET
    leverageType: str | UnsetType = UNSET
    liquidatedPositions: tuple[LiquidatedPosition, ...] | UnsetType = UNSET


class LedgerUpdate(msgspec.Struct, frozen=True, kw_only=True):
    """One row of `userNonFundingLedgerUpdates`."""

    time: int
    hash: str
    delta: LedgerDelta
