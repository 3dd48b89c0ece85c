"""
Made-up traders: six temperaments, each a function from a trader and a market to at most one wish.

A trader owns its positions, its money and its own seeded chance; it trades at the touch and pays the
taker fee.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from hashlib import blake2b
from random import Random

import msgspec

from fadearena.adapters.sim.arena.market import Market
from fadearena.model.fee import TIERS, fee
from fadearena.model.ids import Address, BotId, Coin
from fadearena.model.position import average_price, trade, unrealised
from fadearena.model.units import SECOND_MS, ZERO, EpochMs, Price, Size, Usd, sign

START_USD = Usd(10_000)
_BPS = 10_000
_GROSS_LIMIT = Decimal(3)


class Wish(msgspec.Struct, frozen=True):
    """What a trader wants to trade now; never zero."""

    coin: Coin
    change: Size
    is_twap: bool = False


class Holding(msgspec.Struct):
    """A trader's position in one coin, at average cost."""

    size: Size = ZERO
    cost: Usd = ZERO


class Plan(msgspec.Struct):
    """What is left of an order that is worked in slices."""

    coin: Coin
    change_usd: Usd
    slices: int


def chance(seed: int, name: str) -> Random:
    """Return a generator of its own for everything that bears a name, so that one more changes no other."""
    return Random(f"{seed}/{name}")  # noqa: S311 - a market that must repeat itself, not a secret


def wallet_of(name: str) -> Address:
    """Return the made-up wallet address of a name."""
    return "0x" + blake2b(name.encode(), digest_size=20).hexdigest()


class Trader:
    """
    One made-up bot.

    Args:
        bot: Its name; its chance and its wallet follow from it.
        temperament: One of `kinds`.
        seed: The seed of the whole.
        wallet: Its wallet, where it has a known one.
        coins: What it trades; nothing named is all that there is.
        kinds: The temperaments that there are; none named are those of `TEMPERAMENTS`.
    """

    def __init__(
        self,
        bot: BotId,
        temperament: str,
        seed: int,
        wallet: Address | None = None,
        coins: tuple[Coin, ...] = (),
        kinds: "Mapping[str, Kind] | None" = None,
    ) -> None:
        self.bot = bot
        self.wallet = wallet or wallet_of(bot)
        self.temperament = temperament
        self.rng = chance(seed, bot)
        self.cash = START_USD
        self.holdings: dict[Coin, Holding] = {}
        self.plan: Plan | None = None
        self._coins = coins
        self._wish, self._pace = (kinds or TEMPERAMENTS)[temperament]

    def position(self, coin: Coin) -> Size:
        """Return what it holds of a coin."""
        held = self.holdings.get(coin)
        return held.size if held else ZERO

    def entry(self, coin: Coin) -> Price | None:
        """Return its average entry price; None when flat."""
        held = self.holdings.get(coin)
        return average_price(held.size, held.cost) if held else None

    def equity(self, market: Market) -> Usd:
        """Return cash and the worth of open positions."""
        open_pnl = (unrealised(held.size, held.cost, market.mark(coin)) for coin, held in self.holdings.items())
        return self.cash + sum(open_pnl, start=ZERO)

    def gross(self, market: Market) -> Usd:
        """Return the notional of all its positions."""
        return sum((abs(held.size) * market.mark(coin) for coin, held in self.holdings.items()), start=ZERO)

    def pause(self, market: Market) -> EpochMs:
        """Return how long it waits before it looks again; longer at night."""
        seconds = self.rng.randint(*self._pace) * (3 if market.is_quiet else 1)
        return seconds * SECOND_MS

    def wish(self, market: Market) -> Wish | None:
        """Return what it wants to trade now, within what it can carry."""
        wish = self._wish(self, market)
        if wish is None or not wish.change:
            return None
        growth = abs(self.position(wish.coin) + wish.change) - abs(self.position(wish.coin))
        if growth <= 0:
            return wish
        gross = self.gross(market) + growth * market.mark(wish.coin)
        if gross > _GROSS_LIMIT * self.equity(market):
            closing = self.close(wish.coin)
            return closing if closing.change else None
        return wish

    def book(self, coin: Coin, change: Size, price: Price) -> None:
        """Take an execution into the account."""
        held = self.holdings.setdefault(coin, Holding())
        after = trade(held.size, held.cost, change, price)
        held.size, held.cost = after.size, after.cost
        self.cash += after.realised - fee(abs(change) * price, TIERS[0].taker)
        if not held.size:
            del self.holdings[coin]

    def any_coin(self, market: Market) -> Coin:
        """Return a coin by chance: one of those that it trades."""
        coins = self.coins(market)
        return coins[self.rng.randrange(len(coins))]

    def coins(self, market: Market) -> tuple[Coin, ...]:
        """Return what it trades."""
        return self._coins or market.coins

    def sized(self, market: Market, coin: Coin, usd: Usd) -> Size:
        """Return a signed amount of USD as a size in whole lots, at least one."""
        rules = market.instruments[coin]
        return rules.floor(usd / market.mark(coin)) or rules.lot * sign(usd)

    def gain_bps(self, market: Market, coin: Coin) -> Decimal:
        """Return what a position has gained on its cost, in bps."""
        held = self.holdings[coin]
        return unrealised(held.size, held.cost, market.mark(coin)) / abs(held.cost) * _BPS

    def close(self, coin: Coin) -> Wish:
        """Return the wish to close a position."""
        return Wish(coin, -self.position(coin))


