"""What becomes of a fill is timed step by step, and told as a whole once it is over."""

import msgspec
from prometheus_client import CollectorRegistry

from fadearena.model.event import OwnFills, SourceFills
from fadearena.model.order import OrderStatus, Purpose
from fadearena.model.record import OrderUpdate
from fadearena.model.units import Side
from fadearena.model.wallet import Feed
from fadearena.ports.journal import JournalEntry
from fadearena.ports.traces import Span
from fadearena.runtime.metrics import Metrics
from fadearena.runtime.stopwatch import Stopwatch, TurnTimes
from tests.support.room import D, Room, notice, order


class Kept:
    """Keeps traces for a test."""

    def __init__(self) -> None:
        self.spans: list[Span] = []

    def keep(self, span: Span) -> None:
        """Take a span."""
        self.spans.append(span)


class Desk:
    """A stopwatch whose hand is moved by hand."""

    def __init__(self) -> None:
        self.time = 100.0
        self.registry = CollectorRegistry()
        self.traces = Kept()
        self.watch = Stopwatch(self.registry, self.traces, clock=lambda: self.time)

    def begin(self, cloid: str = "c1", arrived: float = 99.0) -> None:
        """Commit an order that follows a fill which came in a second ago."""
        fills = SourceFills(time=1, received=1, wallet="0xw", feed=Feed.TAPE, fills=())
        entry = JournalEntry(seq=7, event=fills, commands=(order(cloid),))
        self.watch.committed([entry], [arrived], TurnTimes(99.1, 99.3, 99.9))

    def update(self, status: OrderStatus, cloid: str = "c1") -> None:
        """Journal what became of the order."""
        terms = order(cloid).terms
        record = OrderUpdate(
            cloid=cloid,
            label=cloid,
            account=terms.account,
            bot=terms.bot,
            coin=terms.coin,
            side=Side.BUY,
            quantity=D(1),
            limit=D(1),
            reduce_only=False,
            purpose=Purpose.INCREASE,
            status=status,
            filled=D(0),
            average_price=None,
        )
        self.watch.count([JournalEntry(seq=8, event=notice(), records=(record,))])

    def seconds(self, step: str) -> float | None:
        """Return how long a step took in all; None where it was never timed."""
        if not self.registry.get_sample_value("fadearena_order_step_seconds_count", {"step": step}):
            return None
        return self.registry.get_sample_value("fadearena_order_step_seconds_sum", {"step": step})


def test_a_filled_order_is_told_step_by_step() -> None:
    """From the fill that came in to the one that is ours; the whole is a trace with a part for each step."""
    room, traces = Room(), Kept()
    room.metrics = Metrics(traces)

    async def story(room: Room) -> None:
        await room.settled()
        for _ in range(2):  # the first order waits for the book's leverage to be set
            room.wallets.trade("BTC", "1")
            await room.wait(5_000)

    room.play(story)
    (span,) = [one for one in traces.spans if one.attributes["fadearena.status"] == "filled"]
    assert [part.name for part in span.parts] == ["queue", "decide", "commit", "dispatch", "answer", "fill"]
    assert span.began_ns <= span.parts[0].began_ns
    assert span.ended_ns == max(part.ended_ns for part in span.parts)
    cause = next(entry for entry in room.entries if entry.seq == span.attributes["fadearena.correlation_id"])
    assert isinstance(cause.event, SourceFills)


def test_an_order_that_was_rejected_ends_without_a_fill() -> None:
    """Its answer is timed; what never came is not."""
    desk = Desk()
    desk.begin()
    desk.time = 101.0
    desk.watch.sent("c1")
    desk.time = 104.0
    desk.watch.answered("c1")
    desk.update(OrderStatus.REJECTED)
    assert desk.seconds("queue") == 99.1 - 99.0
    assert desk.seconds("dispatch") == 101.0 - 99.9
    assert desk.seconds("answer") == 3.0
    assert desk.seconds("fill") is None
    assert desk.registry.get_sample_value("fadearena_reaction_seconds_sum") == 2.0
    (span,) = desk.traces.spans
    assert span.attributes["fadearena.status"] == "rejected"
    assert span.ended_ns - span.began_ns == 5_000_000_000


def test_an_order_that_never_left_has_no_reaction() -> None:
    """The gate was shut: nobody reacted."""
    desk = Desk()
    desk.begin()
    desk.update(OrderStatus.EXPIRED)
    assert desk.registry.get_sample_value("fadearena_reaction_seconds_count") == 0
    assert [part.name for part in desk.traces.spans[0].parts] == ["queue", "decide", "commit"]


def test_only_what_a_feed_pushed_is_timed() -> None:
    """Fills that were asked for came when they were asked for, and orders of others are nobody's here."""
    desk = Desk()
    desk.begin(arrived=0.0)
    desk.watch.sent("c1")
    desk.watch.answered("other")
    desk.update(OrderStatus.CANCELLED)
    assert not desk.traces.spans


def test_fills_of_others_are_no_part_of_a_story() -> None:
    """A fill without a cloid, or of an order that is not timed, ends nothing."""
    desk = Desk()
    desk.begin()
    desk.watch.count([JournalEntry(seq=8, event=OwnFills(time=1, received=1, account="main", fills=()))])
    assert not desk.traces.spans


def test_stories_are_bounded() -> None:
    """Of orders that nobody ever answers the oldest is told as far as it came."""
    desk = Desk()
    for number in range(1_001):
        desk.begin(f"c{number}")
    (span,) = desk.traces.spans
    assert span.attributes["fadearena.cloid"] == "c0"
    assert span.attributes["fadearena.status"] == "unknown"


def test_detection_is_timed_by_feed() -> None:
    """From the newest trade of a message to its taking in, by the exchange's time."""
    room = Room()

    async def story(room: Room) -> None:
        await room.settled()
        room.wallets.trade("BTC", "1")
        await room.wait(1_000)

    room.play(story)
    fills = [event for event in room.events if isinstance(event, SourceFills)]
    late = sum(event.received - max(fill.time for fill in event.fills) for event in fills) / 1_000
    labels = {"feed": fills[0].feed.value}
    value = room.metrics.registry.get_sample_value
    assert value("fadearena_detection_seconds_count", labels) == len(fills)
    assert value("fadearena_detection_seconds_sum", labels) == late


def test_a_span_is_a_plain_value() -> None:
    """It can be written down and read back."""
    span = Span(name="order", began_ns=1, ended_ns=2, parts=(Span(name="queue", began_ns=1, ended_ns=2),))
    assert msgspec.json.decode(msgspec.json.encode(span), type=Span) == span
