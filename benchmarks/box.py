"""
A process with a sandbox in it, and a leader who trades there at random moments, through the sandbox's own door.

The leader buys and sells the same amount in turn, so that each of its trades is worth one order of whoever follows it.
The event loop is the one that `fadearena sandbox` runs on.
"""

import asyncio
import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from functools import cache
from multiprocessing.connection import Connection
from random import Random
from urllib.request import Request, urlopen

import msgspec
import uvloop

from fadearena.adapters.hyperliquid.http import HttpTransport
from fadearena.adapters.hyperliquid.limits import RateBudget
from fadearena.adapters.hyperliquid.rest import ExchangeClient
from fadearena.adapters.hyperliquid.signing import Signer
from fadearena.kit.clock import SystemClock
from fadearena.model.ids import Address
from fadearena.model.units import MINUTE_MS, EpochMs, Side
from fadearena.sandbox.gateway.gateway import Settings
from fadearena.sandbox.gateway.limits import NO_LIMITS
from fadearena.sandbox.server import Listening, Options, serve

COIN, ASSET_ID = "BTC", 0
QUANTITY = Decimal("0.02")
MANY = 1_000_000
LEADER, FOLLOWER = f"0x{1:064x}", f"0x{2:064x}"
"""Private keys of two accounts that exist in sandboxes of benchmarks only."""
_MONEY = Decimal(1_000_000)
_FAR = {Side.BUY: Decimal(150_000), Side.SELL: Decimal(70_000)}


class Tempo(msgspec.Struct, frozen=True, kw_only=True):
    """
    How often the leader trades in a second, on average, for how long, and which part of that is left out.

    `least` is the part of the fills that has to lead to an order each, so that figures mean something. `answers_ms`
    is how long the sandbox takes for the answer to a question, as an exchange that is far away does.
    """

    orders: float
    seconds: float
    warm_up_s: float = 3.0
    least: float = 0.5
    answers_ms: int = 0
    seed: int = 1


class Box:
    """The process, from outside."""

    def __init__(self, wire: Connection, url: str) -> None:
        self.url = url
        self._wire = wire

    def begin(self) -> None:
        """Let the leader trade."""
        self._wire.send(None)

    def wait(self) -> None:
        """Wait until the leader has traded for as long as it was to."""
        self._wire.recv()

    def accepted(self, user: Address) -> list[int]:
        """Return when the orders of a user that were accepted had arrived, in ns of the machine's steady clock."""
        return sorted(self.arrivals(user).values())

    def arrivals(self, user: Address) -> dict[EpochMs, int]:
        """Return the same by the time of the exchange; who trades by itself has one order in a millisecond."""
        with urlopen(f"{self.url}/sandbox/orders") as answer:  # noqa: S310 - the sandbox on this machine
            orders = msgspec.json.decode(answer.read()).get(user, [])
        return {row["statusTimestamp"]: row["acceptedNs"] for row in orders if row["acceptedNs"] is not None}

    def inflict(self, fault: object) -> None:
        """Let something go wrong there."""
        body = msgspec.json.encode(fault)
        with urlopen(Request(f"{self.url}/sandbox/faults", body)):  # noqa: S310 - the sandbox on this machine
            pass


@cache
def leader() -> Address:
    """Return the leader's wallet."""
    return Signer(LEADER).address


@cache
def follower() -> Address:
    """Return the wallet of who follows."""
    return Signer(FOLLOWER).address


@contextmanager
def boxed(tempo: Tempo) -> Iterator[Box]:
    """Run a sandbox with a leader until the block ends; both accounts have money."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_run, args=(theirs, tempo), daemon=True)
    process.start()
    try:
        yield Box(ours, ours.recv())
    finally:
        process.terminate()
        process.join()
        ours.close()


def _run(wire: Connection, tempo: Tempo) -> None:
    uvloop.run(_serve_and_trade(wire, tempo))


async def _serve_and_trade(wire: Connection, tempo: Tempo) -> None:
    listening: asyncio.Future[Listening] = asyncio.get_running_loop().create_future()
    options = Options(settings=Settings(limits=NO_LIMITS))
    async with asyncio.TaskGroup() as group:
        group.create_task(serve(options, ready=listening.set_result))
        url = (await listening).url
        async with HttpTransport(url) as transport:
            for user in (leader(), follower()):
                await transport.post("/sandbox/deposit", msgspec.json.encode({"user": user, "usd": str(_MONEY)}))
            if tempo.answers_ms:
                slow = {"kind": "delay", "path": "/info", "ms": tempo.answers_ms}
                await transport.post("/sandbox/faults", msgspec.json.encode(slow))
            wire.send(url)
            await asyncio.to_thread(wire.recv)
            await _trade(transport, tempo)
            wire.send(None)
            await asyncio.get_running_loop().create_future()


async def _trade(transport: HttpTransport, tempo: Tempo) -> None:
    """Trade at the moments of a Poisson process; what came late is made up for at once."""
    clock, rng = SystemClock(), Random(tempo.seed)
    exchange = ExchangeClient(transport, RateBudget(clock, per_minute=MANY), Signer(LEADER), mainnet=False)
    due, number, nonce = time.monotonic(), 0, clock.now_ms()
    end = due + tempo.seconds
    while due < end:
        due += rng.expovariate(tempo.orders)
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        number, nonce = number + 1, max(nonce + 1, clock.now_ms())
        side = Side.BUY if number % 2 else Side.SELL
        await exchange.market_order(
            ASSET_ID,
            side,
            QUANTITY,
            _FAR[side],
            cloid=f"0x{number:032x}",
            signer=leader(),
            nonce=nonce,
            expires_after=nonce + MINUTE_MS,
        )
