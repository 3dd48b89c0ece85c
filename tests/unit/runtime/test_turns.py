"""A turn stamps, steps and commits; nobody hears of what is not journaled, and nothing is lost by a broken event."""

from collections.abc import Sequence

import msgspec
import pytest

from fadearena.core.engine import Turned
from fadearena.core.state import State
from fadearena.kit.clock import ManualClock
from fadearena.model.error import StorageUnavailable
from fadearena.model.event import Event, InputRejected, Marks, Notice
from fadearena.model.market import Quote
from fadearena.model.record import Alert
from fadearena.model.units import EpochMs
from fadearena.runtime.corrected import CorrectedClock
from fadearena.runtime.engine import Engine
from fadearena.runtime.immediate import immediately
from fadearena.runtime.inbox import Incoming
from fadearena.runtime.metrics import Metrics
from fadearena.runtime.standing import StandingQuotes
from fadearena.runtime.turns import Poisoned, Turns
from tests.support.room import notice, order, recovered, wake, with_text
from tests.support.room_doors import FlakyJournal, quote
from tests.support.world import T0


def breaking(state: State, event: Event) -> Turned:
    """Step, with a record for each event; raise on a notice that says so."""
    if isinstance(event, Notice) and event.text == "poison":
        raise KeyError(event.text)
    state.seq, state.now = state.seq + 1, event.received
    return Turned(commands=[wake(1)], records=[Alert(level="info", category="c", subject="s", text="t")] * 2)


class Table:
    """Turns with all that they need."""

    def __init__(self) -> None:
        self.clock = ManualClock(T0)
        self.state = State()
        self.journal = FlakyJournal()
        self.metrics = Metrics()
        self.board: dict[str, Quote] = {}
        corrected = CorrectedClock(self.clock, self.state)
        standing = StandingQuotes(lambda coin, _now: self.board.get(coin), coin_ms=0)
        self.turns = Turns(recovered(self.state), Engine(step=breaking), self.journal, corrected, standing)

    def take(self, *events: Event, budget_s: float | None = None) -> list[Incoming]:
        """Take events; return what is left."""
        incoming = [Incoming(event) for event in events]
        _, rest = immediately(self.turns.take(incoming, budget_s=budget_s))
        return rest

    @property
    def kept(self) -> list[Event]:
        """The events that are journaled."""
        return [entry.event for entry in self.journal._memory.entries.values()]

    @property
    def received(self) -> list[EpochMs]:
        """When each was received, since the beginning."""
        return [event.received - T0 for event in self.kept]


def of(incoming: Sequence[Incoming]) -> list[str]:
    """Return the texts of what is left."""
    return with_text([each.event for each in incoming])


def test_event_that_was_made_here_happens_when_it_is_received() -> None:
    """A time of its own stays as it is."""
    table = Table()
    table.take(notice(), Notice(time=T0 - 5, received=0, level="info", category="c", text="t"))
    assert [(event.time - T0, event.received - T0) for event in table.kept] == [(0, 0), (-5, 0)]


def test_stamps_never_decrease() -> None:
    """Neither where an offset is measured that puts our clock back, nor where it steps."""
    table = Table()
    table.take(notice())
    table.clock.move_by(100)
    table.take(notice())
    table.state.clock_offset_ms = 60
    table.take(notice())
    table.clock.move_by(100)
    table.take(notice())
    assert table.received == [0, 100, 100, 140]


def test_no_fact_comes_from_the_future() -> None:
    """An event whose own time lies more than five seconds ahead is set aside, with its text; one at five is not."""
    table = Table()
    at_five, ahead = (Notice(time=T0 + ms, received=0, level="l", category="c", text="t") for ms in (5_000, 5_001))
    table.take(at_five, ahead)
    rejected = table.kept[1]
    assert isinstance(rejected, InputRejected)
    assert (rejected.source, rejected.time, rejected.received) == ("notice", T0, T0)
    assert rejected.error == f"its time {T0 + 5_001} lies 5 s after ours"
    assert f'"time":{T0 + 5_001}' in rejected.excerpt
    assert table.kept[0].time == T0 + 5_000


def test_future_is_what_lies_ahead_of_the_corrected_clock() -> None:
    """A clock of ours that is slow does not refuse what the exchange says now."""
    table = Table()
    table.state.clock_offset_ms = -60_000
    table.take(Notice(time=T0 + 60_000, received=0, level="l", category="c", text="t"))
    assert isinstance(table.kept[0], Notice)


