"""
Stage 1: wallet activity -> source position, confidence, baseline, followed.

1. The base is the newest state that is proven: by an unbroken `startPosition` chain, or by agreeing snapshots.
   Behind it lies the tail: fills that are not proven yet (from the tape, or beyond a hole in the chain).
   What is believed now is the tail folded onto the base, anew whenever either changes. So the same confirmed
   history gives the same result, whatever was doubled, shuffled or late on the way.
2. A fill counts once; a fill older than the base is in it already.
3. Inside one millisecond the chain gives the order, never the list or the tid.
4. A snapshot that contradicts fills needs to be read twice (an empty one after positions: three times), at least
   two seconds after the last fill. Until then the position is in doubt: nothing is increased on it.
"""

from collections.abc import Iterable
from enum import StrEnum

import msgspec

from fadearena.model.policy import StartPolicy
from fadearena.model.units import (
    BPS,
    ONE,
    SECOND_MS,
    ZERO,
    Bps,
    Direction,
    EpochMs,
    Price,
    Quantity,
    Size,
    Usd,
    sign,
)
from fadearena.model.wallet import SourceFill, SourcePosition

UNDECIDABLE_MS = 2 * SECOND_MS
_READS = 2
_READS_EMPTY = 3


class Confidence(StrEnum):
    """How well a source position is known."""

    UNKNOWN = "unknown"
    PROVISIONAL = "provisional"
    CONFIRMED = "confirmed"


class Track(msgspec.Struct, kw_only=True, gc=False):
    """
    A source position folded over its history.

    `leg` counts how often followed left zero or flipped, `peak` is the largest |followed| since then.
    `waiting` is set while nothing is followed until the source is flat or flips once.
    """

    position: Size
    baseline: Size
    waiting: bool = False
    leg: int = 0
    peak: Quantity = ZERO
    entry: Price | None = None

    @property
    def followed(self) -> Size:
        """The part of the position that we follow."""
        return self.position - self.baseline

    def copy(self) -> "Track":
        """Return an independent copy."""
        return Track(
            position=self.position,
            baseline=self.baseline,
            waiting=self.waiting,
            leg=self.leg,
            peak=self.peak,
            entry=self.entry,
        )

    def move(self, position: Size, price: Price | None) -> None:
        """Move to `position`, traded at `price` (None where it is not known)."""
        before, old = self.followed, self.position
        self.entry = _entry_after(self.entry, old, position, price)
        self.position = position
        if self.waiting:
            if position == 0 or sign(position) != sign(old):
                self.waiting = False
                self.baseline = ZERO
            else:
                self.baseline = position
        elif self.baseline:
            if position == 0 or sign(position) != sign(self.baseline):
                self.baseline = ZERO
            elif abs(self.baseline) > abs(position):
                self.baseline = position
        self._count_leg(before)

    def rebase(self, baseline: Size) -> None:
        """Set a new baseline, as a new start does."""
        before = self.followed
        self.baseline = baseline
        self._count_leg(before)

    def _count_leg(self, before: Size) -> None:
        now = self.position - self.baseline
        if not now:
            self.peak = ZERO
        elif not before or sign(now) != sign(before):
            self.leg += 1
            self.peak = abs(now)
        elif abs(now) > self.peak:
            self.peak = abs(now)


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """
    How following begins in a coin: by policy, except for `held`, the followed part that a sleeve stands for.

    `mark` and `direction` serve `join_if_better` only.
    """

    policy: StartPolicy
    held: Size = ZERO
    mark: Price | None = None
    direction: Direction = Direction.FADE
    chase_bps: Bps = ZERO


class Doubt(msgspec.Struct, kw_only=True):
    """A snapshot that disagrees (or is the first of its kind), and how often it was read."""

    position: Size
    first: EpochMs
    last: EpochMs
    reads: int = 1


class Follow(msgspec.Struct, kw_only=True):
    """What is remembered of one (bot, coin)."""

    base: Track | None = None
    base_time: EpochMs = 0
    base_fills: list[SourceFill] = []
    by_snapshot: bool = False
    tail: list[SourceFill] = []
    now: Track | None = None
    has_gap: bool = False
    undecided: bool = False
    repair_failed: bool = False
    doubt: Doubt | None = None
    held: Size = ZERO
    fill_time: EpochMs = 0

    @property
    def confidence(self) -> Confidence:
        """How well the position is known."""
        if self.now is None or self.repair_failed:
            return Confidence.UNKNOWN
        return Confidence.PROVISIONAL if self.tail else Confidence.CONFIRMED

    @property
    def followed(self) -> Size:
        """The followed part as it is believed now; zero while nothing was ever known."""
        return self.now.followed if self.now else ZERO

    @property
    def uncertainty(self) -> str | None:
        """Why the position must not be increased upon; None when it may."""
        if self.confidence is Confidence.UNKNOWN:
            return "unknown"
        if self.has_gap:
            return "gap"
        if self.doubt is not None:
            return "in doubt"
        return "near a snapshot" if self.undecided else None


