"""Whatever befalls its sockets: the tape tells each trade once, and what it does not tell lies within a gap it told."""

from collections import Counter
from dataclasses import dataclass
from typing import TypeAlias

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from fadearena.adapters.hyperliquid import codec, wire
from fadearena.adapters.hyperliquid.tape_feed import Tape, TapeGap, TapeWhole
from fadearena.kit.jumping import run_jumping
from tests.support.hyperliquid import ALICE
from tests.support.tape import Listening, Street

COINS = ("BTC", "ETH", "SOL")


@dataclass(frozen=True)
class Trades:
    """So many trades of a coin, in one message or in one each."""

    coin: str
    count: int
    is_one: bool


@dataclass(frozen=True)
class Wait:
    """Time passes."""

    ms: int


@dataclass(frozen=True)
class Drop:
    """All sockets are closed, and so many of the next ones refused."""

    refusals: int


@dataclass(frozen=True)
class Mute:
    """The sockets of now tell nothing any more."""


@dataclass(frozen=True)
class Again:
    """The last message of a coin comes once more."""

    coin: str


@dataclass(frozen=True)
class Broken:
    """A trade of a coin is told in a row that cannot be read, perhaps not even its coin."""

    coin: str
    is_named: bool


Act: TypeAlias = Trades | Wait | Drop | Mute | Again | Broken
coins = st.sampled_from(COINS)
acts = st.one_of(
    st.builds(Trades, coins, st.sampled_from((1, 2, 20, 35, 50)), st.booleans()),
    st.builds(Wait, st.sampled_from((1, 100, 1_000, 4_000, 20_000))),
    st.builds(Drop, st.integers(0, 2)),
    st.builds(Mute),
    st.builds(Again, coins),
    st.builds(Broken, coins, st.booleans()),
)


async def act(street: Street, one: Act) -> None:
    """Have something happen."""
    match one:
        case Trades(coin, count, is_one):
            for size in [count] if is_one else [1] * count:
                street.happen(coin, buyer=ALICE, count=size)
                await street.wait(7)
        case Wait(ms):
            await street.wait(ms)
        case Drop(refusals):
            street.desk.net.refusals = refusals
            for socket in street.sockets:
                socket.drop()
        case Mute():
            street.mute.update(street.sockets)
        case Again(coin):
            for socket in street.listeners(coin):
                if socket not in street.mute and street.trades[coin]:
                    socket.say({"channel": "trades", "data": street.trades[coin][-3:]})
        case Broken(coin, is_named):
            row = {"coin": coin} if is_named else {}
            for socket in street.listeners(coin):
                if socket not in street.mute:
                    socket.say({"channel": "trades", "data": [row]})
            street.happen(coin, buyer=ALICE, is_told=False)


def check(street: Street, tape: Tape) -> None:
    """Each trade was told once; or it lies in a gap, or before the coin was whole for the first time."""
    keys = Counter(street.keys())
    assert set(keys.values()) <= {1}
    for coin in COINS:
        assert tape.covered_since(coin) is not None or not street.trades[coin]
        gaps = [gap.since for gap in street.told if isinstance(gap, TapeGap) and coin in gap.coins]
        first = next((each.since for each in street.told if isinstance(each, TapeWhole) and coin in each.coins), None)
        for row in street.trades[coin]:
            trade = wire.TapeTrade(**{name: row[name] for name in wire.TapeTrade.__struct_fields__})  # type: ignore[arg-type]
            if codec.tape_key(trade, "B") not in keys and first is not None and trade.time >= first:
                assert any(since <= trade.time for since in gaps)


@example([Wait(4_000), Drop(0), Trades("BTC", 50, is_one=True)])
@example([Wait(4_000), Broken("BTC", is_named=True), Wait(4_000), Drop(1), Broken("BTC", is_named=False)])
@example([Wait(20_000), Drop(0), Wait(4_000), Broken("ETH", is_named=False), Wait(4_000)])
@example([Trades("BTC", 1, is_one=True), Wait(1), Broken("ETH", is_named=False)])
@example([Mute(), Trades("BTC", 20, is_one=False), Wait(1_000), Trades("BTC", 20, is_one=False), Again("BTC")])
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(acts, min_size=5, max_size=30))
def test_each_trade_is_told_once_or_lies_within_a_gap(story: list[Act]) -> None:
    """Losses, refusals, sockets that say nothing, repeats, and messages that cannot be read, in any order."""
    street = Street(*COINS)

    async def main() -> None:
        street.happen("BTC", buyer=ALICE)
        listening = Listening(street, (ALICE,))
        async with listening as tape:
            await street.wait(100)
            for one in story:
                await act(street, one)
            for coin in COINS:
                street.happen(coin, buyer=ALICE)
            await street.wait(120_000)
            check(street, tape)

    run_jumping(main(), street.clock)
