"""Messages of the trade tape read, and the trades of watched wallets found: with json and dicts, and by us."""

import json
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from random import Random

import msgspec

from benchmarks.timing import Cost, Group, Stopwatch, Work
from fadearena.adapters.hyperliquid import codec, wire

_WATCHED, _ALL = 12, 2_000
_TRADES = ((1, 68), (2, 17), (3, 6), (4, 3), (6, 4), (30, 1))
"""How many trades a message has, and how often of a hundred, as in recorded captures of several coins."""
_COINS = ("BTC", "xyz:CL", "xyz:KR200", "CASHCAT")


def tape(rounds: int, messages: int) -> Group:
    """Return the works that are compared, on the same messages, of which few name a watched wallet."""
    return Group(
        title=f"the trade tape: messages in which {_WATCHED} of {_ALL:,} wallets are watched",
        rounds=rounds,
        works={"json and dicts": _reading(_by_json, messages), "FadeArena": _reading(_by_us, messages)},
    )


def _reading(read: Callable[[list[str], frozenset[str]], int], messages: int) -> Work:
    def run() -> dict[str, Cost]:
        texts, watched = _messages(messages)
        watch = Stopwatch()
        with watch.running():
            read(texts, watched)
        return {"message": Cost(seconds=watch.seconds, count=len(texts))}

    return run


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
    frame, found = msgspec.json.Decoder(wire.Frame), []
    for text in texts:
        message = frame.decode(text)
        if message.channel != "trades":
            continue
        for trade in codec.watched_trades(message.data, watched):
            found += [fill for user in set(trade.users) & watched for fill in codec.tape_fills(trade, user)]
    return len(found)


@cache
def _messages(count: int) -> tuple[list[str], frozenset[str]]:
    rng = Random(1)
    wallets = [f"0x{rng.getrandbits(160):040x}" for _ in range(_ALL)]
    sizes = rng.choices([size for size, _ in _TRADES], [often for _, often in _TRADES], k=count)
    texts = [
        json.dumps({"channel": "trades", "data": [_trade(rng, wallets) for _ in range(size)]}, separators=(",", ":"))
        for size in sizes
    ]
    return texts, frozenset(wallets[:_WATCHED])


def _trade(rng: Random, wallets: list[str]) -> dict[str, object]:
    return {
        "coin": rng.choice(_COINS),
        "side": rng.choice("AB"),
        "px": f"{rng.randrange(60_000, 70_000)}.0",
        "sz": f"{rng.randrange(1, 9_999) / 1e5:.5f}",
        "time": 1_784_683_673_531 + rng.randrange(10**6),
        "hash": f"0x{rng.getrandbits(256):064x}",
        "tid": rng.getrandbits(50),
        "users": rng.sample(wallets, 2),
    }
