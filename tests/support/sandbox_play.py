"""The demo in one process and on a clock that jumps: a worker on a sandbox, as fast as they can, the same each time."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from random import Random

import msgspec

from fadearena.adapters.memory.heartbeat import MemoryHeartbeats
from fadearena.adapters.sql.journal.store import open_journal
from fadearena.adapters.sql.read_store import open_read_store
from fadearena.bootstrap.demo import Demo, Holdings
from fadearena.bootstrap.hyperliquid import HyperliquidWorld, Plan
from fadearena.bootstrap.seed import SEASON_1_5
from fadearena.bootstrap.worker import doors_of, options_of
from fadearena.kit.clock import ManualClock
from fadearena.kit.jumping import run_jumping
from fadearena.kit.tasks import cancelled
from fadearena.model.units import MINUTE_MS, SECOND_MS, EpochMs
from fadearena.runtime.projector import Projector
from fadearena.runtime.server_metrics import ServerMetrics
from fadearena.runtime.worker import Worker
from fadearena.sandbox.exchange.exchange import Exchange
from fadearena.sandbox.gateway.gateway import Gateway
from fadearena.sandbox.loopback import Loopback
from tests.support.room_doors import Ahead

START_MS = 1_795_000_000_000
CONFIRM_MS = 30 * SECOND_MS
HISTORY_MS = 3 * MINUTE_MS

Meanwhile = Callable[[Gateway, Worker], Awaitable[None]]
"""Does something to sandbox and worker while they run."""


async def _nothing(_gateway: Gateway, _worker: Worker) -> None:
    """Do nothing."""


def play(
    demo: Demo, lasts_ms: EpochMs, meanwhile: Meanwhile = _nothing, *, ahead_ms: EpochMs | None = None
) -> Holdings:
    """
    Let a worker fade the sandbox's traders for so long, then let it confirm what they hold; return the truth.

    Its clock is the sandbox's own, or one that is ahead by `ahead_ms` and has to be measured.
    """
    clock = ManualClock(START_MS)
    return run_jumping(_play(demo, clock, lasts_ms, meanwhile, ahead_ms), clock)


async def _play(
    demo: Demo, clock: ManualClock, lasts_ms: EpochMs, meanwhile: Meanwhile, ahead_ms: EpochMs | None
) -> Holdings:
    wallets = {bot: wallet for bot, _, wallet in SEASON_1_5}
    exchange = Exchange(clock, demo.seed, wallets=wallets, history_ms=HISTORY_MS)
    gateway = Gateway(exchange, clock, wall=clock)
    ticking = asyncio.create_task(gateway.run(), name="sandbox")
    plan = Plan(
        shares_time=ahead_ms is None,
        equity_usd=demo.config.paper_equity_usd,
        latency_ms=demo.config.paper_latency_ms,
    )
    ours = Ahead(clock, ahead_ms or 0)
    async with (
        open_journal(demo.places.journal, inline=True, clock=clock) as store,
        open_read_store(demo.places.read, inline=True) as read,
    ):
        world = HyperliquidWorld(plan, Loopback(gateway), ours, store.journal, Random(demo.seed))
        doors = replace(doors_of(store, read, world), heartbeats=MemoryHeartbeats(), wall=clock)
        options = msgspec.structs.replace(
            options_of(demo.config, demo.places),
            turn_budget_ms=None,
            control_poll_ms=SECOND_MS,
            beat_ms=MINUTE_MS,
            look_ms=MINUTE_MS,
        )
        worker = Worker(doors, world.opening, options, prepare=world.prepare)
        running = asyncio.create_task(worker.run(), name="worker")
        doing = asyncio.create_task(_in_time(meanwhile(gateway, worker), clock, lasts_ms), name="story")
        try:
            await asyncio.wait({running, doing}, return_when=asyncio.FIRST_COMPLETED)
            gateway.exchange.stand_still()
            if not running.done():
                doing.result()
                await clock.sleep_until(clock.now_ms() + CONFIRM_MS)
            worker.stop()
            await running
        finally:
            await cancelled(ticking, doing)
        await Projector(store.journal, read.records, clock, ServerMetrics()).catch_up()
    return _held(gateway)


async def _in_time(story: Awaitable[None], clock: ManualClock, lasts_ms: EpochMs) -> None:
    ends = clock.now_ms() + lasts_ms
    await story
    await clock.sleep_until(ends)


def _held(gateway: Gateway) -> Holdings:
    accounts = gateway.exchange.truth().accounts
    return {
        user: {coin: position.size for coin, position in account.positions.items()}
        for user, account in accounts.items()
    }
