"""A worker that trades live on a sandbox, on a clock that jumps, and what its orders and their shadows came to."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from random import Random

import msgspec
from pydantic import SecretStr

from fadearena.adapters.hyperliquid.signing import Signer
from fadearena.adapters.hyperliquid.transport import Transport
from fadearena.adapters.memory.heartbeat import MemoryHeartbeats
from fadearena.adapters.memory.keys import MemoryKeys
from fadearena.adapters.sql.journal.store import open_journal
from fadearena.adapters.sql.read_store import open_read_store
from fadearena.bootstrap.keys import Signers, address_of
from fadearena.bootstrap.live import LiveWorld, Start
from fadearena.bootstrap.places import places_of
from fadearena.bootstrap.seed import SEASON_1_5, default_policy
from fadearena.bootstrap.tables import make_tables
from fadearena.bootstrap.way import Plan
from fadearena.bootstrap.worker import doors_of, options_of
from fadearena.config import Config, Network, load
from fadearena.kit.clock import ManualClock
from fadearena.kit.jumping import run_jumping
from fadearena.kit.tasks import cancelled
from fadearena.model.policy import AccountPolicy, Mode, Policy
from fadearena.model.units import MINUTE_MS, SECOND_MS, EpochMs
from fadearena.ports.pairs import OrderPair, PairQuery
from fadearena.runtime.projector import Projector
from fadearena.runtime.server_metrics import ServerMetrics
from fadearena.runtime.worker import Worker
from fadearena.sandbox.exchange.exchange import Exchange
from fadearena.sandbox.gateway.gateway import Gateway
from fadearena.sandbox.loopback import Loopback

START_MS = 1_795_000_000_000
_MASTER, _AGENT = "0x" + "31" * 32, "0x" + "32" * 32
D = Decimal

Wire = Callable[[Gateway, ManualClock], Transport]
"""Makes the way to a sandbox."""


def straight(gateway: Gateway, _clock: ManualClock) -> Transport:
    """Return the way on which nothing happens."""
    return Loopback(gateway)


@dataclass(frozen=True, kw_only=True)
class LivePlay:
    """One story: where its data is, how long it lasts, and how its requests travel."""

    data_dir: Path
    seed: int = 1
    lasts_ms: EpochMs = 2 * MINUTE_MS
    wire: Wire = straight


def play_live(play: LivePlay) -> tuple[OrderPair, ...]:
    """Trade live for a while; return the orders with their shadows."""
    clock = ManualClock(START_MS)
    return run_jumping(_play(play, clock), clock)


async def _play(play: LivePlay, clock: ManualClock) -> tuple[OrderPair, ...]:
    gateway = _gateway(play, clock)
    ticking = asyncio.create_task(gateway.run(), name="sandbox")
    config = load(play.data_dir / "none", data_dir=play.data_dir, network=Network.SANDBOX)
    try:
        return await _trade(play, config, gateway, clock)
    finally:
        await cancelled(ticking)


async def _trade(play: LivePlay, config: Config, gateway: Gateway, clock: ManualClock) -> tuple[OrderPair, ...]:
    places = places_of(config, Mode.LIVE)
    make_tables(places)
    signers = Signers(MemoryKeys(address_of, [SecretStr(_AGENT)]))
    async with (
        open_journal(places.journal, inline=True, clock=clock) as store,
        open_read_store(places.read, inline=True) as read,
    ):
        start = Start(first=_policy())
        plan = Plan(shares_time=True, order_channel="http")
        wire = play.wire(gateway, clock)
        world = LiveWorld(plan, wire, clock, store.journal, Random(play.seed), signers, start)
        doors = replace(doors_of(store, read, world), heartbeats=MemoryHeartbeats(), wall=clock)
        options = msgspec.structs.replace(
            options_of(config, places), turn_budget_ms=None, control_poll_ms=SECOND_MS, beat_ms=MINUTE_MS
        )
        worker = Worker(doors, world.opening, options, prepare=world.prepare)
        running = asyncio.create_task(worker.run(), name="worker")
        await clock.sleep_until(START_MS + play.lasts_ms)
        gateway.exchange.stand_still()
        await clock.sleep_until(clock.now_ms() + MINUTE_MS // 2)
        worker.stop()
        await running
        await Projector(store.journal, read.records, clock, ServerMetrics()).catch_up()
        return await read.records.pairs(PairQuery())


def _gateway(play: LivePlay, clock: ManualClock) -> Gateway:
    wallets = {bot: wallet for bot, _, wallet in SEASON_1_5}
    exchange = Exchange(clock, play.seed, wallets=wallets, history_ms=3 * MINUTE_MS)
    exchange.deposit(Signer(_MASTER).address, D(100_000))
    exchange.approve_agent(Signer(_MASTER).address, Signer(_AGENT).address, "fade-1", None)
    return Gateway(exchange, clock, wall=clock)


def _policy() -> Policy:
    base = default_policy()
    return msgspec.structs.replace(
        base,
        mode=Mode.LIVE,
        global_exposure_cap=D(200_000),
        daily_loss_limit=D(5_000),
        bots=tuple(msgspec.structs.replace(bot, exposure_cap=D(50_000)) for bot in base.bots),
        accounts=(AccountPolicy(id="main", address=Signer(_MASTER).address, signer=Signer(_AGENT).address),),
    )
