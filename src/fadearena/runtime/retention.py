"""
Deletes old segments of the journal while the worker runs, where a setting says so.

Never what is not shown yet, and only while we hold the lease. What our accounts are made of stays in any case.
"""

import structlog

from fadearena.kit.clock import Clock
from fadearena.model.error import StorageError
from fadearena.model.units import MINUTE_MS
from fadearena.ports.lease import Lease
from fadearena.ports.read_store import ReadStore
from fadearena.ports.snapshots import Snapshots

log = structlog.get_logger(__name__)


class Retention:
    """Keeps the newest `keep` segments."""

    def __init__(self, snapshots: Snapshots, records: ReadStore, lease: Lease, wall: Clock, keep: int) -> None:
        self._snapshots = snapshots
        self._records = records
        self._lease = lease
        self._wall = wall
        self._keep = keep

    async def run(self) -> None:
        """Look every minute, for ever; what fails is tried again."""
        while True:
            await self._wall.sleep_until(self._wall.now_ms() + MINUTE_MS)
            try:
                await self.look()
            except StorageError as error:
                log.warning("retention_failed", error=str(error))

    async def look(self) -> int:
        """
        Delete what is too old now; return how many entries went.

        Raises:
            LeaseLost: Another process took the lease meanwhile.
            StorageUnavailable: The database is away.
        """
        segments = await self._snapshots.segments()
        if len(segments) <= self._keep or not self._lease.is_held:
            return 0
        oldest_kept = segments[-self._keep]
        shown = (await self._records.position()).journal_seq
        if shown < oldest_kept.first_seq - 1:
            log.warning("retention_waits", shown=shown, needed=oldest_kept.first_seq - 1)
            return 0
        gone = await self._snapshots.prune(oldest_kept)
        log.info("segments_deleted", before=oldest_kept.first_seq, entries=gone)
        return gone
