"""Rule 2, sentence by sentence: what a bot holds, and how sure that is."""

from decimal import Decimal as D

from fadearena.core.follow import RECENT_MAX, Confidence, Follow, Start
from fadearena.model.policy import StartPolicy
from fadearena.model.wallet import ForcedKind
from tests.support.following import T0, begun, count, count_each, fill, history, outcome, read, tape, values

JOIN = Start(policy=StartPolicy.JOIN)


def followed(follow: Follow) -> D:
    """Return the followed part."""
    return follow.followed


# --- fills


def test_a_buy_and_a_sale_move_the_position_from_where_they_say() -> None:
    """A fill moves the position from startPosition to startPosition + size (buy) or - size (sale)."""
    follow = begun()
    assert outcome(count_each(follow, [fill(5_000, "2", "0")])) == (2, 0, 2, 1, 2)
    assert outcome(count_each(follow, [fill(6_000, "-3", "2")])) == (-1, 0, -1, 2, 1)


def test_a_fill_counts_once() -> None:
    """The same fill again, alone or twice in one message, changes nothing."""
    follow, once = begun(), fill(5_000, "2", "0")
    assert len(count(follow, once, once).counted) == 1
    again = count(follow, once)
    assert values(again.counted, again.duplicates, followed(follow)) == ([], 1, D(2))


def test_fills_of_one_millisecond_are_all_counted() -> None:
    """Same side, size and price in the same millisecond are different fills."""
    follow = begun()
    done = count(follow, fill(5_000, "1", "0", key="a"), fill(5_000, "1", "1", key="b"))
    assert values(len(done.counted), followed(follow), follow.confidence) == (2, D(2), Confidence.CONFIRMED)


def test_inside_a_millisecond_the_chain_gives_the_order() -> None:
    """Neither the list nor the key does: a turn at zero is found although it comes last."""
    follow = begun()
    done = count(follow, fill(5_000, "-3", "2", key="a"), fill(5_000, "2", "0", key="b"))
    assert values(done.gap, outcome(follow)) == (None, (-1, 0, -1, 2, 1))


def test_a_round_trip_inside_a_millisecond_goes_first() -> None:
    """Of several fills that begin at the position, the one after which the others can still follow goes first."""
    follow = begun()
    trips = [fill(5_000, "5", "0", key="a"), fill(5_000, "1", "0", key="b"), fill(5_000, "-1", "1", key="c")]
    for each in trips:
        count(follow, each)
    assert values(outcome(follow), follow.uncertainty) == ((5, 0, 5, 2, 5), None)


def test_both_halves_of_a_trade_with_itself_cancel_out() -> None:
    """A wallet's trade with itself shows two fills with one start; the next fill begins there too."""
    follow = begun("10")
    halves = [fill(5_000, "1", "10", key="a"), fill(5_000, "-1", "10", key="b"), fill(5_000, "2", "10", key="c")]
    done = count(follow, *halves)
    assert values(done.gap, follow.uncertainty, outcome(follow)[0]) == (None, None, 12)


def test_the_halves_of_a_trade_with_itself_may_come_apart() -> None:
    """The first half counts as it is; the second takes it back."""
    follow = count_each(begun("10"), [fill(5_000, "1", "10", key="a"), fill(5_000, "-1", "10", key="b")])
    assert values(outcome(follow)[0], follow.uncertainty) == (10, None)


def test_the_richer_copy_is_checked_but_not_counted_again() -> None:
    """A tape fill's richer copy brings its start, which proves the position, and is no new fill."""
    follow, rich = begun(), fill(5_000, "2", "0", forced=ForcedKind.ADL)
    assert len(count(follow, tape(rich)).counted) == 1
    assert follow.uncertainty is None
    assert follow.tail
    done = count(follow, rich)
    assert values(done.counted, done.duplicates, followed(follow)) == ([], 1, D(2))
    assert follow.confidence is Confidence.CONFIRMED


def test_a_richer_copy_that_contradicts_is_a_gap() -> None:
    """A start that is not where the tape put us is a hole: adopted, and a snapshot is asked for."""
    follow, rich = begun(), fill(5_000, "2", "7")
    count(follow, tape(rich))
    done = count(follow, rich)
    assert values(done.gap, done.wants_snapshot, followed(follow)) == ((0, 7), True, D(9))


# --- confidence


def test_nothing_is_known_before_two_snapshots_agree() -> None:
    """One snapshot is not enough; the second that agrees confirms; one that differs begins the count anew."""
    follow = Follow()
    assert values(follow.confidence, follow.uncertainty, followed(follow)) == (Confidence.UNKNOWN, "unknown", D(0))
    assert read(follow, 0, "5").wants_snapshot
    assert read(follow, 1, "6").wants_snapshot
    assert read(follow, 1, "6").wants_snapshot
    done = read(follow, 2, "6")
    assert values(done.started, done.wants_snapshot, outcome(follow)) == (True, False, (6, 6, 0, 0, 0))
    assert follow.confidence is Confidence.CONFIRMED


