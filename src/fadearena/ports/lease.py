"""The door to the lease: one worker writes at a time."""

from typing import Protocol


class Lease(Protocol):
    """
    Held by one process at a time; each time that it is taken the epoch grows by one.

    Every commit of the journal carries the epoch, and fails once another process took the lease.
    """

    @property
    def epoch(self) -> int:
        """The epoch under which this process writes; 0 while it does not hold the lease."""
        ...

    @property
    def is_held(self) -> bool:
        """Whether this process is known to hold the lease at this moment; cheap enough to ask before each send."""
        ...

    async def acquire(self, holder: str) -> bool:
        """
        Try to take the lease, at once; return False where a living process holds it.

        Args:
            holder: Who we are, for people: it is shown to whoever is refused.

        Raises:
            StorageUnavailable: The database cannot be reached.
        """
        ...

    async def holder(self) -> str | None:
        """Return who took the lease last; None while nobody ever did."""
        ...

    async def release(self) -> None:
        """Give the lease back; nothing happens where it is not held."""
        ...
