"""Accounts, positions and leverage as they are shown."""

from typing import Literal

import msgspec

from fadearena.model.ids import Address
from fadearena.model.units import EpochMs, Usd
from fadearena.sandbox.exchange.shown import DexAccount, Held, Limits, Spot, Summary
from fadearena.sandbox.exchange.state import Leverage
from fadearena.sandbox.gateway.answers.trades import USDC
from fadearena.sandbox.gateway.texts import shown

_USD = 6
_PRICE = 10
_PERP_DECIMALS = 6


class LeverageRow(msgspec.Struct, rename="camel", omit_defaults=True):
    """Margin mode and leverage; an isolated position has money of its own."""

    type: Literal["cross", "isolated"]
    value: int
    raw_usd: str | msgspec.UnsetType = msgspec.UNSET


class CumFundingRow(msgspec.Struct, rename="camel"):
    """Funding paid (> 0) or received."""

    all_time: str
    since_open: str
    since_change: str


class PositionRow(msgspec.Struct, rename="camel"):
    """A position as it is worth now."""

    coin: str
    szi: str
    leverage: LeverageRow
    entry_px: str
    position_value: str
    unrealized_pnl: str
    return_on_equity: str
    liquidation_px: str | None
    margin_used: str
    max_leverage: int
    cum_funding: CumFundingRow


class HeldRow(msgspec.Struct):
    """A position of an account that is long or short, not both."""

    position: PositionRow
    type: str = "oneWay"


class SummaryRow(msgspec.Struct, rename="camel"):
    """Sums over positions."""

    account_value: str
    total_ntl_pos: str
    total_raw_usd: str
    total_margin_used: str


class StateRow(msgspec.Struct, rename="camel"):
    """An account on one dex."""

    margin_summary: SummaryRow
    cross_margin_summary: SummaryRow
    cross_maintenance_margin_used: str
    withdrawable: str
    asset_positions: list[HeldRow]
    time: int


class BalanceRow(msgspec.Struct, rename="camel"):
    """An amount of a token."""

    coin: str
    token: int
    total: str
    hold: str
    entry_ntl: str


class SpotRow(msgspec.Struct, rename="camel", omit_defaults=True):
    """The tokens of an account; one with portfolio margin says so."""

    balances: list[BalanceRow]
    token_to_available_after_maintenance: list[tuple[int, str]] | msgspec.UnsetType = msgspec.UNSET
    portfolio_margin_enabled: bool | msgspec.UnsetType = msgspec.UNSET
    portfolio_margin_ratio: str | msgspec.UnsetType = msgspec.UNSET


class LimitsRow(msgspec.Struct, rename="camel"):
    """What an account can trade of a coin; pairs are buy, sell."""

    user: str
    coin: str
    leverage: LeverageRow
    max_trade_szs: tuple[str, str]
    available_to_trade: tuple[str, str]
    mark_px: str


def state_row(account: DexAccount, time: EpochMs) -> StateRow:
    """Show an account on one dex."""
    return StateRow(
        margin_summary=_summary_row(account.all),
        cross_margin_summary=_summary_row(account.cross),
        cross_maintenance_margin_used=shown(account.cross_maintenance, _USD),
        withdrawable=shown(account.withdrawable, _USD),
        asset_positions=[HeldRow(_position_row(held)) for held in account.positions],
        time=time,
    )


def spot_row(spot: Spot) -> SpotRow:
    """Show the tokens of an account: dollars, if there are any."""
    row = SpotRow([])
    if spot.total:
        row.balances.append(BalanceRow(USDC, 0, shown(spot.total, _USD), shown(spot.hold, _USD), "0.0"))
    if spot.has_portfolio_margin:
        row.token_to_available_after_maintenance = [(0, shown(spot.total - spot.maintenance, _USD))]
        row.portfolio_margin_enabled = True
        row.portfolio_margin_ratio = shown(spot.maintenance / spot.total if spot.total > 0 else spot.total, _PRICE)
    return row


def limits_row(user: Address, coin: str, limits: Limits) -> LimitsRow:
    """Show what an account can trade of a coin."""
    return LimitsRow(
        user=user,
        coin=coin,
        leverage=_leverage_row(limits.leverage, limits.raw_usd),
        max_trade_szs=(shown(limits.sizes[0]), shown(limits.sizes[1])),
        available_to_trade=(shown(limits.available[0], _USD), shown(limits.available[1], _USD)),
        mark_px=shown(limits.mark),
    )


def _position_row(held: Held) -> PositionRow:
    return PositionRow(
        coin=held.coin,
        szi=shown(held.size),
        leverage=_leverage_row(held.leverage, held.raw_usd),
        entry_px=shown(held.entry, _PERP_DECIMALS - held.size_decimals),
        position_value=shown(held.value, _USD),
        unrealized_pnl=shown(held.unrealised, _USD),
        return_on_equity=shown(held.return_on_equity, _PRICE),
        liquidation_px=None if held.liquidation is None else shown(held.liquidation, _PRICE),
        margin_used=shown(held.margin_used, _USD),
        max_leverage=held.max_leverage,
        cum_funding=CumFundingRow(
            shown(held.funding_all_time), shown(held.funding_since_open), shown(held.funding_since_change)
        ),
    )


def _leverage_row(leverage: Leverage, raw_usd: Usd | None) -> LeverageRow:
    row = LeverageRow("cross" if leverage.is_cross else "isolated", leverage.value)
    if raw_usd is not None:
        row.raw_usd = shown(raw_usd, _USD)
    return row


def _summary_row(summary: Summary) -> SummaryRow:
    return SummaryRow(
        account_value=shown(summary.account_value, _USD),
        total_ntl_pos=shown(summary.total_notional, _USD),
        total_raw_usd=shown(summary.total_raw_usd, _USD),
        total_margin_used=shown(summary.total_margin_used, _USD),
    )
