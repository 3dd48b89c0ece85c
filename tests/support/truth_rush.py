"""
A story of bots that grow all the time, and of people who stop everything in the middle of it.

One stop follows the other, of each kind in turn. In every cycle all bots grow in all coins every tenth of a second,
reduce now and then, and go on while everything is stopped; then it is released, and taken up again.
"""

from enum import StrEnum
from random import Random

import msgspec

from fadearena.model.policy import BotPolicy
from fadearena.model.units import SECOND_MS, EpochMs
from tests.support.truth import START_MS, Tale, Trade, coins, policy_of, unit_of, wallet_of

NAMES = {f"rush-{number}": f"ours-{number}" for number in range(8)}
"""Each bot has an account of its own, so that many orders are under way at once."""

_FIRST_MS = 8 * SECOND_MS
_TRADE_MS = 100
_TRADES = 8
_RELEASE_MS = 900
_FLATTENED_MS = 7 * SECOND_MS
_CYCLE_MS = 1_200


class StopKind(StrEnum):
    """How everything is stopped."""

    TABLE = "table"
    FLATTEN = "flatten"
    FILE = "file"
    SIGNAL = "signal"


class Stop(msgspec.Struct, frozen=True, kw_only=True):
    """One stop and its release."""

    kind: StopKind
    at: EpochMs
    release_at: EpochMs


class Rush(msgspec.Struct, frozen=True, kw_only=True):
    """The story and its stops."""

    tale: Tale
    stops: tuple[Stop, ...]


def rush(seed: int, rounds: int) -> Rush:
    """Return the story of a seed, in which every kind of stop comes so many times."""
    rng, at = Random(seed), START_MS + _FIRST_MS
    early = at - 3 * SECOND_MS
    trades = [Trade(at=early, bot=bot, coin=coin, change=unit_of(coin)) for bot in NAMES for coin in coins()]
    stops: list[Stop] = []
    for kind in [*StopKind] * rounds:
        for bot in NAMES:
            for coin in coins():
                begin = at + rng.randrange(_TRADE_MS)
                trades += [
                    Trade(at=begin + n * _TRADE_MS, bot=bot, coin=coin, change=unit_of(coin) * (-1 if n == 5 else 1))
                    for n in range(_TRADES)
                ]
        wait = _FLATTENED_MS if kind is StopKind.FLATTEN else _RELEASE_MS
        stops.append(Stop(kind=kind, at=at + rng.randint(350, 650), release_at=at + wait))
        at += wait + _CYCLE_MS - _RELEASE_MS
    bots = tuple(BotPolicy(id=bot, name=bot, wallet=wallet_of(bot), account=ours) for bot, ours in NAMES.items())
    tale = Tale(
        seed=seed,
        policy=policy_of(bots, tuple(NAMES.values())),
        trades=tuple(sorted(trades, key=lambda trade: (trade.at, trade.bot, trade.coin))),
        orders=(),
        faults_until=START_MS,
        end=at + 15 * SECOND_MS,
    )
    return Rush(tale=tale, stops=tuple(stops))
