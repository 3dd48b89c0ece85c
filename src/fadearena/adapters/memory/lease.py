"""The lease of a journal in memory."""

from fadearena.adapters.memory.storage import JournalMemory
from fadearena.model.error import LeaseLost


class MemoryLease:
    """One handle among those that share a memory."""

    def __init__(self, memory: JournalMemory) -> None:
        self._memory = memory
        self._epoch = 0

    @property
    def epoch(self) -> int:
        """The epoch under which this handle writes; 0 while it does not hold the lease."""
        return self._epoch

    @property
    def is_held(self) -> bool:
        """Whether this handle holds the lease."""
        return self._epoch > 0 and self._memory.epoch == self._epoch

    async def acquire(self, holder: str) -> bool:
        """Try to take the lease; return False where another handle holds it."""
        if self.is_held:
            return True
        if self._memory.owner not in {None, self}:
            return False
        self._memory.owner, self._memory.holder = self, holder
        self._memory.epoch += 1
        self._epoch = self._memory.epoch
        return True

    async def holder(self) -> str | None:
        """Return who took the lease last; None while nobody ever did."""
        return self._memory.holder

    async def release(self) -> None:
        """Give the lease back; nothing happens where it is not held."""
        if self._memory.owner is self:
            self._memory.owner = None
        self._epoch = 0

    def renew(self) -> None:
        """
        Go on under a new epoch, as after a failure.

        Raises:
            LeaseLost: Another handle took it meanwhile.
        """
        if self._epoch:
            try:
                self._memory.guard(self._epoch)
            except LeaseLost:
                self._epoch = 0
                raise
            self._memory.epoch += 1
            self._epoch = self._memory.epoch
