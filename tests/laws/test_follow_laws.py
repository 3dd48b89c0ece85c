"""Whatever happens to messages on the way, the same history ends in the same followed part."""

from decimal import Decimal as D

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from fadearena.core.follow import Confidence, Follow, Start
from fadearena.core.follow.track import Track
from fadearena.model.policy import StartPolicy
from fadearena.model.units import sign
from fadearena.model.wallet import SourceFill
from tests.support.following import begun, count, count_each, fill, outcome, read, tape

quick = settings(max_examples=40)
sizes = st.integers(-4, 4).filter(bool)
starts = st.integers(-3, 3)


@st.composite
def histories(draw: st.DrawFn, *, gap_ms: int = 3_000, max_size: int = 8) -> tuple[int, list[SourceFill]]:
    """Draw a position at T0 and what is traded from `gap_ms` after it on, some of it in the same millisecond."""
    start = position = draw(starts)
    time, fills = gap_ms, list[SourceFill]()
    for number in range(draw(st.integers(1, max_size))):
        change = draw(sizes)
        time += draw(st.sampled_from((0, 0, 1, 700)))
        fills.append(fill(time, str(change), str(position), key=f"k{draw(st.integers(0, 9))}{number}"))
        position += change
    return start, fills


def in_order(start: int, fills: list[SourceFill]) -> Follow:
    """Count a history in one message, as it happened."""
    follow = begun(str(start))
    count(follow, *fills)
    return follow


@given(histories(), st.data())
@quick
def test_shuffled_and_doubled_fills_end_the_same(drawn: tuple[int, list[SourceFill]], data: st.DataObject) -> None:
    """Fills in any order, over any number of messages, some twice, end as they do in one message."""
    start, fills = drawn
    follow = begun(str(start))
    twice = data.draw(st.permutations([*fills, *data.draw(st.lists(st.sampled_from(fills), max_size=4))]))
    while twice:
        size = data.draw(st.integers(1, len(twice)))
        count(follow, *twice[:size])
        twice = twice[size:]
    assert outcome(follow) == outcome(in_order(start, fills))
    assert follow.now is not None
    assert follow.now.position == start + sum(each.change for each in fills)
    assert follow.confidence is Confidence.CONFIRMED
    assert follow.uncertainty is None


@given(histories(), st.data())
@quick
def test_dropped_fills_that_are_fetched_again_end_the_same(
    drawn: tuple[int, list[SourceFill]], data: st.DataObject
) -> None:
    """Fills that were lost, and then fetched with all others of their time, find their place in the history."""
    start, fills = drawn
    lost = data.draw(st.sets(st.sampled_from([each.key for each in fills])))
    follow = count_each(begun(str(start)), [each for each in fills if each.key not in lost])
    count(follow, *fills)
    assert outcome(follow) == outcome(in_order(start, fills))
    assert follow.confidence is Confidence.CONFIRMED


@given(histories(), st.data())
@quick
def test_tape_copies_mixed_with_rich_fills_end_the_same(
    drawn: tuple[int, list[SourceFill]], data: st.DataObject
) -> None:
    """Copies from the tape, before or after the richer fills, change nothing in the end."""
    start, fills = drawn
    copies = [tape(each) for each in data.draw(st.lists(st.sampled_from(fills), max_size=5))]
    follow = count_each(begun(str(start)), data.draw(st.permutations([*fills, *copies])))
    assert outcome(follow) == outcome(in_order(start, fills))
    assert follow.confidence is Confidence.CONFIRMED


@given(histories(), st.data())
@quick
def test_dropped_fills_with_only_a_snapshot_after(drawn: tuple[int, list[SourceFill]], data: st.DataObject) -> None:
    """Lost fills, then only snapshots: the same position, and nothing passes unnoticed that changed it."""
    start, fills = drawn
    lost = data.draw(st.sets(st.sampled_from([each.key for each in fills]), min_size=1))
    follow, noticed = begun(str(start)), False
    for each in fills:
        if each.key not in lost:
            noticed = count(follow, each).gap is not None or noticed
    told = outcome(follow)[0]
    end = start + sum(each.change for each in fills)
    for ms in (20_000, 23_000, 26_000):
        noticed = read(follow, ms, str(end), empty=not end).moved is not None or noticed
    position, baseline, followed, _, _ = outcome(follow)
    assert position == end
    assert noticed or told == end
    assert follow.uncertainty is None
    if start == 0:
        assert (baseline, followed) == (0, end)


