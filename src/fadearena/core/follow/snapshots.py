"""Comparing with snapshots, the second, independent truth; and new starts."""

from fadearena.core.follow import chain
from fadearena.core.follow.alignment import Point, align
from fadearena.core.follow.fills import begin, position_at, settle_on
from fadearena.core.follow.memory import UNDECIDABLE_MS, Applied, Doubt, Follow
from fadearena.core.follow.start import Start, begin_anew
from fadearena.core.follow.track import Track
from fadearena.model.policy import StartPolicy
from fadearena.model.units import ZERO, EpochMs, Price, Size, sign
from fadearena.model.wallet import SourceFill, SourcePosition

_READS = 2
_READS_EMPTY = 3


def apply_snapshot(
    follow: Follow,
    position: SourcePosition | None,
    time: EpochMs,
    start: Start,
    *,
    is_empty: bool,
    is_missing: bool = False,
) -> Applied:
    """
    Compare with a complete snapshot of the coin's dex.

    Args:
        follow: Changed in place.
        position: The coin's position; None is flat.
        time: The exchange's time of the snapshot.
        start: How following begins if it has not yet.
        is_empty: Whether the whole dex was empty.
        is_missing: Whether missed fills are still to be fetched: until they came, nothing is proven beyond them.
    """
    read = Point(position.size if position else ZERO, time)
    entry = position.entry if position else None
    done, base, now = Applied(), follow.base, follow.now
    if base is None or now is None:
        if time >= start.since:
            _begin(follow, read, entry, start, done)
        done.wants_snapshot = not done.started or follow.undecided
    elif time >= follow.base_time:
        _compare(follow, (base, now), read, entry, (is_empty, is_missing), done)
    return done


def _compare(
    follow: Follow,
    tracks: tuple[Track, Track],
    read: Point,
    entry: Price | None,
    kind: tuple[bool, bool],
    done: Applied,
) -> None:
    """Compare with what is believed; `kind` is whether the whole dex was empty, and whether fills are missing."""
    (base, now), (is_empty, is_missing), size, time = tracks, kind, read.position, read.time
    is_near = time < follow.fill_time + UNDECIDABLE_MS
    if is_missing:  # whatever it says: a round trip that was missed ends where it began
        follow.doubt = None
        done.is_off = position_at(follow, base, time) != size
        done.wants_snapshot = done.is_off and is_near
    elif is_near and _align(follow, base, read, entry, done):
        pass
    elif position_at(follow, base, time) == size:
        _agree(follow, tracks, entry, time, done)
    elif is_near:
        done.wants_snapshot = not _overrule(follow, tracks, read, entry, done)
    elif _read_since(follow, size, time, _READS_EMPTY if is_empty and now.position else _READS):
        _adopt(follow, now, size, entry, time, done)
    else:
        done.wants_snapshot = True


def known_flat(follow: Follow, time: EpochMs, start: Start) -> None:
    """Begin at zero, as a complete snapshot of the dex at `time` proved; what came and went before is still told."""
    begin(follow, ZERO, None, time, start, by_snapshot=True)
    follow.passed_to = start.since


def forget(follow: Follow, held: Size, policy: StartPolicy | None = None) -> None:
    """Begin anew at the next confirmed position, keeping `held` as followed; by `policy` if not as the settings say."""
    follow.ground = follow.base = follow.now = follow.doubt = None
    follow.near, follow.recent, follow.tail = [], [], []
    follow.has_gap = follow.undecided = follow.repair_failed = follow.by_snapshot = False
    follow.held, follow.policy, follow.floor = held, policy, max(follow.fill_time, follow.ground_time)


def restart(follow: Follow, start: Start) -> None:
    """Make a new start from the position that is known now; where it is not confirmed, from the next that is."""
    base, time = follow.base, follow.base_time
    if base is None or follow.uncertainty is not None or follow.tail:
        forget(follow, start.held, start.policy)
        return
    begin_anew(base, start)
    settle_on(follow, base, time, by_snapshot=follow.by_snapshot and not follow.recent)


def _begin(follow: Follow, read: Point, entry: Price | None, start: Start, done: Applied) -> None:
    """Begin at what was read twice; or at the second of two readings that the tape between them makes agree."""
    seen, doubt = follow.near, follow.doubt
    way = None if doubt is None else align(seen, Point(doubt.position, doubt.last), read)
    lately = [fill for fill in seen if fill.time > read.time - UNDECIDABLE_MS]
    if way is not None and way[1]:
        begin(follow, read.position, entry, seen[way[1] - 1].time, start, by_snapshot=False)
        done.started = True
        _follow_on(follow, seen[way[1] :], done)
    elif _read_again(follow, read.position, read.time, _READS):
        begin(follow, read.position, entry, read.time, start, by_snapshot=True)
        follow.undecided, done.started = follow.fill_time + UNDECIDABLE_MS > read.time, True
        if lately:
            follow.near, tail = chain.around(lately, read.position, read.time)
            _follow_on(follow, tail, done)
    else:
        follow.near = lately


