"""
The demo: the synthetic arena, a worker and a server on a data directory, and what they came to.

1. `play` runs the worker in this process, on a clock that jumps: as fast as it can, and the same way each time.
2. `running` runs worker and server as two processes, as `up` does, at a speed that people can watch.
3. On a directory that has a journal both go on where it ends.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from pydantic import SecretStr

from fadearena.adapters.memory.heartbeat import MemoryHeartbeats
from fadearena.adapters.sim.arena.market import listings
from fadearena.adapters.sql.journal.store import open_journal
from fadearena.adapters.sql.read_store import open_read_store
from fadearena.bootstrap.arena import ArenaPlan, ArenaWorld, arena_time
from fadearena.bootstrap.places import Places, places_of
from fadearena.bootstrap.signals import listening
from fadearena.bootstrap.tables import make_tables
from fadearena.bootstrap.up import PROCESSES, launch
from fadearena.bootstrap.upkeep import alone
from fadearena.bootstrap.worker import options_of
from fadearena.config import PREFIX, Config, load, variable
from fadearena.kit.clock import ManualClock, SystemClock
from fadearena.kit.jumping import run_jumping
from fadearena.model.error import FadeArenaError
from fadearena.model.ids import Coin
from fadearena.model.units import MINUTE_MS, SECOND_MS, EpochMs
from fadearena.ports.read_store import ReadStore
from fadearena.runtime.metrics import Metrics
from fadearena.runtime.projector import Projector
from fadearena.runtime.supervisor import Patience, Program, Supervisor
from fadearena.runtime.worker import Worker, WorkerDoors

COINS: tuple[Coin, ...] = tuple(one.coin for one in listings(6))
_LOG = "demo.log"
_POLL_MS = SECOND_MS  # of made-up time: hundreds of looks in each of our seconds

See = Callable[[EpochMs], None]
"""Is told how much made-up time has passed."""


class Demo(msgspec.Struct, frozen=True, kw_only=True):
    """A demo on its data directory. `before` is the last entry of an earlier run."""

    config: Config
    places: Places
    is_temporary: bool
    before: int


@dataclass(frozen=True)
class Running:
    """Two processes at work, and what is shown of them."""

    records: ReadStore
    _kept: asyncio.Task[int]

    @property
    def is_over(self) -> bool:
        """Whether they were given up."""
        return self._kept.done()


@contextmanager
def demo_on(data_dir: Path | None, seed: int, speed: Decimal) -> Iterator[Demo]:
    """
    Set a demo up: on the directory that is given or configured, else on one that is removed afterwards.

    Raises:
        InvalidInput: The configuration is wrong.
        LeaseLost: A worker is running there.
        StorageError: The databases cannot be used.
    """
    config = load(data_dir=data_dir, arena_seed=str(seed), arena_speed=str(speed))
    if "data_dir" in config.model_fields_set:
        yield asyncio.run(_demo(config, is_temporary=False))
        return
    with TemporaryDirectory(prefix="fadearena-demo-") as folder:
        here = config.model_copy(update={"data_dir": Path(folder), "database_url": None})
        yield asyncio.run(_demo(here, is_temporary=True))


async def _demo(config: Config, *, is_temporary: bool) -> Demo:
    places = places_of(config)
    make_tables(places)
    async with alone(places) as store, open_read_store(places.read) as read:
        await Projector(store.journal, read.records, SystemClock(), Metrics()).catch_up()
        return Demo(config=config, places=places, is_temporary=is_temporary, before=store.journal.last_seq)


def play(demo: Demo, lasts_ms: EpochMs, see: See) -> None:
    """
    Run the worker for so much made-up time, as fast as it can, and show what it journaled.

    Raises:
        StorageError: The databases cannot be used.
        InvariantBroken: The core raises again and again.
    """
    clock = ManualClock()
    run_jumping(_play(demo, clock, lasts_ms, see), clock)


async def _play(demo: Demo, clock: ManualClock, lasts_ms: EpochMs, see: See) -> None:
    places = demo.places
    async with (
        open_journal(places.journal, inline=True, clock=clock) as store,
        open_read_store(places.read, inline=True) as read,
    ):
        clock.move_to(await arena_time(store.journal))
        world = ArenaWorld(_plan(demo.config), clock, store.journal)
        doors = WorkerDoors(
            journal=store.journal,
            snapshots=store.snapshots,
            lease=store.lease,
            wallets=world.arena.wallets,
            markets=world.arena.markets,
            venue=world.paper,
            control=read.control,
            heartbeats=MemoryHeartbeats(),  # nobody could tell made-up time from ours
            clock=clock,
            wall=clock,
        )
        options = msgspec.structs.replace(
            options_of(demo.config, places), turn_budget_ms=None, control_poll_ms=_POLL_MS, beat_ms=MINUTE_MS
        )
        worker = Worker(doors, world.opening, options, prepare=world.prepare)
        end = asyncio.create_task(_end(worker, clock, lasts_ms, see), name="end")
        with listening(worker.stop):
            await worker.run()
        end.cancel()
        await Projector(store.journal, read.records, clock, Metrics()).catch_up()


async def _end(worker: Worker, clock: ManualClock, lasts_ms: EpochMs, see: See) -> None:
    began = clock.now_ms()
    for passed in range(0, lasts_ms, MINUTE_MS):
        see(passed)
        await clock.sleep_until(began + min(passed + MINUTE_MS, lasts_ms))
    worker.stop()


@asynccontextmanager
async def running(demo: Demo) -> AsyncIterator[Running]:
    """
    Run worker and server as two processes, and end them in good order.

    Raises:
        FadeArenaError: One of them could not be kept running.
    """
    places = demo.places
    with (places.data_dir / _LOG).open("ab") as log:
        start = partial(launch, environment=_environment(demo.config), directory=places.data_dir, log=log)
        programs = [Program(name=name, launch=partial(start, [name])) for name in PROCESSES]
        supervisor = Supervisor(programs, SystemClock(), Patience(limit=demo.config.restart_limit))
        kept = asyncio.create_task(supervisor.run(), name="supervisor")
        try:
            async with open_read_store(places.read) as read:
                yield Running(read.records, kept)
        finally:
            supervisor.stop()
            code = await kept
    if code:
        raise FadeArenaError(f"a process ended with exit code {code}: {_last_line(places.data_dir / _LOG)}")


def _environment(config: Config) -> dict[str, str]:
    """Return our environment with all settings spelled out."""
    others = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    settings = {variable(field): getattr(config, field) for field in Config.model_fields}
    return others | {name: _text(value) for name, value in settings.items() if value is not None}


def _text(value: object) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()
    return lines[-1] if lines else "it said nothing"


def _plan(config: Config) -> ArenaPlan:
    return ArenaPlan(seed=config.arena_seed, equity_usd=config.paper_equity_usd, latency_ms=config.paper_latency_ms)
