"""
Times what becomes of a fill of a followed wallet: received, decided, committed, sent, answered, filled.

1. Only orders that such a fill led to at once are timed. One for which leverage had to be set first follows from the
   answer to that, and others nobody waits for.
2. Here times are taken and nothing else: what is shown of them, and traces, come when an order's story is over.
3. At most `_OPEN_MAX` stories are open; the oldest of more is told as far as it came.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec
from prometheus_client import CollectorRegistry, Histogram

from fadearena.model.command import PlaceOrder
from fadearena.model.event import OwnFills, SourceFills
from fadearena.model.ids import Cloid
from fadearena.model.order import OrderStatus
from fadearena.model.record import OrderUpdate
from fadearena.model.units import SECOND_MS
from fadearena.ports.journal import JournalEntry
from fadearena.ports.traces import Span, Traces
from fadearena.runtime.buckets import LATE_SECONDS, SECONDS

_OPEN_MAX: Final = 1_000
_NS: Final = 1_000_000_000
_NOTHING_TRADED: Final = frozenset({OrderStatus.REJECTED, OrderStatus.CANCELLED, OrderStatus.EXPIRED})


class Step(StrEnum):
    """What a story consists of, in its order; `FILL` is counted from the hand-over, as `ANSWER` is."""

    QUEUE = "queue"
    DECIDE = "decide"
    COMMIT = "commit"
    DISPATCH = "dispatch"
    ANSWER = "answer"
    FILL = "fill"


class TurnTimes(NamedTuple):
    """When a turn's first event was looked at, its last one was decided, and all were durable."""

    began: float
    stepped: float
    committed: float


class _Story(msgspec.Struct, kw_only=True):
    """One order: `seq` is its cause's entry; times are those of `time.perf_counter`, None until it came to that."""

    seq: int
    arrived: float
    turn: TurnTimes
    sent: float | None = None
    answered: float | None = None
    filled: float | None = None


class Stopwatch:
    """Takes times, and shows them; `traces` is told of whole stories."""

    def __init__(
        self,
        registry: CollectorRegistry,
        traces: Traces | None = None,
        *,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.now = clock
        self._traces = traces
        self._open: dict[Cloid, _Story] = {}
        self._steps = Histogram(
            "fadearena_order_step_seconds",
            "Time of each step from a followed wallet's fill to ours; answer and fill count from the hand-over.",
            ["step"],
            buckets=SECONDS,
            registry=registry,
        )
        self.reaction = Histogram(
            "fadearena_reaction_seconds",
            "From a followed wallet's fill coming in to our order's hand-over to the venue, the commit included.",
            buckets=SECONDS,
            registry=registry,
        )
        self.detection = Histogram(
            "fadearena_detection_seconds",
            "From a followed wallet's trade, by the exchange's time, to its taking in, by feed.",
            ["feed"],
            buckets=LATE_SECONDS,
            registry=registry,
        )
        for step in Step:
            self._steps.labels(step.value)

    def committed(self, entries: Sequence[JournalEntry], arrived: Sequence[float], turn: TurnTimes) -> None:
        """Take note of a turn's entries, and of when the event of each came in; 0 where a feed did not push it."""
        for entry, came in zip(entries, arrived, strict=False):
            if came and entry.commands and isinstance(entry.event, SourceFills):
                for command in entry.commands:
                    if isinstance(command, PlaceOrder):
                        self._begin(command.identity.cloid, _Story(seq=entry.seq, arrived=came, turn=turn))

    def sent(self, cloid: Cloid) -> None:
        """Take note that an order was handed over."""
        story = self._open.get(cloid)
        if story is not None:
            story.sent = self.now()

    def answered(self, cloid: Cloid) -> None:
        """Take note that the venue answered an order, or could not."""
        story = self._open.get(cloid)
        if story is not None:
            story.answered = self.now()
            if story.filled is not None:
                self._end(cloid, OrderStatus.FILLED)

    def count(self, entries: Iterable[JournalEntry]) -> None:
        """Take note of what was journaled: fills of others and of ours, and orders of which nothing more will come."""
        for entry in entries:
            event = entry.event
            if isinstance(event, SourceFills) and event.fills:
                traded = max(fill.time for fill in event.fills)
                self.detection.labels(event.feed.value).observe(max(event.received - traded, 0) / SECOND_MS)
            if not self._open:
                continue
            if isinstance(event, OwnFills):
                for fill in event.fills:
                    self._filled(fill.cloid)
            for record in entry.records:
                if isinstance(record, OrderUpdate) and record.status in _NOTHING_TRADED:
                    self._end(record.cloid, record.status)

    def _begin(self, cloid: Cloid, story: _Story) -> None:
        self._open[cloid] = story
        if len(self._open) > _OPEN_MAX:
            self._end(next(iter(self._open)), OrderStatus.UNKNOWN)

    def _filled(self, cloid: Cloid | None) -> None:
        story = None if cloid is None else self._open.get(cloid)
        if cloid is None or story is None:
            return
        story.filled = story.filled or self.now()
        if story.answered is not None:
            self._end(cloid, OrderStatus.FILLED)

    def _end(self, cloid: Cloid, status: OrderStatus) -> None:
        """Show a story, and forget it."""
        story = self._open.pop(cloid, None)
        if story is None:
            return
        times = _times_of(story)
        for step, (began, ended) in times.items():
            self._steps.labels(step.value).observe(ended - began)
        if story.sent is not None:
            self.reaction.observe(story.sent - story.arrived)
        if self._traces is not None:
            self._traces.keep(_span_of(cloid, story, status, time.time_ns() - int(self.now() * _NS)))


def _times_of(story: _Story) -> dict[Step, tuple[float, float]]:
    turn, sent = story.turn, story.sent
    times = {
        Step.QUEUE: (story.arrived, turn.began),
        Step.DECIDE: (turn.began, turn.stepped),
        Step.COMMIT: (turn.stepped, turn.committed),
    }
    if sent is not None:
        times[Step.DISPATCH] = turn.committed, sent
        times |= {
            step: (sent, ended)
            for step, ended in ((Step.ANSWER, story.answered), (Step.FILL, story.filled))
            if ended is not None
        }
    return times


def _span_of(cloid: Cloid, story: _Story, status: OrderStatus, origin_ns: int) -> Span:
    """Return a story as a span; `origin_ns` is when the stopwatch stood at zero."""

    def span(name: str, began: float, ended: float) -> Span:
        return Span(name=name, began_ns=origin_ns + int(began * _NS), ended_ns=origin_ns + int(ended * _NS))

    times = _times_of(story)
    whole = span("order", story.arrived, max(ended for _, ended in times.values()))
    return msgspec.structs.replace(
        whole,
        attributes={"fadearena.cloid": cloid, "fadearena.correlation_id": story.seq, "fadearena.status": status.value},
        parts=tuple(span(step.value, began, ended) for step, (began, ended) in times.items()),
    )
