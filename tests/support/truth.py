"""
A story that is true whoever looks: what a few made-up bots do, what prices are, what people order.

1. Everything follows from a seed, so that a process that was killed finds the same world when it comes back.
2. In every round each bot grows in each of its coins, so that what was missed in an outage is made up for; after
   `faults_until` there is one more round, then some positions are closed, others reduced, and it is quiet.
3. Sizes are whole multiples of what our lots allow, far above the minimum: nothing is dust, nothing is clamped.
"""

from collections.abc import Iterator
from decimal import Decimal
from random import Random

import msgspec

from fadearena.kit.decimals import exact_arithmetic, normalise
from fadearena.model.event import Kill, OperatorAction, Pause, Release, Resume, SetPolicy
from fadearena.model.ids import AccountId, Address, BotId, Coin
from fadearena.model.instrument import Instrument
from fadearena.model.margin import MarginTier
from fadearena.model.market import Quote
from fadearena.model.policy import AccountPolicy, BotPolicy, Policy, Tuning
from fadearena.model.units import HOUR_MS, MINUTE_MS, SECOND_MS, Direction, EpochMs, Price, Quantity, Size

START_MS = 1_790_000_000_000 - 1_790_000_000_000 % HOUR_MS + 10 * MINUTE_MS
SIGNER = "0x" + "5" * 40
ACCOUNTS = ("main", "second")
START_USD = Decimal(1_000_000)
LATE = "delta"
"""The bot that is switched on while it holds a position."""

_COINS = {"BTC": (0, 5, "100000", "0.2"), "ETH": (1, 4, "4000", "5"), "SOL": (5, 2, "200", "100")}
_PERIOD_MS = 47 * SECOND_MS
_SWING = Decimal("0.002")
_SPREAD = Decimal("0.0001")
_ROUND_MS = 10 * SECOND_MS
SETTLED_MS = 45 * SECOND_MS
_UNITS_MAX = 9


class Trade(msgspec.Struct, frozen=True, kw_only=True):
    """One order of a bot: `pieces` executions in one millisecond. TWAP slices are left out of queries by time."""

    at: EpochMs
    bot: BotId
    coin: Coin
    change: Size
    pieces: int = 1
    is_twap: bool = False


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What a person wants at a moment; who is refused tries again."""

    at: EpochMs
    action: OperatorAction


class Tale(msgspec.Struct, frozen=True, kw_only=True):
    """The whole story, in order of time. Nothing is to break after `faults_until`."""

    seed: int
    policy: Policy
    trades: tuple[Trade, ...]
    orders: tuple[Order, ...]
    faults_until: EpochMs
    end: EpochMs


INSTRUMENTS = tuple(
    Instrument(
        coin=coin,
        asset_id=asset_id,
        size_decimals=decimals,
        max_leverage=40,
        margin_tiers=(MarginTier(Decimal(0), 40),),
    )
    for coin, (asset_id, decimals, _, _) in _COINS.items()
)


def wallet_of(name: str) -> Address:
    """Return the wallet of a bot, or the address of an account."""
    return "0x" + name.encode().hex().ljust(40, "0")[:40]


BOTS = (
    BotPolicy(id="alpha", name="Alpha", wallet=wallet_of("alpha")),
    BotPolicy(id="beta", name="Beta", wallet=wallet_of("beta"), direction=Direction.COPY),
    BotPolicy(id="gamma", name="Gamma", wallet=wallet_of("gamma"), account="second"),
    BotPolicy(id=LATE, name="Delta", wallet=wallet_of(LATE), account="second", enabled=False),
)
_PAIRS = (
    ("alpha", "BTC"),
    ("alpha", "ETH"),
    ("beta", "ETH"),
    ("beta", "SOL"),
    ("gamma", "BTC"),
    ("gamma", "SOL"),
)
_LATE_PAIR = (LATE, "ETH")


def policy_of(bots: tuple[BotPolicy, ...], names: tuple[AccountId, ...] = ACCOUNTS) -> Policy:
    """Return settings without limits that depend on how many orders a minute sees; accounts share a signer."""
    accounts = tuple(AccountPolicy(id=each, address=wallet_of(each), signer=SIGNER, max_leverage=20) for each in names)
    many = Tuning(orders_per_minute=1_000_000, snapshots_per_minute=1_000_000, snapshot_round_ms=20 * SECOND_MS)
    return Policy(bots=bots, accounts=accounts, tuning=many)


def tell(seed: int, rounds: int = 5, first_ms: EpochMs = 8 * SECOND_MS, settled_ms: EpochMs = SETTLED_MS) -> Tale:
    """Return the story of a seed: its first round begins after `first_ms`, its end `settled_ms` after the last one."""
    rng = Random(seed)
    held = dict.fromkeys((*_PAIRS, _LATE_PAIR), 0)
    trades = list(_deal(rng, held, _LATE_PAIR, START_MS + SECOND_MS, 3))
    for number in range(rounds):
        begin = START_MS + first_ms + number * _ROUND_MS
        for pair in _PAIRS:
            trades += _turn(rng, held, pair, begin)
    quiet = START_MS + first_ms + rounds * _ROUND_MS
    last = quiet + settled_ms
    for pair in held:
        trades += _deal(rng, held, pair, last + rng.randrange(4_000), 1 if held[pair] >= 0 else -1)
    for n, pair in enumerate(held):
        trades += _deal(rng, held, pair, last + 15 * SECOND_MS + rng.randrange(4_000), (-held[pair], -1, 0)[n % 3])
    return Tale(
        seed=seed,
        policy=policy_of(BOTS),
        trades=tuple(sorted(trades, key=lambda trade: (trade.at, trade.bot, trade.coin))),
        orders=tuple(order for order in _people(first_ms) if order.at < quiet),
        faults_until=quiet + 5 * SECOND_MS,
        end=last + 40 * SECOND_MS,
    )


def price_of(coin: Coin, at: EpochMs) -> Price:
    """Return a coin's mark at a moment: it goes up and down evenly."""
    with exact_arithmetic():
        phase = (at + 7_919 * _COINS[coin][0]) % (2 * _PERIOD_MS)
        height = Decimal(min(phase, 2 * _PERIOD_MS - phase)) / _PERIOD_MS - Decimal("0.5")
        return normalise(_market(coin).price_down(Decimal(_COINS[coin][2]) * (1 + _SWING * height)))


