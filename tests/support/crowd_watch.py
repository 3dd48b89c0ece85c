"""
Watches a crowd of traders over real sockets, in a process of its own, and compares what it knows with what is so.

1. At first everybody rests: what the tape tells and what the exchange counts begin together. Then the crowd trades, the
   wallets become known one after the other, and only then time is taken.
2. In the end everybody rests again. What is still under way arrives within seconds; no reading could mend in so short a
   time what the tape did not tell.
"""

import asyncio
import multiprocessing
import time
from collections.abc import Sequence
from decimal import Decimal
from multiprocessing.connection import Connection
from random import Random

import msgspec
import uvloop

from fadearena.adapters.hyperliquid.http import HttpTransport
from fadearena.adapters.hyperliquid.limits import RateBudget, SocketLimits
from fadearena.adapters.hyperliquid.line import Line
from fadearena.adapters.hyperliquid.listing import Listing
from fadearena.adapters.hyperliquid.rest import InfoClient
from fadearena.adapters.hyperliquid.wallet_feed import HyperliquidWallets
from fadearena.bootstrap.sandbox import SandboxControl
from fadearena.kit.collector import short_rounds
from fadearena.kit.tasks import cancelled
from fadearena.model.event import SourceFills
from fadearena.model.ids import Address, Coin
from fadearena.model.units import Size
from fadearena.ports.sightings import Sighting
from fadearena.ports.wallet_feed import Roster
from tests.support.crowd_box import Box, CrowdPlan, Positions
from tests.support.crowd_pulse import Health, Pulse
from tests.support.crowd_stamps import StampedTransport, Stamps
from tests.support.quiet import quiet

FOLLOWED, STREAMED = 14, 10
"""Whose fills are told as events, and how many of them the exchange streams: time is taken of the others."""
_LOOK_S, _PARTS_MAX = 0.25, 120
_BEGIN_S = 5.0
_REST_S = 4.0
_SETTLE_S = 60.0
_SHOWN = 20
ZERO = Decimal(0)
_PER_MINUTE = 1_200


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """
    What came of it.

    `seeded_s` is how long it took until all wallets were known. `traded` are their fills as the exchange counts, `told`
    those that the tape told, of the same time. `wrong` are positions that are not as they should be.
    """

    seeded_s: float
    watched_s: float
    traded: int
    told: int
    positions: int
    wrong: int
    examples: tuple[str, ...]
    samples: int
    p50_ms: float
    p99_ms: float
    most_ms: float
    health: Health
    refusals: int
    counts: dict[str, dict[str, int]]


