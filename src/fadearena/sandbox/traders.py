"""
The traders of the sandbox: at least twelve, each with an account, a temperament and a seeded chance of its own.

1. They see what everybody sees, the prices, and their own account. What they want becomes orders as anybody's.
2. Most take from the book. One rests orders on it, a few basis points from the mark, and moves them along.
3. The first six bear the names, and the wallets if they are given, of bots that can be followed.
"""

import heapq
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from fadearena.adapters.sim.arena.market import Market
from fadearena.adapters.sim.arena.traders import TEMPERAMENTS, Holding, Kind, Plan, Trader, Wish
from fadearena.model.ids import Address, Coin
from fadearena.model.units import BPS, HOUR_MS, MINUTE_MS, EpochMs, Ratio, Side, Usd, side_of, sign
from fadearena.sandbox.listing import DEXS
from fadearena.sandbox.nouns import Request, Tif

LEAST_TRADERS = 12
_SLIP = Ratio("0.01")
_GRID = "grid maker"
_STEPS = (5, 10, 15)
_GRID_USD = Usd(3_000)
_MAJORS = ("BTC", "ETH", "SOL", "BNB", "XRP", "DOGE")
_SMALL = ("AVAX", "kPEPE", "LINK")
_BUILDER = tuple(asset.coin for asset in DEXS[1].assets)
_ROSTER: tuple[tuple[str, str, tuple[Coin, ...]], ...] = (
    ("gemini-3-pro", "flipper", _MAJORS),
    ("grok-4", "scalper", _MAJORS),
    ("qwen3-max", "trend follower", _MAJORS),
    ("kimi-k2-thinking", "averager-down", _MAJORS),
    ("deepseek-chat-v3.1", "long-only holder", _MAJORS),
    ("claude-sonnet", "twap slicer", _MAJORS),
    ("stock-picker", "flipper", _BUILDER),
    ("reverter", "mean reverter", _MAJORS),
    ("grid-maker", _GRID, ("ETH", "SOL")),
    ("hour-closer", "hour closer", _MAJORS),
    ("news-jumper", "news jumper", (*_MAJORS, *_SMALL)),
    ("small-caps", "averager-down", _SMALL),
)


def revert(trader: Trader, market: Market) -> Wish | None:
    """Sell what has risen, buy what has fallen, leave when the move is over."""
    coin = trader.any_coin(market)
    momentum, size = market.momentum(coin), trader.position(coin)
    if size:
        return trader.close(coin) if abs(momentum) < 30 or sign(size) * momentum > 0 else None  # noqa: PLR2004 - ppm
    if abs(momentum) < 100:  # noqa: PLR2004 - ppm
        return None
    return Wish(coin, trader.sized(market, coin, Usd(trader.rng.randint(300, 1_200) * (-1 if momentum > 0 else 1))))


def close_hourly(trader: Trader, market: Market) -> Wish | None:
    """Trade with the last move, and go flat in the last minutes of every hour, before funding is paid."""
    if market.time % HOUR_MS > HOUR_MS - 4 * MINUTE_MS:
        held = next(iter(trader.holdings), None)
        return None if held is None else trader.close(held)
    coin = trader.any_coin(market)
    side = 1 if market.momentum(coin) > 0 else -1
    if abs(trader.position(coin)) * market.mark(coin) > 2_500:  # noqa: PLR2004 - what it dares, USD
        return trader.close(coin)
    return Wish(coin, trader.sized(market, coin, Usd(trader.rng.randint(150, 600) * side)))


def jump(trader: Trader, market: Market) -> Wish | None:
    """Wait for a sudden move, jump on it with all it has, and off again at the first profit or loss."""
    held = next(iter(trader.holdings), None)
    if held is not None:
        return trader.close(held) if abs(trader.gain_bps(market, held)) > 12 else None  # noqa: PLR2004 - bps
    coin = max(trader.coins(market), key=lambda one: abs(market.momentum(one)))
    momentum = market.momentum(coin)
    if abs(momentum) < 500:  # noqa: PLR2004 - ppm
        return None
    return Wish(coin, trader.sized(market, coin, Usd(trader.rng.randint(3_000, 9_000) * (1 if momentum > 0 else -1))))


def rest(_trader: Trader, _market: Market) -> Wish | None:
    """Want nothing: its orders rest."""
    return None


KINDS: Mapping[str, Kind] = {
    **TEMPERAMENTS,
    "mean reverter": (revert, (6, 20)),
    "hour closer": (close_hourly, (15, 45)),
    "news jumper": (jump, (3, 9)),
    _GRID: (rest, (20, 40)),
}


