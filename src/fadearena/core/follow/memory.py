"""What is remembered of one source position, and what a message changed in it."""

from enum import StrEnum

import msgspec

from fadearena.core.follow.track import Track
from fadearena.model.policy import StartPolicy
from fadearena.model.units import SECOND_MS, ZERO, EpochMs, Price, Quantity, Size
from fadearena.model.wallet import SourceFill

UNDECIDABLE_MS = 2 * SECOND_MS
"""So near to a snapshot nobody knows, but by the chain, whether it holds a fill."""
PASSED_MAX = 64
"""So many fills are remembered of which nothing else is kept."""
RECENT_MAX = 128
"""So many proven fills are kept, for others that come late between them."""


class Confidence(StrEnum):
    """How well a source position is known."""

    UNKNOWN = "unknown"
    PROVISIONAL = "provisional"
    CONFIRMED = "confirmed"


class Doubt(msgspec.Struct, kw_only=True):
    """A snapshot that disagrees (or is the first of its kind), and how often it was read."""

    position: Size
    last: EpochMs
    reads: int = 1


class Follow(msgspec.Struct, kw_only=True):
    """
    What is remembered of one (bot, coin).

    `ground` is a proven state; `recent` are the proven fills since, in the order of execution; `base` is the one
    folded over the other. `tail` are fills that are not proven, `now` is the base folded over them. `near` are fills
    around a snapshot that is the ground, which it holds already. `fill_time` is the newest fill's.

    `passed` are the newest fills that were let go, as (time, key); those up to `passed_to` are forgotten.

    While nothing is known `near` are the newest fills of the tape. `told` are those of them that people were told of.

    `held` and `policy` wait for the next beginning: what a sleeve stands for, and how to begin if not as the
    settings say; `floor` is the newest fill before it.
    """

    ground: Track | None = None
    ground_time: EpochMs = 0
    by_snapshot: bool = False
    near: list[SourceFill] = []
    told: list[str] = []
    recent: list[SourceFill] = []
    passed: list[tuple[EpochMs, str]] = []
    passed_to: EpochMs = 0
    base: Track | None = None
    tail: list[SourceFill] = []
    now: Track | None = None
    has_gap: bool = False
    undecided: bool = False
    repair_failed: bool = False
    doubt: Doubt | None = None
    fill_time: EpochMs = 0
    held: Size = ZERO
    policy: StartPolicy | None = None
    floor: EpochMs = 0

    @property
    def base_time(self) -> EpochMs:
        """Up to when the position is proven."""
        return max(self.ground_time, self.recent[-1].time) if self.recent else self.ground_time

    @property
    def confidence(self) -> Confidence:
        """How well the position is known."""
        if self.now is None or self.repair_failed:
            return Confidence.UNKNOWN
        return Confidence.PROVISIONAL if self.tail else Confidence.CONFIRMED

    @property
    def followed(self) -> Size:
        """The followed part as it is believed now; while nothing is known, what the sleeve stands for."""
        return self.now.followed if self.now else self.held

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

    `counted` are fills that counted for the first time, `early` those that are only told: they came before anything was
    known, or when they were history already. `gap` is
    a hole that was not known before, as (what we had, where the fill began). `wants_snapshot` asks for another read;
    `moved` is (before, after, reason) of a move that no fill explains; `is_off` tells of one that a fill which is
    still to come may explain. `path` is what |followed| went through in its present leg.
    """

    counted: list[SourceFill] = []
    early: list[SourceFill] = []
    duplicates: int = 0
    gap: tuple[Size, Size] | None = None
    wants_snapshot: bool = False
    moved: tuple[Size, Size, str] | None = None
    is_off: bool = False
    implied_price: Price | None = None
    started: bool = False
    path: list[Quantity] = []
