"""
What is listed: the first dex with its real indices, and one builder-deployed dex.

1. The place of a coin in its dex is part of its asset id. Coins that nobody makes prices for are listed as delisted,
   so that those that trade keep the indices that they have on the exchange.
2. Depth is what the market maker quotes at one price of the book, in USD.
"""

from decimal import Decimal
from enum import StrEnum
from itertools import pairwise

import msgspec

from fadearena.adapters.sim.arena.market import Listing
from fadearena.model.ids import Address, Coin, Dex
from fadearena.model.units import Price, Ratio, Usd

FIRST_DEX: Dex = ""
_BUILDER_IDS = 100_000
_DEX_IDS = 10_000


class Restriction(StrEnum):
    """What a market forbids of cross margin."""

    NO_CROSS = "noCross"
    STRICT_ISOLATED = "strictIsolated"


class Tier(msgspec.Struct, frozen=True):
    """From `lower_bound` of notional on, at most `max_leverage`."""

    lower_bound: Usd
    max_leverage: int


class MarginTable(msgspec.Struct, frozen=True):
    """A margin table; those with ids below 50 have one tier, and the id is its leverage."""

    id: int
    description: str
    tiers: tuple[Tier, ...]


class Asset(msgspec.Struct, frozen=True, kw_only=True):
    """One perpetual as it is listed; without `price` nothing trades."""

    coin: Coin
    asset_id: int
    size_decimals: int
    max_leverage: int
    table: MarginTable
    price: Price | None = None
    depth_usd: Usd = Usd(0)
    restriction: Restriction | None = None
    growth_mode: bool = False
    fee_scale: Ratio | None = None

    @property
    def is_delisted(self) -> bool:
        """Whether nothing trades any more."""
        return self.price is None

    @property
    def dex(self) -> Dex:
        """The dex on which it is listed."""
        return self.coin.partition(":")[0] if ":" in self.coin else FIRST_DEX


class PerpDex(msgspec.Struct, frozen=True, kw_only=True):
    """A dex with its assets, by index; the first one has neither deployer nor fees of its own."""

    name: Dex
    full_name: str
    assets: tuple[Asset, ...]
    deployer: Address | None = None
    fee_recipient: Address | None = None
    fee_scale: Ratio | None = None


def _simple(leverage: int) -> MarginTable:
    return MarginTable(leverage, "", (Tier(Usd(0), leverage),))


def _tiered(number: int, leverage: int, lower_bound: int) -> MarginTable:
    tiers = (Tier(Usd(0), leverage), Tier(Usd(lower_bound), leverage // 2))
    return MarginTable(number, f"tiered {leverage}x", tiers)


_TABLES = {
    "BTC": _tiered(56, 40, 150_000_000),
    "ETH": _tiered(55, 25, 100_000_000),
    "SOL": _tiered(54, 20, 70_000_000),
    "XRP": _tiered(53, 20, 40_000_000),
}
_FIRST = """
    BTC 5 40 109850 60000 | ETH 4 25 3942 40000 | ATOM 2 5 | MATIC 1 20 | DYDX 1 5 | SOL 2 20 193.4 25000
    AVAX 2 10 20.31 9000 | BNB 3 10 1118 12000 | APE 1 5 | OP 1 5 | LTC 2 10 | ARB 1 10 | DOGE 0 10 0.1987 9000
    INJ 1 10 | SUI 1 10 | kPEPE 0 10 0.00712 8000 | CRV 1 10 | LDO 1 10 | LINK 1 10 17.42 9000 | STX 1 5
    RNDR 1 5 | CFX 0 5 | FTM 0 10 | GMX 2 3 | SNX 1 3 | XRP 0 20 2.482 12000
"""
_SCALE = Ratio(1)
_BUILDER = (
    ("XYZ100", 4, 20, "25372", 20_000, None, True),
    ("TSLA", 3, 10, "431.2", 9_000, Restriction.NO_CROSS, False),
    ("NVDA", 3, 10, "187.6", 9_000, Restriction.STRICT_ISOLATED, False),
)


def _first(index: int, row: str) -> Asset:
    coin, decimals, leverage, *traded = row.split()
    return Asset(
        coin=coin,
        asset_id=index,
        size_decimals=int(decimals),
        max_leverage=int(leverage),
        table=_TABLES.get(coin) or _simple(int(leverage)),
        price=Decimal(traded[0]) if traded else None,
        depth_usd=Decimal(traded[1]) if traded else Usd(0),
    )


def _builder(dex: Dex, place: int) -> tuple[Asset, ...]:
    return tuple(
        Asset(
            coin=f"{dex}:{name}",
            asset_id=_BUILDER_IDS + place * _DEX_IDS + index,
            size_decimals=decimals,
            max_leverage=leverage,
            table=_simple(leverage),
            price=Decimal(price),
            depth_usd=Usd(depth),
            restriction=restriction,
            growth_mode=growth_mode,
            fee_scale=_SCALE,
        )
        for index, (name, decimals, leverage, price, depth, restriction, growth_mode) in enumerate(_BUILDER)
    )


DEXS = (
    PerpDex(
        name=FIRST_DEX,
        full_name="",
        assets=tuple(
            _first(index, row) for index, row in enumerate(" | ".join(_FIRST.strip().splitlines()).split(" | "))
        ),
    ),
    PerpDex(
        name="xyz",
        full_name="XYZ",
        assets=_builder("xyz", 1),
        deployer="0x88806a71d74ad0a510b350545c9ae490912f0888",
        fee_recipient="0x97f46f90c04efb91d0d740bd263e76683ca6f904",
        fee_scale=_SCALE,
    ),
)
"""All dexs in the order of `perpDexs`: the place in it is part of an asset id."""
ASSETS = {asset.coin: asset for dex in DEXS for asset in dex.assets}
BY_ID = {asset.asset_id: asset for asset in ASSETS.values()}


def traded() -> tuple[Listing, ...]:
    """Return what prices are made for."""
    return tuple(
        Listing(
            coin=asset.coin,
            asset_id=asset.asset_id,
            size_decimals=asset.size_decimals,
            max_leverage=asset.max_leverage,
            price=asset.price,
            depth_usd=asset.depth_usd,
        )
        for asset in ASSETS.values()
        if asset.price is not None
    )


def maintenance(notional: Usd, asset: Asset) -> Usd:
    """Return the maintenance margin of a notional: half of the initial margin at each tier's maximum leverage."""
    tiers = asset.table.tiers
    owed = notional / (2 * tiers[0].max_leverage)
    for lower, upper in pairwise(tiers):
        beyond = max(notional - upper.lower_bound, Usd(0))
        owed += beyond / (2 * upper.max_leverage) - beyond / (2 * lower.max_leverage)
    return owed


def most_leverage(notional: Usd, asset: Asset) -> int:
    """Return the highest leverage at which a position of `notional` may be held."""
    return min(tier.max_leverage for tier in asset.table.tiers if notional >= tier.lower_bound)
