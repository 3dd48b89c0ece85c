"""
Shows what was journaled: reads entries as they are committed, and takes their records into the read store.

It never steps. Its position stands in the transaction that writes the tables, so that it goes on exactly where it was;
`rebuild` makes everything anew from the entries that are kept.
"""

import asyncio
import time

import msgspec
import structlog

from fadearena.kit.clock import Clock
from fadearena.kit.tasks import either
from fadearena.model.error import InvalidInput, StorageUnavailable
from fadearena.ports.journal import JournalEntry, JournalReader
from fadearena.ports.read_store import Position, ReadStore
from fadearena.ports.snapshots import Snapshots
from fadearena.ports.wakeups import Topic, Wakeups
from fadearena.runtime.server_metrics import ServerMetrics

log = structlog.get_logger(__name__)
_BATCH = 100  # a batch holds the write lock: a stop that is queued meanwhile waits for it
_BATCH_ALONE = 1_000  # in a rebuild nobody else projects; a worker that beats waits for no more than a second


class ProjectorOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How often it looks for new entries, and how long it waits when a database is away, in milliseconds."""

    poll_ms: int = 20
    retry_ms: int = 1_000


class Projector:
    """Follows a journal. With `wakeups` it hears of entries at once, and tells of their records."""

    def __init__(
        self,
        journal: JournalReader,
        records: ReadStore,
        clock: Clock,
        metrics: ServerMetrics,
        options: ProjectorOptions = ProjectorOptions(),  # noqa: B008 - frozen
        *,
        wakeups: Wakeups | None = None,
    ) -> None:
        self._journal = journal
        self._records = records
        self._clock = clock
        self._metrics = metrics
        self._options = options
        self._wakeups = wakeups
        self._stopping = asyncio.Event()
        self.position = Position()

    async def run(self) -> None:
        """
        Follow until `stop`; what was committed before that is still taken in. A database that is away is waited for.

        Raises:
            InvalidInput: The journal begins after what was projected last: rebuild.
            JournalCorrupt: An entry cannot be read.
        """
        is_last = False
        while not is_last:
            is_last = self._stopping.is_set()
            news = self._news
            try:
                await self.catch_up()
            except StorageUnavailable as error:
                log.warning("projection_waits", error=str(error))
                news = self._retry_time
            except InvalidInput:
                if not await self._was_moved():
                    raise
            if not is_last:
                await either(news(), self._stopping.wait())

    def stop(self) -> None:
        """End `run` once everything that is committed by now was taken in."""
        self._stopping.set()

    async def catch_up(self) -> Position:
        """
        Take in everything that is committed, and return how far that is.

        Raises:
            JournalCorrupt: An entry cannot be read.
            StorageUnavailable: One of the databases is away.
        """
        self.position = await self._records.position()
        batch: list[JournalEntry] = []
        async for entry in self._journal.read(self.position.journal_seq + 1):
            batch.append(entry)
            if len(batch) == _BATCH:
                await self._project(batch)
                batch = []
        if batch:
            await self._project(batch)
        return self.position

    async def _was_moved(self) -> bool:
        """Tell whether somebody else moved the position meanwhile, as a rebuild does: then it is read anew."""
        return await self._records.position() != self.position

    async def _news(self) -> None:
        """Wait until something may have been committed."""
        if self._wakeups is not None:
            await self._wakeups.wait(Topic.JOURNAL, self._options.poll_ms)
        else:
            await self._clock.sleep_until(self._clock.now_ms() + self._options.poll_ms)

    async def _retry_time(self) -> None:
        await self._clock.sleep_until(self._clock.now_ms() + self._options.retry_ms)

    async def _project(self, batch: list[JournalEntry]) -> None:
        began = time.perf_counter()
        self.position = await self._records.project(batch)
        self._metrics.projection.observe(time.perf_counter() - began)
        self._metrics.projected_seq.set(self.position.journal_seq)
        if self._wakeups is not None:
            self._wakeups.wake(Topic.RECORDS)


async def rebuild(journal: JournalReader, snapshots: Snapshots, records: ReadStore) -> Position:
    """
    Project everything that is kept anew: the stored records, without stepping.

    Raises:
        JournalCorrupt: An entry cannot be read.
        StorageUnavailable: One of the databases is away.
    """
    segments = await snapshots.segments()
    first = segments[0] if segments else None
    position = Position(journal_seq=first.first_seq - 1, record_seq=first.record_seq) if first else Position()
    await records.clear(position)
    batch = list[JournalEntry]()
    async for entry in journal.read(position.journal_seq + 1):
        batch.append(entry)
        if len(batch) == _BATCH_ALONE:
            position, batch = await records.project(batch), []
    return await records.project(batch) if batch else position
