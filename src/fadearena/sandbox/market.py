"""
The prices of the sandbox: the arena's made-up market, with 20 levels a side and the coins that are listed.

Prices follow from seed and time alone; what the market maker quotes is made when somebody looks.
"""

from typing import Any

import msgspec

from fadearena.adapters.sim.arena.market import Market, Walk
from fadearena.adapters.sim.arena.traders import chance
from fadearena.model.ids import Coin
from fadearena.model.units import EpochMs
from fadearena.sandbox.listing import Listed
from fadearena.sandbox.traders import chance_state

LEVELS = 20


class Prices(msgspec.Struct):
    """A market as it is written down."""

    time: EpochMs
    chance: Any
    walks: dict[Coin, Walk]


def made_market(seed: int, start: EpochMs, listed: Listed) -> Market:
    """Return the market of a seed at its beginning."""
    return Market(chance(seed, "market"), listed.traded(), start, levels=LEVELS)


def dumped(market: Market) -> Prices:
    """Return a market as values."""
    return Prices(market.time, market.rng.getstate(), market.walks)


def loaded(prices: Prices, listed: Listed) -> Market:
    """Return the market that was dumped."""
    market = made_market(0, prices.time, listed)
    market.rng.setstate(chance_state(prices.chance))
    market.walks = prices.walks
    return market
