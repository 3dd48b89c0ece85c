"""
One turn: events are stamped, stepped, and committed with what came of them, before anybody hears of it.

1. `received` is our clock corrected by its offset to the exchange, and never decreases. An event whose own time is 0
   was made here, and happens when it is received.
2. An event whose own time lies more than 5 s after that is set aside: no fact comes from the future.
3. What piled up is stepped together and costs one commit. If that fails, the state is ahead of the journal and must
   be dropped.
"""

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from fadearena.core.state import State
from fadearena.kit.clock import Clock
from fadearena.model.command import PlaceOrder
from fadearena.model.event import Event, InputRejected
from fadearena.model.units import SECOND_MS, EpochMs
from fadearena.ports.journal import JournalEntry, JournalWriter
from fadearena.ports.venue import SignedCommand
from fadearena.runtime.ahead import FUTURE_MS
from fadearena.runtime.engine import Engine
from fadearena.runtime.inbox import Incoming
from fadearena.runtime.metrics import Metrics
from fadearena.runtime.recovery import Recovered
from fadearena.runtime.standing import StandingQuotes
from fadearena.runtime.stopwatch import Stopwatch, TurnTimes

Presign = Callable[[SignedCommand], None]
"""Signs an order ahead, before it is made durable; nothing leaves."""
_EXCERPT = 500
_ENCODER = msgspec.json.Encoder(order="sorted", decimal_format="string")


class Poisoned(Exception):
    """
    The core raised on an event: the state is of no use any more.

    What was stepped before is journaled; `entries` are those. `rest` was not touched yet.
    """

    def __init__(self, event: Event, error: Exception, entries: list[JournalEntry], rest: list[Incoming]) -> None:
        super().__init__(f"{type(error).__name__}: {error}")
        self.event = event
        self.entries = entries
        self.rest = rest

    @property
    def held(self) -> str:
        """The event as JSON."""
        return _ENCODER.encode(self.event).decode()


class _Taken(NamedTuple):
    """What one commit held, and how long it took."""

    entries: Sequence[JournalEntry]
    step_s: float
    commit_s: float


class Turns:
    """
    Takes events, in their order, one commit at a time.

    `clock` is the time in which the core lives. `stopwatch` times what becomes of fills, where somebody asks.
    """

    def __init__(
        self,
        recovered: Recovered,
        engine: Engine,
        journal: JournalWriter,
        clock: Clock,
        standing: StandingQuotes,
        *,
        presign: Presign | None = None,
        stopwatch: Stopwatch | None = None,
    ) -> None:
        self.state: State = recovered.state
        self.seq = recovered.seq
        self.record_seq = recovered.record_seq
        self._engine = engine
        self._journal = journal
        self._clock = clock
        self._standing = standing
        self._presign = presign
        self._stopwatch = stopwatch
        self._taken: list[_Taken] = []

    async def take(
        self, incoming: Sequence[Incoming], *, budget_s: float | None = None
    ) -> tuple[list[JournalEntry], list[Incoming]]:
        """
        Step events until `budget_s` is used up, commit them, and return their entries and what is left.

        Raises:
            Poisoned: The core raised on one of them.
            StorageUnavailable: The commit failed; the state is of no use any more.
            LeaseLost: Another worker took over.
        """
        began = time.perf_counter()
        entries: list[JournalEntry] = []
        rest: list[Incoming] = []
        poison: tuple[Event, Exception] | None = None
        for number, each in enumerate(incoming):
            event = each.event
            try:
                event = self._stamped(each)
                entries.append(self._step(event))
            except Exception as error:
                poison = (event, error)
            if poison or (budget_s is not None and time.perf_counter() - began > budget_s):
                rest = list(incoming[number + 1 :])
                break
        stepped = time.perf_counter()
        if entries:
            await self._commit(entries)
            committed = time.perf_counter()
            if self._stopwatch is not None:
                arrived = [each.arrived for each in incoming]
                self._stopwatch.committed(entries, arrived, TurnTimes(began, stepped, committed))
            self._taken.append(_Taken(entries, stepped - began, committed - stepped))
        if poison:
            raise Poisoned(*poison, entries, rest) from poison[1]
        return entries, rest

    def count(self, metrics: Metrics) -> None:
        """Count what was taken since the last time: that may wait until it is handed on."""
        for taken in self._taken:
            metrics.count(taken.entries)
            metrics.step.observe(taken.step_s / len(taken.entries))
            metrics.commit.observe(taken.commit_s)
            metrics.journal_seq.set(taken.entries[-1].seq)
        self._taken.clear()

    async def _commit(self, entries: Sequence[JournalEntry]) -> None:
        """Make entries durable; orders are signed before, so that they leave at once afterwards."""
        if self._presign is not None:
            for command in (command for entry in entries for command in entry.commands):
                if isinstance(command, PlaceOrder):
                    self._presign(command)
        await self._journal.append(*entries)

    def _step(self, event: Event) -> JournalEntry:
        turned = self._engine.step(self.state, event)
        self.seq += 1
        self.record_seq += len(turned.records)
        return JournalEntry(
            seq=self.seq,
            event=event,
            commands=tuple(turned.commands),
            records=tuple(turned.records),
            rules_version=self._engine.rules_version,
            record_seq=self.record_seq,
        )

    def _stamped(self, incoming: Incoming) -> Event:
        now = max(self._clock.now_ms(), self.state.now)
        event = incoming.event
        if event.time > now + FUTURE_MS:
            event = _rejected(event, now)
        elif not event.time:
            event = msgspec.structs.replace(event, time=now)
        return self._standing.stamp(event, now, incoming.cause)


def _rejected(event: Event, now: EpochMs) -> InputRejected:
    return InputRejected(
        time=now,
        received=now,
        source=str(event.__struct_config__.tag),
        error=f"its time {event.time} lies {(event.time - now) // SECOND_MS} s after ours",
        excerpt=_ENCODER.encode(event)[:_EXCERPT].decode(errors="replace"),
    )