class Applied(msgspec.Struct, kw_only=True, gc=False):
    """
    What a message changed.

    `counted` are fills that counted for the first time. `gap` is a hole that was not known before, as (what we
    had, where the fill began). `wants_snapshot` asks for another read; `moved` is (before, after, reason) of a
    move that no fill explains.
    """

    counted: list[SourceFill] = []
    duplicates: int = 0
    gap: tuple[Size, Size] | None = None
    wants_snapshot: bool = False
    moved: tuple[Size, Size, str] | None = None
    implied_price: Price | None = None
    started: bool = False


def apply_fills(follow: Follow, fills: Iterable[SourceFill], start: Start, limit: int) -> Applied:
    """
    Count the fills of one message.

    Args:
        follow: Changed in place.
        fills: All of one coin, in the order of the message.
        start: How following begins if it has not yet.
        limit: How many unproven fills are kept; beyond it the oldest are taken as they are.
    """
    done = Applied()
    had_gap = follow.has_gap
    for fill in fills:
        _take(follow, fill, start, done)
    if follow.base is None:
        done.wants_snapshot = True
        return done
    if follow.tail:
        _prove(follow)
        hole = _fold(follow)
        while len(follow.tail) > limit:
            _give_up_oldest(follow)
            follow.has_gap = True
        if hole is not None and not had_gap:
            done.gap = hole
        done.wants_snapshot = follow.has_gap or follow.undecided
    else:
        follow.now = follow.base
        if done.counted:
            follow.has_gap = follow.repair_failed = False
    return done


def apply_snapshot(
    follow: Follow, position: SourcePosition | None, time: EpochMs, start: Start, *, is_empty: bool
) -> Applied:
    """
    Compare with a complete snapshot of the coin's dex.

    Args:
        follow: Changed in place.
        position: The coin's position; None is flat.
        time: The exchange's time of the snapshot.
        start: How following begins if it has not yet.
        is_empty: Whether the whole dex was empty.
    """
    size = position.size if position else ZERO
    entry = position.entry if position else None
    done = Applied()
    if follow.base is None or follow.now is None:
        if _read_again(follow, size, time, _READS):
            _begin(follow, size, entry, time, start)
            follow.by_snapshot, follow.base_fills = True, []
            done.started = True
        else:
            done.wants_snapshot = True
        return done
    if time < follow.base_time:
        return done
    if _position_at(follow, time) == size:
        _agree(follow, entry, time, done)
    elif time < follow.fill_time + UNDECIDABLE_MS:
        follow.doubt = None
        done.wants_snapshot = True
    elif _read_again(follow, size, time, _READS_EMPTY if is_empty and follow.now.position else _READS):
        _adopt(follow, size, entry, time, done)
    else:
        done.wants_snapshot = True
    return done


def forget(follow: Follow, held: Size) -> None:
    """Begin anew at the next confirmed position, keeping `held` as followed."""
    follow.base = follow.now = follow.doubt = None
    follow.tail, follow.base_fills = [], []
    follow.has_gap = follow.undecided = follow.repair_failed = follow.by_snapshot = False
    follow.held = held


def known_flat(follow: Follow, time: EpochMs, start: Start) -> None:
    """Begin at zero, as a complete snapshot of the dex at `time` proved."""
    _begin(follow, ZERO, None, time, start)
    follow.by_snapshot = True


def restart(follow: Follow, start: Start) -> None:
    """Make a new start from the position that is known now."""
    for track in {id(t): t for t in (follow.base, follow.now) if t is not None}.values():
        baseline, waiting = _baseline(track.position, track.entry, start)
        track.waiting = waiting
        track.rebase(baseline)


# --- fills


def _take(follow: Follow, fill: SourceFill, start: Start, done: Applied) -> None:
    if follow.base is None:
        if fill.start_position is None:
            return
        _begin(follow, fill.start_position, None, fill.time, start)
        done.started = True
    base = follow.base
    assert base is not None  # noqa: S101 - begun just above; narrows the type
    if _is_counted(follow, base, fill):
        done.duplicates += 1
        return
    if not follow.tail and fill.start_position == base.position and fill.time >= follow.base_time:
        _absorb(follow, base, fill)
    else:
        for n, known in enumerate(follow.tail):
            if known.key == fill.key:
                done.duplicates += 1
                if known.start_position is None and fill.start_position is not None:
                    follow.tail[n] = fill
                return
        _insert(follow.tail, fill)
    follow.fill_time = max(follow.fill_time, fill.time)
    done.counted.append(fill)


