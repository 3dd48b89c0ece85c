"""
The fault matrix over real sockets: sandbox and worker are processes, the wire between them is here.

1. A worker that is killed is killed by SIGKILL, and started again; so is the sandbox, on its state file.
2. A locked database is locked by another connection. On a full disk no file of the worker may grow: the limit on its
   files' size is lowered from outside, so that every write fails, whatever writes.
3. The sandbox runs faster than time: all times here are its own.
"""

import asyncio
import multiprocessing
import resource
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from decimal import Decimal
from http import HTTPStatus
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from random import Random
from typing import Any, Self

import aiohttp

from fadearena.adapters.hyperliquid.http import HttpTransport
from fadearena.adapters.hyperliquid.transport import Socket
from fadearena.adapters.sql.journal.store import open_journal_reader
from fadearena.bootstrap.sandbox import SandboxControl
from fadearena.kit.clock import Clock, ManualClock, SystemClock
from fadearena.kit.tasks import cancelled
from fadearena.model.error import VenueUnavailable
from fadearena.model.units import HOUR_MS, SECOND_MS, EpochMs
from fadearena.ports.journal import JournalEntry
from fadearena.sandbox.exchange import Exchange
from fadearena.sandbox.gateway.gateway import Gateway, Settings
from fadearena.sandbox.gateway.limits import Limits
from fadearena.sandbox.saving import write_state
from fadearena.sandbox.server import Options
from tests.support import crash_runs
from tests.support.live_processes import ANSWER_MS, Job, run_sandbox, run_worker
from tests.support.matrix import LASTS_MS, STEPS_MS, Fault, Hit, Schedule
from tests.support.matrix_check import Books, books_of, problems_of
from tests.support.matrix_front import Front
from tests.support.matrix_people import AGENT, LEADER, LEADER_USD, MASTER, OURS_USD
from tests.support.matrix_story import BEFORE_HOUR_MS, Course, Director, Holdings, Telling
from tests.support.matrix_wire import Wire

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload([crash_runs.__name__, run_worker.__module__])
_SETTINGS = Settings(limits=Limits(weight_a_minute=3_600))
"""Three come from one address here, of whom the worker is one."""
_START_S = 60
_END_S = 20
_AWAY_MS = SECOND_MS
_STARTING_MS = SECOND_MS
"""About how long processes take to start, by the machine's time."""


class _Way:
    """The way to the sandbox that runs at present."""

    def __init__(self) -> None:
        self.transport: HttpTransport | None = None

    async def to(self, url: str) -> None:
        """Lead to another sandbox."""
        await self.close()
        self.transport = await HttpTransport(url).__aenter__()

    async def close(self) -> None:
        """Lead nowhere."""
        if self.transport is not None:
            await self.transport.__aexit__(None, None, None)
            self.transport = None

    async def post(self, path: str, body: bytes) -> tuple[int, bytes]:
        """Carry a request and its answer."""
        return await self._open().post(path, body)

    async def connect(self) -> Socket:
        """Open a socket."""
        return await self._open().connect()

    def _open(self) -> HttpTransport:
        if self.transport is None:
            raise VenueUnavailable("there is no sandbox at present")
        return self.transport


