"""
From a fill on the socket to our order on the socket, over the wire: a whole worker, and a script on the official SDK.

1. Both face the same sandbox in another process, where a leader trades at random moments. The clock starts when the
   message with the fill is received, before it is decoded, and stops when the sandbox has the bytes of the order.
2. The worker decides under all checks, journals and signs: in SQLite it does all that it would do in earnest. A script
   does what a short script does: on a fill it places the inverse order with the SDK's functions.
3. A fill that comes before the order of the last one is there turns that one round: both are left out, and counted.
4. `commit` and `hand-over` are parts of the worker's way: the durable commit, and from there to the venue's door.
"""

import asyncio
import os
import queue
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from random import Random
from statistics import quantiles
from typing import Any

import msgspec
import uvloop
from eth_account import Account
from hyperliquid.exchange import Exchange
from hyperliquid.info import Info
from hyperliquid.websocket_manager import WebsocketManager
from prometheus_client import Histogram

from benchmarks.box import COIN, FOLLOWER, MANY, Box, Tempo, boxed, follower, leader
from benchmarks.reaction import SWITCH_S
from benchmarks.storage import OpenStorage
from benchmarks.timing import Cost
from fadearena.adapters.hyperliquid.http import HttpTransport
from fadearena.adapters.hyperliquid.limits import RateBudget, SocketLimits
from fadearena.adapters.hyperliquid.line import Line
from fadearena.adapters.hyperliquid.listing import Listing
from fadearena.adapters.hyperliquid.market_feed import HyperliquidMarkets
from fadearena.adapters.hyperliquid.rest import ExchangeClient, InfoClient
from fadearena.adapters.hyperliquid.signing import Signer
from fadearena.adapters.hyperliquid.transport import Socket, Transport
from fadearena.adapters.hyperliquid.venue import HyperliquidVenue, VenueAccount
from fadearena.adapters.hyperliquid.wallet_feed import HyperliquidWallets, WalletOptions
from fadearena.core.state import State
from fadearena.kit.clock import SystemClock
from fadearena.model.error import InvariantBroken
from fadearena.model.event import BudgetRead, ClockRead, Event, Operator, SetPolicy
from fadearena.model.policy import AccountPolicy, BotPolicy, Policy, Tuning
from fadearena.model.units import EpochMs, Ratio
from fadearena.runtime.metrics import Metrics
from fadearena.runtime.worker import Worker, WorkerDoors, WorkerOptions

_SLIPPAGE = 0.01
_BACKEND = "ECC_BACKEND_CLASS"
_TELLING = ('"channel":"userFills"', '"channel":"trades"')


class Stamps:
    """The moments at which trades of the leader were first heard of, by the machine's steady clock."""

    def __init__(self) -> None:
        self._told: list[tuple[int, str]] = []

    def received(self, text: bytes | str) -> None:
        """Note a message, if it tells a trade of the leader: to whom it belongs, or to everybody."""
        now = time.monotonic_ns()
        said = text if isinstance(text, str) else text.decode()
        if leader() in said and any(each in said.replace(" ", "") for each in _TELLING):
            self._told.append((now, said))

    @property
    def _heard(self) -> list[int]:
        first = dict[int, int]()
        for now, said in self._told:
            for at in _trades_at(msgspec.json.decode(said)["data"]):
                first.setdefault(at, now)
        return sorted(first.values())

    def costs(self, accepted: Sequence[int], tempo: Tempo) -> dict[str, Cost]:
        """
        Return p50 and p99 from a fill to its order, of what came after the warm-up.

        Args:
            accepted: When the orders that were accepted arrived at the sandbox, in their order.
            tempo: What is left out from the first fill on, and how many orders there have to be.

        Raises:
            InvariantBroken: Far fewer orders came than fills.
        """
        took: list[tuple[int, float]] = []
        heard = self._heard
        fills = iter([*heard, 0])
        fill = next(fills)
        for arrived in accepted:
            before = list[int]()
            while 0 < fill <= arrived:
                before.append(fill)
                fill = next(fills)
            if len(before) == 1:
                took.append((before[0], (arrived - before[0]) / 1e9))
        if len(took) < max(2, len(heard) * tempo.least):
            raise InvariantBroken(f"only {len(took)} orders came of {len(heard)} fills")
        begun = heard[0] + tempo.warm_up_s * 1e9
        parts = quantiles((each for since, each in took if since >= begun), n=100)
        return {"p50": Cost(seconds=parts[49], count=1), "p99": Cost(seconds=parts[98], count=1)}


