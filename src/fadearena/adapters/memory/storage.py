"""What the handles on one journal in memory share: so that two workers in one process can be told apart."""

from dataclasses import dataclass, field

from fadearena.model.error import LeaseLost
from fadearena.ports.journal import JournalEntry, Skipped
from fadearena.ports.snapshots import Part, Segment, Snapshot


@dataclass(kw_only=True)
class JournalMemory:
    """
    All that is kept.

    `owner` is the handle that holds the lease, `holder` what it calls itself. `openings` are full snapshots by the
    segment that they open; `unsealed` is a snapshot's entry and its slices so far.
    """

    entries: dict[int, JournalEntry] = field(default_factory=dict)
    skipped: dict[int, Skipped] = field(default_factory=dict)
    segments: dict[int, Segment] = field(default_factory=dict)
    openings: dict[int, Snapshot] = field(default_factory=dict)
    newest: Snapshot | None = None
    unsealed: tuple[int, dict[str, Part]] | None = None
    epoch: int = 0
    holder: str | None = None
    owner: object = None

    @property
    def last_seq(self) -> int:
        """The number of the newest entry; 0 while there is none."""
        return next(reversed(self.entries), 0)

    @property
    def oldest_seq(self) -> int:
        """Where the oldest segment begins."""
        return min(self.segments, default=1)

    def guard(self, epoch: int | None) -> None:
        """
        Refuse to write under an epoch that is over; None stands for a journal without a lease.

        Raises:
            LeaseLost: It is over, or the lease was never taken.
        """
        if epoch == 0:
            raise LeaseLost("this process does not hold the lease of the journal: only the worker that does may write")
        if epoch is not None and epoch != self.epoch:
            raise LeaseLost(
                f"the lease of the journal is with {self.holder} (epoch {self.epoch}, ours was {epoch}): "
                "this worker must stop"
            )
