"""Rule 2.3: a wallet that trades all the time is known by its readings and the tape between them."""

from decimal import Decimal as D
from random import Random

import pytest

from fadearena.core.follow import Follow
from tests.support.following import T0, begun, count, count_each, fill, outcome, read, values


def test_a_reading_among_fills_is_placed_by_their_sizes() -> None:
    """However late it is: the sizes fit in one way, and from then on every fill stands on what is proven."""
    follow = count_each(begun(), [fill(3_000, "2"), fill(3_700, "0.7"), fill(4_400, "-1.1"), fill(5_100, "3")])
    done = read(follow, 5_200, "1.6", entry="99")
    assert (done.wants_snapshot, done.moved, follow.uncertainty, follow.by_snapshot) == (False, None, None, False)
    assert values(outcome(follow)[0], follow.base.position if follow.base else None, len(follow.tail)) == (
        D("4.6"),
        D("1.6"),
        1,
    )
    assert follow.base is not None
    assert (follow.base.entry, follow.base_time) == (D(99), T0 + 4_400)


def test_a_fill_near_the_ground_is_decided_by_the_next_reading() -> None:
    """A snapshot did not hold a fill that came before it: the next one tells, and the fill counts from then on."""
    follow = begun("10")
    count(follow, fill(-300, "5"))
    assert values(follow.uncertainty, outcome(follow)[0]) == ("near a snapshot", 10)
    count_each(follow, [fill(700, "1"), fill(1_400, "2.5")])
    done = read(follow, 1_500, "18.5")
    assert ([each.quantity for each in done.counted], done.wants_snapshot) == ([D(5)], False)
    assert values(follow.uncertainty, outcome(follow)[0]) == (None, D("18.5"))


@pytest.mark.parametrize("size", ["1", "3", "2.5"])
def test_what_fits_in_several_ways_or_none_is_read_again(size: str) -> None:
    """Equal sizes around a reading do not tell which of them it holds, unless time bears it out."""
    follow = count_each(begun(), [fill(2_500, "1"), fill(4_100, "1"), fill(4_200, "-1"), fill(4_300, "1")])
    assert read(follow, 4_150 if size == "1" else 4_350, size).wants_snapshot
    assert values(outcome(follow)[0], follow.confidence) == (2, "provisional")


def test_equal_sizes_are_placed_by_time_where_it_fits() -> None:
    """Somebody who sells a large order in equal parts is not read every two seconds for ever."""
    follow = count_each(begun(), [fill(2_500 + 700 * n, "-1") for n in range(8)])
    assert not read(follow, 5_400, "-5").wants_snapshot
    assert values(outcome(follow)[0], follow.uncertainty) == (-8, None)


def test_two_readings_overrule_what_was_missed() -> None:
    """A fill that never came is found by two readings that the tape between them makes agree: a position change."""
    follow = count_each(begun("0", entry=None), [fill(3_000, "2"), fill(3_700, "0.7")])
    assert read(follow, 3_800, "12.7").wants_snapshot
    assert follow.uncertainty == "in doubt"
    count_each(follow, [fill(4_400, "0.3"), fill(5_100, "1.1"), fill(5_800, "0.9")])
    done = read(follow, 5_700, "14.1", entry="101")
    assert (done.moved, done.wants_snapshot) == ((D("5.0"), D("15.0"), "snapshot"), False)
    assert values(follow.uncertainty, outcome(follow)[0], len(follow.tail)) == (None, 15, 1)


def test_readings_that_do_not_agree_overrule_nothing() -> None:
    """Each is compared with the one before it; without fills after the base nothing can be told."""
    follow = count_each(begun(), [fill(3_000, "2"), fill(3_700, "0.7")])
    for ms, size in ((3_800, "12.7"), (3_900, "20"), (4_000, "30")):
        assert read(follow, ms, size).moved is None
    assert follow.doubt is not None
    assert follow.doubt.position == 30


def test_a_wallet_is_met_while_it_trades() -> None:
    """No two readings are equal; the tape between them tells why, and that is as good."""
    follow = Follow()
    for each in (fill(-2_000, "0.4"), fill(-700, "1"), fill(-50, "2.2")):
        assert [early.key for early in count(follow, each).early] == [each.key]
    assert not read(follow, 0, "7.3").started
    count_each(follow, [fill(700, "0.5"), fill(1_400, "-1.9"), fill(2_050, "0.25")])
    done = read(follow, 2_100, "5.9")
    assert (done.started, done.wants_snapshot, [each.quantity for each in done.counted]) == (True, False, [D("0.25")])
    assert values(outcome(follow)[0], follow.now.baseline if follow.now else None) == (D("6.15"), D("5.9"))


def test_a_fill_that_two_equal_readings_do_not_hold_yet_is_kept() -> None:
    """Readings may be late: what came just before them is in doubt, not forgotten."""
    follow = Follow()
    count(follow, fill(-50, "-1"))
    for ms in (0, 10):
        read(follow, ms, "7")
    assert values(outcome(follow)[0], follow.uncertainty) == (7, "near a snapshot")
    count_each(follow, [fill(700, "0.5"), fill(1_400, "-1.9")])
    assert read(follow, 1_500, "4.6").moved is None
    assert values(outcome(follow)[0], follow.uncertainty) == (D("4.6"), None)


def test_fills_that_tell_where_they_began_are_not_placed_by_readings() -> None:
    """The chain proves them, and a reading near the newest says nothing."""
    follow = begun("10")
    count_each(follow, [fill(3_000, "2", "10"), fill(3_700, "1")])
    count(follow, fill(4_000, "5", "20"))
    assert read(follow, 4_100, "25").wants_snapshot
    assert follow.uncertainty == "gap"


def test_whatever_the_lag_and_whatever_is_missed_a_busy_wallet_is_known() -> None:
    """A wallet with a fill each 700 ms, readings up to 1.5 s late: the belief is right nearly all the time."""
    for seed in range(20):
        rng, follow, truth = Random(seed), Follow(), [(T0 - 60_000, D(5))]
        right = 0
        for n in range(200):
            ms = 700 * n
            change = D(rng.randrange(1, 10_000)) / 100 * rng.choice((1, 1, -1))
            truth.append((T0 + ms, truth[-1][1] + change))
            if n not in {60, 61, 130}:
                count(follow, fill(ms, change, key=str(n)))
            if n % 4 == 3:
                at = ms + rng.randrange(20, 600)
                late = T0 + at - rng.randrange(1_500)
                read(follow, at, [size for time, size in truth if time <= late][-1])
            right += follow.now is not None and follow.now.position == truth[-1][1]
        assert right > 150
        assert follow.now is not None
        assert follow.now.position == truth[-1][1]


def test_a_reading_near_a_fill_is_no_first_of_two_that_win_later() -> None:
    """What contradicts the fills wins when it was read twice, both times two seconds after the last of them."""
    follow = count_each(begun(), [fill(3_000, "2")])
    assert read(follow, 3_500, "7").wants_snapshot
    assert read(follow, 5_000, "7").moved is None
    assert read(follow, 5_001, "7").moved == (D(2), D(7), "snapshot")


def test_hundreds_of_fills_around_a_reading_are_not_tried_in_every_way() -> None:
    """The next reading may be easier; until then nothing is decided on it."""
    follow = count_each(begun(), [fill(-1_900 + 20 * n, "1") for n in range(200)])
    assert read(follow, 1_000, "140").wants_snapshot
