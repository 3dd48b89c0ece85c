"""The API in a room of its own: memory behind it, a clock that stands still, requests without sockets."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, cast
from urllib.parse import unquote, urlencode

import msgspec
from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fadearena.adapters.memory.access import MemoryAccess
from fadearena.adapters.memory.answers_kept import MemoryAnswers
from fadearena.adapters.memory.archive import MemoryArchive
from fadearena.adapters.memory.control import MemoryControl
from fadearena.adapters.memory.heartbeat import MemoryHeartbeats
from fadearena.adapters.memory.inquiries import MemoryInquiries
from fadearena.adapters.memory.outbox import MemoryOutbox
from fadearena.adapters.memory.read_store import MemoryReadStore
from fadearena.adapters.memory.sightings import MemorySightings
from fadearena.adapters.memory.wakeups import MemoryWakeups
from fadearena.api.app import create_app, windows
from fadearena.api.callers import Caller
from fadearena.api.doors import Doors
from fadearena.bootstrap.client import Client
from fadearena.kit.clock import ManualClock
from fadearena.kit.jumping import run_jumping
from fadearena.model.event import Event
from fadearena.model.policy import Mode
from fadearena.model.record import ControlAnswer, Record
from fadearena.model.units import EpochMs
from fadearena.ports.access import Role
from fadearena.ports.heartbeat import Beat
from fadearena.ports.modes import Modes
from fadearena.ports.people import People
from tests.support.entries import Writer

Told = TypeVar("Told")
NOW = 1_767_268_800_000 + 45_296_789
"""1 January 2026, 12:34:56.789 UTC and twelve hours."""


class Absent:
    """Stands where nothing was plugged in."""

    def last_preflight(self) -> None:
        """Say that nobody ever looked."""


@dataclass(frozen=True)
class Answer:
    """What was answered; one that was broken off is not whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    is_whole: bool = True

    @property
    def json(self) -> Any:
        """The body, with decimals as floats."""
        return json.loads(self.body)

    @property
    def media_type(self) -> str:
        """Of which kind the body is."""
        return self.headers.get("content-type", "").partition(";")[0]


async def ask(
    app: ASGIApp,
    method: str,
    path: str,
    *,
    query: Mapping[str, object] | None = None,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    client: tuple[str, int] = ("127.0.0.1", 50_000),
) -> Answer:
    """Send a request to an application, and wait for the whole answer."""
    given = {"host": "127.0.0.1:4800", **{name.lower(): text for name, text in (headers or {}).items()}}
    if body:
        given = {"content-length": str(len(body)), **given}
    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": urlencode({name: str(value) for name, value in (query or {}).items()}).encode(),
        "root_path": "",
        "headers": [(name.encode(), text.encode("latin-1")) for name, text in given.items()],
        "client": client,
        "server": ("127.0.0.1", 4800),
        "state": {},
    }
    sent = iter([{"type": "http.request", "body": body, "more_body": False}])
    told: list[Message] = []

    async def receive() -> Message:
        return next(sent, {"type": "http.disconnect"})

    async def send(message: Message) -> None:
        told.append(message)

    try:
        await app(scope, receive, send)
    except Exception:
        if not told:  # what went wrong inside is answered first, and raised for the server's log then
            raise
    return Answer(
        status=told[0]["status"],
        headers={name.decode("latin-1"): text.decode("latin-1") for name, text in told[0]["headers"]},
        body=b"".join(message.get("body", b"") for message in told[1:]),
        is_whole=not told[-1].get("more_body", False),
    )


