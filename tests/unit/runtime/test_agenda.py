"""The order of things that lie ahead never depends on chance."""

from hypothesis import given
from hypothesis import strategies as st

from fadearena.model.event import Woke
from fadearena.runtime.agenda import Agenda, Rank
from tests.support.loop import notice


def drain(agenda: Agenda) -> list[tuple[int, Rank, object]]:
    """Take everything, in order."""
    taken: list[tuple[int, Rank, object]] = []
    while agenda.first() is not None:
        due = agenda.take()
        taken.append((due.time, due.rank, due.thing))
    return taken


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from(Rank)), max_size=30))
def test_earlier_first_then_rank_then_order_of_putting(rows: list[tuple[int, Rank]]) -> None:
    """Things come by time, then by rank, then in the order in which they were put in."""
    agenda = Agenda()
    things = [(time, rank, notice(time, str(n))) for n, (time, rank) in enumerate(rows)]
    for time, rank, thing in things:
        agenda.put(time, rank, thing)
    assert drain(agenda) == sorted(things, key=lambda row: row[:2])


def test_later_wake_of_a_key_replaces_the_earlier_one() -> None:
    """Only the wake that was asked for last comes, earlier or later than the one before."""
    agenda = Agenda()
    agenda.wake(10, "a")
    agenda.wake(50, "a")
    agenda.wake(40, "b")
    agenda.wake(20, "b")
    woken = [(time, thing.key) for time, _, thing in drain(agenda) if isinstance(thing, Woke)]
    assert woken == [(20, "b"), (50, "a")]


def test_wake_can_be_asked_for_again_after_it_came() -> None:
    """A key that came is free again."""
    agenda = Agenda()
    agenda.wake(10, "a")
    agenda.take()
    agenda.wake(30, "a")
    assert [time for time, _, _ in drain(agenda)] == [30]


def test_replaced_wakes_are_swept_out() -> None:
    """Asking again and again for the same far wake does not fill the heap."""
    agenda = Agenda()
    for n in range(20_000):
        agenda.wake(1_000_000 + n, "far")
    assert len(agenda._heap) < 10_000
    assert [time for time, _, _ in drain(agenda)] == [1_019_999]


def test_wakes_after_a_horizon_are_forgotten_and_nothing_else() -> None:
    """Forgetting spares what is due before the horizon, and everything that is no wake."""
    agenda = Agenda()
    agenda.wake(10, "near")
    agenda.wake(90, "far")
    agenda.wake(95, "moved")
    agenda.wake(20, "moved")
    agenda.put(100, Rank.ANSWER, notice(100))
    agenda.forget_wakes_after(50)
    assert [time for time, _, _ in drain(agenda)] == [10, 20, 100]
    agenda.wake(60, "far")
    assert [time for time, _, _ in drain(agenda)] == [60]
