"""
The deterministic loop: the same core as live, with a clock that jumps from fact to fact.

1. One event at a time: its prices are shown to the venue, it is stamped, the core steps, the step is
   journaled, and only then are its commands handed on. What comes first is said in `agenda`.
2. An order arrives at the venue `latency_ms` after its decision and is filled at the prices of that moment;
   what is read of an account, a wallet or a book takes as long.
3. `received` never decreases. Quotes are added as `standing` says. What happens at the venue by itself (funding,
   liquidation) is looked at at every full hour, and once a second: as time passes, and when prices move.
4. When the feed has ended, what is under way arrives, and wakes run for `tail_ms` more.
5. Commands that lead to answers that lead to commands without end are an error that names the last command.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Generic, Protocol, TypeVar

import msgspec

from fadearena.model.command import (
    Command,
    PlaceOrder,
    ReadBook,
    ReadRole,
    ReadSource,
    ReadSourceEquity,
    RepairSource,
    WakeAt,
)
from fadearena.model.error import InvariantBroken, VenueError
from fadearena.model.event import Event, OrderSent
from fadearena.model.funding import next_hour
from fadearena.model.record import Record
from fadearena.model.units import MINUTE_MS, SECOND_MS, EpochMs
from fadearena.ports.journal import JournalEntry
from fadearena.runtime.agenda import Agenda, Due, Rank
from fadearena.runtime.doors import Doors, show
from fadearena.runtime.failures import failed
from fadearena.runtime.standing import StandingQuotes
from fadearena.runtime.tally import Tally

S = TypeVar("S")
_SETTLE_MS = SECOND_MS


class Turned(Protocol):
    """What a step led to."""

    @property
    def commands(self) -> Sequence[Command]:
        """What is to be done, in this order."""

    @property
    def records(self) -> Sequence[Record]:
        """What is to be shown."""


Step = Callable[[S, Event], Turned]
Watch = Callable[[JournalEntry], None]


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How a run differs from the plainest one. `cascade_max` limits answers that lead to answers."""

    latency_ms: EpochMs = 0
    tail_ms: EpochMs = MINUTE_MS
    cascade_max: int = 1_000


_PLAIN = Options()


class Backtest(Generic[S]):
    """One run: doors, a step, and its state. `watch` sees every step once it is journaled."""

    def __init__(
        self,
        doors: Doors,
        step: Step[S],
        state: S,
        *,
        options: Options = _PLAIN,
        watch: Watch | None = None,
    ) -> None:
        self.state = state
        self.tally = Tally()
        self._doors = doors
        self._step = step
        self._options = options
        self._watch = watch
        self._agenda = Agenda()
        self._standing = StandingQuotes(doors.quote)
        self._seq = doors.journal.last_seq
        self._horizon: EpochMs | None = None
        self._settle_at: EpochMs = 0
        self._check_at: EpochMs = 0

    async def run(self, opening: Iterable[Event]) -> Tally:
        """
        Run from the opening events to the end of the feed and its tail, and return what it came to.

        Raises:
            InvariantBroken: Commands and answers follow one another without end.
        """
        for event in opening:
            self._agenda.put(event.received, Rank.FEED, event)
        feed, agenda = self._doors.feed, self._agenda
        feed_time = feed.next_time
        while True:
            due = agenda.first()
            if due is not None and (feed_time is None or due[:2] <= (feed_time, Rank.FEED)):
                if not self._move_to(due.time):
                    await self._do(agenda.take())
            elif feed_time is None:
                return self.tally
            elif not self._move_to(feed_time) and (heard := feed.deliver()) is not None:
                self._show(heard)
                await self._take(heard)
            feed_time = feed.next_time
            if feed_time is None and self._horizon is None:
                self._horizon = self._doors.clock.now_ms() + self._options.tail_ms
                agenda.forget_wakes_after(self._horizon)

    def _move_to(self, time: EpochMs) -> bool:
        """Let time pass; tell whether something happened at the venue on the way, which goes first."""
        clock = self._doors.clock
        if time <= clock.now_ms():
            return False
        clock.move_to(time)
        return time >= self._settle_at and self._settle()

    def _show(self, event: Event) -> None:
        """Show the venue the prices that the feed brought; what they liquidate is told after the event."""
        for news in (*event.quotes, *self._doors.news()):
            show(self._doors.venue, news)
        if event.quotes and self._doors.clock.now_ms() >= self._check_at:
            self._check_at = self._doors.clock.now_ms() + _SETTLE_MS
            self._settle()

    def _settle(self) -> bool:
        """Bring the venue up to the present; tell whether it had anything to say."""
        now = self._doors.clock.now_ms()
        self._settle_at = min(now + _SETTLE_MS, next_hour(now))
        news = self._doors.venue.advance(now)
        for event in news:
            self._agenda.put(now, Rank.ANSWER, event)
        return bool(news)

    async def _do(self, due: Due) -> None:
        """Take an event in, or let a command arrive where it is meant for."""
        if due.rank is not Rank.DELIVERY:
            await self._take(due.event, due.cause, due.depth)
            return
        command = due.command
        try:
            answers = await self._execute(command)
        except VenueError as error:
            answers = (failed(command, error, self._doors.clock.now_ms()),)
        for answer in answers:
            time = max(answer.received, self._doors.clock.now_ms())
            self._agenda.put(time, Rank.ANSWER, answer, depth=due.depth + 1, cause=command)

    async def _execute(self, command: Command) -> Sequence[Event]:
        match command:
            case ReadSource() | RepairSource() | ReadRole() | ReadSourceEquity():
                return await self._doors.feed.read(command)
            case ReadBook():
                return await self._doors.venue.read(command)
            case WakeAt():
                raise InvariantBroken("a wake goes to the agenda, not to a door")
            case _:
                return await self._doors.venue.execute(command)

    async def _take(self, event: Event, cause: Command | None = None, depth: int = 0) -> None:
        """Stamp, step, journal, hand on."""
        if depth > self._options.cascade_max:
            raise InvariantBroken(f"more than {self._options.cascade_max} answers in a row, the last to {cause}")
        now = self._doors.clock.now_ms()
        event = self._standing.stamp(event, now, cause)
        turned = self._step(self.state, event)
        self._seq += 1
        entry = JournalEntry(seq=self._seq, event=event, commands=tuple(turned.commands), records=tuple(turned.records))
        await self._doors.journal.append(entry)
        self.tally.add(entry.commands, entry.records)
        if self._watch is not None:
            self._watch(entry)
        for command in entry.commands:
            self._route(command, now, depth)

    def _route(self, command: Command, now: EpochMs, depth: int) -> None:
        if isinstance(command, WakeAt):
            time = max(command.at_ms, now)
            if self._horizon is None or time <= self._horizon:
                depth = depth + 1 if time == now else 0
                self._agenda.wake(time, command.key, depth=depth, cause=command)
            return
        if isinstance(command, PlaceOrder):
            sent = OrderSent(time=now, received=now, cloid=command.identity.cloid)
            self._agenda.put(now, Rank.ANSWER, sent, depth=depth + 1, cause=command)
        self._agenda.put(now + self._options.latency_ms, Rank.DELIVERY, command, depth=depth)