@dataclass
class ApiRoom:
    """
    An API and what stands behind it.

    `caller` is who asks where access is not in the way: an operator, unless a test says otherwise.
    """

    clock: ManualClock
    doors: Doors
    app: FastAPI
    asgi: ASGIApp
    heartbeats: MemoryHeartbeats
    sightings: MemorySightings
    control: MemoryControl
    writer: Writer = field(default_factory=Writer)

    async def get(self, path: str, headers: Mapping[str, str] | None = None, **query: object) -> Answer:
        """Ask with GET."""
        return await ask(self.asgi, "GET", path, query=query, headers=headers)

    async def send(
        self,
        method: str,
        path: str,
        content: object = None,
        *,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, object] | None = None,
    ) -> Answer:
        """Ask with a JSON body, if there is content; bytes go as they are."""
        body = content if isinstance(content, bytes) else b"" if content is None else msgspec.json.encode(content)
        given = {"content-type": "application/json"} if body else {}
        return await ask(self.asgi, method, path, query=query, headers={**given, **(headers or {})}, body=body)

    async def tell(self, *records: Record, at: EpochMs | None = None, event: Event | None = None) -> None:
        """Project one entry of these records, as of now unless a time is given."""
        time = self.clock.now_ms() if at is None else at
        await self.doors.records.project([self.writer.entry(*records, at=time, event=event)])

    async def confirm(self) -> None:
        """Accept the newest command, after a moment."""
        await self.clock.sleep_until(self.clock.now_ms() + 100)
        entry = (await self.control.entries(None, 1))[0]
        self.control.end(ControlAnswer(control_id=entry.id, accepted=True), 1)

    async def beat(self, process: str = "worker", **fields: object) -> None:
        """Let a process say that it lives."""
        beat = Beat(
            process=process, pid=7, time=self.clock.now_ms(), status="running", mode=self.doors.mode, journal_seq=0
        )
        await self.heartbeats.beat(msgspec.structs.replace(beat, **fields))


@dataclass(frozen=True)
class Behind:
    """What an API shares with a worker."""

    clock: ManualClock = field(default_factory=lambda: ManualClock(NOW))
    control: MemoryControl = field(default_factory=MemoryControl)
    heartbeats: MemoryHeartbeats = field(default_factory=MemoryHeartbeats)
    sightings: MemorySightings = field(default_factory=MemorySightings)
    inquiries: MemoryInquiries = field(default_factory=MemoryInquiries)
    kill_file: Path = Path("/nowhere/KILL")


class _Taken:
    """Takes whoever asks for a caller."""

    def __init__(self, app: ASGIApp, caller: Caller) -> None:
        self._app = app
        self._caller = caller

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("state", {})["caller"] = self._caller
        await self._app(scope, receive, send)


def api_room(
    *,
    role: Role | None = Role.OPERATOR,
    mode: Mode = Mode.SIMULATION,
    people: People | None = None,
    modes: Modes | None = None,
    behind: Behind | None = None,
) -> ApiRoom:
    """
    Return an API on memory, at `NOW` unless what stands behind it has another time.

    Args:
        role: What whoever asks may do.
        mode: The mode of its databases.
        people: Takes commands, if any come.
        modes: Switches the mode, if that is asked for.
        behind: What it shares with a worker, if there is one.
    """
    behind = behind or Behind()
    clock, control, heartbeats, sightings = behind.clock, behind.control, behind.heartbeats, behind.sightings
    outbox = MemoryOutbox()
    records = MemoryReadStore(control, outbox)
    absent, wakeups = Absent(), MemoryWakeups(clock)
    doors = Doors(
        mode=mode,
        simulated=mode is Mode.SIMULATION,
        clock=clock,
        records=records,
        archive=MemoryArchive(records),
        people=people or Client(records, control, heartbeats, sightings, clock, behind.kill_file, wakeups),
        heartbeats=heartbeats,
        sightings=sightings,
        outbox=outbox,
        control=control,
        access=MemoryAccess(),
        answers=MemoryAnswers(),
        inquiries=behind.inquiries,
        modes=modes or cast("Modes", absent),
        wakeups=wakeups,
    )
    app = create_app(doors)
    caller = Caller(actor="api:test", role=role, address="127.0.0.1")
    return ApiRoom(clock, doors, app, _Taken(windows(app), caller), heartbeats, sightings, control)


def in_room(story: Callable[[ApiRoom], Awaitable[Told]], room: ApiRoom | None = None) -> Told:
    """Let a story happen in a room, on its clock."""
    present = room or api_room()

    async def told() -> Told:
        return await story(present)

    return run_jumping(told(), present.clock)
