"""
The demo: a sandbox, and worker and API against it, on a data directory; and how they are brought to an end.

1. Three processes, as people run them: `sandbox` at one end, `worker` and `api` under a supervisor at the other.
2. On a directory that has a journal, if only of a made-up past (`past`), all of them go on where it ends: the sandbox
   keeps its state there, too.
3. At the end the sandbox stands still until the worker's polls have confirmed what it holds, so that what we believe of
   the wallets can be compared with the truth.
"""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO, TypeAlias

import msgspec
from pydantic import SecretStr

from fadearena.adapters.sql.read_store import open_read_store
from fadearena.bootstrap.grants import open_grantor
from fadearena.bootstrap.places import Places, places_of
from fadearena.bootstrap.sandbox import SandboxControl
from fadearena.bootstrap.tables import make_tables
from fadearena.bootstrap.up import API, WORKER, launch
from fadearena.bootstrap.upkeep import alone
from fadearena.config import PREFIX, Config, Network, load, variable
from fadearena.kit.clock import SystemClock
from fadearena.kit.tasks import either
from fadearena.model.error import FadeArenaError
from fadearena.model.ids import Address, Coin
from fadearena.model.units import SECOND_MS, Size
from fadearena.ports.access import Role
from fadearena.ports.heartbeat import API_NAME, Heartbeats
from fadearena.ports.read_store import ReadStore
from fadearena.runtime.projector import Projector
from fadearena.runtime.server_metrics import ServerMetrics
from fadearena.runtime.supervisor import Child, Patience, Program, Supervisor

Holdings: TypeAlias = Mapping[Address, Mapping[Coin, Size]]
"""What wallets hold, by coin; flat coins are not named."""

_LOG = "demo.log"
_STATE = "sandbox.json"
_ACTOR = "demo"
_PASSWORD_BYTES = 12
_START_S = 30
_LOOK_MS = 100
_CONFIRM_MS = 30 * SECOND_MS
"""How long polls of wallets and snapshots take to confirm everything, by the sandbox's time."""
_CONFIRM_WALL_MS = 10 * SECOND_MS
_SEGMENT = 10_000
"""A demo's segments are short: the report at its end steps the newest ones again."""


class Demo(msgspec.Struct, frozen=True, kw_only=True):
    """
    A demo on its data directory.

    `before` is the last entry of an earlier run, `past` that of a past that was made up for this one; 0 where there is
    none.
    """

    config: Config
    places: Places
    seed: int
    speed: Decimal
    is_temporary: bool
    before: int
    past: int = 0

    @property
    def begins(self) -> int:
        """The last entry before this run."""
        return max(self.before, self.past)

    @property
    def sandbox_file(self) -> Path:
        """Where the sandbox keeps its state."""
        return self.places.data_dir / _STATE

    @property
    def log_file(self) -> Path:
        """Where the processes log."""
        return self.places.data_dir / _LOG


@dataclass(frozen=True)
class Running:
    """Three processes at work, and what is shown of them."""

    records: ReadStore
    heartbeats: Heartbeats
    sandbox: SandboxControl
    _kept: tuple[asyncio.Task[int], ...]

    @property
    def is_over(self) -> bool:
        """Whether one of them was given up."""
        return any(task.done() for task in self._kept)

    async def url(self) -> str | None:
        """Return where the API listens; None as long as it does not."""
        now = SystemClock().now_ms()
        beats = [beat for beat in await self.heartbeats.beats() if beat.process.startswith(API_NAME)]
        return next((beat.detail["url"] for beat in beats if beat.is_alive(now)), None)


@contextmanager
def demo_on(
    data_dir: Path | None, seed: int, speed: Decimal, *, host: str = "127.0.0.1", port: int = 0
) -> Iterator[Demo]:
    """
    Set a demo up: on the directory that is given, else on one that is removed afterwards.

    Directory and database of the configuration are left alone: what is made up has no place there.

    Raises:
        InvalidInput: The configuration is wrong, or the directory belongs to another network.
        LeaseLost: A worker is running there.
        StorageError: The databases cannot be used.
    """
    with ExitStack() as stack:
        where = data_dir or Path(stack.enter_context(TemporaryDirectory(prefix="fadearena-demo-")))
        config = load(data_dir=where, network=Network.SANDBOX, host=host, port=port).model_copy(
            update={"database_url": None, "segment_every_events": _SEGMENT}
        )
        yield asyncio.run(_demo(config, seed, speed, is_temporary=data_dir is None))


async def _demo(config: Config, seed: int, speed: Decimal, *, is_temporary: bool) -> Demo:
    places = places_of(config)
    make_tables(places)
    async with alone(places) as store, open_read_store(places.read) as read:
        await Projector(store.journal, read.records, SystemClock(), ServerMetrics()).catch_up()
        before = store.journal.last_seq
    return Demo(config=config, places=places, seed=seed, speed=speed, is_temporary=is_temporary, before=before)


