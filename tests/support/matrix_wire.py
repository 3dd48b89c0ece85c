"""
The wire between a worker and a sandbox: it carries everything, sees an order of ours pass its steps, and suffers.

1. What a client has handed over goes on without it: who dies takes nothing back that has left.
2. Who waits for an answer that never comes waits for as long as a client's patience, then the connection breaks.
"""

import asyncio
from collections.abc import Awaitable, Coroutine
from typing import Any, Protocol, TypeVar

import msgspec

from fadearena.adapters.hyperliquid.transport import Transport
from fadearena.kit.clock import Clock
from fadearena.kit.tasks import cancelled
from fadearena.model.error import OutcomeUnknown, VenueUnavailable
from fadearena.model.ids import Address
from fadearena.model.units import SECOND_MS, EpochMs
from tests.support.matrix import LASTS_MS, Fault, Step
from tests.support.matrix_socket import BAD_GATEWAY, ORDER, WireSocket

T = TypeVar("T")
_FILLS, _UPDATES = b'"channel":"userFills"', b'"channel":"orderUpdates"'
_FILL_READS = (b'"type":"userFillsByTime"', b'"type":"userFills"')
_LOOK_MS = 20
_TOLD_MS = 200
"""How long fills have to be on their way before they count as told."""
_UNTOLD_MS = 2 * SECOND_MS


class Watching(Protocol):
    """Who is told of steps."""

    @property
    def waits_for_fill(self) -> bool:
        """Whether a fault is to begin once an order's fills were told, and its answer was not."""
        ...

    @property
    def holds_fills(self) -> bool:
        """Whether nothing is to be told of an order before a fault has begun."""
        ...

    async def passed(self, step: Step) -> None:
        """Take note that an order passes a step; what is to begin there has begun when this returns."""
        ...


