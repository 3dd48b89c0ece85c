"""Several streams as one, in order, with no more of each in memory than a part."""

from bisect import bisect_right
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from typing import Protocol, TypeAlias

from fadearena.model.units import EpochMs
from fadearena.ports.archive import LoggedCash, LoggedFill, LoggedFunding

Key: TypeAlias = tuple[EpochMs, int]
"""By which things are ordered; the first is 0 where the record's number alone counts."""
Booked: TypeAlias = LoggedFill | LoggedFunding | LoggedCash


class Stream(Protocol):
    """Things in parts, in some order."""

    def __aiter__(self) -> AsyncIterator[Sequence[Booked]]:
        """Return what yields the parts."""
        ...


class _Source:
    """One stream, with the part of it that is not told yet."""

    def __init__(self, stream: Stream) -> None:
        self.parts = aiter(stream)
        self.waiting: Sequence[Booked] = ()
        self.is_open = True

    async def fill(self) -> None:
        """Have something waiting, if there is anything more."""
        while self.is_open and not self.waiting:
            try:
                self.waiting = await anext(self.parts)
            except StopAsyncIteration:
                self.is_open = False

    def take(self, until: Key | None, key: Callable[[Booked], Key]) -> Sequence[Booked]:
        """Take what lies up to a key, or everything."""
        cut = len(self.waiting) if until is None else bisect_right(self.waiting, until, key=key)
        taken, self.waiting = self.waiting[:cut], self.waiting[cut:]
        return taken


def by_time(booked: Booked) -> Key:
    """Order by when it was executed or paid."""
    return booked.time, booked.record_seq


def by_record(booked: Booked) -> Key:
    """Order by when it was booked."""
    return 0, booked.record_seq


async def merged(*streams: Stream, key: Callable[[Booked], Key]) -> AsyncGenerator[Sequence[Booked], None]:
    """Yield the things of all streams in parts, in the order that each of them has by itself."""
    sources = [_Source(stream) for stream in streams]
    while True:
        for source in sources:
            await source.fill()
        open_ones = [source for source in sources if source.is_open]
        until = min((key(source.waiting[-1]) for source in open_ones), default=None)
        part = [booked for source in sources for booked in source.take(until, key)]
        if part:
            yield sorted(part, key=key)
        if not open_ones:
            return