def quote_of(coin: Coin, at: EpochMs) -> Quote:
    """Return a coin's prices at a moment."""
    mark = price_of(coin, at)
    with exact_arithmetic():
        bid, ask = mark * (1 - _SPREAD), mark * (1 + _SPREAD)
        return Quote(
            coin=coin,
            mark=mark,
            mark_time=at,
            bid=normalise(_market(coin).price_down(bid)),
            ask=normalise(_market(coin).price_up(ask)),
            touch_time=at,
            oracle=mark,
        )


def coins() -> tuple[Coin, ...]:
    """Return all coins."""
    return tuple(_COINS)


def unit_of(coin: Coin) -> Quantity:
    """Return the size in which bots trade a coin: some 20,000 USD, of which a twentieth is a whole number of lots."""
    return Decimal(_COINS[coin][3])


def _market(coin: Coin) -> Instrument:
    return next(instrument for instrument in INSTRUMENTS if instrument.coin == coin)


def _turn(rng: Random, held: dict[tuple[str, str], int], pair: tuple[str, str], begin: EpochMs) -> Iterator[Trade]:
    """One round of a bot in a coin: something, and later a growth."""
    at, now = begin + rng.randrange(5_000), held[pair]
    way = 1 if now > 0 or (now == 0 and rng.random() < 0.5) else -1
    moves = [way, -2 * now - way if now else way]  # grow, flip
    if abs(now) > 1:
        moves += [-way, -now]  # reduce, leave
    if abs(now) >= _UNITS_MAX:
        moves = [-now, way - now]
    yield from _deal(rng, held, pair, at, rng.choice(moves))
    now = held[pair]
    way = rng.choice((1, -1)) if now == 0 else 1 if now > 0 else -1
    yield from _deal(rng, held, pair, begin + 6_000 + rng.randrange(3_000), way)


def _deal(
    rng: Random, held: dict[tuple[str, str], int], pair: tuple[str, str], at: EpochMs, units: int
) -> Iterator[Trade]:
    """Trade so many units, now and then in pieces, or as two slices of a TWAP."""
    if not units:
        return
    held[pair] += units
    bot, coin = pair
    change = units * unit_of(coin)
    form = rng.choice(("one", "one", "pieces", "twap"))
    if form == "twap":
        for at_ms in (at, at + 400):
            yield Trade(at=at_ms, bot=bot, coin=coin, change=change / 2, is_twap=True)
    else:
        yield Trade(at=at, bot=bot, coin=coin, change=change, pieces=4 if form == "pieces" else 1)


def _people(first_ms: EpochMs) -> tuple[Order, ...]:
    """Return what people order: nothing that stays stopped when a shorter story leaves out the rest."""
    enabled = tuple(msgspec.structs.replace(bot, enabled=True) for bot in BOTS)
    told: list[tuple[int, OperatorAction]] = [
        (4, Pause(bot="beta")),
        (8, Resume(bot="beta")),
        (11, SetPolicy(policy=policy_of(enabled))),
        (15, Kill()),
        (18, Release(rejoin=True)),
        (33, Kill(flatten=True, bot="gamma")),
        (41, Release(bot="gamma", rejoin=True)),
    ]
    return tuple(Order(at=START_MS + first_ms + second * SECOND_MS, action=action) for second, action in told)