def _is_counted(follow: Follow, base: Track, fill: SourceFill) -> bool:
    """Tell whether the base holds the fill already."""
    if follow.by_snapshot:
        if fill.time > follow.base_time + UNDECIDABLE_MS:
            return False
        if fill.start_position is None or fill.time < follow.base_time - UNDECIDABLE_MS:
            return fill.time <= follow.base_time
        if fill.start_position == base.position:
            return False
        return fill.time <= follow.base_time or fill.start_position + fill.change == base.position
    if fill.time != follow.base_time:
        return fill.time < follow.base_time
    return any(known.key == fill.key for known in follow.base_fills)


def _absorb(follow: Follow, base: Track, fill: SourceFill) -> None:
    base.move(base.position + fill.change, fill.price)
    if fill.time > follow.base_time or follow.by_snapshot:
        follow.base_time = max(fill.time, follow.base_time)
        follow.base_fills = []
        follow.by_snapshot = False
        follow.undecided = False
    follow.base_fills.append(fill)
    follow.doubt = None


def _insert(tail: list[SourceFill], fill: SourceFill) -> None:
    at = len(tail)
    while at and tail[at - 1].time > fill.time:
        at -= 1
    tail.insert(at, fill)


def _prove(follow: Follow) -> None:
    """Move into the base what an unbroken chain proves: up to the last fill whose start is where we stand."""
    base = follow.base
    assert base is not None  # noqa: S101 - callers checked; narrows the type
    order, proven, position = _in_order(follow), 0, base.position
    for n, fill in enumerate(order):
        if fill.start_position is not None:
            if fill.start_position != position and not _is_mirror(fill, [*follow.base_fills, *order[:n]]):
                break
            proven = n + 1
        position += fill.change
    for fill in order[:proven]:
        _absorb(follow, base, fill)
    follow.tail = order[proven:]
    if proven:
        follow.has_gap = False
        follow.repair_failed = False


def _in_order(follow: Follow) -> list[SourceFill]:
    """Return the tail in the order of execution: by time, inside a millisecond by the chain."""
    base = follow.base
    assert base is not None  # noqa: S101 - callers checked; narrows the type
    if len(follow.tail) == 1:
        return follow.tail
    left, order, position = list(follow.tail), list[SourceFill](), base.position
    while left:
        group = [fill for fill in left if fill.time == left[0].time]
        left = left[len(group) :]
        while group:
            fill = next((f for f in group if f.start_position == position), None) or _first_of(group)
            group.remove(fill)
            order.append(fill)
            position = (position if fill.start_position is None else fill.start_position) + fill.change
    return order


def _first_of(group: list[SourceFill]) -> SourceFill:
    """Pick where no fill continues the chain: one that nothing else in the group leads to."""
    ends = {f.start_position + f.change for f in group if f.start_position is not None}
    return next((f for f in group if f.start_position is not None and f.start_position not in ends), group[0])


def _is_mirror(fill: SourceFill, before: list[SourceFill]) -> bool:
    """Tell the second half of a trade of a wallet with itself: same start, size, price and time, other side."""
    return any(
        twin.start_position == fill.start_position
        and twin.change == -fill.change
        and twin.price == fill.price
        and twin.time == fill.time
        for twin in before
    )


def _fold(follow: Follow) -> tuple[Size, Size] | None:
    """Fold the tail onto the base; return the first hole in the chain as (expected, reported)."""
    base = follow.base
    assert base is not None  # noqa: S101 - callers checked; narrows the type
    if not follow.tail:
        follow.now, follow.undecided = base, False
        return None
    now, hole, undecided = base.copy(), None, False
    for fill in follow.tail:
        if fill.start_position is not None and fill.start_position != now.position:
            hole = hole or (now.position, fill.start_position)
            now.move(fill.start_position, None)
        elif fill.start_position is None and follow.by_snapshot:
            undecided = undecided or fill.time <= follow.base_time + UNDECIDABLE_MS
        now.move(now.position + fill.change, fill.price)
    follow.now, follow.undecided = now, undecided
    follow.has_gap = follow.has_gap or hole is not None
    return hole


def _give_up_oldest(follow: Follow) -> None:
    base, fill = follow.base, follow.tail.pop(0)
    assert base is not None  # noqa: S101 - callers checked; narrows the type
    if fill.start_position is not None and fill.start_position != base.position:
        base.move(fill.start_position, None)
    _absorb(follow, base, fill)


# --- snapshots


