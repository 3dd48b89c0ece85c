"""What the exchange says of an account: balances by dex, positions, mode, equity."""

from enum import StrEnum

import msgspec

from fadearena.model.ids import Cloid, Coin, Dex
from fadearena.model.units import Price, Size, Usd


class AccountMode(StrEnum):
    """How an account's collateral is pooled."""

    STANDARD = "standard"
    UNIFIED = "unified"
    PORTFOLIO_MARGIN = "portfolio-margin"
    UNKNOWN = "unknown"

    @property
    def is_pooled(self) -> bool:
        """Whether one balance serves all dexs with the same collateral."""
        return self in {AccountMode.UNIFIED, AccountMode.PORTFOLIO_MARGIN}


class OwnPosition(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One position of an account of ours, as the exchange holds it."""

    coin: Coin
    size: Size
    entry: Price | None = None


class OpenOrder(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An order that rests on a book of the exchange for an account of ours, whoever placed it."""

    coin: Coin
    order_id: int
    cloid: Cloid | None = None


class DexState(msgspec.Struct, frozen=True, kw_only=True):
    """An account on one dex; a flat coin is absent."""

    dex: Dex
    value: Usd
    positions: tuple[OwnPosition, ...] = ()


def equity_of(mode: AccountMode, dex_values: tuple[Usd, ...], spot: Usd | None) -> Usd | None:
    """
    Return an account's equity by its mode; None is unknown, never zero.

    Args:
        mode: How the account pools its collateral.
        dex_values: `accountValue` on every dex; an incomplete reading must not be passed.
        spot: Equity by the spot state, which counts in unified and portfolio-margin mode.
    """
    if mode is AccountMode.STANDARD:
        return sum(dex_values, start=Usd(0)) if dex_values else None
    return spot if mode.is_pooled else None
