"""
All rows of a time range that the exchange gives in pages.

1. Both ends of a range are inclusive: the next page begins at the time at which the last one ended, and what is known
   is dropped by its key. The end is where a page is not full, or nothing new comes.
2. A page full of one millisecond may hide more of it, for which nobody can ask: it goes on behind that millisecond.
3. Pages came newest first in 2023 and come oldest first now: which it is shows in the page. The order inside one
   millisecond is the exchange's and is kept; rows are sorted by time only, and stably.
"""

from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Final, Protocol, TypeVar

import structlog

from fadearena.model.units import EpochMs

FULL: Final = 500
"""A page of so many rows may have been cut; it is the least that the exchange documents."""

log = structlog.get_logger(__name__)


class Timed(Protocol):
    """A row with a time."""

    @property
    def time(self) -> EpochMs:
        """When it happened."""
        ...


T = TypeVar("T", bound=Timed)
Page = Callable[[EpochMs, EpochMs | None], Awaitable[Sequence[T]]]


async def all_rows(page: Page[T], since: EpochMs, key: Callable[[T], Hashable], full: int = FULL) -> list[T]:
    """
    Return all rows from `since` on, oldest first, each once.

    Args:
        page: Fetches the rows between two times, or up to now.
        since: From when on, inclusive.
        key: By what two rows are known to be the same.
        full: How many rows a page has at least that may have been cut.
    """
    rows: list[T] = []
    known: set[Hashable] = set()
    start, is_newest_first = since, False
    end: EpochMs | None = None
    while got := await page(start, end):
        is_newest_first = is_newest_first or got[0].time > got[-1].time
        oldest_first = list(reversed(got)) if is_newest_first else list(got)
        oldest, newest = oldest_first[0].time, oldest_first[-1].time
        is_stuck = oldest == newest and len(got) >= FULL
        fresh = {key(row): row for row in oldest_first if key(row) not in known}
        if is_stuck:
            log.warning("page_full_of_one_time", time=newest, rows=len(got))
        elif not fresh:
            break
        known.update(fresh)
        rows = [*fresh.values(), *rows] if is_newest_first else [*rows, *fresh.values()]
        if len(got) < full:
            break
        before = (start, end)
        if is_newest_first:
            end = oldest - is_stuck
        else:
            start = newest + is_stuck
        if (start, end) == before:
            break
    return sorted(rows, key=lambda row: row.time)
