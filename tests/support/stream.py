"""The stream in a room of its own: records are projected, clients connect without sockets, time is made up."""

import asyncio
import dataclasses
import json
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any, cast

from prometheus_client import CollectorRegistry
from pydantic import BaseModel, ConfigDict
from starlette.types import Message, Scope

from fadearena.adapters.memory.archive import MemoryArchive
from fadearena.adapters.memory.read_store import MemoryReadStore
from fadearena.adapters.memory.wakeups import MemoryWakeups
from fadearena.api.callers import Caller
from fadearena.api.doors import Doors
from fadearena.api.stream import Room, Stream, Views
from fadearena.kit.clock import Clock, ManualClock
from fadearena.kit.jumping import run_jumping
from fadearena.model.event import Event
from fadearena.model.ids import AccountId, Address, BotId, Coin
from fadearena.model.policy import Mode
from fadearena.model.record import Alert, BotTrade, FillKind, MyFill, PartKind, Record
from fadearena.model.units import Side
from fadearena.model.wallet import Feed
from fadearena.ports.access import Role
from fadearena.ports.archive import Archive
from fadearena.ports.read_store import Position, ReadStore
from fadearena.ports.wakeups import Topic, Wakeups
from tests.support.entries import Writer

NOW = 1_767_268_800_000
ALERT = Alert(level="info", category="c", subject="s", text="t")
TRADE = BotTrade(
    bot=BotId("grok-4"),
    wallet=Address("0x" + "a" * 40),
    feed=Feed.TAPE,
    key="k1",
    coin=Coin("BTC"),
    time=1,
    side=Side.BUY,
    price=Decimal("10.5"),
    quantity=Decimal(100),
    start_position=None,
    is_followed=True,
)
FILL = MyFill(
    key="k1",
    kind=FillKind.ORDER,
    account=AccountId("main"),
    coin=Coin("BTC"),
    part=PartKind.SLEEVE,
    bot=BotId("grok-4"),
    side=Side.SELL,
    quantity=Decimal(100),
    price=Decimal("10.5"),
    fee=Decimal(0),
    realised=Decimal(0),
)


def doors_to(records: ReadStore, clock: Clock, wakeups: Wakeups, archive: Archive | None = None) -> Doors:
    """Return doors of which only those are there that a stream looks through; without an archive nothing is held."""
    absent = dict.fromkeys((field.name for field in dataclasses.fields(Doors)), cast("Any", None))
    there = {"mode": Mode.SIMULATION, "simulated": True, "registry": CollectorRegistry()}
    given = {"records": records, "archive": archive or MemoryArchive(MemoryReadStore()), "clock": clock}
    return Doors(**absent | there | given | {"wakeups": wakeups})


class _Open(BaseModel):
    """A shape with any members."""

    model_config = ConfigDict(extra="allow")


class Line:
    """A connection, as its client sees it: what was heard, and how it ended."""

    def __init__(self, stream: Stream, query: str, *, role: Role | None = Role.VIEWER, bearer: bool = False) -> None:
        self.heard: list[dict[str, Any]] = []
        self.texts: list[str] = []
        self.accepted: str | None = None
        self.code: int | None = None
        self.status: int | None = None
        self._said: asyncio.Queue[Message] = asyncio.Queue()
        self._reads = asyncio.Event()
        self._reads.set()
        self._left: int | None = None
        self._is_cut = False
        self._said.put_nowait({"type": "websocket.connect"})
        self.role = role
        scope: Scope = {
            "type": "websocket",
            "path": "/ws",
            "query_string": query.encode(),
            "subprotocols": ["bearer"] if bearer else [],
            "state": {"caller": self._caller, "recheck": self._recheck},
            "extensions": {"websocket.http.response": {}},
        }
        self.task = asyncio.create_task(stream(scope, self._said.get, self._take))

    @property
    def _caller(self) -> Caller:
        return Caller(actor="test", role=self.role, address="127.0.0.1")

    async def _recheck(self) -> Caller:
        return self._caller

    def say(self, said: object) -> None:
        """Say something: text as it is, bytes as they are, anything else as JSON."""
        if isinstance(said, bytes):
            self._said.put_nowait({"type": "websocket.receive", "bytes": said})
        else:
            text = said if isinstance(said, str) else json.dumps(said)
            self._said.put_nowait({"type": "websocket.receive", "text": text})

    def stop_reading(self, after: int = 0) -> None:
        """Let what is sent wait, from now on or once so many messages were read."""
        self._left = after
        if not after:
            self._reads.clear()

    def go_on_reading(self) -> None:
        """Take what waits."""
        self._left = None
        self._reads.set()

    def cut(self) -> None:
        """Be gone."""
        self._is_cut = True
        self._reads.set()
        self._said.put_nowait({"type": "websocket.disconnect", "code": 1006})

    def of(self, *kinds: str) -> list[dict[str, Any]]:
        """Return what was heard of some types."""
        return [message for message in self.heard if message["type"] in kinds]

    @property
    def seqs(self) -> list[int]:
        """The numbers of the records that were heard, in their order."""
        others = {"hello", "heartbeat", "state-update", "marks", "error"}
        return [message["seq"] for message in self.heard if message["type"] not in others]

    @property
    def errors(self) -> list[str]:
        """The codes of the errors that were heard."""
        return [message["data"]["code"] for message in self.of("error")]

    def _count(self) -> None:
        if self._left is not None:
            self._left -= 1
            if not self._left:
                self._reads.clear()

    async def _take(self, message: Message) -> None:
        await self._reads.wait()
        if self._is_cut:
            raise OSError("the connection is gone")
        match message["type"]:
            case "websocket.accept":
                self.accepted = message["subprotocol"] or ""
            case "websocket.send":
                self._count()
                self.texts.append(message["text"])
                self.heard.append(json.loads(message["text"]))
            case "websocket.close":
                self.code = message["code"]
            case "websocket.http.response.start":
                self.status = message["status"]
            case _:
                pass


