"""A sandbox with a crowd, seen over HTTP and sockets: what is told, asked and held is the same."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal as D
from pathlib import Path
from typing import Any, Self

import pytest
import requests
import websocket

from fadearena.model.error import InvalidInput
from fadearena.sandbox.exchange.crowd import CrowdOptions
from fadearena.sandbox.gateway.gateway import Settings
from fadearena.sandbox.gateway.limits import Limits
from fadearena.sandbox.server import Options, serve
from tests.support.sandbox import Running, options, running

PATIENCE_S = 20
TRADERS, COINS, TRADES = 120, 30, 600


@pytest.fixture(scope="module")
def box() -> Iterator[Running]:
    """A sandbox whose crowd rests until it is told to trade."""
    crowd = CrowdOptions(TRADERS, D(0))
    settings = Settings(limits=Limits().times(20))
    with running(options(crowd=crowd, coins=COINS, settings=settings, speed=D(4))) as sandbox:
        yield sandbox


def ask(box: Running, kind: str, **fields: Any) -> Any:
    """Return the answer to a question."""
    return requests.post(f"{box.url}/info", json={"type": kind, **fields}, timeout=PATIENCE_S).json()


class Tape:
    """A socket that listens to the trades of coins, and sums them up."""

    def __init__(self, box: Running) -> None:
        self._socket = websocket.create_connection(f"{box.url.replace('http', 'ws')}/ws", timeout=PATIENCE_S)
        self.sizes: defaultdict[tuple[str, str], D] = defaultdict(D)
        self.count = 0
        self.coins: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._socket.sock
        with closing(self._socket.sock):
            pass

    def listen(self, coin: str) -> None:
        """Listen to a coin."""
        subscription = {"type": "trades", "coin": coin}
        self._socket.send(json.dumps({"method": "subscribe", "subscription": subscription}))

    def read(self, *, trades: int = 0, coin: str | None = None) -> None:
        """Read until so many trades were seen, and one of a coin; then all that was sent before an answer to a ping."""
        while self.count < trades or (coin is not None and coin not in self.coins):
            self._take(json.loads(self._socket.recv()))

    def drain(self) -> None:
        """Read all that was sent before an answer to a ping."""
        self._socket.send('{"method":"ping"}')
        while (text := self._socket.recv()) != '{"channel":"pong"}':
            self._take(json.loads(text) if str(text).startswith("{") else {})

    def _take(self, message: dict[str, Any]) -> None:
        if message.get("channel") != "trades":
            return
        for one in message["data"]:
            buyer, seller = one["users"]
            self.sizes[buyer, one["coin"]] += D(one["sz"])
            self.sizes[seller, one["coin"]] -= D(one["sz"])
            self.coins.add(one["coin"])
            self.count += 1


def held(box: Running) -> dict[tuple[str, str], D]:
    """Return what everybody holds by the sandbox's own account."""
    positions = box.see("positions")["positions"]
    return {(user, coin): D(size) for user, sizes in positions.items() for coin, size in sizes.items()}


def test_the_tape_ends_in_the_positions(box: Running) -> None:
    """Of all coins, of several dexs and of one that is listed meanwhile, the tape sums up to what everybody holds."""
    box.tell("pause")
    before = held(box)
    coins = [coin for dex in ("", "xyz", "flx", "vntl") for coin in ask(box, "allMids", dex=dex)]
    assert len(coins) == COINS
    with Tape(box) as tape:
        for coin in coins:
            tape.listen(coin)
        tape.drain()
        tape.count, tape.sizes = 0, defaultdict(D, before)
        box.tell("traders", trades_per_second=str(TRADES))
        box.tell("resume")
        tape.read(trades=TRADES * 3)
        box.tell("list", coin="abcd:NEW")
        tape.listen("abcd:NEW")
        tape.read(coin="abcd:NEW")
        box.tell("pause")
        tape.drain()
        told = {key: size for key, size in tape.sizes.items() if size}
    now = held(box)
    assert told == now
    assert not any(sum(size for (_, of), size in now.items() if of == coin) for coin in coins)
    wallets = [one["wallet"] for one in box.see("traders") if one["temperament"] == "crowd"]
    assert len(wallets) == TRADERS
    for wallet in wallets[:10]:
        states = [ask(box, "clearinghouseState", user=wallet, dex=dex) for dex in ("", "xyz", "flx", "vntl", "abcd")]
        shown = {row["position"]["coin"]: D(row["position"]["szi"]) for one in states for row in one["assetPositions"]}
        assert shown == {coin: size for (user, coin), size in now.items() if user == wallet}
        after: dict[str, D] = {}
        for fill in ask(box, "userFillsByTime", user=wallet, startTime=0):
            start = D(fill["startPosition"])
            assert after.get(fill["coin"], start) == start
            after[fill["coin"]] = start + D(fill["sz"]) * (1 if fill["side"] == "B" else -1)
        assert {coin: size for coin, size in after.items() if size} == shown


def test_the_leaderboard_has_everybody(box: Running) -> None:
    """In the exchange's shape."""
    rows = requests.get(f"{box.url}/Mainnet/leaderboard", timeout=PATIENCE_S).json()["leaderboardRows"]
    assert {one["wallet"] for one in box.see("traders")} <= {row["ethAddress"] for row in rows}
    assert {row["displayName"] for row in rows} >= {"crowd-00001", "grok-4"}
    assert [name for name, _ in rows[0]["windowPerformances"]] == ["day", "week", "month", "allTime"]


@pytest.mark.parametrize(
    ("door", "body", "text"),
    [
        ("traders", {"trades_per_second": "-1"}, "no number of trades"),
        ("list", {"coin": "BTC"}, "listed already"),
        ("list", {"coin": "a b"}, "cannot be listed"),
    ],
)
def test_what_cannot_be_told(box: Running, door: str, body: dict[str, str], text: str) -> None:
    """It is refused with a sentence."""
    answer = requests.post(f"{box.url}/sandbox/{door}", json=body, timeout=PATIENCE_S)
    assert answer.status_code == 422
    assert text in answer.text


def test_a_crowd_is_not_kept(tmp_path: Path) -> None:
    """A file for the state is refused before anything is written."""
    how = Options(state=tmp_path / "state.json", crowd=CrowdOptions(100, D(10)))
    with pytest.raises(InvalidInput, match="cannot be kept"):
        asyncio.run(serve(how))
    assert not list(tmp_path.iterdir())