class SocketStage:
    """A stage of processes and sockets, in a directory of its own; to be entered before use."""

    def __init__(self, schedule: Schedule, directory: Path, speed: Decimal) -> None:
        self.clock: Clock = SystemClock()
        self.direct = _Way()
        self.director = Director(self.inflict)
        self._rng = Random(schedule.seed)
        self._schedule = schedule
        self._directory = directory
        self._speed = speed
        self._state = directory / "sandbox.json"
        self._url = ""
        self._sandbox: ForkServerProcess | None = None
        self._worker: ForkServerProcess | None = None
        self._mending: set[asyncio.Task[None]] = set()
        self._hour: EpochMs = 0

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self._prepare)
        await self._start_sandbox()
        async with SandboxControl(self._url) as control:
            self.clock = await control.clock()
        self.wire = Wire(self.direct, self.clock, self.director, MASTER.address, ANSWER_MS)
        self._front = Front(self.wire, self.director.passed)
        await self._front.start()
        await self._start_worker()
        return self

    async def __aexit__(self, *_: object) -> None:
        await cancelled(*self._mending)
        for process in (self._worker, self._sandbox):
            if process is not None:
                process.kill()
                await asyncio.to_thread(process.join)
        await self.wire.close()
        await self._front.close()
        await self.direct.close()

    @property
    def funding_ms(self) -> EpochMs:
        """When funding is paid."""
        return self._hour

    @property
    def is_whole(self) -> bool:
        """Whether worker and exchange are up, and no fault lasts any more."""
        return not self._mending and not self.wire.is_suffering

    async def inflict(self, hit: Hit) -> None:
        """Let a fault begin; what takes time goes on beside."""
        match hit.fault:
            case Fault.KILL:
                assert self._worker is not None
                self._worker.kill()
                self._mend(self._replace_worker(self._worker))
            case Fault.LOCKED:
                self._mend(self._lock(self._job.journal.path))
                await asyncio.sleep(0)
            case Fault.FULL:
                self._fill(0)
                self._mend(self._empty())
            case Fault.CLOCK:
                await self._tell("faults", kind="clock", ms=self._rng.choice(STEPS_MS))
            case Fault.RESTART:
                assert self._sandbox is not None
                self._sandbox.kill()
                self.wire.begin(hit.fault)
                self._mend(self._replace_sandbox(self._sandbox))
            case fault:
                self.wire.begin(fault)

    async def entries(self, since: int) -> Sequence[JournalEntry]:
        """Return what is journaled from an entry on."""
        async with open_journal_reader(self._job.journal) as store:
            return [entry async for entry in store.journal.read(since)]

    async def held(self) -> Holdings:
        """Return what everybody holds, in truth."""
        accounts = await self._truth()
        return {
            user: {coin: Decimal(size) for coin, size in account["positions"].items() if Decimal(size)}
            for user, account in accounts.items()
        }

    async def stand_still(self) -> None:
        """Let prices stand still from now on."""
        await self._tell("pause")

    async def books(self) -> Books:
        """End the worker, and return what the exchange says."""
        assert self._worker is not None
        self._worker.terminate()
        await asyncio.to_thread(self._worker.join, _END_S)
        assert self._worker.exitcode == 0, f"the worker ended with {self._worker.exitcode}"
        account = (await self._truth())[MASTER.address]
        return await books_of(self.direct, await self.held(), account["cash"])

    @property
    def _job(self) -> Job:
        port = self._front.port
        return Job(directory=str(self._directory), wire_port=port, sandbox_url=self._url, speed=self._speed)

    def _prepare(self) -> None:
        """Make the databases, and a sandbox that begins shortly before an hour, when funding is paid."""
        now = SystemClock().now_ms()
        before = BEFORE_HOUR_MS + int(_STARTING_MS * self._speed)
        self._hour = (now + before) // HOUR_MS * HOUR_MS + HOUR_MS
        clock = ManualClock(self._hour - before)
        exchange = Exchange(clock, self._schedule.seed, traders=2, history_ms=0)
        exchange.deposit(MASTER.address, OURS_USD)
        exchange.deposit(LEADER.address, LEADER_USD)
        exchange.approve_agent(MASTER.address, AGENT.address, "fade-1", None)
        write_state(self._state, Gateway(exchange, clock))

    async def _start_sandbox(self) -> None:
        ours, theirs = _FORKS.Pipe(duplex=False)
        options = Options(speed=self._speed, state=self._state, settings=_SETTINGS)
        self._sandbox = await _forked(run_sandbox, options, theirs)
        if not await asyncio.to_thread(ours.poll, _START_S):
            raise AssertionError("the sandbox did not start")
        self._url = ours.recv()
        ours.close()
        await self.direct.to(self._url)

    async def _start_worker(self) -> None:
        self._worker = await _forked(run_worker, self._job)

    async def _replace_worker(self, dead: ForkServerProcess) -> None:
        await asyncio.to_thread(dead.join)
        await self._wait(_AWAY_MS)
        await self._start_worker()

    async def _replace_sandbox(self, dead: ForkServerProcess) -> None:
        await asyncio.to_thread(dead.join)
        await self._wait(_AWAY_MS)
        await self._start_sandbox()

    async def _lock(self, path: Path) -> None:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        await self._wait(LASTS_MS[Fault.LOCKED])
        other.rollback()
        other.close()

    async def _empty(self) -> None:
        await self._wait(LASTS_MS[Fault.FULL])
        self._fill(resource.RLIM_INFINITY)

    def _fill(self, most: int) -> None:
        """Set how large files of the worker may grow."""
        assert self._worker is not None
        assert self._worker.pid is not None
        with suppress(ProcessLookupError):
            resource.prlimit(self._worker.pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))

    def _mend(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._mending.add(task)
        task.add_done_callback(self._mending.discard)

    async def _wait(self, ms: EpochMs) -> None:
        await asyncio.sleep(ms / SECOND_MS / float(self._speed))

    async def _truth(self) -> dict[str, Any]:
        async with aiohttp.ClientSession() as session, session.get(f"{self._url}/sandbox/truth") as answer:
            found: dict[str, Any] = await answer.json()
            return found

    async def _tell(self, path: str, **body: Any) -> None:
        url = f"{self._url}/sandbox/{path}"
        async with aiohttp.ClientSession() as session, session.post(url, json=body) as answer:
            assert answer.status == HTTPStatus.OK, await answer.text()


async def _forked(work: Callable[..., None], *arguments: Any) -> ForkServerProcess:
    process = _FORKS.Process(target=work, args=arguments, daemon=True)
    await asyncio.to_thread(process.start)
    return process


async def told(schedule: Schedule, empty: Path, directory: Path, speed: Decimal) -> tuple[Course, list[str]]:
    """Tell a story in a copy of a directory with empty databases; return how it went, and all that is wrong with it."""
    shutil.copytree(empty, directory)
    async with SocketStage(schedule, directory, speed) as stage:
        telling = Telling(stage, stage.director, schedule)
        course = await telling.tell()
        books = await stage.books()
        await telling.mirror.catch_up()
    return course, [*course.problems, *problems_of(telling.mirror.entries, books)]