def _usd(trader: Trader, low: int, high: int) -> Usd:
    """Return an amount by chance."""
    return Usd(trader.rng.randint(low, high))


def follow_trend(trader: Trader, market: Market) -> Wish | None:
    """Buy what rises, add to it, leave when it turns."""
    coin = trader.any_coin(market)
    momentum, size = market.momentum(coin), trader.position(coin)
    if size and sign(size) * momentum < 0:
        return trader.close(coin)
    if abs(momentum) < 120 or abs(size) * market.mark(coin) > 5_000:  # noqa: PLR2004 - ppm; what it dares
        return None
    return Wish(coin, trader.sized(market, coin, _usd(trader, 300, 1_500) * sign(Decimal(momentum))))


def scalp(trader: Trader, market: Market) -> Wish | None:
    """In and out again: against the last move, for a few basis points."""
    held = next(iter(trader.holdings), None)
    if held is not None:
        gain = trader.gain_bps(market, held)
        leaves = gain > 8 or gain < -15 or trader.rng.getrandbits(2) == 0  # noqa: PLR2004 - bps
        return trader.close(held) if leaves else None
    coin = trader.any_coin(market)
    side = -1 if market.momentum(coin) > 0 else 1
    return Wish(coin, trader.sized(market, coin, _usd(trader, 150, 900) * side))


def average_down(trader: Trader, market: Market) -> Wish | None:
    """Never wrong, only early: adds to what loses, closes what gains."""
    coin = trader.any_coin(market)
    size = trader.position(coin)
    if not size:
        side = 1 if trader.rng.getrandbits(1) else -1
        return Wish(coin, trader.sized(market, coin, _usd(trader, 200, 500) * side))
    gain, worth = trader.gain_bps(market, coin), abs(size) * market.mark(coin)
    if gain > 15 or worth > 4_500:  # noqa: PLR2004 - bps; its pain, USD
        return trader.close(coin)
    return Wish(coin, trader.sized(market, coin, worth * 7 / 10 * sign(size))) if gain < -10 else None  # noqa: PLR2004


def flip(trader: Trader, market: Market) -> Wish | None:
    """Always in, and from one side to the other in one order."""
    coins = trader.coins(market)[:2]
    coin = coins[trader.rng.randrange(len(coins))]
    size = trader.position(coin)
    side = -sign(size) or (1 if trader.rng.getrandbits(1) else -1)
    return Wish(coin, trader.sized(market, coin, _usd(trader, 500, 1_800) * side) - size)


def hold_long(trader: Trader, market: Market) -> Wish | None:
    """Buy, hold, take something off now and then; never short."""
    coin = trader.any_coin(market)
    size = trader.position(coin)
    luck = trader.rng.getrandbits(3)
    if size and luck == 0:
        return trader.close(coin)
    if size and luck == 1:
        return Wish(coin, -(market.instruments[coin].floor(size / 3) or size))
    if trader.gross(market) > 9_000:  # noqa: PLR2004 - what it saves up for, USD
        return None
    return Wish(coin, trader.sized(market, coin, _usd(trader, 120, 700)))


def slice_orders(trader: Trader, market: Market) -> Wish | None:
    """Work every order in small equal slices, in and later out again."""
    plan = trader.plan
    if plan is None or plan.slices == 0:
        coin = trader.any_coin(market)
        size = trader.position(coin)
        slices = trader.rng.randint(4, 9)
        side = -sign(size) or (1 if trader.rng.getrandbits(1) else -1)
        usd = abs(size) * market.mark(coin) / slices if size else _usd(trader, 100, 320)
        plan = trader.plan = Plan(coin, usd * side, slices)
    plan.slices -= 1
    size = trader.position(plan.coin)
    change = trader.sized(market, plan.coin, plan.change_usd)
    is_exit = bool(size) and sign(size) != sign(change)
    if is_exit and (plan.slices == 0 or abs(change) >= abs(size)):
        plan.slices, change = 0, -size
    return Wish(plan.coin, change, is_twap=True)


Temperament = Callable[[Trader, Market], Wish | None]
Kind = tuple[Temperament, tuple[int, int]]
"""What a temperament wishes, and how many seconds it waits, from and to."""
TEMPERAMENTS: dict[str, Kind] = {
    "flipper": (flip, (35, 110)),
    "scalper": (scalp, (5, 16)),
    "trend follower": (follow_trend, (8, 25)),
    "averager-down": (average_down, (10, 30)),
    "long-only holder": (hold_long, (20, 70)),
    "twap slicer": (slice_orders, (8, 18)),
}
_ROSTER = (
    ("gemini-3-pro", "flipper"),
    ("grok-4", "scalper"),
    ("qwen3-max", "trend follower"),
    ("kimi-k2-thinking", "averager-down"),
    ("deepseek-chat-v3.1", "long-only holder"),
    ("claude-sonnet", "twap slicer"),
)


def roster(seed: int, count: int, wallets: Mapping[BotId, Address]) -> tuple[Trader, ...]:
    """Return `count` traders: the six with known names, then more; those that `wallets` leaves out get made-up ones."""
    kinds = tuple(TEMPERAMENTS)
    named = _ROSTER[:count]
    more = ((f"bot-{n:05}", kinds[n % len(kinds)]) for n in range(len(named), count))
    return tuple(Trader(bot, kind, seed, wallets.get(bot)) for bot, kind in (*named, *more))
