"""
What is listed: the first dex with its real indices, one builder-deployed dex, and what is made up beyond that.

1. The place of a coin in its dex is part of its asset id. Coins that nobody makes prices for are listed as delisted,
   so that those that trade keep the indices that they have on the exchange.
2. Depth is what the market maker quotes at one price of the book, in USD.
3. What is made up follows from its name and its place. Like anything new it comes last on its dex, and a new dex last.
"""

import re
from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum
from itertools import count, cycle, pairwise

import msgspec

from fadearena.adapters.sim.arena.market import Listing
from fadearena.adapters.sim.arena.traders import chance, wallet_of
from fadearena.model.error import InvalidInput
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
        return dex_of(self.coin)

    @property
    def market(self) -> Listing | None:
        """What prices are made for; None where nothing trades."""
        if self.price is None:
            return None
        return Listing(
            coin=self.coin,
            asset_id=self.asset_id,
            size_decimals=self.size_decimals,
            max_leverage=self.max_leverage,
            price=self.price,
            depth_usd=self.depth_usd,
        )


class PerpDex(msgspec.Struct, frozen=True, kw_only=True):
    """A dex with its assets, by index; the first one has neither deployer nor fees of its own."""

    name: Dex
    full_name: str
    assets: tuple[Asset, ...]
    deployer: Address | None = None
    fee_recipient: Address | None = None
    fee_scale: Ratio | None = None


def dex_of(coin: Coin) -> Dex:
    """Return the dex on which a coin is listed."""
    return coin.partition(":")[0] if ":" in coin else FIRST_DEX


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
_MADE_UP_ON: tuple[Dex, ...] = (FIRST_DEX, "xyz", FIRST_DEX, "flx", FIRST_DEX, "vntl")
_GROWING = 0.3
_NAME = re.compile(r"([a-z]{2,6}:)?[A-Za-z0-9]{1,12}")
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


class Listed:
    """
    What is listed on one exchange.

    Args:
        more: Made-up coins that are listed after those that always are, in this order.
    """

    def __init__(self, more: Iterable[Coin] = ()) -> None:
        self.dexs: tuple[PerpDex, ...] = DEXS
        self.assets = dict(ASSETS)
        self.by_id = dict(BY_ID)
        self.more: list[Coin] = []
        """What was added, in order."""
        for coin in more:
            self.add(coin)

    def traded(self) -> tuple[Listing, ...]:
        """Return what prices are made for."""
        return tuple(market for asset in self.assets.values() if (market := asset.market) is not None)

    def fill_up(self, coins: int) -> None:
        """Add made-up coins, here and there, until so many trade."""
        numbers, dexs = count(1), cycle(_MADE_UP_ON)
        for _ in range(coins - len(self.traded())):
            dex, name = next(dexs), f"SYN{next(numbers)}"
            self.add(f"{dex}:{name}" if dex else name)

    def add(self, coin: Coin) -> Asset:
        """
        List a made-up coin, the last one of its dex.

        Raises:
            InvalidInput: It is no name, or there is such a coin.
        """
        if not _NAME.fullmatch(coin):
            raise InvalidInput(f"{coin!r} cannot be listed: name it as `NEW`, or as `dex:NEW` on a builder's dex")
        if coin in self.assets:
            raise InvalidInput(f"{coin} is listed already: choose another name")
        name = dex_of(coin)
        if all(dex.name != name for dex in self.dexs):
            self.dexs = (*self.dexs, _new_dex(name))
        place = next(place for place, dex in enumerate(self.dexs) if dex.name == name)
        dex = self.dexs[place]
        first = _BUILDER_IDS + place * _DEX_IDS if name else 0
        asset = _made_up(coin, first + len(dex.assets))
        grown = msgspec.structs.replace(dex, assets=(*dex.assets, asset))
        self.dexs = (*self.dexs[:place], grown, *self.dexs[place + 1 :])
        self.assets[coin] = self.by_id[asset.asset_id] = asset
        self.more.append(coin)
        return asset


def _new_dex(name: Dex) -> PerpDex:
    return PerpDex(
        name=name,
        full_name=name.upper(),
        assets=(),
        deployer=wallet_of(f"{name}/deployer"),
        fee_recipient=wallet_of(f"{name}/fees"),
        fee_scale=_SCALE,
    )


def _made_up(coin: Coin, asset_id: int) -> Asset:
    draw, on_builder = chance(0, coin), ":" in coin
    dollars = Decimal(draw.choice(("0.2", "3", "40", "500"))) * draw.randint(100, 900) / 100
    leverage = draw.choice((3, 5, 10))
    return Asset(
        coin=coin,
        asset_id=asset_id,
        size_decimals=max(0, dollars.adjusted() + 1),
        max_leverage=leverage,
        table=_simple(leverage),
        price=dollars,
        depth_usd=Usd(draw.randint(6, 20) * 1_000),
        restriction=draw.choice((None, None, *Restriction)) if on_builder else None,
        growth_mode=on_builder and draw.random() < _GROWING,
        fee_scale=_SCALE if on_builder else None,
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
