"""
Stage 10: our view against the venue's view -> drift.

A difference counts after two equal readings, none of them racing an order or a fill of ours.
"""

from enum import StrEnum

import msgspec

from fadearena.model.units import SECOND_MS, ZERO, EpochMs, Quantity, Ratio, Size

QUIET_MS = 2 * SECOND_MS


class Verdict(StrEnum):
    """What a reading says of a book."""

    AGREES = "agrees"
    READ_AGAIN = "read-again"
    DRIFTS = "drifts"


class Watch(msgspec.Struct, kw_only=True):
    """
    What the exchange was last seen to hold for a book, and since when it differs from our sum.

    `agreed` is the time of the last reading that was exactly our sum. `differs` is the difference of the last
    reading that was off, `drift` one that a second reading has shown too; own fills since do not change it.
    """

    theirs: Size | None = None
    time: EpochMs = 0
    agreed: EpochMs = 0
    is_drifting: bool = False
    drift: Size = ZERO
    differs: Size | None = None
    differs_time: EpochMs = 0
    repair_asked: EpochMs = 0


def is_drift(ours: Size, theirs: Size, lot: Quantity, threshold: Ratio) -> bool:
    """Tell whether a difference is beyond 1 % of the position and at least one lot."""
    off = abs(ours - theirs)
    return off >= lot and off > threshold * max(abs(ours), abs(theirs))


def compare(watch: Watch, ours: Size, theirs: Size, time: EpochMs, *, is_off: bool) -> Verdict:
    """
    Compare one reading that raced nothing.

    Args:
        watch: Changed in place.
        ours: Our sum.
        theirs: The exchange's position; absent is zero in a complete reading.
        time: The exchange's time of the reading.
        is_off: Whether the difference is beyond the threshold.
    """
    watch.theirs, watch.time = theirs, time
    difference = theirs - ours
    if not is_off:
        watch.agreed = watch.agreed if difference else time
        watch.differs, watch.is_drifting, watch.drift, watch.repair_asked = None, False, ZERO, 0
        return Verdict.AGREES
    if watch.differs != difference:
        watch.differs, watch.differs_time = difference, time
        return Verdict.READ_AGAIN
    if time <= watch.differs_time:
        return Verdict.READ_AGAIN
    watch.is_drifting, watch.drift = True, difference
    return Verdict.DRIFTS
