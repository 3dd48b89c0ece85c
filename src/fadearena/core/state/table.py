"""
A table that notices which of its rows are handed out, so that a picture of it can be taken bit by bit.

1. A row that was handed out may be changed by whoever has it: it counts as touched, until the next picture begins.
2. A row that the present picture still needs is written before it is handed out.
3. Whoever asks for all rows at once has touched all of them; where the picture still needs too many, it is broken.
"""

from collections.abc import Callable, Hashable, ItemsView, Iterable, ValuesView
from typing import TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
D = TypeVar("D")

SWEEP_MAX = 64
"""So many rows are written at once for a picture before all of them are handed out."""
_ROW, _GET = dict.__getitem__, dict.get  # `super()` would cost more than all the rest of a look-up


class Table(dict[K, V]):
    """
    Rows by their keys.

    `touched` are the keys of rows that were handed out, made or removed since the last picture began, `gone` those of
    removed ones; `is_swept` says that all were handed out. `pending` are the keys that the present picture still needs,
    `written` the rows that were written for it early.
    """

    __slots__ = ("_write", "gone", "is_broken", "is_swept", "pending", "touched", "written")

    def __init__(self, rows: dict[K, V], write: Callable[[V], bytes]) -> None:
        super().__init__(rows)
        self._write = write
        self.touched: dict[K, object] = {}
        self.gone: dict[K, None] = {}
        self.pending: dict[K, object] = {}
        self.written: list[tuple[K, bytes | None]] = []
        self.is_swept = self.is_broken = False

    # --- pictures

    def begin(self, *, full: bool) -> None:
        """Let a picture begin: of all rows, or of those that were touched since the last one began."""
        self.pending = self.touched
        if full or self.is_swept:
            self.pending = dict(self)
            self.pending |= self.gone
        self.touched, self.gone, self.is_swept, self.is_broken = {}, {}, False, False

    def next_row(self) -> tuple[K, bytes | None] | None:
        """Return one more row of the picture as it was, None for one that was removed; nothing at the end."""
        if self.written:
            return self.written.pop()
        if self.pending:
            key, _ = self.pending.popitem()
            return key, self._text(key)
        return None

    def give_up(self, taken: Iterable[K] = ()) -> None:
        """End the picture; what it had not written yet counts as touched again, and so does what was taken of it."""
        again = dict.fromkeys([*self.pending, *taken])
        self.touched |= again
        self.gone |= {key: None for key in again if key not in self}
        self.pending, self.written = {}, []

    # --- a dict that looks

    def __getitem__(self, key: K) -> V:
        """Hand a row out."""
        row: V = _ROW(self, key)
        if key not in self.touched:
            self._touch(key)
        return row

    def get(self, key: K, default: D | None = None) -> V | D | None:  # type: ignore[override]
        """Hand a row out, if there is one."""
        row: V | None = _GET(self, key)
        if row is None:
            return default
        if key not in self.touched:
            self._touch(key)
        return row

    def setdefault(self, key: K, default: V) -> V:
        """Hand a row out, made if there is none."""
        if key not in self:
            self[key] = default
        return self[key]

    def __setitem__(self, key: K, row: V) -> None:
        """Make or replace a row."""
        self._touch(key)
        super().__setitem__(key, row)

    def __delitem__(self, key: K) -> None:
        """Remove a row."""
        self._touch(key)
        super().__delitem__(key)
        self.gone[key] = None

    def pop(self, key: K, *default: D) -> V | D:
        """Remove a row and hand it out."""
        self._touch(key)
        self.gone[key] = None
        return super().pop(key, *default)

    def values(self) -> ValuesView[V]:  # type: ignore[override]
        """Hand all rows out."""
        self._sweep()
        return super().values()

    def items(self) -> ItemsView[K, V]:  # type: ignore[override]
        """Hand all rows out, with their keys."""
        self._sweep()
        return super().items()

    def _touch(self, key: K) -> None:
        self.touched[key] = None
        if key in self.pending:
            del self.pending[key]
            self.written.append((key, self._text(key)))

    def _text(self, key: K) -> bytes | None:
        row = dict.get(self, key)
        return None if row is None else self._write(row)

    def _sweep(self) -> None:
        self.is_swept = True
        if len(self.pending) > SWEEP_MAX:
            self.is_broken = True
            self.give_up()
        for key in list(self.pending):
            self._touch(key)
