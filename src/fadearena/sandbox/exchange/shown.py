"""What the exchange shows when it is asked: values that are true at one moment."""

from typing import Literal

import msgspec

from fadearena.model.ids import Address, Coin
from fadearena.model.units import ZERO, EpochMs, Price, Quantity, Ratio, Size, Usd
from fadearena.sandbox.exchange.state import Leverage, Position


class Level(msgspec.Struct, frozen=True):
    """All that rests at one price, and how many orders that is."""

    price: Price
    quantity: Quantity
    count: int


class Book(msgspec.Struct, frozen=True):
    """The book of a coin, best price first."""

    coin: Coin
    time: EpochMs
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a market now; None is an empty book, or nothing was ever traded."""

    funding: Ratio
    open_interest: Size
    prev_day: Price
    day_volume_usd: Usd
    day_volume: Quantity
    premium: Ratio | None
    oracle: Price
    mark: Price
    mid: Price | None
    impact: tuple[Price, Price] | None


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """A position as it is worth now; funding is > 0 where it was paid."""

    coin: Coin
    size_decimals: int
    size: Size
    entry: Price
    leverage: Leverage
    raw_usd: Usd | None
    value: Usd
    unrealised: Usd
    return_on_equity: Ratio
    liquidation: Price | None
    margin_used: Usd
    max_leverage: int
    funding_all_time: Usd
    funding_since_open: Usd
    funding_since_change: Usd


class Summary(msgspec.Struct, frozen=True):
    """Sums over positions."""

    account_value: Usd
    total_notional: Usd
    total_raw_usd: Usd
    total_margin_used: Usd


def summed(held: tuple[Held, ...] | list[Held], cash: Usd) -> Summary:
    """Return the sums over positions that share some cash."""
    value = cash
    for one in held:
        value += one.unrealised if one.leverage.is_cross else one.margin_used
    signed = sum((one.value.copy_sign(one.size) for one in held), start=ZERO)
    return Summary(
        account_value=value,
        total_notional=sum((one.value for one in held), start=ZERO),
        total_raw_usd=value - signed,
        total_margin_used=sum((one.margin_used for one in held), start=ZERO),
    )


class DexAccount(msgspec.Struct, frozen=True, kw_only=True):
    """An account on one dex."""

    all: Summary
    cross: Summary
    cross_maintenance: Usd
    withdrawable: Usd
    positions: tuple[Held, ...]


class Spot(msgspec.Struct, frozen=True):
    """The USDC of a spot balance, pooled with all that is open; what of it is locked, and what must stay."""

    total: Usd = ZERO
    hold: Usd = ZERO
    maintenance: Usd = ZERO
    has_portfolio_margin: bool = False


class Limits(msgspec.Struct, frozen=True):
    """What an account can trade of a coin; pairs are (buy, sell)."""

    leverage: Leverage
    raw_usd: Usd | None
    sizes: tuple[Size, Size]
    available: tuple[Usd, Usd]
    mark: Price


class Role(msgspec.Struct, frozen=True):
    """What an address is; `user` is the master of a sub-account, or for whom an agent acts."""

    kind: Literal["user", "agent", "subAccount", "missing"]
    user: Address | None = None


class Requests(msgspec.Struct, frozen=True):
    """Requests of an account: the volume that counts, how many were used, and how many there are."""

    volume: Usd
    used: int
    cap: int


class Standing(msgspec.Struct, frozen=True):
    """An account on the leaderboard: its worth, the money that came in, and by each window's name PnL and volume."""

    user: Address
    name: str
    worth: Usd
    came_in: Usd
    windows: dict[str, tuple[Usd, Usd]]


class AccountTruth(msgspec.Struct, frozen=True):
    """
    All that an account owns, and where it comes from.

    Cash and the margin that is locked sum up to `came_in` + `realised` + `funding` - `fees`.
    """

    cash: dict[str, Usd]
    positions: dict[Coin, Position]
    came_in: Usd = ZERO
    realised: Usd = ZERO
    funding: Usd = ZERO
    fees: Usd = ZERO


class Truth(msgspec.Struct, frozen=True):
    """
    All of the exchange.

    Sizes sum up to zero; cash, and the margin that is locked, without what positions cost sum up to deposits - fees.
    """

    time: EpochMs
    accounts: dict[Address, AccountTruth]
    deposits: Usd
    fees: Usd


NOTHING = Context(
    funding=ZERO,
    open_interest=ZERO,
    prev_day=ZERO,
    day_volume_usd=ZERO,
    day_volume=ZERO,
    premium=None,
    oracle=ZERO,
    mark=ZERO,
    mid=None,
    impact=None,
)
"""The context of a coin that does not trade."""
