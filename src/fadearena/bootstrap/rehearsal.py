"""
The kill switch rehearsed: in simulation, all of it is done and measured, and trading goes on afterwards.

1. It needs a worker that trades; whatever is stopped already would hide what the kill does.
2. The kill's own answer is timed by our clock; what follows by the times that the journal gave it.
3. What was not confirmed flat stays as it is: halted, for somebody to look.
"""

from collections.abc import AsyncIterator
from typing import Final

import msgspec

from fadearena.bootstrap.client import Client
from fadearena.kit.clock import Clock
from fadearena.model.error import InvalidInput
from fadearena.model.event import Kill, Release
from fadearena.model.order import OrderStatus, Purpose
from fadearena.model.policy import Mode
from fadearena.model.record import ControlAnswer, OrderUpdate, TradingStateChange
from fadearena.model.trading import TradingState
from fadearena.model.units import MINUTE_MS, SECOND_MS, EpochMs
from fadearena.ports.control import ControlState
from fadearena.ports.read_store import LIMIT_MAX, LoggedRecord, LogQuery

_POLL_MS: Final = 50
_WATCH_MS: Final = 5 * SECOND_MS
_PATIENCE_MS: Final = 2 * MINUTE_MS
_KINDS: Final = ("order-update", "trading-state", "control-answer")


class Rehearsal(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """
    What a rehearsal showed.

    `answer_ms` passed until the kill was confirmed; from then on `last_order_ms` until the last order left that was no
    close (0: none did), and `flat_ms` until everything was confirmed flat (None: it was not). `strays` are orders that
    were made after the kill and are no closes: there must be none.
    """

    answer_ms: EpochMs
    last_order_ms: EpochMs
    flat_ms: EpochMs | None
    sleeves: int
    closes: int
    strays: tuple[str, ...]
    is_released: bool

    @property
    def is_passed(self) -> bool:
        """Whether everything was as it has to be."""
        return self.flat_ms is not None and not self.strays and self.is_released


async def rehearse(client: Client, clock: Clock, actor: str) -> Rehearsal:
    """
    Kill and flatten, watch, and release with a rejoin.

    Raises:
        InvalidInput: It is no simulation, nothing trades, or something is stopped already.
        StorageUnavailable: The read store is away.
    """
    await _check(client)
    sleeves = [one for one in await client.records.sleeves() if one.size]
    after = (await client.records.position()).record_seq
    began = clock.now_ms()
    entry = await client.order(Kill(flatten=True), actor)
    answer_ms = clock.now_ms() - began
    if entry.state is not ControlState.ACCEPTED:
        raise InvalidInput(f"the kill is {entry.state}: look at `fadearena status`, and release what is stopped")
    await _wait_until_flat(client, clock)
    await clock.sleep_until(clock.now_ms() + _WATCH_MS)
    seen = _Seen(entry.id)
    async for record in _log(client, after):
        seen.take(record)
    is_released = False
    if seen.flat is not None:
        released = await client.order(Release(rejoin=True), actor)
        is_released = released.state is ControlState.ACCEPTED
    return Rehearsal(
        answer_ms=answer_ms,
        last_order_ms=max(seen.last_order - seen.killed, 0),
        flat_ms=None if seen.flat is None else seen.flat - seen.killed,
        sleeves=len(sleeves),
        closes=len(seen.closes),
        strays=tuple(sorted(seen.strays)),
        is_released=is_released,
    )


async def _check(client: Client) -> None:
    system = await client.records.system()
    if system.mode != Mode.SIMULATION:
        raise InvalidInput("a rehearsal closes everything: it is for simulation only, and this installation is live")
    if not await client.has_worker():
        raise InvalidInput("no worker is running: start one with `fadearena up`, then rehearse")
    if system.state != TradingState.ACTIVE or client.kill_file.exists():
        raise InvalidInput(
            "something is stopped already: `fadearena status` says what; release it first, then rehearse"
        )


async def _wait_until_flat(client: Client, clock: Clock) -> None:
    """Wait until the flatten has ended, or patience has."""
    ends = clock.now_ms() + _PATIENCE_MS
    while clock.now_ms() < ends:
        if (await client.records.system()).state == TradingState.HALTED:
            return
        await clock.sleep_until(clock.now_ms() + _POLL_MS)


async def _log(client: Client, after: int) -> AsyncIterator[LoggedRecord]:
    while True:
        page = await client.records.log(LogQuery(after=after, limit=LIMIT_MAX, kinds=_KINDS))
        for record in page.records:
            yield record
        if page.next_after is None:
            return
        after = page.next_after


class _Seen:
    """What the log shows of a kill, read in its order."""

    def __init__(self, control_id: int) -> None:
        self._control_id = control_id
        self.killed: EpochMs = 0
        self.flat: EpochMs | None = None
        self.last_order: EpochMs = 0
        self.closes: set[str] = set()
        self.strays: set[str] = set()

    def take(self, logged: LoggedRecord) -> None:
        """Take the next record in."""
        match logged.record:
            case ControlAnswer(control_id=self._control_id):
                self.killed = logged.time
            case TradingStateChange(scope="all", latch="flatten", is_set=False) if self.killed:
                self.flat = logged.time
            case OrderUpdate() as order:
                self._take_order(order, logged.time)
            case _:
                pass

    def _take_order(self, order: OrderUpdate, time: EpochMs) -> None:
        if order.purpose is Purpose.FLATTEN:
            self.closes.add(order.cloid)
            return
        if order.status is OrderStatus.SUBMITTED:
            self.last_order = time
        if order.status is OrderStatus.PENDING and self.killed:
            self.strays.add(order.cloid)
