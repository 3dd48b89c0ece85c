"""Counting fills: what is new, what is proven by the chain, what is believed beyond it."""

from collections.abc import Iterable, Sequence
from itertools import takewhile

import msgspec

from fadearena.core.follow import chain
from fadearena.core.follow.chain import Link
from fadearena.core.follow.memory import PASSED_MAX, RECENT_MAX, UNDECIDABLE_MS, Applied, Follow
from fadearena.core.follow.start import Start, begin_track
from fadearena.core.follow.track import Track
from fadearena.model.units import ZERO, EpochMs, Price, Quantity, Size
from fadearena.model.wallet import SourceFill


def apply_fills(follow: Follow, fills: Iterable[SourceFill], start: Start, limit: int) -> Applied:
    """
    Count the fills of one message.

    Args:
        follow: Changed in place.
        fills: All of one coin, in any order.
        start: How following begins if it has not yet.
        limit: How many unproven fills are kept; beyond it the oldest are taken as they are.
    """
    done = Applied()
    news = sorted(fills, key=lambda fill: fill.time)
    if follow.base is None:
        _begin_by_fill(follow, news, start, done)
    now = follow.now
    if now is None:
        _note_time(follow, news)
        _keep_until_begun(follow, news, limit, done)
        done.wants_snapshot = True
        return done
    if follow.repair_failed:
        news = _without_tape(follow, news, done)
    new, earliest = _sift(follow, news, done)
    if earliest is not None:
        leg, is_late = now.leg, _is_late(follow, earliest)
        base = _rewind(follow, earliest) or now
        if any(fill.start_position is not None for fill in news):
            follow.doubt = None
        follow.tail = sorted([*follow.tail, *new], key=lambda fill: fill.time)
        _note_time(follow, new)
        walker = _Walker(leg, _place(follow, base, new, done))
        _settle(follow, base, limit, walker, done)
        done.path = [abs(follow.followed)] if is_late else walker.path
    done.wants_snapshot = done.wants_snapshot or follow.has_gap or follow.undecided
    return done


def begin(follow: Follow, size: Size, entry: Price | None, time: EpochMs, start: Start, *, by_snapshot: bool) -> None:
    """Begin to follow at a proven position; what a sleeve stands for stays followed."""
    start = msgspec.structs.replace(start, held=follow.held, policy=follow.policy or start.policy)
    settle_on(follow, begin_track(size, entry, start), time, by_snapshot=by_snapshot)
    follow.passed, follow.passed_to = [], max(follow.passed_to, time)
    follow.held, follow.policy, follow.doubt = ZERO, None, None


def settle_on(follow: Follow, track: Track, time: EpochMs, *, by_snapshot: bool) -> None:
    """Take a state as proven at `time`, and forget what led to it."""
    _let_go(follow, (*follow.near, *follow.recent, *follow.tail))
    follow.ground, follow.base, follow.now = track.copy(), track, track
    follow.ground_time, follow.by_snapshot = time, by_snapshot
    follow.near, follow.recent, follow.tail = [], [], []
    follow.has_gap = follow.undecided = follow.repair_failed = False


def position_at(follow: Follow, base: Track, time: EpochMs) -> Size:
    """Return what is believed of the position at a time not before the base."""
    passed = list(takewhile(lambda link: link.fill.time <= time, chain.links(follow.tail, base.position)))
    return passed[-1].after if passed else base.position


# --- what is new


def _begin_by_fill(follow: Follow, news: Sequence[SourceFill], start: Start, done: Applied) -> None:
    """Begin where the first fill since following was switched on says that it began."""
    told = [
        fill
        for fill in news
        if fill.start_position is not None and fill.time >= start.since and fill.time > follow.floor
    ]
    first = [fill for fill in told if fill.time == told[0].time]
    if first:
        size = chain.first_start(first)
        size = first[0].start_position if size is None else size
        begin(follow, size or ZERO, None, first[0].time - 1, start, by_snapshot=False)
        done.started = True


