"""Which shape each answer and each message has, and whether a shape holds all of it."""

import json
from typing import Any

import msgspec

from fadearena.adapters.hyperliquid import wire

INFO: dict[str, Any] = {
    "activeAssetData": wire.ActiveAsset,
    "allMids": wire.Mids,
    "candleSnapshot": tuple[wire.Candle, ...],
    "clearinghouseState": wire.ClearinghouseState,
    "delegatorHistory": tuple[wire.StakeUpdate, ...],
    "exchangeStatus": wire.ExchangeStatus,
    "extraAgents": tuple[wire.ExtraAgent, ...],
    "frontendOpenOrders": tuple[wire.FrontendOrder, ...],
    "fundingHistory": tuple[wire.FundingHistoryRow, ...],
    "historicalOrders": tuple[wire.OrderState, ...],
    "l2Book": wire.L2Book | None,
    "meta": wire.Meta,
    "metaAndAssetCtxs": wire.MetaAndContexts,
    "openOrders": tuple[wire.OpenOrder, ...],
    "orderStatus": wire.OrderStatus,
    "perpDexLimits": wire.PerpDexLimits,
    "perpDexStatus": wire.PerpDexStatus,
    "perpDexs": tuple[wire.PerpDex | None, ...],
    "portfolio": wire.Portfolio,
    "spotClearinghouseState": wire.SpotState,
    "spotMeta": wire.SpotMeta,
    "spotMetaAndAssetCtxs": wire.SpotMetaAndContexts,
    "subAccounts": tuple[wire.SubAccount, ...] | None,
    "userAbstraction": str,
    "userFees": wire.UserFees,
    "userFills": tuple[wire.Fill, ...],
    "userFillsByTime": tuple[wire.Fill, ...],
    "userFunding": tuple[wire.Funding, ...],
    "userNonFundingLedgerUpdates": tuple[wire.LedgerUpdate, ...],
    "userRateLimit": wire.RateLimit,
    "userRole": wire.UserRole,
    "userTwapSliceFills": tuple[wire.TwapSliceFill, ...],
    "userTwapSliceFillsByTime": tuple[wire.TwapSliceFill, ...],
    "userVaultEquities": tuple[wire.VaultEquity, ...],
}
"""The shape of the answer to each info request."""
CHANNELS: dict[str, Any] = {
    "activeAssetCtx": wire.ActiveContext,
    "allDexsAssetCtxs": wire.AllDexsContexts,
    "bbo": wire.Bbo,
    "l2Book": wire.L2Book,
    "orderUpdates": tuple[wire.OrderUpdate, ...],
    "post": wire.Posted,
    "subscriptionResponse": wire.Subscribed,
    "trades": tuple[wire.Trade, ...],
    "user": wire.UserEvents,
    "userFills": wire.UserFills,
    "userFundings": wire.UserFundings,
    "userNonFundingLedgerUpdates": wire.LedgerUpdates,
    "userTwapSliceFills": wire.UserTwapSliceFills,
}
"""The shape of the data of each channel."""


def assert_lossless(data: bytes, form: Any) -> None:
    """Decode and encode again; field by field the same, number texts too."""
    again = msgspec.json.encode(msgspec.json.decode(data, type=form))
    assert json.loads(again, parse_float=str) == json.loads(data, parse_float=str)