class Wire:
    """A `Transport` on which faults can begin."""

    def __init__(self, inner: Transport, clock: Clock, watching: Watching, ours: Address, patience_ms: EpochMs) -> None:
        self._inner = inner
        self._clock = clock
        self._watching = watching
        self._ours = ours.encode()
        self._patience_ms = patience_ms
        self._until: dict[Fault, EpochMs] = {}
        self._broken = asyncio.Event()
        self._fills_told = asyncio.Event()
        self._fill_began: EpochMs = 0
        self._sockets: list[WireSocket] = []
        self._tasks: set[asyncio.Task[Any]] = set()

    def begin(self, fault: Fault) -> None:
        """Let a fault of connections begin."""
        now = self._clock.now_ms()
        self._until[fault] = now + LASTS_MS.get(fault, 0)
        match fault:
            case Fault.RESET | Fault.RESTART:
                self.reset()
            case Fault.STALE:
                for socket in self._sockets:
                    socket.is_stale = True
            case Fault.DOUBLED:
                for socket in self._sockets:
                    socket.tell_again()
            case Fault.LATE_FILL:
                self._fill_began = now
            case _:
                pass

    def reset(self) -> None:
        """Break all connections, with all that is under way on them."""
        self._broken.set()
        self._broken = asyncio.Event()
        for socket in self._sockets:
            socket.end()
        self._sockets.clear()

    def is_on(self, *faults: Fault) -> bool:
        """Tell whether one of some faults lasts at present."""
        now = self._clock.now_ms()
        return any(now < self._until.get(fault, 0) for fault in faults)

    @property
    def is_suffering(self) -> bool:
        """Whether a fault lasts, or a socket is stale and nobody has noticed."""
        return self.is_on(*Fault) or any(socket.is_open and socket.is_stale for socket in self._sockets)

    async def close(self) -> None:
        """Give up whatever is still carried."""
        await cancelled(*self._tasks)

    async def post(self, path: str, body: bytes) -> tuple[int, bytes]:
        """Carry a request and its answer, or not."""
        self._check()
        carrying = self._carry(self._broken, path, body)
        return await self._go_on(carrying)

    async def connect(self) -> "WireSocket":
        """Open a socket."""
        self._check()
        socket = WireSocket(self, await self._inner.connect())
        self._sockets = [each for each in self._sockets if each.is_open] + [socket]
        return socket

    async def pass_out(self, text: bytes) -> bool:
        """Let a text of a socket out when it may; tell whether it goes twice."""
        is_fill = _FILLS in text and self._ours in text
        if not is_fill and _UPDATES not in text:
            return False
        ends = self._clock.now_ms() + _UNTOLD_MS
        while self._watching.holds_fills and self._clock.now_ms() < ends:
            await self._clock.sleep_until(self._clock.now_ms() + _LOOK_MS)
        while self.is_on(Fault.ACCEPTED):
            await self._clock.sleep_until(self._until[Fault.ACCEPTED])
        while is_fill and self.is_on(Fault.LATE_FILL):
            await self._clock.sleep_until(self._until[Fault.LATE_FILL])
        if is_fill:
            self._fills_told.set()
        return self.is_on(Fault.DOUBLED)

    async def go_through(self, asking: Awaitable[T], *, is_order: bool) -> T:
        """
        Let a request reach the exchange, and its answer come back, with all steps between.

        Raises:
            OutcomeUnknown: One of them did not arrive.
        """
        self._fills_told.clear()
        if is_order:
            await self._watching.passed(Step.AFTER_SEND)
        if self.is_on(Fault.LOST, Fault.RESET, Fault.RESTART):
            if asyncio.iscoroutine(asking):
                asking.close()
            await self._never()
        answer = await asking
        if is_order:
            await self._watching.passed(Step.AFTER_ACCEPTANCE)
            if self._watching.waits_for_fill:
                await self._either(self._fills_told.wait(), _UNTOLD_MS)
                await self._clock.sleep_until(self._clock.now_ms() + _TOLD_MS)
                await self._watching.passed(Step.AFTER_FILL)
        if self.is_on(Fault.ACCEPTED):
            await self._never()
        return answer

    def spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Do some work that outlives who asked for it."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # who asked may have gone: that nobody hears of it is no error

    async def _carry(self, broken: asyncio.Event, path: str, body: bytes) -> tuple[int, bytes]:
        if self.is_on(Fault.TOO_MANY):
            return 429, b"null"
        asking = self.spawn(self.go_through(self._inner.post(path, body), is_order=ORDER in body))
        breaking = self.spawn(_wait(broken))
        await asyncio.wait((asking, breaking), return_when=asyncio.FIRST_COMPLETED)
        if breaking.done() or broken.is_set():
            raise OutcomeUnknown("the connection was reset")
        breaking.cancel()
        status, answer = asking.result()
        return self._suffered(status, self._as_shown(body, answer))

    def _suffered(self, status: int, answer: bytes) -> tuple[int, bytes]:
        if self.is_on(Fault.TOO_MANY):
            return 429, b"null"
        if self.is_on(Fault.BROKEN):
            return 502, BAD_GATEWAY
        return (status, answer[: len(answer) // 2]) if self.is_on(Fault.GARBLED) else (status, answer)

    def _as_shown(self, body: bytes, answer: bytes) -> bytes:
        """Return a list of fills without those that are not shown yet."""
        if not self.is_on(Fault.LATE_FILL) or self._ours not in body or not any(kind in body for kind in _FILL_READS):
            return answer
        rows = msgspec.json.decode(answer)
        return msgspec.json.encode([row for row in rows if row["time"] < self._fill_began - SECOND_MS])

    def _check(self) -> None:
        if self.is_on(Fault.RESET, Fault.RESTART):
            raise VenueUnavailable("the connection is refused")

    async def _never(self) -> None:
        await self._either(asyncio.Event().wait(), self._patience_ms)
        raise OutcomeUnknown("no answer in time")

    async def _either(self, waiting: Coroutine[Any, Any, Any], ms: EpochMs) -> None:
        """Wait for something, but not for ever."""
        sleeping = self.spawn(self._clock.sleep_until(self._clock.now_ms() + ms))
        hoping = self.spawn(waiting)
        await asyncio.wait((sleeping, hoping), return_when=asyncio.FIRST_COMPLETED)
        await cancelled(sleeping, hoping)

    async def _go_on(self, work: Coroutine[Any, Any, T]) -> T:
        return await asyncio.shield(self.spawn(work))


async def _wait(event: asyncio.Event) -> None:
    await event.wait()
