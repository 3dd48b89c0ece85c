"""A line to an exchange in memory: answers by request type, and rows as the exchange writes them."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from random import Random
from typing import Any, Self, TypeAlias, TypeVar

from fadearena.adapters.hyperliquid.interest import Interest
from fadearena.adapters.hyperliquid.limits import RateBudget, SocketLimits
from fadearena.adapters.hyperliquid.line import Line
from fadearena.adapters.hyperliquid.listing import Listing
from fadearena.adapters.hyperliquid.rest import InfoClient
from fadearena.kit.clock import ManualClock
from fadearena.kit.tasks import cancelled
from fadearena.model.event import Instruments, Notice, SnapshotRound, SourceRepair
from tests.support.wire_net import Answer, Frame, WireNet, WireSocket, ok, polite

T = TypeVar("T")
Told: TypeAlias = Callable[[Frame], object] | object
NOW = 1_760_000_000_000
ALICE, BOB = "0x" + "a1" * 20, "0x" + "b2" * 20
OK = 200
BROKEN: Answer = (500, b"null")


class Desk:
    """What the exchange answers: by request type a value, a function of the request, or an `Answer`."""

    def __init__(self, clock: ManualClock, **answers: Told) -> None:
        self.clock = clock
        self.net = WireNet(clock)
        self.net.answer = self._answer
        self.net.hear = self._hear
        self.answers: dict[str, Told] = {
            "perpDexs": [None],
            "meta": meta("BTC", "ETH"),
            "clearinghouseState": lambda _: state(clock.now_ms()),
            "userFillsByTime": [],
            "userTwapSliceFillsByTime": [],
            "exchangeStatus": lambda _: {"time": clock.now_ms(), "specialStatuses": None},
        } | answers

    def asked(self, kind: str) -> list[Frame]:
        """Return what was asked of one kind."""
        return [frame for _, _, frame in self.net.asked if frame.get("type") == kind]

    def line(self, *, coins_max: int = 400, attempts: int = 1) -> Line:
        """Return a line to this exchange, on which nothing was asked yet."""
        clock = self.clock
        info = InfoClient(self.net, RateBudget(clock), clock, rng=Random(1), attempts=attempts)
        return Line(
            info=info,
            transport=self.net,
            clock=clock,
            rng=Random(2),
            listing=Listing(info, clock),
            limits=SocketLimits(clock),
            interest=Interest(coins_max),
        )

    def _hear(self, socket: WireSocket, frame: Frame) -> None:
        """Answer what is posted over a socket as what is posted over HTTP, and say nothing where that fails."""
        polite(socket, frame)
        if frame["method"] != "post":
            return
        kind, answer = frame["request"]["type"], self._answer(frame["request"]["payload"])
        if isinstance(answer, Exception):
            return
        status, body = answer
        payload = json.loads(body) if status == OK else f"{status} {body.decode()}"
        response = {"type": kind if status == OK else "error", "payload": payload}
        socket.say({"channel": "post", "data": {"id": frame["id"], "response": response}})

    def _answer(self, frame: Frame) -> Answer:
        told = self.answers.get(str(frame.get("type") or frame["action"]["type"]), (422, b"no such type"))
        value = told(frame) if callable(told) else told
        return value if isinstance(value, tuple | Exception) else ok(value)


class Listener:
    """Collects what a stream tells, as long as the block lasts."""

    def __init__(self, stream: AsyncIterator[T], clock: ManualClock) -> None:
        self.told: list[Any] = []
        self._stream = stream
        self._clock = clock
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._listen())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            if self._task.done():
                self._task.result()
            await cancelled(self._task)

    async def wait(self, ms: int) -> list[Any]:
        """Let time pass, and return what was told meanwhile."""
        before = len(self.told)
        await self._clock.sleep_until(self._clock.now_ms() + ms)
        return self.told[before:]

    def of(self, kind: type[T]) -> list[T]:
        """Return what was told of one kind."""
        return [each for each in self.told if isinstance(each, kind)]

    async def _listen(self) -> None:
        async for each in self._stream:
            self.told.append(each)


def meta(*names: str, **changed: object) -> dict[str, object]:
    """Return a dex's markets."""
    universe = [{"name": name, "szDecimals": 3, "maxLeverage": 20, "marginTableId": 20, **changed} for name in names]
    return {"universe": universe, "marginTables": [], "collateralToken": 0}


def state(time: int, value: str = "1000.0", **positions: str) -> dict[str, object]:
    """Return an account on one dex; `xyz__NVDA` stands for `xyz:NVDA`."""
    held = [
        {"type": "oneWay", "position": {"coin": coin.replace("__", ":"), "szi": size, "entryPx": "100.0"}}
        for coin, size in positions.items()
    ]
    return {"marginSummary": {"accountValue": value}, "assetPositions": held, "time": time}


def fill(time: int, size: str = "1.0", *, start: str = "0.0", **changed: object) -> dict[str, object]:
    """Return a fill that bought."""
    return {
        "coin": "BTC",
        "px": "100.0",
        "sz": size,
        "side": "B",
        "time": time,
        "startPosition": start,
        "dir": "Open Long",
        "closedPnl": "0.0",
        "hash": "0x" + "00" * 32,
        "oid": 77,
        "crossed": True,
        "fee": "0.045",
        "tid": time % 1_000_000,
        "feeToken": "USDC",
        "twapId": None,
    } | changed


def context(mark: str = "100.0", mid: str | None = "100.0", funding: str = "0.0000125") -> dict[str, object]:
    """Return a market's context."""
    return {"funding": funding, "oraclePx": "99.5", "markPx": mark, "midPx": mid, "premium": None, "impactPxs": None}


def bbo(time: int, bid: str | None, ask: str | None, coin: str = "BTC") -> dict[str, object]:
    """Return a message of best bid and offer."""
    levels = [None if price is None else {"px": price, "sz": "2.0", "n": 1} for price in (bid, ask)]
    return {"channel": "bbo", "data": {"coin": coin, "time": time, "bbo": levels}}


def book(time: int, bids: tuple[str, ...], asks: tuple[str, ...], coin: str = "BTC") -> dict[str, object]:
    """Return a book."""
    sides = [[{"px": price, "sz": "2.0", "n": 1} for price in side] for side in (bids, asks)]
    return {"coin": coin, "time": time, "levels": sides}


def fills_message(*fills: object, user: str = ALICE, is_snapshot: bool = False) -> dict[str, object]:
    """Return a message of a user's fills."""
    data: dict[str, object] = {"user": user, "fills": list(fills)}
    return {"channel": "userFills", "data": data | ({"isSnapshot": True} if is_snapshot else {})}


def of_dexs(**dexs: Callable[[], object]) -> Callable[[Frame], object]:
    """Return what answers `clearinghouseState`, by dex; `own` is the exchange's own."""
    return lambda frame: dexs.get(frame["dex"] or "own", lambda: state(NOW))()


def told_of(events: list[Any]) -> list[Any]:
    """Return what was told of wallets, without what is told of markets."""
    return [event for event in events if not isinstance(event, Instruments | Notice | SnapshotRound)]


def shape(events: list[Any]) -> list[str]:
    """Return what was told of wallets, in short."""
    return [
        f"repair {event.stage}" if isinstance(event, SourceRepair) else str(event.__struct_config__.tag)
        for event in told_of(events)
    ]
