"""Messages of the trade tape read, and the fills of watched wallets found: with json and dicts, and by us."""

import json
from collections.abc import Callable
from decimal import Decimal
from functools import cache, partial
from random import Random
from typing import TypeAlias

import msgspec

from benchmarks.timing import Cost, Group, Stopwatch
from fadearena.adapters.hyperliquid import wire
from fadearena.adapters.hyperliquid.tape_feed.sieve import Sieve

_WATCHED, _ALL = 10, 2_000
_CROWDS = (10, 100, 1_000, 10_000, 100_000)
_TRADES = ((1, 68), (2, 17), (3, 6), (4, 3), (6, 4), (30, 1))
"""How many trades a message has, and how often of a hundred, as in recorded captures of several coins."""
_COINS = ("BTC", "xyz:CL", "xyz:KR200", "CASHCAT")

_Read: TypeAlias = Callable[[list[str], frozenset[str]], int]


def tape(rounds: int, messages: int) -> tuple[Group, Group]:
    """Return the works that are compared, on the same messages, of which few name a watched wallet; and the growth."""
    return (
        Group(
            title=f"the trade tape: messages in which {_WATCHED} of {_ALL:,} wallets are watched",
            rounds=rounds,
            works={
                "json and dicts": partial(_reading, _by_json, messages, _WATCHED),
                "FadeArena": partial(_reading, _by_us, messages, _WATCHED),
            },
        ),
        Group(
            title=f"the trade tape: wallets watched, of which {_WATCHED} trade",
            rounds=rounds,
            works={f"{crowd:,}": partial(_reading, _by_us, messages, crowd) for crowd in _CROWDS},
        ),
    )


def _reading(read: _Read, messages: int, watched: int) -> dict[str, Cost]:
    texts, trades, trading = _messages(messages)
    wallets = frozenset((*trading, *_others(watched - len(trading))))
    watch = Stopwatch()
    with watch.running():
        read(texts, wallets)
    return {
        per: Cost(seconds=watch.seconds, count=count) for per, count in (("message", len(texts)), ("trade", trades))
    }


def _by_json(texts: list[str], watched: frozenset[str]) -> int:
    """Return how many fills of watched wallets there are."""
    found = []
    for text in texts:
        message = json.loads(text)
        if message["channel"] != "trades":
            continue
        for trade in message["data"]:
            for side, user in zip("BA", trade["users"], strict=True):
                if user in watched:
                    fill = {"wallet": user, "coin": trade["coin"], "time": trade["time"], "side": side}
                    fill |= {"price": Decimal(trade["px"]), "quantity": Decimal(trade["sz"]), "tid": trade["tid"]}
                    found.append(fill)
    return len(found)


def _by_us(texts: list[str], watched: frozenset[str]) -> int:
    """Return how many fills of watched wallets there are."""
    frame, sieve, found = msgspec.json.Decoder(wire.Frame), Sieve(watched), 0
    for text in texts:
        message = frame.decode(text)
        if message.channel == "trades":
            found += sum(len(each.fills) for each in sieve.sift(message.data, 0).fills)
    return found


@cache
def _messages(count: int) -> tuple[list[str], int, tuple[str, ...]]:
    """Return texts, how many trades they have, and some of the wallets that trade."""
    rng = Random(1)
    wallets = [f"0x{rng.getrandbits(160):040x}" for _ in range(_ALL)]
    sizes = rng.choices([size for size, _ in _TRADES], [often for _, often in _TRADES], k=count)
    texts = [
        json.dumps({"channel": "trades", "data": _trades(rng, wallets, size)}, separators=(",", ":")) for size in sizes
    ]
    return texts, sum(sizes), tuple(wallets[:_WATCHED])


@cache
def _others(count: int) -> tuple[str, ...]:
    """Return wallets that never trade."""
    rng = Random(2)
    return tuple(f"0x{rng.getrandbits(160):040x}" for _ in range(count))


def _trades(rng: Random, wallets: list[str], count: int) -> list[dict[str, object]]:
    coin = rng.choice(_COINS)
    return [_trade(rng, wallets, coin) for _ in range(count)]


def _trade(rng: Random, wallets: list[str], coin: str) -> dict[str, object]:
    return {
        "coin": coin,
        "side": rng.choice("AB"),
        "px": f"{rng.randrange(60_000, 70_000)}.0",
        "sz": f"{rng.randrange(1, 9_999) / 1e5:.5f}",
        "time": 1_784_683_673_531 + rng.randrange(10**6),
        "hash": f"0x{rng.getrandbits(256):064x}",
        "tid": rng.getrandbits(50),
        "users": rng.sample(wallets, 2),
    }
