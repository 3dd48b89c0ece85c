"""The lease, as its port has it."""

from fadearena.adapters.sql.journal.keeper import Keeper
from fadearena.adapters.sql.journal.reader import Reader
from fadearena.adapters.sql.journal.writer import Writer
from fadearena.adapters.sql.session import Session


class SqlLease:
    """Held by one process at a time."""

    def __init__(self, keeper: Keeper, writer: Writer, reader: Reader) -> None:
        self._keeper = keeper
        self._writer = writer
        self._reader = reader

    @property
    def epoch(self) -> int:
        """The epoch under which this process writes; 0 while it does not hold the lease."""
        return self._keeper.epoch

    @property
    def is_held(self) -> bool:
        """Whether this process is known to hold the lease: the last commit, if any, went through under it."""
        return self._keeper.may_write

    async def acquire(self, holder: str) -> bool:
        """
        Try to take the lease, at once; return False where a living process holds it.

        Raises:
            StorageUnavailable: The database cannot be reached.
        """
        return await self._writer.call(lambda keeper: keeper.acquire(holder))

    async def holder(self) -> str | None:
        """Return who took the lease last; None while nobody ever did."""
        return await self._reader.call(_holder)

    async def release(self) -> None:
        """Give the lease back; nothing happens where it is not held."""
        await self._writer.call(Keeper.release)


def _holder(session: Session) -> str | None:
    found = session.rows("SELECT holder FROM lease WHERE id = 1")
    return str(found[0][0]) if found else None