class StampedSocket:
    """A socket whose messages are noted."""

    def __init__(self, inner: Socket, stamps: Stamps) -> None:
        self._inner = inner
        self._stamps = stamps
        self.send = inner.send
        self.close = inner.close

    async def receive(self) -> bytes | str | None:
        """Wait for the next text."""
        text = await self._inner.receive()
        if text is not None:
            self._stamps.received(text)
        return text


class StampedTransport:
    """A transport whose messages are noted."""

    def __init__(self, inner: Transport, stamps: Stamps) -> None:
        self._inner = inner
        self._stamps = stamps
        self.post = inner.post

    async def connect(self) -> Socket:
        """Open a socket."""
        return StampedSocket(await self._inner.connect(), self._stamps)


def worker(open_storage: OpenStorage, tempo: Tempo) -> dict[str, Cost]:
    """Run a worker against a sandbox; return what its reactions took."""
    stamps, metrics, interval = Stamps(), Metrics(), sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_S)
    try:
        with boxed(tempo) as box, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(follow(open_storage, box, stamps, metrics))
            accepted = box.accepted(follower())
    finally:
        sys.setswitchinterval(interval)
    return {
        **stamps.costs(accepted, tempo),
        "commit": _mean(metrics.commit),
        "hand-over": _mean(metrics.dispatch),
    }


def script(tempo: Tempo, *, at_market: bool = True, with_coincurve: bool = False) -> dict[str, Cost]:
    """
    Run a script on the official SDK against a sandbox; return what its reactions took.

    Args:
        tempo: How often the leader trades.
        at_market: Take the SDK's own market orders, which ask for what they need first: the prices, to close also the
            position. Else the fill's own price is taken, and nothing is asked.
        with_coincurve: Sign by the library for the curve that is installed here. Who installs the SDK does not get it.
    """
    stamps = Stamps()
    with boxed(tempo) as box, _curve("CoinCurveECCBackend" if with_coincurve else "NativeECCBackend"):
        _Script(box.url, stamps, at_market=at_market).run(box)
        accepted = box.accepted(follower())
    return stamps.costs(accepted, tempo)


async def follow(
    open_storage: OpenStorage,
    box: Box,
    stamps: Stamps,
    metrics: Metrics,
    options: WalletOptions | None = None,
    linger_s: float = 0.0,
) -> None:
    """Let a worker fade the leader until that has traded, and for some time more."""
    clock, rng = SystemClock(), Random(1)
    async with HttpTransport(box.url) as plain, open_storage() as storage:
        transport = StampedTransport(plain, stamps)
        budget = RateBudget(clock, per_minute=MANY)
        info = InfoClient(transport, budget, clock, rng=rng)
        listing = Listing(info, clock)
        line = Line(info=info, transport=transport, clock=clock, rng=rng, listing=listing, limits=SocketLimits(clock))
        listed = await listing.refresh()
        exchange = ExchangeClient(transport, budget, Signer(FOLLOWER), mainnet=False)
        venue = HyperliquidVenue(line, exchange, {"main": VenueAccount(address=follower())})
        doors = WorkerDoors(
            journal=storage.journal,
            snapshots=storage.snapshots,
            lease=storage.lease,
            wallets=HyperliquidWallets(line, options),
            markets=HyperliquidMarkets(line),
            venue=venue,
            control=storage.control,
            heartbeats=storage.heartbeats,
            clock=clock,
            presign=venue.presign,
            guard=venue.guard,
        )
        at_work = Worker(doors, lambda state: _opening(state, listed), WorkerOptions(), metrics=metrics)
        work = asyncio.create_task(at_work.run())
        box.begin()
        over = asyncio.create_task(asyncio.to_thread(box.wait))
        await asyncio.wait([work, over], return_when=asyncio.FIRST_COMPLETED)
        await asyncio.sleep(linger_s)
        at_work.stop()
        await work