def test_on_an_unknown_position_the_tape_only_asks_for_a_snapshot() -> None:
    """A fill without a start says nothing about a position that nobody knows."""
    follow = Follow()
    done = count(follow, fill(0, "1"))
    assert values(done.wants_snapshot, done.counted, follow.now) == (True, [], None)


def test_a_fill_with_its_start_begins_to_follow() -> None:
    """What was there before the first fill is the baseline, what the fill added is followed."""
    follow = Follow()
    done = count(follow, *history((0, "2"), (0, "1"), start="10"))
    assert values(done.started, outcome(follow)) == (True, (13, 10, 3, 1, 3))


def test_a_first_millisecond_that_goes_round_begins_where_it_stands() -> None:
    """Fills of one millisecond that return to where they began still tell the position."""
    follow = Follow()
    count(follow, *history((0, "2"), (0, "-2"), start="10"))
    assert outcome(follow)[0] == 10


def test_what_was_done_before_following_was_switched_on_is_history() -> None:
    """A page of old fills begins nothing: only a snapshot, or a fill since then, does."""
    follow, since = Follow(), Start(policy=StartPolicy.FOLLOW_CHANGES, since=T0)
    old = history((-9_000, "5"), (-8_000, "5"))
    assert count(follow, *old, start=since).wants_snapshot
    assert follow.now is None
    assert not read(follow, -5, "10", start=since).started
    assert not read(follow, -1, "10", start=since).started
    count(follow, *old, fill(10, "1", "10"), start=since)
    assert outcome(follow) == (11, 10, 1, 1, 1)


def test_tape_fills_make_a_position_provisional() -> None:
    """They count, increases may follow, and the next fill with a start proves them."""
    follow = begun()
    count(follow, fill(5_000, "2"))
    assert values(follow.confidence, follow.uncertainty, followed(follow)) == (Confidence.PROVISIONAL, None, D(2))
    count(follow, fill(6_000, "1", "2"))
    assert values(follow.confidence, followed(follow)) == (Confidence.CONFIRMED, D(3))


def test_tape_fills_stand_where_they_close_the_chain() -> None:
    """Inside a millisecond a fill without a start goes where another one begins after it."""
    follow = begun()
    count(follow, fill(5_000, "1", key="a"), fill(5_000, "2", key="b"), fill(5_000, "1", "2", key="c"))
    assert values(outcome(follow)[0], follow.has_gap) == (4, False)
    count(follow, fill(5_000, "4", key="d"))
    assert outcome(follow)[0] == 8


def test_a_tape_fill_near_a_snapshot_is_undecidable() -> None:
    """Later than the snapshot it counts, earlier it does not; either way increases wait for the next read."""
    later, earlier = begun(), begun()
    assert count(later, fill(1_999, "1")).wants_snapshot
    assert count(earlier, fill(-1, "1")).wants_snapshot
    assert values(followed(later), followed(earlier)) == (D(1), D(0))
    assert later.uncertainty == earlier.uncertainty == "near a snapshot"
    read(later, 4_500, "1")
    read(earlier, 4_500, "0")
    assert later.uncertainty is earlier.uncertainty is None


def test_the_next_start_tells_whether_a_snapshot_held_a_tape_fill() -> None:
    """A fill with a start decides what the times could not."""
    inside, outside = begun("5"), begun("5")
    for follow, start in ((inside, "5"), (outside, "6")):
        count(follow, fill(1_000, "1"))
        count(follow, fill(5_000, "1", start))
        assert follow.uncertainty is None
    assert values(outcome(inside)[0], outcome(outside)[0]) == (6, 7)


def test_a_tape_fill_two_seconds_before_a_snapshot_is_in_it() -> None:
    """It is old news."""
    follow = begun()
    assert count(follow, fill(-2_000, "1")).duplicates == 1
    assert follow.uncertainty is None


def test_a_fill_that_the_snapshot_holds_does_not_count_again() -> None:
    """Its end is the snapshot's position, and time alone does not decide; seen again it is known."""
    follow, inside = begun("3"), fill(500, "1", "2")
    assert count(follow, inside).duplicates == 1
    assert count(follow, inside).duplicates == 1
    assert values(outcome(follow)[0], follow.uncertainty) == (3, None)


def test_where_no_chain_fits_the_snapshot_time_decides() -> None:
    """A fill around a snapshot that neither begins nor ends there is in it if it is not later."""
    before, after = begun("3"), begun("3")
    assert count(before, fill(-500, "1", "7")).gap is None
    assert count(after, fill(500, "1", "7")).gap == (D(3), D(7))


def test_a_snapshot_that_begins_near_a_fill_is_undecidable() -> None:
    """A fill that was heard of on an unknown position may or may not be in the snapshot."""
    follow = Follow()
    read(follow, 0, "5")
    count(follow, fill(2_000, "1"))
    assert read(follow, 2_500, "5").wants_snapshot
    assert follow.uncertainty == "near a snapshot"
    read(follow, 4_000, "5")
    assert follow.uncertainty is None