@given(histories(gap_ms=-1_900), st.integers(0, 8), st.data())
@quick
def test_fills_around_a_snapshot_are_told_apart_by_their_chain(
    drawn: tuple[int, list[SourceFill]], inside: int, data: st.DataObject
) -> None:
    """Of the fills stamped around a snapshot those count that its position says came after it, in any order."""
    start, fills = drawn
    end = start + sum(each.change for each in fills)
    held = [each for each in fills if each.time < fills[min(inside, len(fills) - 1)].time]
    at_snapshot = start + sum(each.change for each in held)
    follow = begun(str(at_snapshot))
    last = fill(9_000, "1", str(end), key="last")
    count_each(follow, data.draw(st.permutations([*fills, last])))
    assert outcome(follow)[0] == end + 1
    assert follow.uncertainty is None


@given(histories(gap_ms=-500), st.data())
@quick
def test_a_follow_that_was_written_and_read_back_goes_on_the_same(
    drawn: tuple[int, list[SourceFill]], data: st.DataObject
) -> None:
    """A restart after any message changes nothing in what the next ones do."""
    start, fills = drawn
    live, restored = begun(str(start)), begun(str(start))
    copies = [tape(each) for each in data.draw(st.lists(st.sampled_from(fills), max_size=5))]
    for ms, each in enumerate(data.draw(st.permutations([*fills, *copies])), 10):
        shown = data.draw(st.sampled_from((str(outcome(live)[0]), "1")))
        for follow in (live, restored):
            count(follow, each, limit=3)
            read(follow, 1_000 * ms, shown, entry="7")
        restored = msgspec.json.decode(msgspec.json.encode(restored), type=Follow)
        assert restored == live


@given(histories())
@quick
def test_the_baseline_only_shrinks_and_keeps_the_positions_sign(drawn: tuple[int, list[SourceFill]]) -> None:
    """After every fill |baseline| <= |position|, with its sign, and not larger than before."""
    start, fills = drawn
    follow, before = begun(str(start)), abs(start)
    for each in fills:
        count(follow, each)
        position, baseline, followed, _, _ = outcome(follow)
        assert position == baseline + followed
        assert abs(baseline) <= min(abs(position), before)
        assert sign(baseline) in {0, sign(position)}
        assert followed == 0 or sign(followed) == sign(position)
        before = abs(baseline)


@given(starts, starts, st.lists(st.integers(1, 5_000), min_size=1, max_size=4), st.booleans())
@quick
def test_no_single_reading_and_no_old_one_is_believed(held: int, shown: int, steps: list[int], empty: bool) -> None:
    """A contradicting state needs two readings, an empty one after a position three; a stale one says nothing."""
    follow, ms = begun(str(held)), 0
    needed = 3 if empty and held else 2
    shown = 0 if empty else shown
    read(follow, -1, str(shown), empty=empty)
    assert outcome(follow)[0] == held
    for number, step in enumerate(steps, 1):
        ms += step + 2_000
        read(follow, ms, str(shown), empty=empty)
        assert outcome(follow)[0] == (shown if number >= needed else held)


@given(st.integers(1, 5), st.lists(st.integers(-6, 6), max_size=8))
@quick
def test_ignore_until_flat_follows_nothing_before_flat_or_flip(size: int, moves: list[int]) -> None:
    """Nothing is followed until the source was flat or turned; from then on everything is."""
    start = Start(policy=StartPolicy.IGNORE_UNTIL_FLAT)
    follow, was_flat = begun(str(size), start=start), False
    track = follow.now
    assert isinstance(track, Track)
    for move in moves:
        track.move(D(move), D(100))
        was_flat = was_flat or move <= 0
        assert track.followed == (move if was_flat else 0)
