"""The loop takes one event at a time, in an order that can be relied on, and hands commands on."""

from decimal import Decimal

import pytest

from fadearena.model.command import (
    Command,
    ReadAccount,
    ReadBook,
    ReadSource,
    WakeAt,
)
from fadearena.model.error import InvariantBroken, OutcomeUnknown, VenueUnavailable
from fadearena.model.event import (
    AccountUnreadable,
    Event,
    Marks,
    Notice,
    OrderAnswered,
    OrderSent,
    SourceFills,
    Woke,
)
from fadearena.model.market import FundingRate, Quote
from fadearena.model.order import Dropped, NoAnswer
from fadearena.model.units import HOUR_MS, Side
from fadearena.model.wallet import Feed, SourceFill
from fadearena.ports.journal import JournalEntry
from fadearena.runtime.backtest import Options
from fadearena.runtime.immediate import immediately
from tests.support.loop import Loop, Script, burn, notice, order


def kinds(loop: Loop) -> list[str]:
    """Return the kinds of the events that the core saw, with their texts."""
    return [f"{event.received} {getattr(event, 'text', '') or type(event).__name__}" for event in loop.seen]


def on(text: str, *commands: Command) -> Script:
    """Return a core that commands this when it sees a notice with that text."""

    def script(event: Event) -> list[Command]:
        return list(commands) if isinstance(event, Notice) and event.text == text else []

    return script


def test_order_is_over_before_the_next_fact_of_its_millisecond() -> None:
    """Without latency an order is sent, filled and answered before the feed's next event of the same time."""
    loop = Loop([notice(10, "go"), notice(10, "next")], on("go", order("c1")))
    loop.run()
    assert kinds(loop) == ["10 go", "10 OrderSent", "10 OrderAnswered", "10 next"]


def test_order_arrives_after_the_latency_and_sees_the_prices_of_then() -> None:
    """With latency the venue has seen what the feed brought meanwhile when the order arrives."""
    quote = Quote(coin="ETH", mark=Decimal(1_990), mark_time=15)
    moved = Marks(time=15, received=15, quotes=(quote,))
    loop = Loop([notice(10, "go"), moved, notice(40)], on("go", order("c1")), Options(latency_ms=20))
    loop.run()
    assert loop.venue.done == [(30, order("c1"))]
    assert kinds(loop) == ["10 go", "10 OrderSent", "15 Marks", "30 OrderAnswered", "40 Notice"]
    assert loop.venue.shown == [quote]


def test_wake_comes_after_the_facts_of_its_millisecond() -> None:
    """A wake at 20 comes after the feed's event at 20, and bears its key."""
    loop = Loop([notice(10, "go"), notice(20, "fact")], on("go", WakeAt(at_ms=20, key="k")))
    loop.run()
    assert kinds(loop) == ["10 go", "20 fact", "20 Woke"]
    assert isinstance(loop.seen[-1], Woke)
    assert (loop.seen[-1].time, loop.seen[-1].key) == (20, "k")


def test_wake_in_the_past_comes_now() -> None:
    """A wake that is due already comes at once, never with an earlier time."""
    loop = Loop([notice(10, "go")], on("go", WakeAt(at_ms=3, key="k")))
    loop.run()
    assert kinds(loop) == ["10 go", "10 Woke"]


def test_wakes_run_for_the_tail_and_no_longer() -> None:
    """After the feed's end wakes within the tail still come, later ones do not."""

    def again(event: Event) -> list[Command]:
        return [WakeAt(at_ms=event.received + 40, key="tick")]

    loop = Loop([notice(10)], again, Options(tail_ms=100))
    loop.run()
    assert [event.received for event in loop.seen] == [10, 50, 90]


def test_received_never_decreases() -> None:
    """An event that claims to have come earlier than the present is stamped with the present."""
    late = Notice(time=5, received=5, level="info", category="test", text="late")
    loop = Loop([notice(10)], lambda _: [])
    loop.clock.move_to(10)
    loop.run(late)
    assert [event.received for event in loop.seen] == [10, 10]
    assert loop.seen[0].time == 5


def test_reads_go_where_they_belong() -> None:
    """Accounts are read at the venue, books at the venue's market, wallets at the feed."""
    source = ReadSource(wallet="0x" + "a" * 40, dex="")
    loop = Loop([notice(10, "go")], on("go", ReadAccount(account="main"), ReadBook(coin="ETH"), source))
    loop.run()
    assert kinds(loop) == ["10 go", "10 answer", "10 book ETH", "10 source read"]
    assert loop.venue.done == [(10, ReadAccount(account="main"))]
    assert loop.feed.reads == [(10, source)]


@pytest.mark.parametrize(
    ("error", "answer"),
    [(VenueUnavailable("down"), Dropped(reason="down")), (OutcomeUnknown("cut"), NoAnswer(reason="cut"))],
)
def test_obstacle_of_an_order_becomes_its_answer(error: Exception, answer: object) -> None:
    """What never left is dropped, what may have left has no answer."""
    loop = Loop([notice(10, "go")], on("go", order("c1")))
    loop.venue.error = error
    loop.run()
    answered = loop.seen[-1]
    assert isinstance(answered, OrderAnswered)
    assert answered.answer == answer


