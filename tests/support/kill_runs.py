"""
The kill switch, tried again and again while orders flow live over real sockets: what the sandbox took, and when.

A try: orders flow; somebody kills, in one of four ways; the moment of the answer is noted by the machine's steady
clock, by which the sandbox notes when it accepts an order. Then trading is released, and the next try begins.
"""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

import msgspec

from fadearena.bootstrap.client import Client, open_client
from fadearena.model.event import Kill, Release
from fadearena.model.ids import Cloid
from fadearena.model.order import Purpose
from fadearena.model.trading import TradingState
from fadearena.ports.control import ControlState
from tests.support.edge_box import Box, Watched, at_work, busy_policy, leaders_trading, live_box

LATE_NS = 100_000_000
_NS = 1_000_000_000
_FLOWING = 15
"""So many orders in a second are a flow, whatever else the machine does."""
_SPEED = Decimal(15)
"""The exchange's minute of requests passes in four seconds, so that it holds up no flow."""
_COINS = 4
_PATIENCE_S = 90.0
_QUIET_S, _POLL_S = 0.6, 0.05


class Way(StrEnum):
    """How somebody kills."""

    TABLE = "table"
    FLATTEN = "flatten"
    FILE = "file"
    SIGNAL = "signal"


class Try(msgspec.Struct, frozen=True, kw_only=True):
    """
    What a try showed.

    `a_second` orders were accepted in the second before; `last_ms` is when the last one that is no close was accepted,
    counted from the answer (< 0: before it); `late` are those that came later than 100 ms after it. `strays` left after
    the stop was heard, by the worker's own word; a late one that is no stray was on its way before, through a sandbox
    or a machine that is busy.
    """

    way: Way
    a_second: int
    last_ms: float
    late: tuple[Cloid, ...]
    strays: tuple[Cloid, ...]
    is_flat: bool

    @property
    def is_passed(self) -> bool:
        """Whether nothing left after the stop, and a flatten ended flat."""
        return not self.strays and self.is_flat

    @property
    def is_in_time(self) -> bool:
        """Whether nothing was accepted late, either."""
        return self.is_passed and not self.late


def kills(directory: Path, ways: Sequence[Way], a_second: int = 60, flowing: int = _FLOWING) -> list[Try]:
    """Try these ways, one after the other, on one installation; each once so many orders flow in a second."""
    with (
        live_box(directory, busy_policy(), speed=_SPEED) as box,
        at_work(box) as up,
        leaders_trading(box, a_second),
    ):
        return asyncio.run(_kills(box, up, ways, flowing))


async def _kills(box: Box, up: Watched, ways: Sequence[Way], flowing: int) -> list[Try]:
    async with open_client(box.places) as client:
        return [await _try(way, box, up, client, flowing) for way in ways]


def dies_while_flattening(directory: Path) -> bool:
    """Kill -9 the worker as soon as a flatten was answered; tell whether the one that follows ends flat."""
    with live_box(directory, busy_policy()) as box, at_work(box) as up, leaders_trading(box, 30):
        return asyncio.run(_dies(box, up))


async def _dies(box: Box, up: Watched) -> bool:
    async with open_client(box.places) as client:

        async def holds() -> bool:
            return len(await asyncio.to_thread(box.held)) >= _COINS

        await _until_true(holds, "something is held")
        box.sandbox.tell("faults", kind="reject", text="No.", times=10)
        await client.order(Kill(flatten=True), "ann")
        worker = next(beat.pid for beat in (await client.status()).beats if beat.process == "worker")
        killed = time.monotonic_ns()
        os.kill(worker, signal.SIGKILL)
        await _until(lambda: up.first("recovered", killed) is not None, "the worker is there again")
        box.sandbox.tell("faults", kind="clear")
        return await _is_flattened(box, client)


async def _try(way: Way, box: Box, up: Watched, client: Client, flowing: int) -> Try:
    async def flows() -> bool:
        now = time.monotonic_ns()
        accepted = await asyncio.to_thread(box.accepted)
        return sum(now - _NS < at for at in accepted.values()) >= flowing

    await _until_true(flows, "orders flow")
    began = time.monotonic_ns()
    answered = await _kill(way, box, up, client)
    is_flat = way is not Way.FLATTEN or await _is_flattened(box, client)
    await asyncio.sleep(_QUIET_S)
    accepted = await asyncio.to_thread(box.accepted)
    closes = await _closes(client)
    others = {cloid: at for cloid, at in accepted.items() if cloid not in closes}
    before = [at for at in others.values() if began - _NS < at <= began]
    late = tuple(sorted(cloid for cloid, at in others.items() if at > answered + LATE_NS))
    last_ms = (max(others.values()) - answered) / 1e6
    strays = _sent_after_stop(up, began) - closes
    (box.directory / "KILL").unlink(missing_ok=True)
    await _release(client)
    return Try(
        way=way,
        a_second=len(before),
        last_ms=round(last_ms, 1),
        late=late,
        strays=tuple(sorted(strays)),
        is_flat=is_flat,
    )


async def _kill(way: Way, box: Box, up: Watched, client: Client) -> int:
    """Kill, and return the moment of the answer: of the table's, or of the worker's word that it stopped."""
    began = time.monotonic_ns()
    match way:
        case Way.TABLE | Way.FLATTEN:
            entry = await client.order(Kill(flatten=way is Way.FLATTEN), "ann")
            assert entry.state is ControlState.ACCEPTED, entry
            return time.monotonic_ns()
        case Way.FILE:
            box.places.kill_file.touch()
        case Way.SIGNAL:
            up.process.signal(signal.SIGUSR1)
    await _until(lambda: up.first("stop_ordered", began) is not None, "the stop is heard")
    heard = up.first("stop_ordered", began)
    assert heard is not None
    return heard


async def _is_flattened(box: Box, client: Client) -> bool:
    """Wait until the flatten has ended; tell whether the sandbox says flat, too."""

    async def ended() -> bool:
        return (await client.records.system()).state == TradingState.HALTED

    await _until_true(ended, "the flatten ends")
    return not await asyncio.to_thread(box.held)


def _sent_after_stop(up: Watched, began: int) -> set[Cloid]:
    """Return the orders that the worker sent after it heard the stop, both by the times of its own log."""
    lines = [line for at, line in list(up.heard) if at > began]
    heard = next(line["timestamp"] for line in lines if line["event"] in {"stop_ordered", "command_taken"})
    return {line["cloid"] for line in lines if line["event"] == "order_sent" and line["timestamp"] > heard}


async def _closes(client: Client) -> set[Cloid]:
    orders = await client.records.orders(1_000)
    return {view.order.cloid for view in orders if view.order.purpose is Purpose.FLATTEN}


async def _release(client: Client) -> None:
    async def released() -> bool:
        return (await client.order(Release(rejoin=True), "ann")).state is ControlState.ACCEPTED

    await _until_true(released, "it is released")


async def _until(is_so: Callable[[], bool], what: str) -> None:
    async def ask() -> bool:
        return is_so()

    await _until_true(ask, what)


async def _until_true(ask: Callable[[], Awaitable[bool]], what: str) -> None:
    """Wait until something is so."""
    ends = time.monotonic() + _PATIENCE_S
    while not await ask():
        assert time.monotonic() < ends, f"in vain: {what}"
        await asyncio.sleep(_POLL_S)