def test_a_broken_chain_is_a_gap_until_a_snapshot() -> None:
    """The new position is adopted, the hole is reported once, and nothing is increased on it."""
    follow = begun()
    done = count(follow, fill(5_000, "1", "4"))
    assert values(done.gap, done.wants_snapshot, outcome(follow)[0], follow.uncertainty) == ((0, 4), True, 5, "gap")
    assert count(follow, fill(6_000, "1", "5")).gap is None
    assert read(follow, 7_000, "6").wants_snapshot
    assert follow.uncertainty == "gap"
    read(follow, 8_000, "6")
    assert values(follow.uncertainty, outcome(follow)[2]) == (None, 6)


def test_a_gap_inside_the_tail_is_told_from_where_we_stood() -> None:
    """Behind tape fills the hole begins at what they led to."""
    follow = begun()
    assert count(follow, fill(5_000, "2"), fill(6_000, "1", "9")).gap == (D(2), D(9))


def test_a_gap_ends_when_the_missing_fill_is_fetched() -> None:
    """The late fill closes the chain, and everything is folded anew."""
    fills = history((5_000, "1"), (6_000, "-1"), (7_000, "3"))
    follow = count_each(begun(), [fills[0], fills[2]])
    assert follow.uncertainty == "gap"
    count(follow, fills[1])
    assert values(follow.uncertainty, outcome(follow)) == (None, (3, 0, 3, 2, 3))


def test_a_start_older_than_what_was_applied_is_never_adopted() -> None:
    """A late fill moves nothing back: what came after it still stands."""
    follow = count_each(begun(), [fill(5_000, "1", "0"), fill(6_000, "1", "1"), fill(5_500, "1", "40")])
    assert values(outcome(follow)[0], follow.uncertainty) == (2, "gap")


def test_a_holed_millisecond_begins_where_nothing_leads_to() -> None:
    """Several fills beyond a hole chain among themselves, and only the first is a hole."""
    follow = begun()
    done = count(follow, *reversed(history((5_000, "1"), (5_000, "2"), start="4")))
    assert values(done.gap, outcome(follow)[0]) == ((0, 4), 7)
    follow = begun()
    count(follow, *history((5_000, "1"), (5_000, "-1"), start="4"))
    assert values(outcome(follow)[0], follow.uncertainty) == (4, "gap")


def test_forks_inside_a_millisecond_are_a_gap() -> None:
    """Two fills from one position of which none leads back cannot both be right."""
    follow = begun()
    count(follow, fill(5_000, "1", "0", key="a"), fill(5_000, "2", "0", key="b"))
    assert follow.uncertainty == "gap"


def test_a_failed_repair_makes_a_position_unknown() -> None:
    """What was known stays, the tape only asks for a snapshot, and a snapshot or a start that fits ends it."""
    by_snapshot, by_fill = begun("5"), begun("5")
    for follow in (by_snapshot, by_fill):
        follow.repair_failed = True
        assert values(follow.confidence, follow.uncertainty) == (Confidence.UNKNOWN, "unknown")
        assert count(follow, fill(3_000, "-5")).wants_snapshot
        assert outcome(follow)[0] == 5
    read(by_snapshot, 9_000, "5")
    count(by_fill, fill(9_000, "1", "5"))
    assert by_snapshot.uncertainty is by_fill.uncertainty is None


def test_too_many_unproven_fills_are_taken_as_they_are() -> None:
    """Beyond the limit the oldest count for good, the newest still wait for proof, and a snapshot has to follow."""
    follow = begun()
    done = count(follow, *(fill(5_000 + n, "1", key=f"{n}") for n in range(5)), limit=3)
    assert values(len(follow.tail), outcome(follow)[0], follow.uncertainty) == (3, 5, "gap")
    assert done.wants_snapshot
    assert count(follow, fill(5_001, "1", key="1")).duplicates == 1
    count(follow, fill(6_000, "1", "5"))
    assert values(follow.uncertainty, outcome(follow)[0]) == (None, 6)


def test_a_hole_among_fills_that_are_given_up_is_still_reported() -> None:
    """Nothing is dropped in silence."""
    follow = begun()
    fills = (fill(5_000, "1", "8", key="a"), *(fill(5_001 + n, "1", key=f"{n}") for n in range(3)))
    assert count(follow, *fills, limit=2).gap == (D(0), D(8))
    assert outcome(follow)[0] == 12


def test_what_is_kept_of_proven_fills_is_bounded() -> None:
    """The oldest go by whole milliseconds, and count as known for ever; the newest millisecond is kept whole."""
    follow = begun()
    fills = history(*((5_000 + n // 2, "1") for n in range(RECENT_MAX + 7)))
    count(follow, *fills)
    assert len(follow.recent) <= RECENT_MAX
    assert count(follow, *fills).counted == []
    assert outcome(follow)[0] == RECENT_MAX + 7
    crowd = begun()
    count(crowd, *history(*((5_000, "1") for _ in range(RECENT_MAX + 7))))
    assert len(crowd.recent) == RECENT_MAX + 7