class Memory(msgspec.Struct):
    """What a trader has in mind, as it is written down."""

    chance: Any
    plan: Plan | None
    due: EpochMs
    twap_id: int


class Seen(msgspec.Struct, frozen=True):
    """A trader's own account as it sees it: money besides open PnL, and positions with their signed cost."""

    cash: Usd
    holdings: Mapping[Coin, Holding]


class Regulars:
    """
    The traders with a temperament, and when each of them looks again.

    Args:
        seed: What they do follows from it and from what they see.
        count: How many there are.
        start: When they begin.
        wallets: The wallets of some by name; the others have made-up ones.
    """

    def __init__(self, seed: int, count: int, start: EpochMs, wallets: Mapping[str, Address]) -> None:
        kinds = tuple(KINDS)
        more = ((f"bot-{n:05}", kinds[n % len(kinds)], _MAJORS) for n in range(len(_ROSTER), count))
        self.traders = tuple(
            Trader(name, kind, seed, wallets.get(name), coins, KINDS) for name, kind, coins in (*_ROSTER[:count], *more)
        )
        self._due = [(start + trader.rng.randrange(MINUTE_MS), n) for n, trader in enumerate(self.traders)]
        self._twaps = [n * 1_000 for n in range(count)]
        heapq.heapify(self._due)

    @property
    def next_due(self) -> EpochMs | None:
        """When the next of them looks at the market."""
        return self._due[0][0] if self._due else None

    def next_trader(self, market: Market, now: EpochMs) -> Trader:
        """Return who is next, and let it wait after that."""
        _, n = self._due[0]
        trader = self.traders[n]
        heapq.heapreplace(self._due, (now + trader.pause(market), n))
        return trader

    def wants(self, trader: Trader, market: Market, seen: Seen) -> list[Request]:
        """Return the orders that a trader wants to place now."""
        trader.cash, trader.holdings = seen.cash, dict(seen.holdings)
        if trader.temperament == _GRID:
            return list(_grid(trader, market))
        is_new_plan = trader.plan is None or trader.plan.slices == 0
        wish = trader.wish(market)
        if wish is None:
            return []
        n = self.traders.index(trader)
        if wish.is_twap and is_new_plan:
            self._twaps[n] += 1
        rules, side = market.instruments[wish.coin], side_of(wish.change)
        limit = rules.price_outwards(side, market.mark(wish.coin) * (1 + side.sign * _SLIP))
        request = Request(
            asset_id=rules.asset_id,
            side=side,
            quantity=rules.floor(abs(wish.change)),
            limit=limit,
            tif=Tif.IOC,
            twap_id=self._twaps[n] if wish.is_twap else None,
        )
        return [request]

    def dump(self) -> list[Memory]:
        """Return what all of them have in mind."""
        due = {n: time for time, n in self._due}
        return [
            Memory(trader.rng.getstate(), trader.plan, due[n], self._twaps[n]) for n, trader in enumerate(self.traders)
        ]

    def load(self, memories: Iterable[Memory]) -> None:
        """Go on from what was dumped."""
        self._due.clear()
        for n, (trader, memory) in enumerate(zip(self.traders, memories, strict=True)):
            trader.rng.setstate(chance_state(memory.chance))
            trader.plan = memory.plan
            self._twaps[n] = memory.twap_id
            self._due.append((memory.due, n))
        heapq.heapify(self._due)


def chance_state(dumped: Any) -> tuple[Any, ...]:  # noqa: ANN401 - as `random` gives and takes it
    """Return the state of a generator as it was before it was written down."""
    version, numbers, gauss = dumped
    return version, tuple(numbers), gauss


def _grid(trader: Trader, market: Market) -> Iterable[Request]:
    """Yield the orders of the grid: on both sides of the mark, but for the side that would make too much of it."""
    for coin in trader.coins(market):
        rules, mark = market.instruments[coin], market.mark(coin)
        worth = trader.position(coin) * mark
        quantity = rules.floor(Usd(trader.rng.randint(150, 400)) / mark)
        for side in (Side.BUY, Side.SELL):
            if worth * side.sign > _GRID_USD:
                continue
            for bps in _STEPS:
                limit = rules.price_inwards(side, mark * (1 - side.sign * bps * BPS))
                yield Request(
                    asset_id=rules.asset_id,
                    side=side,
                    quantity=quantity,
                    limit=limit,
                    tif=Tif.GTC if bps == _STEPS[-1] else Tif.ALO,
                )