def _keep_until_begun(follow: Follow, news: Sequence[SourceFill], limit: int, done: Applied) -> None:
    """Keep what the tape tells: two readings may differ by it, and the second one may not hold the newest yet."""
    known = {fill.key for fill in follow.near} | set(follow.told)
    done.early = [fill for fill in news if fill.start_position is None and fill.key not in known]
    follow.near = sorted([*follow.near, *done.early], key=lambda fill: fill.time)[-limit:]
    follow.told = [*follow.told, *(fill.key for fill in done.early)][-limit:]


def _without_tape(follow: Follow, news: list[SourceFill], done: Applied) -> list[SourceFill]:
    """Leave the tape out: on an unknown position it only asks for a snapshot."""
    tape = [fill for fill in news if fill.start_position is None]
    _note_time(follow, tape)
    done.wants_snapshot = bool(tape)
    return [fill for fill in news if fill.start_position is not None]


def _note_time(follow: Follow, fills: Sequence[SourceFill]) -> None:
    follow.fill_time = max(follow.fill_time, *(fill.time for fill in fills), 0)


def _sift(follow: Follow, news: list[SourceFill], done: Applied) -> tuple[list[SourceFill], EpochMs | None]:
    """Return what was not counted yet, and the time of the earliest fill that is new or became richer."""
    horizon = follow.ground_time - UNDECIDABLE_MS if follow.by_snapshot else follow.ground_time
    known: dict[str, tuple[list[SourceFill], int]] = {}
    if news and news[0].time <= follow.fill_time:
        for kept in (follow.near, follow.recent, follow.tail):
            known |= {fill.key: (kept, n) for n, fill in enumerate(kept)}
    new: dict[str, SourceFill] = {}
    times: list[EpochMs] = []
    for fill in news:
        held, n = known.get(fill.key, ([fill], 0))
        if fill.key in known and _is_richer(fill, held[n]):
            held[n] = fill
        elif fill.key in known or fill.key in new or fill.time <= horizon:
            done.duplicates += 1
            if fill.key not in known and fill.key not in new and _is_news(follow, fill):
                done.early.append(fill)
            continue
        else:
            new[fill.key] = fill
        done.duplicates += fill.key in known
        times.append(fill.time)
    _let_go(follow, done.early)
    return list(new.values()), min(times, default=None)


def _is_news(follow: Follow, fill: SourceFill) -> bool:
    """Tell whether a fill that is history by now was never told: a round trip that came late changes nothing else."""
    return fill.time > follow.passed_to and (fill.time, fill.key) not in follow.passed


def _let_go(follow: Follow, fills: Iterable[SourceFill]) -> None:
    """Remember fills of which nothing else is kept, so that none is told twice."""
    passed = sorted({*follow.passed, *((fill.time, fill.key) for fill in fills)})
    follow.passed = passed[-PASSED_MAX:]
    if len(passed) > PASSED_MAX:
        follow.passed_to = max(follow.passed_to, passed[-PASSED_MAX - 1][0])


def _is_richer(fill: SourceFill, known: SourceFill) -> bool:
    return known.start_position is None and fill.start_position is not None


def _is_late(follow: Follow, earliest: EpochMs) -> bool:
    """Tell whether history comes to light, in which followed may have turned without turning now."""
    return any(kept and earliest <= kept[-1].time for kept in (follow.recent, follow.tail))


def _rewind(follow: Follow, earliest: EpochMs) -> Track | None:
    """Take proven fills back to where others come between them; return what is proven then."""
    ground = follow.ground
    if ground is None or not follow.recent or earliest > follow.recent[-1].time:
        return follow.base
    around_snapshot = follow.by_snapshot and earliest <= follow.ground_time + UNDECIDABLE_MS
    kept = [] if around_snapshot else [fill for fill in follow.recent if fill.time < earliest]
    follow.tail = [*follow.recent[len(kept) :], *follow.tail]
    follow.base = base = ground.copy()
    follow.recent = kept
    for fill in kept:
        base.move(base.position + fill.change, fill.price)
    return base


# --- what it proves


