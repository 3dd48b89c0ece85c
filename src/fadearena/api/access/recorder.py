"""
Keeps what people do and try.

1. What an operator does is kept every time. What was refused to others is kept a few times a second at most: how many
   were left out stands in the next entry, so that a flood fills neither the table nor the disk.
2. An answer is not held back where the record cannot be written: the log says so, with what is missing.
"""

from typing import Final

import msgspec
import structlog

from fadearena.kit.clock import Clock
from fadearena.model.error import StorageError
from fadearena.model.units import SECOND_MS, EpochMs
from fadearena.ports.access import AccessEntry, AccessStore

BURST: Final = 60
_EACH_MS: Final = SECOND_MS

log = structlog.get_logger(__name__)


class Recorder:
    """Writes entries."""

    def __init__(self, store: AccessStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._room: EpochMs = BURST * _EACH_MS
        self._filled = clock.now_ms()
        self._left_out = 0

    async def note(self, entry: AccessEntry, *, is_refused: bool) -> None:
        """Keep an entry; one that was refused only while there is room."""
        if is_refused and not self._has_room():
            self._left_out += 1
            return
        if is_refused and self._left_out:
            more = f"{entry.detail} ({self._left_out} more were refused and not kept)".lstrip()
            entry, self._left_out = msgspec.structs.replace(entry, detail=more), 0
        try:
            await self._store.note(entry)
        except StorageError as error:
            log.error("access_not_recorded", **msgspec.structs.asdict(entry), error=str(error))  # noqa: TRY400 - no trace

    def _has_room(self) -> bool:
        now = self._clock.now_ms()
        passed, self._filled = max(0, now - self._filled), now
        self._room = min(self._room + passed, BURST * _EACH_MS)
        if self._room < _EACH_MS:
            return False
        self._room -= _EACH_MS
        return True
