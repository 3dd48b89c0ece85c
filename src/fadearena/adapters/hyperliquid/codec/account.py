"""Accounts: positions, balances, modes, leverage, roles, and money that came and went."""

from msgspec import UNSET

from fadearena.adapters.hyperliquid import wire
from fadearena.adapters.hyperliquid.codec.numbers import moment, number, positive
from fadearena.model.account import AccountMode, DexState, OwnPosition
from fadearena.model.error import VenueProtocolError
from fadearena.model.event import LeverageRead, SourceSnapshot
from fadearena.model.ids import AccountId, Address, Coin, Dex
from fadearena.model.units import ZERO, EpochMs, Usd
from fadearena.model.wallet import SourcePosition, WalletRole

_USDC = 0
"""The token's index, on both networks."""
_MODES = {
    "disabled": AccountMode.STANDARD,
    "default": AccountMode.STANDARD,
    "dexAbstraction": AccountMode.STANDARD,
    "unifiedAccount": AccountMode.UNIFIED,
    "portfolioMargin": AccountMode.PORTFOLIO_MARGIN,
}


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
    return SourceSnapshot(time=moment(state.time), received=received, wallet=wallet, dex=dex, positions=positions)


def leverages(state: wire.ClearinghouseState) -> dict[Coin, int]:
    """Return the leverage of each position, where the exchange names it."""
    positions = (held.position for held in state.assetPositions)
    return {held.coin: held.leverage.value for held in positions if held.leverage is not UNSET}


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
            entry=positive("entryPx", held.position.entryPx) if held.position.entryPx else None,
        )
        for held in state.assetPositions
        if (size := number("szi", held.position.szi))
    )
    value = number("accountValue", state.marginSummary.accountValue)
    return DexState(dex=dex, value=value, positions=positions)


def account_mode(abstraction: str) -> AccountMode:
    """
    Return how an account pools its collateral, from the answer to `userAbstraction`.

    `default` (never set) and `dexAbstraction` keep balances by dex, as other clients of the exchange take them too;
    the exchange's documentation says so of `disabled` only. A text that is not known is an unknown mode.
    """
    return _MODES.get(abstraction, AccountMode.UNKNOWN)


def spot_equity(state: wire.SpotState, mode: AccountMode) -> Usd | None:
    """
    Return what a pooled account is worth by its spot state; None where that does not tell it.

    In unified mode it is the USDC, in which the profits and losses of open positions are counted already. With
    portfolio margin other tokens are collateral and may be borrowed, which have no price here: unknown.

    Raises:
        VenueProtocolError: A number cannot be read.
    """
    if not mode.is_pooled:
        return None
    held = {balance.token: number("total", balance.total) for balance in state.balances}
    is_mixed = any(total for token, total in held.items() if token != _USDC)
    if mode is AccountMode.PORTFOLIO_MARGIN and is_mixed:
        return None
    return held.get(_USDC, ZERO)


def leverage_read(active: wire.ActiveAsset, account: AccountId, now: EpochMs) -> LeverageRead:
    """
    Return the leverage and margin mode that the exchange holds for a coin.

    Raises:
        VenueProtocolError: The margin mode is something new.
    """
    if active.leverage.type not in {"cross", "isolated"}:
        raise VenueProtocolError(f"{active.coin}: leverage of type {active.leverage.type!r} is not known here")
    return LeverageRead(
        time=now,
        received=now,
        account=account,
        coin=active.coin,
        leverage=active.leverage.value,
        is_cross=active.leverage.type == "cross",
    )


def wallet_role(role: wire.UserRole) -> WalletRole:
    """
    Return what an address is to the exchange.

    Raises:
        VenueProtocolError: It is something new.
    """
    try:
        return WalletRole(role.role)
    except ValueError:
        raise VenueProtocolError(f"userRole: {role.role!r} is no role that is known here") from None


def actions_left(limit: wire.RateLimit) -> int:
    """Return how many signed actions an address has left."""
    reserved = limit.nRequestsSurplus or 0
    return max(limit.nRequestsCap + reserved - limit.nRequestsUsed, 0)
