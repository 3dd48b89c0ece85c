"""A sandbox with a crowd of traders, in a process of its own, and what it says of them."""

import asyncio
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from multiprocessing.connection import Connection
from urllib.request import Request, urlopen

import msgspec
import uvloop

from fadearena.model.ids import Address, Coin
from fadearena.model.units import Size
from fadearena.sandbox.control import TraderLine
from fadearena.sandbox.exchange.crowd import CrowdOptions
from fadearena.sandbox.gateway.gateway import Settings
from fadearena.sandbox.gateway.limits import Limits
from fadearena.sandbox.server import Listening, Options, serve
from tests.support.quiet import quiet


class CrowdPlan(msgspec.Struct, frozen=True, kw_only=True):
    """
    How large the crowd is, how much it trades, and how it is watched.

    `wallets` of the traders are watched for `seconds` after all of them are known. The limits of the address are the
    exchange's times `factor`. All connections are dropped `drops` times meanwhile.
    """

    traders: int = 5_000
    trades_per_second: int = 2_000
    coins: int = 200
    wallets: int = 5_000
    seconds: float = 600
    factor: int = 20
    drops: int = 0
    seed: int = 1


class Positions(msgspec.Struct, frozen=True):
    """What everybody holds at one moment, and how many fills they had until then."""

    time: int
    positions: dict[Address, dict[Coin, Size]]
    fills: dict[Address, int]


class Box:
    """A sandbox, from outside; every call waits for its answer."""

    def __init__(self, url: str) -> None:
        self.url = url

    def wallets(self, count: int) -> list[Address]:
        """Return the first traders of the crowd."""
        rows = msgspec.json.decode(self._ask("/sandbox/traders"), type=list[TraderLine])
        return [row.wallet for row in rows if row.temperament == "crowd"][:count]

    def positions(self) -> Positions:
        """Return what everybody holds."""
        return msgspec.json.decode(self._ask("/sandbox/positions"), type=Positions)

    def pace(self, trades_per_second: int) -> None:
        """Let the crowd trade so often; 0: let everybody rest."""
        self._tell("/sandbox/traders", {"trades_per_second": str(trades_per_second)})

    def drop(self) -> None:
        """Close all sockets."""
        self._tell("/sandbox/faults", {"kind": "drop"})

    def _ask(self, path: str) -> bytes:
        with urlopen(self.url + path) as answer:  # noqa: S310 - the sandbox on this machine
            body: bytes = answer.read()
        return body

    def _tell(self, path: str, what: object) -> None:
        with urlopen(Request(self.url + path, msgspec.json.encode(what))):  # noqa: S310 - the sandbox on this machine
            pass


@contextmanager
def crowd_box(plan: CrowdPlan) -> Iterator[Box]:
    """Run a sandbox until the block ends."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_run, args=(theirs, plan), daemon=True)
    process.start()
    try:
        yield Box(ours.recv())
    finally:
        process.terminate()
        process.join()
        ours.close()


def _run(wire: Connection, plan: CrowdPlan) -> None:
    quiet()
    uvloop.run(_serve(wire, plan))


async def _serve(wire: Connection, plan: CrowdPlan) -> None:
    def ready(listening: Listening) -> None:
        wire.send(listening.url)

    options = Options(
        seed=plan.seed,
        crowd=CrowdOptions(traders=plan.traders, trades_per_second=Decimal(plan.trades_per_second)),
        coins=plan.coins,
        settings=Settings(limits=Limits().times(plan.factor)),
    )
    await asyncio.create_task(serve(options, ready=ready))