class StreamRoom:
    """A stream over a read store in memory. `state` and `settings` are what the other endpoints would answer."""

    def __init__(
        self,
        room: Room = Room(),  # noqa: B008 - frozen
        *,
        clients: int = 100,
        records: ReadStore | None = None,
        archive: Archive | None = None,
    ) -> None:
        self.clock = ManualClock(NOW)
        store = records or MemoryReadStore()
        archive = archive or (MemoryArchive(store) if isinstance(store, MemoryReadStore) else None)
        self.doors = doors_to(store, self.clock, MemoryWakeups(self.clock), archive)
        self._writer = Writer()
        self.state: dict[str, object] = {"killSwitch": False, "systemStatus": {"uptime": 1}}
        self.settings: dict[str, object] = {"version": 1}
        self._room = room
        self._clients = clients
        self.stream = self._made()

    def _made(self) -> Stream:
        async def state(_doors: Doors) -> BaseModel:
            return _Open.model_validate(self.state)

        async def settings(_doors: Doors) -> BaseModel:
            return _Open.model_validate(self.settings)

        return Stream(self.doors, Views(state=state, settings=settings), self._room, clients=self._clients)

    def line(self, query: str = "", **fields: Any) -> Line:
        """Connect."""
        return Line(self.stream, query, **fields)

    async def tell(self, *records: Record, event: Event | None = None) -> None:
        """Project an entry of these records, and say so."""
        await self.doors.records.project([self._writer.entry(*records, at=self.clock.now_ms(), event=event)])
        self.doors.wakeups.wake(Topic.RECORDS)

    async def alerts(self, count: int) -> None:
        """Project so many records, each an entry of its own, and say so."""
        await self.commit(count)
        self.doors.wakeups.wake(Topic.RECORDS)

    async def commit(self, count: int, record: Record = ALERT) -> None:
        """Project so many entries as another process would."""
        now = self.clock.now_ms()
        await self.doors.records.project([self._writer.entry(record, at=now) for _ in range(count)])

    async def begin_after(self, seq: int) -> None:
        """Let the log begin after a record, with nothing in it."""
        await self.doors.records.clear(Position(journal_seq=seq, record_seq=seq))
        self._writer = Writer(seq, seq)

    async def wait(self, ms: int) -> None:
        """Let time pass."""
        await self.clock.sleep_until(self.clock.now_ms() + ms)

    def run(self, story: Callable[["StreamRoom"], Awaitable[None]]) -> None:
        """Let a story happen while the stream runs, then stop it."""

        async def told() -> None:
            self._begin()
            try:
                await self.wait(10)
                await story(self)
            finally:
                await self._end()

        run_jumping(told(), self.clock)

    async def restart(self) -> None:
        """Stop the stream, and begin another one over the same records."""
        await self._end()
        self.doors = dataclasses.replace(self.doors, registry=CollectorRegistry())
        self.stream = self._made()
        self._begin()

    def _begin(self) -> None:
        self._running = asyncio.create_task(self.stream.run())

    async def _end(self) -> None:
        self.stream.stop()
        await self._running
