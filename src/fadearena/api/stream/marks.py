"""
Marks of coins in which somebody holds something, as clients were told last: read for all of them twice a second.

They are those that the worker journaled: each about every ten seconds, and at once where a fill or an order is about
it. So each is told with the time at which it was heard.
"""

from collections.abc import Callable, Iterable

from fadearena.api.doors import Doors
from fadearena.api.records import Form
from fadearena.model.ids import Coin
from fadearena.ports.archive import Mark


class MarkWatch:
    """Knows the marks. `tell` gets those that changed."""

    def __init__(self, doors: Doors, tell: Callable[[Form], None]) -> None:
        self._doors = doors
        self._tell = tell
        self._known: dict[Coin, Mark] = {}

    @property
    def whole(self) -> Form | None:
        """All of them, for a client that was told none yet; None while there are none."""
        return _form(self._known.values()) if self._known else None

    async def read(self) -> None:
        """
        Tell which of them changed since this was asked last.

        Raises:
            StorageError: The database is away, or cannot be used.
        """
        before, self._known = self._known, await self._doors.archive.held_marks()
        changed = [mark for coin, mark in self._known.items() if before.get(coin) != mark]
        if changed:
            self._tell(_form(changed))

    def forget(self) -> None:
        """Take all of them for new: whoever comes next was told none."""
        self._known = {}


def _form(marks: Iterable[Mark]) -> Form:
    sorted_marks = sorted(marks, key=lambda mark: mark.coin)
    return {
        "marks": {mark.coin: mark.price for mark in sorted_marks},
        "times": {mark.coin: mark.time for mark in sorted_marks},
    }
