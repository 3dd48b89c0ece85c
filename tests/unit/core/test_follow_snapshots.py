"""Rule 2.4: snapshots are a second, independent truth."""

from decimal import Decimal as D

import pytest

from fadearena.core.follow import Confidence, Follow, Start, apply_snapshot, known_flat
from fadearena.model.policy import StartPolicy
from tests.support.following import CHANGES, T0, begun, count, count_each, fill, history, outcome, read, values

JOIN = Start(policy=StartPolicy.JOIN)


def followed(follow: Follow) -> D:
    """Return the followed part."""
    return follow.followed


def test_a_snapshot_that_agrees_proves_what_it_surely_holds() -> None:
    """Two seconds after the last fill it confirms; nearer it says nothing yet, where it may hold more or fewer."""
    follow = count_each(begun(), [fill(4_000, "2"), fill(4_900, "-2"), fill(5_000, "2")])
    assert read(follow, 4_950, "2").wants_snapshot
    assert values(follow.confidence, followed(follow)) == (Confidence.PROVISIONAL, 2)
    assert not read(follow, 7_000, "2", entry="99").wants_snapshot
    assert values(follow.confidence, followed(follow)) == (Confidence.CONFIRMED, 2)
    assert follow.now is not None
    assert follow.now.entry == 99


def test_a_snapshot_is_compared_with_what_was_held_at_its_time() -> None:
    """A reading between two fills agrees with the first and says nothing against the second."""
    follow = count_each(begun(), [fill(5_000, "2"), fill(9_000, "3")])
    assert read(follow, 7_000, "2").moved is None
    assert read(follow, 4_000, "0").moved is None
    assert values(outcome(follow)[0], follow.doubt) == (5, None)


def test_a_snapshot_wins_when_read_twice_two_seconds_after_the_last_fill() -> None:
    """It makes a position change with the price that it implies; a reading too near to a fill does not count."""
    follow = begun("10", entry="100")
    count(follow, fill(5_000, "0.5", "10"))
    assert read(follow, 6_999, "20", entry="110").wants_snapshot
    assert read(follow, 7_000, "20", entry="110").moved is None
    assert follow.uncertainty == "in doubt"
    done = read(follow, 7_001, "20", entry="110")
    assert values(done.moved, follow.uncertainty, outcome(follow)) == (
        (D("10.5"), D(20), "snapshot"),
        None,
        (20, 10, 10, 1, 10),
    )
    assert done.implied_price == (110 * D(20) - 100 * D("10.5")) / D("9.5")
    assert done.path == [10]


def test_the_readings_of_a_doubt_have_to_be_new_and_the_same() -> None:
    """The same moment twice is one reading; another position begins the count anew; a fill ends the doubt."""
    follow = begun("10")
    for ms, size in ((3_000, "20"), (3_000, "20"), (3_001, "21"), (3_002, "20")):
        assert read(follow, ms, size).moved is None
    count(follow, fill(4_000, "1", "10"))
    assert follow.doubt is None
    read(follow, 4_500, "11")
    assert values(outcome(follow)[0], follow.doubt) == (11, None)


def test_an_older_snapshot_than_what_is_proven_says_nothing() -> None:
    """A stale query is not a state."""
    follow = begun()
    count(follow, fill(5_000, "2", "0"))
    done = apply_snapshot(follow, None, T0 + 4_999, CHANGES, is_empty=True)
    assert values(done.wants_snapshot, done.moved, follow.doubt) == (False, None, None)


def test_an_empty_state_after_a_position_needs_three_reads() -> None:
    """Or its closing fills."""
    follow = begun("10")
    assert read(follow, 3_000, "0", empty=True).moved is None
    assert read(follow, 4_000, "0", empty=True).moved is None
    assert read(follow, 5_000, "0", empty=True).moved == (D(10), D(0), "snapshot")
    closed = count_each(begun("10"), [fill(5_000, "-10")])
    read(closed, 9_000, "0", empty=True)
    assert values(outcome(closed)[0], closed.confidence) == (0, Confidence.CONFIRMED)


@pytest.mark.parametrize(
    ("held", "entry", "shown", "new_entry", "implied"),
    [
        ("2", "100", "5", "106", "110"),
        ("0", None, "5", "106", "106"),
        ("2", "100", "-3", "90", "90"),
        ("2", "100", "5", None, None),
        ("2", None, "5", "106", None),
        ("2", "100", "3", "10", None),
    ],
)
def test_what_a_move_without_fills_must_have_cost(
    held: str, entry: str | None, shown: str, new_entry: str | None, implied: str | None
) -> None:
    """(New entry x new size - old entry x old size) / change; from flat and turned the new entry; else unknown."""
    follow = begun(held, entry=entry)
    read(follow, 3_000, shown, entry=new_entry)
    done = read(follow, 6_000, shown, entry=new_entry)
    assert done.implied_price == (None if implied is None else D(implied))


def test_an_entry_that_changed_alone_moves_nothing() -> None:
    """The same size is the same position."""
    follow = begun("2", entry="100")
    assert read(follow, 9_000, "2", entry="101").moved is None


def test_agreeing_snapshots_keep_a_chain_that_late_fills_may_still_enter() -> None:
    """A round trip that was missed is found again although a snapshot could not show it."""
    fills = history((5_000, "-10"), (6_000, "10"), (7_000, "1"), start="10")
    follow = count_each(begun("10"), [fills[2]])
    read(follow, 20_000, "11")
    assert outcome(follow) == (11, 10, 1, 1, 1)
    count(follow, *fills)
    assert outcome(follow) == (11, 0, 11, 1, 11)


def test_a_coin_that_sure_snapshots_did_not_show_begins_at_zero() -> None:
    """Its first fill is followed whole."""
    follow = Follow()
    known_flat(follow, T0, CHANGES)
    count(follow, fill(5_000, "2"))
    assert values(followed(follow), follow.confidence) == (D(2), Confidence.PROVISIONAL)
