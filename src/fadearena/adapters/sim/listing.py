"""
Markets inferred from recorded fills, where no `meta` file is given, or for what it leaves out.

What fills cannot tell is chosen, on the careful side for a simulation:
size decimals = the most decimals seen in sizes and positions of the coin (at most 6); leverage 50 in a single
margin tier; cross margin; fee scale 1 on builder-deployed dexs; asset ids by the order of names, first dex
from 0, the others from 110000 on in steps of 10000, as the exchange numbers them.
"""

from collections.abc import Iterable
from decimal import Decimal

from fadearena.model.ids import Coin, Dex, dex_of, is_perp
from fadearena.model.instrument import Instrument
from fadearena.model.margin import MarginTier
from fadearena.model.units import ZERO
from fadearena.model.wallet import SourceFill

MAX_LEVERAGE = 50
_MAX_DECIMALS = 6
_FIRST_BUILDER_ID = 110_000
_IDS_PER_DEX = 10_000


def infer_instruments(fills: Iterable[SourceFill], listed: Iterable[Instrument] = ()) -> tuple[Instrument, ...]:
    """Return the markets listed, and an inferred one for every other perpetual in `fills`, by name."""
    found = list(listed)
    known = {market.coin for market in found}
    decimals: dict[Coin, int] = {}
    for fill in fills:
        if is_perp(fill.coin) and fill.coin not in known:
            seen = max(_decimals(fill.quantity), _decimals(fill.start_position or ZERO))
            decimals[fill.coin] = max(decimals.get(fill.coin, 0), min(seen, _MAX_DECIMALS))
    used = [market.asset_id for market in found]
    next_ids: dict[Dex, int] = {"": 0}
    for market in found:
        next_ids[market.dex] = max(next_ids.get(market.dex, 0), market.asset_id + 1)
    for coin in sorted(decimals):
        dex = dex_of(coin)
        if dex not in next_ids:
            next_ids[dex] = max(_FIRST_BUILDER_ID, *(_block_after(number) for number in (0, *used)))
        found.append(_instrument(coin, next_ids[dex], decimals[coin]))
        used.append(next_ids[dex])
        next_ids[dex] += 1
    return tuple(found)


def _block_after(asset_id: int) -> int:
    return asset_id - asset_id % _IDS_PER_DEX + _IDS_PER_DEX


def _instrument(coin: Coin, asset_id: int, size_decimals: int) -> Instrument:
    return Instrument(
        coin=coin,
        asset_id=asset_id,
        size_decimals=size_decimals,
        max_leverage=MAX_LEVERAGE,
        margin_tiers=(MarginTier(ZERO, MAX_LEVERAGE),),
        deployer_fee_scale=Decimal(1) if dex_of(coin) else None,
    )


def _decimals(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return max(-exponent, 0) if isinstance(exponent, int) else 0