def test_failed_read_is_an_event() -> None:
    """A read that met an obstacle is told as unreadable, with the reason."""
    loop = Loop([notice(10, "go")], on("go", ReadAccount(account="main")))
    loop.venue.error = VenueUnavailable("down")
    loop.run()
    assert loop.seen[-1] == AccountUnreadable(time=10, received=10, account="main", reason="down")


def test_endless_answers_are_an_error_that_names_the_command() -> None:
    """A core that answers every answer with a command is stopped, with latency or without."""
    for latency in (0, 5):
        loop = Loop([notice(10)], lambda _: [burn("loop")], Options(latency_ms=latency, cascade_max=20))
        with pytest.raises(InvariantBroken, match=r"20 answers in a row.*BurnNonce"):
            loop.run()


def test_endless_wakes_at_once_are_an_error() -> None:
    """A core that wants to be woken at once again and again is stopped."""
    loop = Loop([notice(10)], lambda e: [WakeAt(at_ms=e.received, key="k")], Options(cascade_max=20))
    with pytest.raises(InvariantBroken, match="WakeAt"):
        loop.run()


def test_funding_goes_before_what_comes_after_the_hour() -> None:
    """What the venue pays when an hour has passed is told before the first event after the hour."""
    loop = Loop([notice(HOUR_MS - 5), notice(HOUR_MS + 5, "after")], lambda _: [])
    loop.venue.due = [notice(HOUR_MS, "funding")]
    loop.run()
    assert kinds(loop) == [f"{HOUR_MS - 5} Notice", f"{HOUR_MS + 5} funding", f"{HOUR_MS + 5} after"]


def test_liquidation_by_new_prices_is_told_after_the_event_that_brought_them() -> None:
    """Prices are shown to the venue before the step; what they cause comes right after."""
    marks = Marks(time=1_500, received=1_500, quotes=(Quote(coin="ETH", mark=Decimal(1), mark_time=1_500),))
    loop = Loop([notice(1_000), marks, notice(1_500, "next")], lambda _: [])
    loop.venue.due = [notice(1_500, "liquidated")]
    loop.run()
    assert kinds(loop) == ["1000 Notice", "1500 Marks", "1500 liquidated", "1500 next"]


def test_books_and_rates_reach_the_venue() -> None:
    """News of the markets beside quotes is shown with every event of the feed."""
    rate = FundingRate(coin="ETH", rate=Decimal("0.0001"), oracle=Decimal(2_000))
    loop = Loop([notice(10)], lambda _: [])
    loop.news = [rate]
    loop.run()
    assert loop.venue.shown == [rate]


def test_fills_bear_the_quote_that_stands() -> None:
    """A fill without a quote of its own is given its coin's, if that was told a second ago or more."""
    fill = SourceFill(key="k", coin="ETH", time=3_000, side=Side.BUY, price=Decimal(2_000), quantity=Decimal(1))
    fills = SourceFills(time=3_000, received=3_000, wallet="0x" + "a" * 40, feed=Feed.TAPE, fills=(fill,))
    marks = Marks(time=10, received=10, quotes=(Quote(coin="ETH", mark=Decimal(2_000), mark_time=10),))
    loop = Loop([marks, fills], lambda _: [])
    loop.run()
    assert loop.seen[-1].quotes == (Quote(coin="ETH", mark=Decimal(2_000), mark_time=3_000),)


def test_all_standing_quotes_are_told_again_after_ten_seconds() -> None:
    """A price that nobody moved is repeated, so that it does not look forgotten."""
    marks = Marks(time=10, received=10, quotes=(Quote(coin="ETH", mark=Decimal(2_000), mark_time=10),))
    loop = Loop([marks, notice(5_000), notice(20_000)], lambda _: [])
    loop.run()
    assert [len(event.quotes) for event in loop.seen] == [1, 0, 1]
    assert loop.venue.shown == list(marks.quotes)


def test_every_step_is_journaled_watched_and_counted() -> None:
    """The journal holds event and commands of each step; watchers see the entry after it was kept."""
    loop = Loop([notice(10, "go"), notice(20)], on("go", order("c1")))
    seen: list[JournalEntry] = []

    def watch(entry: JournalEntry) -> None:
        assert loop.journal.last_seq == entry.seq
        seen.append(entry)

    loop.backtest._watch = watch
    tally = loop.run()

    async def entries() -> list[JournalEntry]:
        return [entry async for entry in loop.journal.read()]

    assert immediately(entries()) == seen
    assert [entry.event for entry in seen] == loop.seen
    assert [len(entry.commands) for entry in seen] == [1, 0, 0, 0]
    assert tally.events == 4
    assert tally.orders == {("grok-4", "ETH"): 1}
    assert isinstance(seen[1].event, OrderSent)