def test_burst_costs_one_commit() -> None:
    """Entries and records are numbered without a gap."""
    table = Table()
    table.take(*[notice(str(number)) for number in range(50)])
    table.take(notice())
    table.take()
    assert table.journal.commits == [50, 1]
    assert [(entry.seq, entry.record_seq) for entry in table.journal._memory.entries.values()][-1] == (51, 102)
    assert (table.turns.seq, table.turns.record_seq) == (51, 102)
    table.turns.count(table.metrics)
    table.turns.count(table.metrics)
    assert table.metrics.registry.get_sample_value("fadearena_events_total", {"kind": "notice"}) == 51
    assert table.metrics.registry.get_sample_value("fadearena_journal_seq") == 51


def test_quotes_are_attached_to_answers_by_their_cause() -> None:
    """What an order was about is told with the prices of now."""
    table = Table()
    table.board["ETH"] = quote("ETH", T0)
    immediately(table.turns.take([Incoming(notice(), order())]))
    assert table.kept[0].quotes == (quote("ETH", T0),)


def test_prices_come_with_marks() -> None:
    """Those that the event brings stay, every ten seconds those that were told before are told again."""
    table = Table()
    table.board["ETH"] = quote("ETH", T0)
    table.take(Marks(time=0, received=0, quotes=(quote("ETH", T0),)))
    table.clock.move_by(10_000)
    table.take(Marks(time=0, received=0))
    assert [len(event.quotes) for event in table.kept] == [1, 1]


def test_budget_ends_a_turn_after_the_event_that_used_it_up() -> None:
    """At least one event is taken; the others are handed back untouched."""
    table = Table()
    rest = table.take(notice("a"), notice("b"), notice("c"), budget_s=-1)
    assert with_text(table.kept) == ["a"]
    assert of(rest) == ["b", "c"]


def test_poison_leaves_what_came_before_journaled_and_what_comes_after_untouched() -> None:
    """The event itself is told with its text and its error."""
    table = Table()
    with pytest.raises(Poisoned, match="KeyError: 'poison'") as raised:
        table.take(notice("a"), notice("poison"), notice("b"))
    assert with_text(table.kept) == ["a"]
    assert with_text([entry.event for entry in raised.value.entries]) == ["a"]
    assert of(raised.value.rest) == ["b"]
    assert '"text":"poison"' in raised.value.held


def test_poison_alone_is_not_journaled() -> None:
    """Nothing is committed where nothing was stepped."""
    table = Table()
    with pytest.raises(Poisoned):
        table.take(notice("poison"))
    assert table.journal.commits == []


def test_failed_commit_is_told_before_poison() -> None:
    """Where both happen the state is dropped, and everything is taken again."""
    table = Table()
    table.journal.failures = ["before"]
    with pytest.raises(StorageUnavailable, match="disk is full"):
        table.take(notice("a"), notice("poison"))
    assert table.kept == []


def test_prices_whose_time_has_come_are_told_a_few_at_a_time() -> None:
    """Each moves the value of all that is held in its coin; one without a price does not hold the others up."""
    board = {f"C{number}": msgspec.structs.replace(quote("ETH", T0), coin=f"C{number}") for number in range(5)}
    standing = StandingQuotes(lambda coin, _now: board.get(coin), coins=["A", *board], most=2)
    told: list[list[str]] = []
    for now in range(T0, T0 + 2_500, 250):
        assert standing.is_due(now) is (not (now - T0) % 500 and now < T0 + 1_500)
        told.append([each.coin for each in standing.stamp(notice(), now, None).quotes])
    assert [coins for coins in told if coins] == [["C0"], ["C1", "C2"], ["C3", "C4"]]
    assert not standing.is_due(T0 + 9_999)
    again = standing.stamp(notice(), T0 + 10_000, None)
    assert [each.coin for each in again.quotes] == ["C0"]


def test_prices_that_are_due_soon_are_told_with_those_that_are_due() -> None:
    """So that one entry of the journal brings them together."""
    board = {coin: msgspec.structs.replace(quote("ETH", T0), coin=coin) for coin in "AB"}
    standing = StandingQuotes(lambda coin, _now: board.get(coin), coin_ms=0, most=10)
    standing.stamp(Marks(time=0, received=0, quotes=(board["A"],)), T0, None)
    standing.stamp(Marks(time=0, received=0, quotes=(board["B"],)), T0 + 4_000, None)
    assert [each.coin for each in standing.stamp(notice(), T0 + 10_000, None).quotes] == ["A", "B"]