async def operator_password(demo: Demo) -> str | None:
    """
    Give operators a password, and return it; None where they have one already.

    Raises:
        StorageError: It could not be kept.
    """
    async with open_grantor(demo.places, _ACTOR) as grantor:
        if any(each.role is Role.OPERATOR for each in (await grantor.grants()).passwords):
            return None
        password = secrets.token_urlsafe(_PASSWORD_BYTES)
        await grantor.set_password(Role.OPERATOR, password)
        return password


@asynccontextmanager
async def running(demo: Demo) -> AsyncIterator[Running]:
    """
    Run sandbox, worker and API as processes, and end them in good order.

    Raises:
        FadeArenaError: One of them could not be kept running.
    """
    with demo.log_file.open("ab") as log:
        async with (
            _sandbox(demo, log) as (url, sandbox),
            _up(demo, url, log) as up,
            SandboxControl(url) as control,
            open_read_store(demo.places.read) as read,
        ):
            yield Running(read.records, read.heartbeats, control, (sandbox, up))


async def settled(demo: Demo, processes: Running) -> Holdings:
    """
    Let the sandbox stand still, wait until what is known of its wallets agrees with it, and return the truth.

    Where it does not agree in the time in which every wallet is polled, it never will: that is for the report.

    Raises:
        VenueError: The sandbox does not answer.
    """
    clock = SystemClock()
    await processes.sandbox.pause()
    truth = await processes.sandbox.positions()
    ends = clock.now_ms() + _CONFIRM_WALL_MS + int(_CONFIRM_MS / demo.speed)
    while clock.now_ms() < ends and not processes.is_over and not await _agrees(processes.records, truth):
        await clock.sleep_until(clock.now_ms() + _LOOK_MS)
    return truth


async def _agrees(records: ReadStore, truth: Holdings) -> bool:
    """Tell whether what is shown of the bots' positions is the truth."""
    settings = await records.settings()
    if settings is None:
        return False
    wallets = {bot.id: bot.wallet for bot in settings.policy.bots if bot.enabled}
    shown: dict[Address, dict[Coin, Size]] = {wallet: {} for wallet in wallets.values()}
    for source in await records.sources():
        if source.bot in wallets:
            shown[wallets[source.bot]][source.coin] = source.position
    return all(held == truth.get(wallet, {}) for wallet, held in shown.items())


@asynccontextmanager
async def _sandbox(demo: Demo, log: BinaryIO) -> AsyncIterator[tuple[str, asyncio.Task[int]]]:
    """Run a sandbox, and tell where it listens."""
    arguments = ["sandbox", "--port", "0", "--seed", str(demo.seed), "--speed", str(demo.speed), "--json"]
    if demo.past or not demo.is_temporary:
        arguments += ["--state", str(demo.sandbox_file)]
    told: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def start() -> Child:
        child = await launch(
            arguments,
            environment=_environment(demo.config),
            directory=demo.places.data_dir,
            out=asyncio.subprocess.PIPE,
            log=log,
        )
        assert child.stdout is not None  # noqa: S101 - it was asked for
        told.set_result((await child.stdout.readline()).decode())
        return child

    async with _kept(demo, [Program(name="sandbox", launch=start)], limit=1) as kept:
        await either(told, asyncio.wait({kept}), asyncio.sleep(_START_S))
        if not (told.done() and not told.cancelled() and told.result()):
            raise FadeArenaError(f"the sandbox did not start: {_last_line(demo.log_file)}")
        yield str(msgspec.json.decode(told.result())["url"]), kept


@asynccontextmanager
async def _up(demo: Demo, url: str, log: BinaryIO) -> AsyncIterator[asyncio.Task[int]]:
    """Run worker and API, as `up` does."""
    environment = _environment(demo.config) | {variable("sandbox_url"): url}
    start = partial(launch, environment=environment, directory=demo.places.data_dir, log=log)
    programs = [Program(name=name, launch=partial(start, [name])) for name in (WORKER, API)]
    async with _kept(demo, programs, limit=demo.config.restart_limit) as kept:
        yield kept


@asynccontextmanager
async def _kept(demo: Demo, programs: list[Program], limit: int) -> AsyncIterator[asyncio.Task[int]]:
    """Keep programs running, and end them in good order."""
    supervisor = Supervisor(programs, SystemClock(), Patience(limit=limit))
    kept = asyncio.create_task(supervisor.run(), name="supervisor")
    try:
        yield kept
    finally:
        supervisor.stop()
        code = await kept
    if code:
        raise FadeArenaError(f"a process ended with exit code {code}: {_last_line(demo.log_file)}")


def _environment(config: Config) -> dict[str, str]:
    """Return our environment with all settings spelled out."""
    others = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    settings = {variable(field): getattr(config, field) for field in Config.model_fields}
    return others | {name: _text(value) for name, value in settings.items() if value is not None}


def _text(value: object) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)


def _last_line(log: Path) -> str:
    """Return what was said last: the sentence of a process that ended, else a line of a log."""
    lines = log.read_text(errors="replace").splitlines()
    said = [line for line in lines if not line.startswith("{")]
    return (said or lines or ["it said nothing"])[-1]
