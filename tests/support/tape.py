"""A tape in memory: what trades, and sockets that tell it as the exchange does, or as it should not."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from fadearena.adapters.hyperliquid.tape_feed import (
    Tape,
    TapeFills,
    TapeGap,
    TapeLost,
    TapeNews,
    TapeOptions,
    TapeWhole,
)
from fadearena.kit.clock import Clock, ManualClock
from fadearena.kit.tasks import cancelled
from fadearena.model.event import InputRejected
from fadearena.model.ids import dex_of
from fadearena.model.units import EpochMs
from tests.support.hyperliquid import NOW, Desk, meta
from tests.support.wire_net import Frame, WireSocket, polite

ANYBODY, SOMEBODY = "0x" + "1e" * 20, "0x" + "2f" * 20
BATCH = 30


def trade(
    time: int, *, coin: str = "BTC", tid: int | None = None, buyer: str = ANYBODY, seller: str = SOMEBODY
) -> dict[str, object]:
    """Return a trade as the tape tells it."""
    return {
        "coin": coin,
        "side": "B",
        "px": "100.0",
        "sz": "1.5",
        "time": time,
        "hash": "0x" + "00" * 32,
        "tid": time if tid is None else tid,
        "users": [buyer, seller],
    }


class Street:
    """An exchange on which trades happen; `is_mute` sockets say nothing of them, `batch` is how many come first."""

    def __init__(self, *coins: str, now: int = NOW) -> None:
        self.clock = ManualClock(now)
        dexs = dict.fromkeys(("", *map(dex_of, coins)))
        self.desk = Desk(
            self.clock,
            perpDexs=[{"name": dex} if dex else None for dex in dexs],
            meta=lambda frame: meta(*(coin for coin in coins if dex_of(coin) == frame.get("dex", ""))),
        )
        self.desk.net.hear = self._hear
        self.trades: defaultdict[str, list[dict[str, object]]] = defaultdict(list)
        self.batch: int | None = BATCH
        self.mute: set[WireSocket] = set()
        self.refuse: dict[str, str] = {}
        self.told: list[TapeNews] = []
        self._listening: dict[str, list[WireSocket]] = defaultdict(list)
        self._tid = 0

    @property
    def sockets(self) -> list[WireSocket]:
        """All sockets that were ever opened."""
        return self.desk.net.sockets

    def happen(
        self, coin: str, *, buyer: str = ANYBODY, seller: str = SOMEBODY, count: int = 1, is_told: bool = True
    ) -> None:
        """Have trades happen now, and tell them to who listens in one message."""
        rows = []
        for _ in range(count):
            self._tid += 1
            rows.append(trade(self.clock.now_ms(), coin=coin, tid=self._tid, buyer=buyer, seller=seller))
        self.trades[coin] += rows
        for socket in self._listening[coin] if is_told else ():
            if socket not in self.mute and not socket.is_closed:
                socket.say({"channel": "trades", "data": rows})

    def listeners(self, coin: str) -> list[WireSocket]:
        """Return the open sockets that a coin is subscribed to on."""
        return [socket for socket in self._listening[coin] if not socket.is_closed]

    def of(self, *kinds: type[TapeNews]) -> list[TapeNews]:
        """Return what was told of some kinds."""
        return [each for each in self.told if isinstance(each, kinds)]

    def keys(self) -> list[str]:
        """Return the keys of all fills that were told."""
        return [fill.key for each in self.told if isinstance(each, TapeFills) for fill in each.fills]

    def take(self) -> list[str]:
        """Return what was told since the last time, in short."""
        found, self.told = [_short(each) for each in self.told], []
        return found

    async def wait(self, ms: int) -> None:
        """Let time pass."""
        await self.clock.sleep_until(self.clock.now_ms() + ms)

    def _hear(self, socket: WireSocket, frame: Frame) -> None:
        coin = frame.get("subscription", {}).get("coin", "")
        if frame["method"] == "subscribe" and coin in self.refuse:
            socket.say({"channel": "error", "data": self.refuse[coin]})
            return
        polite(socket, frame)
        if frame["method"] == "subscribe":
            self._listening[coin].append(socket)
            if socket not in self.mute and self.batch is not None:
                socket.say({"channel": "trades", "data": self.trades[coin][-self.batch :]})
        elif frame["method"] == "unsubscribe":
            self._listening[coin].remove(socket)


class OffClock:
    """A clock that is off, and may be set."""

    def __init__(self, right: Clock, off_ms: EpochMs = 0) -> None:
        self.off_ms = off_ms
        self._right = right

    def now_ms(self) -> EpochMs:
        """Return what it shows."""
        return self._right.now_ms() + self.off_ms

    async def sleep_until(self, at_ms: EpochMs) -> None:
        """Wait as long as it seems to be."""
        await self._right.sleep_until(at_ms - self.off_ms)


class Listening:
    """A tape that somebody listens to, as long as the block lasts; its clock may be off."""

    def __init__(self, street: Street, wallets: Iterable[str], options: TapeOptions | None = None) -> None:
        self.street = street
        self.clock = OffClock(street.clock)
        self.line = replace(street.desk.line(), clock=self.clock)
        self.tape = Tape(self.line, options)
        self.tape.watch(wallets)
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Tape:
        await self.line.listing.refresh()
        self._task = asyncio.create_task(self._listen())
        return self.tape

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            if self._task.done():
                self._task.result()
            await cancelled(self._task)

    async def _listen(self) -> None:
        async for news in self.tape:
            self.street.told.append(news)


def _short(news: TapeNews) -> str:
    match news:
        case TapeFills(fills=fills):
            return f"{len(fills)} fills"
        case TapeLost(coins=coins):
            return f"lost {' '.join(coins)}"
        case TapeGap(coins=coins):
            return f"gap {' '.join(coins)}"
        case TapeWhole(coins=coins):
            return f"whole {' '.join(coins)}"
        case InputRejected():
            return "rejected"