class _Walker:
    """Moves a track along links, and notes what |followed| went through because of new fills."""

    def __init__(self, leg: int, new: set[str]) -> None:
        self.leg = leg
        self.new = new
        self.path: list[Quantity] = []

    def step(self, track: Track, link: Link) -> None:
        """Move a track by one fill; before a hole to where the fill says that it began."""
        if link.is_hole:
            track.move(link.before, None)
            self._note(track, link)
        track.move(link.after, link.fill.price)
        self._note(track, link)

    def _note(self, track: Track, link: Link) -> None:
        if track.leg != self.leg:
            self.leg, self.path = track.leg, []
        if link.fill.key in self.new:
            self.path.append(abs(track.followed))


def _place(follow: Follow, base: Track, new: list[SourceFill], done: Applied) -> set[str]:
    """Tell the fills that a snapshot holds from those after it; return the keys of what counts for the first time."""
    skipped = follow.near
    if follow.by_snapshot and not follow.recent:
        found = sorted([*skipped, *follow.tail], key=lambda fill: fill.time)
        follow.near, follow.tail = chain.around(found, base.position, follow.ground_time)
    inside = {fill.key for fill in follow.near}
    done.counted = [fill for fill in [*skipped, *new] if fill.key not in inside]
    done.duplicates += sum(1 for fill in new if fill.key in inside)
    late = [fill for fill in new if fill.key in inside and _is_news(follow, fill)]
    done.early += late
    follow.told += (fill.key for fill in late)
    return {fill.key for fill in done.counted}


def _settle(follow: Follow, base: Track, limit: int, walker: _Walker, done: Applied) -> None:
    """Prove what the chain proves of the tail, and fold the rest onto it."""
    had_gap = follow.has_gap
    order = chain.links(follow.tail, base.position)
    order = order[_prove(follow, base, order, walker) :]
    hole = next((link for link in order if link.is_hole), None)
    if hole is not None:
        follow.has_gap = True
        if not had_gap:
            done.gap = (_expected(order, hole, base), hole.before)
    order = _give_up(follow, base, order, limit, walker)
    follow.tail = [link.fill for link in order]
    follow.now = now = base.copy() if order else base
    for link in order:
        walker.step(now, link)
    near_end = follow.ground_time + UNDECIDABLE_MS
    unsure = any(fill.start_position is None and fill.time <= near_end for fill in (*follow.near, *follow.tail))
    follow.undecided = not follow.recent and (follow.undecided or (follow.by_snapshot and unsure))


def _expected(order: list[Link], hole: Link, base: Track) -> Size:
    at = order.index(hole)
    return order[at - 1].after if at else base.position


def _prove(follow: Follow, base: Track, order: list[Link], walker: _Walker) -> int:
    """Move into the base what an unbroken chain proves: up to the last fill whose start is where we stand."""
    sound = list(takewhile(lambda link: not link.is_hole, order))
    proven = max((n for n, link in enumerate(sound, 1) if link.fill.start_position is not None), default=0)
    for link in sound[:proven]:
        walker.step(base, link)
        follow.recent.append(link.fill)
    if proven:
        follow.has_gap = follow.repair_failed = False
        _raise_ground(follow)
    return proven


def _raise_ground(follow: Follow) -> None:
    """Let go of the oldest proven fills, by whole milliseconds; the newest one is kept whole."""
    ground = follow.ground
    while ground is not None and len(follow.recent) > RECENT_MAX and follow.recent[0].time < follow.recent[-1].time:
        time = follow.recent[0].time
        passed = list(takewhile(lambda fill: fill.time == time, follow.recent))  # noqa: B023 - used at once
        for fill in passed:
            ground.move(ground.position + fill.change, fill.price)
        _let_go(follow, (*follow.near, *passed))
        follow.recent = follow.recent[len(passed) :]
        follow.ground_time, follow.by_snapshot, follow.near = time, False, []


def _give_up(follow: Follow, base: Track, order: list[Link], limit: int, walker: _Walker) -> list[Link]:
    """Take the oldest of too many unproven fills as they are; a snapshot has to follow."""
    passed = order[: max(0, len(order) - limit)]
    for link in passed:
        walker.step(base, link)
    if passed:
        settle_on(follow, base, passed[-1].fill.time, by_snapshot=False)
        follow.has_gap = True
    return order[len(passed) :]
