"""A source position folded over its history: what it holds, which part of it is followed."""

import msgspec

from fadearena.model.units import ONE, ZERO, Price, Quantity, Size, sign


class Track(msgspec.Struct, kw_only=True, gc=False):
    """
    A source position folded over its history.

    `leg` counts how often followed left zero or flipped, `peak` is the largest |followed| since then.
    `waiting` is set while no growth is followed until the source is flat or flips once.
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
        if sign(position) * sign(old) <= 0:
            self.waiting, self.baseline = False, ZERO
        elif self.waiting:
            self.baseline = position - _kept(before, abs(position) - abs(old))
        elif abs(self.baseline) > abs(position):
            self.baseline = position
        self._count_leg(before)

    def rebase(self, baseline: Size, *, waiting: bool) -> None:
        """Set a new baseline, as a new start does."""
        before = self.followed
        self.baseline, self.waiting = baseline, waiting
        self._count_leg(before)

    def _count_leg(self, before: Size) -> None:
        now = self.followed
        if not now:
            self.peak = ZERO
        elif sign(now) != sign(before):
            self.leg += 1
            self.peak = abs(now)
        else:
            self.peak = max(self.peak, abs(now))


def _kept(followed: Size, growth: Size) -> Size:
    """Return what is left of a followed part that shrinks with its position and does not grow with it."""
    return sign(followed) * max(ZERO, abs(followed) + min(growth, ZERO))


def _entry_after(entry: Price | None, old: Size, new: Size, price: Price | None) -> Price | None:
    """Return the average entry after a move: averaged on increase, kept on reduction, reset by flat and flip."""
    if not new:
        return None
    if sign(old) != sign(new):
        return price
    if abs(new) <= abs(old):
        return entry
    if price is None or entry is None:
        return None
    share = abs(old) / abs(new)
    return entry * share + price * (ONE - share)