def _align(follow: Follow, base: Track, read: Point, entry: Price | None, done: Applied) -> bool:
    """Find the place of a reading among fills that come all the time; tell whether that was possible."""
    if not follow.tail and follow.uncertainty is None:
        return False
    is_exact = bool(follow.recent) or not follow.by_snapshot
    fills = follow.tail if is_exact else sorted([*follow.near, *follow.tail], key=lambda fill: fill.time)
    way = align(fills, Point(base.position, follow.base_time, is_exact=is_exact), read)
    if way is None or not way[1]:
        return False
    late = {fill.key for fill in follow.near}
    track = base.copy()
    for fill in fills[way[0] : way[1]]:
        track.move(track.position + fill.change, fill.price)
    if entry is not None:
        track.entry = entry
    settle_on(follow, track, fills[way[1] - 1].time, by_snapshot=False)
    follow.doubt = None
    _follow_on(follow, fills[way[1] :], done)
    done.counted = [fill for fill in fills[way[0] :] if not is_exact and fill.key in late]
    return True


def _overrule(follow: Follow, tracks: tuple[Track, Track], read: Point, entry: Price | None, done: Applied) -> bool:
    """Believe two readings against the fills before, where the tape between them makes them agree."""
    base, now = tracks
    doubt, tail = follow.doubt, follow.tail
    way = None if doubt is None else align(tail, Point(doubt.position, doubt.last), read)
    if way is None or not way[1]:
        is_tape = all(fill.start_position is None for fill in tail)
        follow.doubt = Doubt(position=read.position, last=read.time) if tail and is_tape else None
        return False
    before = now.position
    for fill in tail[: way[1]]:
        base.move(base.position + fill.change, fill.price)
    base.move(read.position, _implied_price(base, read.position, entry))
    base.entry = entry if entry is not None else base.entry
    settle_on(follow, base, tail[way[1] - 1].time, by_snapshot=False)
    follow.doubt = None
    _follow_on(follow, tail[way[1] :], done)
    done.counted = []
    done.moved = (before, follow.now.position if follow.now else read.position, "snapshot")
    done.path = [abs(follow.followed)]
    return True


def _follow_on(follow: Follow, tail: list[SourceFill], done: Applied) -> None:
    """Fold fills that came after a proven state."""
    follow.tail, done.counted = tail, tail
    if follow.base is not None and tail:
        follow.now = now = follow.base.copy()
        for fill in tail:
            now.move(now.position + fill.change, fill.price)


def _read_again(follow: Follow, size: Size, time: EpochMs, needed: int) -> bool:
    """Count a reading; tell whether it was read often enough to be believed."""
    doubt = follow.doubt
    if doubt is None or doubt.position != size:
        follow.doubt = Doubt(position=size, last=time)
    elif time > doubt.last:
        doubt.last = time
        doubt.reads += 1
        return doubt.reads >= needed
    return False


def _read_since(follow: Follow, size: Size, time: EpochMs, needed: int) -> bool:
    """Count a reading that came long enough after the last fill; those before do not count."""
    if follow.doubt is not None and follow.doubt.last < follow.fill_time + UNDECIDABLE_MS:
        follow.doubt = None
    return _read_again(follow, size, time, needed)


def _agree(follow: Follow, tracks: tuple[Track, Track], entry: Price | None, time: EpochMs, done: Applied) -> None:
    """Take the snapshot as proof of all fills that are surely in it."""
    base, now = tracks
    follow.doubt = None
    if follow.fill_time + UNDECIDABLE_MS > time:
        done.wants_snapshot = bool(follow.tail) or follow.uncertainty is not None
        return
    if follow.tail or follow.has_gap or (follow.by_snapshot and not follow.recent):
        settle_on(follow, now, time, by_snapshot=True)
        base = now
    follow.undecided = follow.repair_failed = False
    if entry is not None:
        base.entry = now.entry = entry


def _adopt(follow: Follow, now: Track, size: Size, entry: Price | None, time: EpochMs, done: Applied) -> None:
    """Believe a snapshot against the fills."""
    done.moved = (now.position, size, "snapshot")
    done.implied_price = _implied_price(now, size, entry)
    now.move(size, done.implied_price)
    if entry is not None:
        now.entry = entry
    follow.doubt = None
    done.path = [abs(now.followed)]
    settle_on(follow, now, time, by_snapshot=True)


def _implied_price(now: Track, size: Size, entry: Price | None) -> Price | None:
    """
    Return at what price the source must have traded; None where that cannot be told.

    `(new entry * new size - old entry * old size) / change`; out of flat, or turned, the new entry itself.
    """
    if entry is None or sign(now.position) != sign(size):
        return entry
    if now.entry is None or size == now.position:
        return None
    price = (entry * size - now.entry * now.position) / (size - now.position)
    return price if price > 0 else None
