"""
Follows the log of records for all clients of a process, and reads again what one of them missed.

1. Each record is read once and written once, in the order of its number; nothing is left out and nothing comes twice.
2. Each look begins at the record that was seen last. Where another stands there, or none, the log is being made anew:
   after a rebuild the same records come again and it goes on as if nothing had been; any other log is followed from its
   end, and whoever listened is told to begin anew.
3. The newest messages are kept, so that clients who come back together ask the database for nothing.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from itertools import islice
from typing import Any, Final

import msgspec
import structlog

from fadearena.api.answers import Decimals
from fadearena.api.doors import Doors
from fadearena.api.stream.asking import Refused
from fadearena.api.stream.messages import Message, changes_settings, message_of, tags_of
from fadearena.model.error import StorageUnavailable
from fadearena.model.units import SECOND_MS, EpochMs
from fadearena.ports.read_store import LIMIT_MAX, LoggedRecord, LogQuery
from fadearena.ports.wakeups import Topic

log = structlog.get_logger(__name__)
_POLL_MS: Final = 25
_PATIENCE_MS: Final = 10 * SECOND_MS
_REPLAY_PAGE: Final = 250
_REPLAYS: Final = 4
_KEPT: Final = 1_000
_KEPT_CHARS: Final = 8 << 20

Tell = Callable[[Sequence[Message]], None]


class Part(msgspec.Struct, frozen=True):
    """Messages of a part of the log that ends with the record `upto`."""

    messages: Sequence[Message]
    upto: int


class Follower:
    """Stands at record `seq`. `tell` gets what is new; `restart` is called where the log became another."""

    def __init__(
        self, doors: Doors, settings: Callable[[], Awaitable[dict[str, Any]]], tell: Tell, restart: Callable[[], None]
    ) -> None:
        self.seq = 0
        self.opened = asyncio.Event()
        self._doors = doors
        self._settings = settings
        self._tell = tell
        self._restart = restart
        self._last: LoggedRecord | None = None
        self._kept: deque[Message] = deque()
        self._kept_chars = 0
        self._replays = asyncio.Semaphore(_REPLAYS)
        self._astray: tuple[EpochMs, int] | None = None

    @property
    def time(self) -> EpochMs | None:
        """The time of the record at which it stands; None where there is none."""
        return None if self._last is None else self._last.time

    async def run(self) -> None:
        """Follow until it is cancelled. A database that is away is waited for."""
        while True:
            try:
                if not self.opened.is_set():
                    await self._open()
                if not await self._look():
                    await self._doors.wakeups.wait(Topic.RECORDS, _POLL_MS)
            except StorageUnavailable as error:
                log.warning("stream_waits", error=str(error))
                await self._doors.clock.sleep_until(self._doors.clock.now_ms() + SECOND_MS)

    async def after(self, seq: int, channels: frozenset[str] | None) -> Part:
        """
        Return messages that follow record `seq`, at least those of some channels, in parts up to where this stands.

        Raises:
            Refused: What follows is not kept any more.
            StorageUnavailable: The database is away.
        """
        if seq >= self.seq:
            return Part((), seq)
        if self._kept and seq >= self._kept[0].seq - 1:
            return Part(tuple(islice(self._kept, seq + 1 - self._kept[0].seq, None)), self.seq)
        async with self._replays:
            return await self._read(seq, channels)

    async def check(self, since: int, timestamp: EpochMs | None) -> None:
        """
        Refuse a record that did not happen in this log, or not at this time.

        Raises:
            Refused: It did not.
            StorageUnavailable: The database is away.
        """
        if since > self.seq and since > (await self._doors.records.position()).record_seq:
            raise Refused("reload", f"record {since} did not happen yet: read everything again, from {self.seq} on")
        if timestamp is not None and since > 0 and await self._time_of(since) != timestamp:
            raise Refused("reload", f"record {since} is another here: read everything again, from {self.seq} on")

    async def _time_of(self, seq: int) -> EpochMs | None:
        if self._kept and self._kept[0].seq <= seq <= self._kept[-1].seq:
            return self._kept[seq - self._kept[0].seq].time
        async with self._replays:
            found = (await self._doors.records.log(LogQuery(after=seq - 1, limit=1))).records
        return found[0].time if found and found[0].record_seq == seq else None

    async def _read(self, seq: int, channels: frozenset[str] | None) -> Part:
        upto, records = self.seq, self._doors.records
        kinds = () if channels is None else tags_of(channels)
        if channels is not None and not kinds:
            return Part((), upto)
        page = await records.log(LogQuery(after=seq, limit=_REPLAY_PAGE, kinds=kinds))
        next_one = (await records.log(LogQuery(after=seq, limit=1))).records if kinds else page.records[:1]
        if not next_one or next_one[0].record_seq != seq + 1:
            raise Refused("reload", f"what followed record {seq} is not kept: read everything again, from {upto} on")
        wanted = [logged for logged in page.records if logged.record_seq <= upto]
        is_whole = page.next_after is None or len(wanted) < len(page.records)
        return Part(await self._messages(wanted), upto if is_whole else wanted[-1].record_seq)

    async def _open(self) -> None:
        """Stand at the end of the log."""
        end = (await self._doors.records.position()).record_seq
        page = (await self._doors.records.log(LogQuery(after=max(0, end - _KEPT), limit=_KEPT))).records
        self._kept.clear()
        self._kept_chars = 0
        self.seq, self._last, self._astray = end, None, None
        if page:
            self._keep(await self._messages(page), page[-1])
        self.opened.set()

    async def _look(self) -> bool:
        """Take in what is new; tell whether there may be more."""
        last = self._last
        after = self.seq - 1 if last is not None else self.seq
        page = (await self._doors.records.log(LogQuery(after=after, limit=LIMIT_MAX))).records
        is_full = len(page) == LIMIT_MAX
        if last is not None:
            if not page or _place(page[0]) != _place(last):
                await self._wait_for_the_log()
                return False
            page = page[1:]
        self._astray = None
        if not page:
            return False
        messages = await self._messages(page)
        self._keep(messages, page[-1])
        self._tell(messages)
        return is_full

    async def _messages(self, page: Sequence[LoggedRecord]) -> list[Message]:
        settings = await self._settings() if changes_settings(page) else None
        return [message_of(logged, settings, simulated=self._doors.simulated) for logged in page]

    def _keep(self, messages: Sequence[Message], last: LoggedRecord) -> None:
        self._kept.extend(messages)
        self._kept_chars += sum(len(message.text(Decimals.NUMBER)) for message in messages)
        while len(self._kept) > _KEPT or (self._kept_chars > _KEPT_CHARS and len(self._kept) > 1):
            self._kept_chars -= len(self._kept.popleft().text(Decimals.NUMBER))
        self.seq, self._last = last.record_seq, last

    async def _wait_for_the_log(self) -> None:
        """Where it does not grow back to where this stands, or is another there, begin anew."""
        end, now = (await self._doors.records.position()).record_seq, self._doors.clock.now_ms()
        began, before = self._astray or (now, -1)
        if end < self.seq:
            if end != before:
                self._astray = now, end
                return
            if now - began < _PATIENCE_MS:
                return
        elif before < self.seq:  # it has just come so far: look once more
            self._astray = now, end
            return
        log.warning("record_log_replaced", seq=self.seq, now_at=end)
        await self._open()
        self._restart()


def _place(logged: LoggedRecord) -> tuple[int, int, EpochMs]:
    return logged.record_seq, logged.journal_seq, logged.time
