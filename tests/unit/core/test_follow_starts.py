"""Rule 3, sentence by sentence: which part of a position is followed, and what sizing needs of it."""

from decimal import Decimal as D

import pytest

from fadearena.core.follow import Follow, Start, forget, restart
from fadearena.core.follow.track import Track
from fadearena.model.policy import StartPolicy
from fadearena.model.units import Direction
from tests.support.following import CHANGES, begun, count, count_each, fill, history, outcome, read, values

JOIN = Start(policy=StartPolicy.JOIN)
IGNORE = Start(policy=StartPolicy.IGNORE_UNTIL_FLAT)


def followed(follow: Follow) -> D:
    """Return the followed part."""
    return follow.followed


# --- baseline and starts


@pytest.mark.parametrize(("position", "part", "baseline"), [(15, 5, 10), (12, 2, 10), (8, 0, 8), (10, 0, 10)])
def test_follow_changes_from_ten(position: int, part: int, baseline: int) -> None:
    """From +10: 15 -> +5, 12 -> +2, 8 -> 0 (baseline 8)."""
    track = Track(position=D(10), baseline=D(10))
    track.move(D(position), D(100))
    assert values(track.followed, track.baseline) == (part, baseline)


def test_follow_changes_one_after_another() -> None:
    """From +10: 15 -> followed +5; 12 -> +2; 8 -> 0; 10 -> +2; -3 -> -3."""
    track, seen = Track(position=D(10), baseline=D(10)), []
    for position in (15, 12, 8, 10, -3):
        track.move(D(position), D(100))
        seen.append(track.followed)
    assert seen == [5, 2, 0, 2, -3]
    assert values(track.baseline, track.leg, track.peak) == (0, 3, 3)


def test_flat_makes_the_baseline_zero() -> None:
    """What is opened after that is followed whole."""
    track = Track(position=D(-10), baseline=D(-10))
    track.move(D(0), D(100))
    track.move(D(-4), D(100))
    assert values(track.baseline, track.followed) == (0, -4)


@pytest.mark.parametrize("through", ["0", "-1"])
def test_ignore_until_flat_follows_nothing_until_flat_or_flipped(through: str) -> None:
    """Growth and reduces before that are not followed."""
    follow = begun("10", start=IGNORE)
    for ms, size in ((5_000, "5"), (6_000, "-7")):
        assert follow.now is not None
        count(follow, fill(ms, size, follow.now.position))
        assert followed(follow) == 0
    assert follow.now is not None
    count(follow, fill(7_000, D(through) - follow.now.position, follow.now.position))
    assert followed(follow) == D(through)
    count(follow, fill(8_000, "-2", through))
    assert followed(follow) == D(through) - 2


def test_ignore_until_flat_on_a_flat_coin_follows_at_once() -> None:
    """There is nothing to wait for."""
    follow = begun("0", start=IGNORE)
    count(follow, fill(5_000, "1", "0"))
    assert followed(follow) == 1


def test_join_follows_what_is_there() -> None:
    """The baseline is zero from the beginning."""
    assert outcome(begun("10", start=JOIN)) == (10, 0, 10, 1, 10)


@pytest.mark.parametrize(
    ("direction", "size", "mark", "joins"),
    [
        (Direction.COPY, "10", "100.5", True),
        (Direction.COPY, "10", "100.51", False),
        (Direction.COPY, "-10", "99.5", True),
        (Direction.COPY, "-10", "99.49", False),
        (Direction.FADE, "10", "99.5", True),
        (Direction.FADE, "10", "99.49", False),
        (Direction.FADE, "-10", "100.5", True),
        (Direction.FADE, "-10", "100.51", False),
        (Direction.COPY, "10", None, False),
    ],
)
def test_join_if_better(direction: Direction, size: str, mark: str | None, joins: bool) -> None:
    """It joins where the mark is at least as good for us as the source's entry, within 50 bps; else changes only."""
    start = Start(
        policy=StartPolicy.JOIN_IF_BETTER,
        mark=None if mark is None else D(mark),
        direction=direction,
        chase_bps=D(50),
    )
    assert followed(begun(size, start=start, entry="100")) == (D(size) if joins else 0)
    assert followed(begun(size, start=start)) == 0


def test_a_new_start_keeps_what_a_sleeve_holds() -> None:
    """A bot enabled again begins anew for what its sleeve does not hold; until it is known, nothing changes."""
    follow = count_each(begun("10"), [fill(5_000, "3", "10")])
    forget(follow, D(3))
    assert values(followed(follow), follow.uncertainty) == (D(3), "unknown")
    for ms in (9_000, 12_000):
        read(follow, ms, "20")
    assert outcome(follow) == (20, 17, 3, 1, 3)


