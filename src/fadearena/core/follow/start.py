"""How following begins in a coin: which part of the position that is there counts as followed."""

import msgspec

from fadearena.core.follow.track import Track
from fadearena.model.policy import StartPolicy
from fadearena.model.units import BPS, ZERO, Bps, Direction, EpochMs, Price, Size, sign


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """
    How following begins in a coin: by policy, except for `held`, the followed part that a sleeve stands for.

    `since` is when following was switched on: what the source did before is history, never followed. `mark` and
    `direction` serve `join_if_better` only.
    """

    policy: StartPolicy
    since: EpochMs = 0
    held: Size = ZERO
    mark: Price | None = None
    direction: Direction = Direction.FADE
    chase_bps: Bps = ZERO


def begin_track(size: Size, entry: Price | None, start: Start) -> Track:
    """Return the track with which following begins at a position of `size`."""
    track = Track(position=size, baseline=size, entry=entry)
    begin_anew(track, start)
    return track


def begin_anew(track: Track, start: Start) -> None:
    """Make a new start at the position that a track has."""
    policy, size = start.policy, track.position
    if policy is StartPolicy.JOIN or (policy is StartPolicy.JOIN_IF_BETTER and _is_better(track, start)):
        track.rebase(ZERO, waiting=False)
        return
    held = start.held if sign(start.held) == sign(size) else ZERO
    baseline = size - held if abs(held) < abs(size) else ZERO
    track.rebase(baseline, waiting=policy is StartPolicy.IGNORE_UNTIL_FLAT and bool(size))


def _is_better(track: Track, start: Start) -> bool:
    """Tell whether the mark is at least as good for us as the source's entry, within `chase_bps`."""
    if start.mark is None or track.entry is None:
        return False
    ours = start.direction.sign * sign(track.position)
    return ours * (start.mark - track.entry) <= track.entry * start.chase_bps * BPS