def _trades_at(data: dict[str, Any] | list[dict[str, Any]]) -> list[EpochMs]:
    """Return when the leader's trades of a message happened; what had happened before somebody asked is none."""
    if isinstance(data, list):
        return [trade["time"] for trade in data if leader() in trade["users"]]
    return [] if data.get("isSnapshot") else [fill["time"] for fill in data["fills"]]


def _opening(state: State, listed: Sequence[Event]) -> Sequence[Event]:
    if state.seq:
        return ()
    bot = BotPolicy(id="leader", name="Leader", wallet=leader(), leverage_multiplier=Ratio("0.5"))
    ours = AccountPolicy(id="main", address=follower(), signer=follower())
    policy = Policy(bots=(bot,), accounts=(ours,), tuning=Tuning(orders_per_minute=MANY))
    return (
        Operator(time=0, received=0, control_id=1, actor="bench", action=SetPolicy(policy=policy)),
        *listed,
        ClockRead(time=0, received=0, offset_ms=0, spread_ms=0),
        BudgetRead(time=0, received=0, account="main", actions_left=MANY),
    )


@contextmanager
def _curve(backend: str) -> Iterator[None]:
    """Have the SDK sign by one of the backends of eth-keys, which looks here each time."""
    before = os.environ.get(_BACKEND)
    os.environ[_BACKEND] = f"eth_keys.backends.{backend}"
    try:
        yield
    finally:
        del os.environ[_BACKEND]
        os.environ.update({} if before is None else {_BACKEND: before})


def _mean(histogram: Histogram) -> Cost:
    found = {
        sample.name.rpartition("_")[2]: sample.value for metric in histogram.collect() for sample in metric.samples
    }
    return Cost(seconds=found["sum"], count=int(found["count"]))


class _StampedManager(WebsocketManager):  # type: ignore[misc] # it has no types
    """The SDK's socket, whose messages are noted."""

    def __init__(self, base_url: str, stamps: Stamps) -> None:
        self.stamps = stamps
        super().__init__(base_url)

    def on_message(self, _ws: object, message: str) -> None:
        """Note a message, then do what the SDK does."""
        self.stamps.received(message)
        super().on_message(_ws, message)


class _Script:
    """Follows the leader as the examples of the SDK do."""

    def __init__(self, url: str, stamps: Stamps, *, at_market: bool) -> None:
        self._at_market = at_market
        self._info = Info(url, skip_ws=True)
        self._exchange = Exchange(Account.from_key(FOLLOWER), url)
        self._socket = _StampedManager(url, stamps)
        self._subscribed = queue.SimpleQueue[None]()

    def run(self, box: Box) -> None:
        """Follow until the leader is done."""
        self._socket.daemon = True
        self._socket.start()
        self._socket.subscribe({"type": "userFills", "user": leader()}, self._on_fills)
        self._subscribed.get()
        box.begin()
        box.wait()
        self._socket.stop()
        self._socket.join()

    def _on_fills(self, message: dict[str, Any]) -> None:
        if message["data"].get("isSnapshot"):
            self._subscribed.put(None)
            return
        signed = sum(float(fill["sz"]) * (1 if fill["side"] == "B" else -1) for fill in message["data"]["fills"])
        last, is_buy = message["data"]["fills"][-1], signed < 0
        price, size = float(last["px"]), round(abs(signed) / 2, 5)
        if self._at_market and last["dir"].startswith("Close"):
            self._exchange.market_close(COIN, size, slippage=_SLIPPAGE)
            return
        if self._at_market:
            self._exchange.market_open(COIN, is_buy, size, slippage=_SLIPPAGE)
            return
        limit = float(f"{price * (1 + _SLIPPAGE if is_buy else 1 - _SLIPPAGE):.5g}")
        self._exchange.order(COIN, is_buy, size, limit, {"limit": {"tif": "Ioc"}})