@pytest.mark.parametrize(("size", "part"), [("2", 2), ("-5", 0), ("0", 0)])
def test_what_a_sleeve_holds_is_at_most_what_the_source_holds(size: str, part: int) -> None:
    """A source that closed or turned meanwhile leaves nothing to hold."""
    follow = begun("10")
    forget(follow, D(3))
    for ms in (9_000, 12_000):
        read(follow, ms, size)
    assert followed(follow) == part


def test_ignoring_until_flat_what_a_sleeve_holds_only_shrinks() -> None:
    """The held part is reduced with the source, and does not grow with it."""
    follow = begun("10")
    forget(follow, D(3))
    for ms in (9_000, 12_000):
        read(follow, ms, "10", start=IGNORE)
    sizes = []
    for ms, change in ((20_000, "5"), (21_000, "-2"), (22_000, "-9"), (23_000, "1")):
        assert follow.now is not None
        count(follow, fill(ms, change, follow.now.position))
        sizes.append(followed(follow))
    assert sizes == [3, 1, 0, 0]


def test_after_a_new_start_old_fills_begin_nothing() -> None:
    """A repeated page of what was known before is not the position of now."""
    fills = history((5_000, "3"), (6_000, "-1"))
    follow = count_each(begun(), fills)
    forget(follow, D(0))
    assert count(follow, *fills).wants_snapshot
    assert follow.now is None


def test_release_is_a_new_start_from_the_confirmed_position() -> None:
    """What the source holds then is the baseline, whatever was followed before; late fills change nothing of it."""
    fills = history((5_000, "3"), (6_000, "2"), start="10")
    follow = count_each(begun("10"), fills)
    restart(follow, CHANGES)
    assert outcome(follow)[:3] == (15, 15, 0)
    count(follow, *fills, fill(7_000, "1", "15"))
    assert outcome(follow)[:3] == (16, 15, 1)


def test_release_right_after_a_snapshot_keeps_the_snapshot() -> None:
    """A fill that it holds does not count after the new start either."""
    follow = begun("10")
    restart(follow, JOIN)
    assert followed(follow) == 10
    assert count(follow, fill(-100, "1", "9")).duplicates == 1


def test_release_of_what_is_not_confirmed_waits_for_what_is() -> None:
    """A provisional position is no baseline: following begins at the next confirmed one, by the release's policy."""
    follow = count_each(begun("10"), [fill(5_000, "3")])
    restart(follow, CHANGES)
    assert values(followed(follow), follow.uncertainty) == (D(0), "unknown")
    for ms in (9_000, 12_000):
        read(follow, ms, "13", start=JOIN)
    assert outcome(follow)[:3] == (13, 13, 0)


# --- what sizing needs: leg, peak, path, entry


def test_a_leg_begins_when_followed_leaves_zero_or_turns() -> None:
    """The peak is the largest |followed| since then."""
    track, seen = Track(position=D(0), baseline=D(0)), []
    for position in (1, 3, 2, 0, 4, -1, -1):
        track.move(D(position), D(100))
        seen.append(values(track.leg, track.peak))
    assert seen == [(1, 1), (1, 3), (1, 3), (1, 0), (2, 4), (3, 1), (3, 1)]


def test_the_path_is_what_followed_went_through_in_its_leg() -> None:
    """Sizing folds over every fill, though the decision comes once a message; late history is not gone through."""
    follow = begun()
    assert count(follow, *history((5_000, "2"), (5_001, "-2"), (5_002, "1"), (5_003, "2"))).path == [1, 3]
    assert count(follow, fill(6_000, "1"), fill(6_001, "1", "9")).path == [4, 9, 10]
    assert count(follow, fill(5_500, "1")).path == [10]


@pytest.mark.parametrize(
    ("old", "entry", "new", "price", "expected"),
    [
        ("0", None, "2", "100", "100"),
        ("2", "100", "4", "110", "105"),
        ("4", "105", "1", "120", "105"),
        ("4", "105", "-1", "120", "120"),
        ("4", "105", "0", "120", None),
        ("2", "100", "4", None, None),
        ("2", None, "4", "110", None),
    ],
)
def test_the_entry_price(old: str, entry: str | None, new: str, price: str | None, expected: str | None) -> None:
    """It averages on increase, stays on reduction, is reset by flat and turn, unknown where a price is."""
    track = Track(position=D(old), baseline=D(0), entry=None if entry is None else D(entry))
    track.move(D(new), None if price is None else D(price))
    assert track.entry == (None if expected is None else D(expected))