def _read_again(follow: Follow, size: Size, time: EpochMs, needed: int) -> bool:
    """Count a reading; tell whether it was read often enough to be believed."""
    doubt = follow.doubt
    if doubt is None or doubt.position != size:
        follow.doubt = Doubt(position=size, first=time, last=time)
    elif time > doubt.last:
        doubt.last = time
        doubt.reads += 1
        if doubt.reads >= needed:
            follow.doubt = None
            return True
    return False


def _position_at(follow: Follow, time: EpochMs) -> Size:
    now, base = follow.now, follow.base
    assert now is not None and base is not None  # noqa: S101, PT018 - callers checked; narrows the types
    if not follow.tail or follow.tail[-1].time <= time:
        return now.position
    position = base.position
    for fill in follow.tail:
        if fill.time > time:
            break
        position = (position if fill.start_position is None else fill.start_position) + fill.change
    return position


def _agree(follow: Follow, entry: Price | None, time: EpochMs, done: Applied) -> None:
    """Take the snapshot as proof of all fills that are surely in it."""
    base = follow.base
    assert base is not None  # noqa: S101 - callers checked; narrows the type
    follow.doubt = None
    if follow.fill_time + UNDECIDABLE_MS > time:
        done.wants_snapshot = bool(follow.tail)
        return
    if follow.tail:
        follow.base, follow.tail = follow.now, []
    if follow.has_gap or follow.by_snapshot or follow.base is not base:
        follow.by_snapshot, follow.base_time, follow.base_fills = True, time, []
    follow.now = follow.base
    follow.has_gap = follow.undecided = follow.repair_failed = False
    if follow.base is not None and entry is not None:
        follow.base.entry = entry


def _adopt(follow: Follow, size: Size, entry: Price | None, time: EpochMs, done: Applied) -> None:
    """Believe a snapshot against the fills."""
    now = follow.now
    assert now is not None  # noqa: S101 - callers checked; narrows the type
    before, old_entry = now.position, now.entry
    done.moved = (before, size, "snapshot")
    done.implied_price = _implied_price(before, old_entry, size, entry)
    now.move(size, done.implied_price)
    if entry is not None:
        now.entry = entry
    follow.base = follow.now = now
    follow.tail, follow.base_fills = [], []
    follow.base_time, follow.by_snapshot = time, True
    follow.has_gap = follow.undecided = follow.repair_failed = False


def _implied_price(old: Size, old_entry: Price | None, new: Size, new_entry: Price | None) -> Price | None:
    """Return `(new entry * new size - old entry * old size) / change`; None where that says nothing."""
    if new_entry is None or (old and old_entry is None) or new == old or sign(old) * sign(new) < 0:
        return None
    cost: Usd = new_entry * new - (old_entry * old if old_entry is not None else ZERO)
    price = cost / (new - old)
    return price if price > 0 else None


# --- start


def _begin(follow: Follow, size: Size, entry: Price | None, time: EpochMs, start: Start) -> None:
    start = msgspec.structs.replace(start, held=follow.held) if follow.held else start
    baseline, waiting = _baseline(size, entry, start)
    track = Track(position=size, baseline=size, waiting=waiting, entry=entry)
    track.rebase(baseline)
    follow.base = follow.now = track
    follow.base_time, follow.base_fills = time, []
    follow.held, follow.repair_failed = ZERO, False


def _baseline(size: Size, entry: Price | None, start: Start) -> tuple[Size, bool]:
    """Return the baseline with which following begins, and whether to wait until flat."""
    policy = start.policy
    if policy is StartPolicy.JOIN or (policy is StartPolicy.JOIN_IF_BETTER and _is_better(size, entry, start)):
        return ZERO, False
    held = start.held
    if held and sign(held) == sign(size):
        return size - (held if abs(held) < abs(size) else size), False
    return size, policy is StartPolicy.IGNORE_UNTIL_FLAT and bool(size)


def _is_better(size: Size, entry: Price | None, start: Start) -> bool:
    """Tell whether the mark is at least as good for us as the source's entry, within `chase_bps`."""
    if start.mark is None or entry is None:
        return False
    ours = start.direction.sign * sign(size)
    return ours * (start.mark - entry) <= entry * start.chase_bps * BPS


def _entry_after(entry: Price | None, old: Size, new: Size, price: Price | None) -> Price | None:
    """Return the average entry after a move: averaged on increase, kept on reduction, reset by flat and flip."""
    if not new:
        return None
    if not old or sign(old) != sign(new):
        return price
    if abs(new) <= abs(old):
        return entry
    if price is None or entry is None:
        return None
    share = abs(old) / abs(new)
    return entry * share + price * (ONE - share)