class Watcher:
    """The feed, and what is known by it."""

    def __init__(self, plan: CrowdPlan, box: Box, wallets: Sequence[Address]) -> None:
        self._plan = plan
        self._box = box
        self._wallets = wallets
        self._roster = Roster(followed=tuple(wallets[:FOLLOWED]), watched=tuple(wallets[FOLLOWED:]))
        self._known: dict[Address, Sighting] = {}
        self._unread = set(wallets)
        self._all_known = asyncio.Event()
        self._stamps = Stamps(self._roster.followed[STREAMED:])
        self._pulse = Pulse()

    async def run(self) -> Seen:
        """Watch, and compare."""
        async with SandboxControl(self._box.url) as control:
            clock = await control.clock()
        async with HttpTransport(self._box.url) as plain:
            transport, rng = StampedTransport(plain, self._stamps), Random(1)
            self._budget = RateBudget(clock, per_minute=_PER_MINUTE * self._plan.factor)
            info = InfoClient(transport, self._budget, clock, rng=rng)
            line = Line(
                info=info,
                transport=transport,
                clock=clock,
                rng=rng,
                listing=Listing(info, clock),
                limits=SocketLimits(clock),
            )
            self._feed = HyperliquidWallets(line)
            self._feed.follow(self._roster)
            tasks = [asyncio.create_task(work) for work in (self._hear(), self._look(), self._pulse.run())]
            try:
                return await self._story()
            finally:
                await cancelled(*tasks)

    async def _story(self) -> Seen:
        began = time.perf_counter()
        await asyncio.to_thread(self._box.pace, 0)
        await asyncio.sleep(_BEGIN_S)
        await self._settle()
        first = await asyncio.to_thread(self._box.positions)
        told = self._told()
        await asyncio.to_thread(self._box.pace, self._plan.trades_per_second)
        await self._all_known.wait()
        seeded = time.perf_counter()
        self._pulse.begin()
        await self._watch()
        health, watched = self._pulse.health(), time.perf_counter() - seeded
        await asyncio.to_thread(self._box.pace, 0)
        await self._settle()
        truth = await asyncio.to_thread(self._box.positions)
        wrong = self._wrong(truth.positions)
        samples, p50, p99, most = self._stamps.milliseconds()
        return Seen(
            seeded_s=round(seeded - began, 1),
            watched_s=round(watched, 1),
            traded=self._traded(truth) - self._traded(first),
            told=self._told() - told,
            positions=sum(len(truth.positions.get(wallet, {})) for wallet in self._wallets),
            wrong=len(wrong),
            examples=tuple(wrong[:_SHOWN]),
            samples=samples,
            p50_ms=p50,
            p99_ms=p99,
            most_ms=most,
            health=health,
            refusals=sum(lane.refusals for lane in self._budget.use().lanes),
            counts={status.name: status.counts for status in self._feed.feeds()},
        )

    async def _watch(self) -> None:
        """Let time pass, and drop all connections as often as planned."""
        part = self._plan.seconds / (self._plan.drops + 1)
        for number in range(self._plan.drops + 1):
            if number:
                await asyncio.to_thread(self._box.drop)
            await asyncio.sleep(part)

    async def _settle(self) -> None:
        """Wait until nothing comes any more: for some seconds the tape told nothing."""
        ends = time.perf_counter() + _SETTLE_S
        while time.perf_counter() < ends:
            before = self._told()
            await asyncio.sleep(_REST_S)
            if self._told() == before:
                return

    async def _hear(self) -> None:
        async for event in self._feed:
            if isinstance(event, SourceFills):
                self._stamps.known(event)

    async def _look(self) -> None:
        while True:
            for _ in range(_PARTS_MAX):
                changed = self._feed.sightings()
                if not changed:
                    break
                self._known |= {sighting.wallet: sighting for sighting in changed}
                self._unread.difference_update(each.wallet for each in changed if each.read is not None)
                await asyncio.sleep(0)
            if not self._unread:
                self._all_known.set()
            await asyncio.sleep(_LOOK_S)

    def _wrong(self, truth: dict[Address, dict[Coin, Size]]) -> list[str]:
        wrong = []
        for wallet in self._wallets:
            held, known = truth.get(wallet, {}), {each.coin: each.size for each in self._known[wallet].positions}
            wrong += [
                f"{wallet} {coin}: {held.get(coin, ZERO)} held, {known.get(coin, ZERO)} known"
                for coin in sorted(held.keys() | known.keys())
                if held.get(coin, ZERO) != known.get(coin, ZERO)
            ]
        return wrong

    def _traded(self, truth: Positions) -> int:
        """Return how many fills the wallets had, as the exchange counts."""
        return sum(truth.fills.get(wallet, 0) for wallet in self._wallets)

    def _told(self) -> int:
        """Return how many fills the tape told, each counted once."""
        return next(status.counts["told"] for status in self._feed.feeds() if status.name == "tape")


def watch(plan: CrowdPlan, box: Box) -> Seen:
    """
    Watch in a process of its own, as a worker would.

    Raises:
        EOFError: The process broke off; what it says stands on stderr.
    """
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_run, args=(theirs, plan, box.url), daemon=True)
    process.start()
    theirs.close()
    try:
        return ours.recv()  # type: ignore[no-any-return] # a pipe does not say what comes
    finally:
        process.terminate()
        process.join()
        ours.close()


def _run(wire: Connection, plan: CrowdPlan, url: str) -> None:
    quiet()
    box = Box(url)
    watcher = Watcher(plan, box, box.wallets(plan.wallets))
    with short_rounds():
        wire.send(uvloop.run(watcher.run()))
