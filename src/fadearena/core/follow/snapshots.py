"""Comparing with snapshots, the second, independent truth; and new starts."""

from fadearena.core.follow.fills import begin, position_at, settle_on
from fadearena.core.follow.memory import UNDECIDABLE_MS, Applied, Doubt, Follow
from fadearena.core.follow.start import Start, begin_anew
from fadearena.core.follow.track import Track
from fadearena.model.policy import StartPolicy
from fadearena.model.units import ZERO, EpochMs, Price, Size, sign
from fadearena.model.wallet import SourcePosition

_READS = 2
_READS_EMPTY = 3


def apply_snapshot(
    follow: Follow,
    position: SourcePosition | None,
    time: EpochMs,
    start: Start,
    *,
    is_empty: bool,
    is_repairing: bool = False,
) -> Applied:
    """
    Compare with a complete snapshot of the coin's dex.

    Args:
        follow: Changed in place.
        position: The coin's position; None is flat.
        time: The exchange's time of the snapshot.
        start: How following begins if it has not yet.
        is_empty: Whether the whole dex was empty.
        is_repairing: Whether missed fills are being fetched: until they came, nothing is proven beyond them.
    """
    size = position.size if position else ZERO
    entry = position.entry if position else None
    done, base, now = Applied(), follow.base, follow.now
    if base is None or now is None:
        if time >= start.since and _read_again(follow, size, time, _READS):
            begin(follow, size, entry, time, start, by_snapshot=True)
            follow.undecided = follow.fill_time + UNDECIDABLE_MS > time
            done.started = True
        done.wants_snapshot = not done.started or follow.undecided
    elif time < follow.base_time:
        pass
    elif is_repairing:  # whatever it says: a round trip that was missed ends where it began
        follow.doubt = None
        done.wants_snapshot = True
    elif position_at(follow, base, time) == size:
        _agree(follow, (base, now), entry, time, done)
    elif time < follow.fill_time + UNDECIDABLE_MS:
        follow.doubt = None
        done.wants_snapshot = True
    elif _read_again(follow, size, time, _READS_EMPTY if is_empty and now.position else _READS):
        _adopt(follow, now, size, entry, time, done)
    else:
        done.wants_snapshot = True
    return done


def known_flat(follow: Follow, time: EpochMs, start: Start) -> None:
    """Begin at zero, as a complete snapshot of the dex at `time` proved."""
    begin(follow, ZERO, None, time, start, by_snapshot=True)


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
