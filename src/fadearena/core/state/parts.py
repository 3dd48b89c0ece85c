"""
A picture of the state as it was at one moment, taken bit by bit while the core goes on.

1. A row of the tables that are changed in place is written when its turn comes, or just before the core gets hold of
   it. All other tables are copied when the cut begins: their rows are never changed, only replaced.
2. A cut gives out what differs from the last one that was saved, a full one everything.
3. A slice costs no more than it promises: rows that were looked at and had not changed count too.
"""

from collections.abc import Iterator, Mapping
from hashlib import blake2b
from itertools import islice
from typing import Any, TypeAlias

from fadearena.core.state.forms import WATCHED, copied_text, key_of, picture_of, settings_text, wholes_of, writer_of
from fadearena.core.state.memory import State
from fadearena.core.state.table import Table
from fadearena.model.error import InvalidInput

SLICE_BYTES = 300_000
"""A slice of a cut ends when so much was looked at, however few parts it holds."""
_UNCHANGED = 25
"""So many copied rows that did not change cost as much as one part."""

Picture: TypeAlias = Mapping[str, Mapping[Any, Any]]
Looked: TypeAlias = tuple[str, bytes | None, bool]
"""A part that was looked at, and whether it differs from what is saved."""


class Parts:
    """
    What of a state is saved, and what changed since.

    The tables of the state are replaced by ones that notice access: there is one of these for each state.

    Args:
        state: Whose parts.
        saved: The parts that it was assembled from; None for a state of which nothing is saved.
    """

    def __init__(self, state: State, saved: Mapping[str, bytes] | None = None) -> None:
        self._state = state
        self._cut: Cut | None = None
        self._settings = (state.policy, settings_text(state.policy))
        self._tables: dict[str, Table[Any, Any]] = {}
        for name in WATCHED:
            self._tables[name] = table = Table(getattr(state, name), writer_of(name))
            table.is_swept = saved is None
            setattr(state, name, table)
        self._digests = {key: _digest(text) for key, text in (saved or {}).items() if key.partition("/")[0] in WATCHED}
        self._picture: Picture = {} if saved is None else self._look()

    def begin(self, *, full: bool) -> "Cut":
        """
        Begin a cut of the state as it is now: of what changed, or of everything.

        Raises:
            InvalidInput: There is one already.
        """
        if self._cut is not None:
            raise InvalidInput("a cut is being taken: tell what became of it before the next one begins")
        for table in self._tables.values():
            table.begin(full=full)
        known = ({}, {}) if full else (self._picture, self._digests)
        self._cut = Cut(self._state.seq, self._tables, self._look(), known, is_full=full)
        return self._cut

    def saved(self, cut: "Cut") -> None:
        """
        Count a cut as saved: the next one gives out what changed since.

        Raises:
            InvalidInput: It is not the present one, or it was not taken to its end.
        """
        if not cut.is_done:
            raise InvalidInput("a cut can be saved only after it was taken to its end")
        self._end(cut)
        self._picture, self._digests = cut.picture, cut.digests

    def dropped(self, cut: "Cut") -> None:
        """
        Give a cut up: what it showed counts as changed still.

        Raises:
            InvalidInput: It is not the present one.
        """
        self._end(cut)
        for name, table in self._tables.items():
            table.give_up(cut.taken[name])
        for key, known in cut.replaced.items():
            if known is None:
                cut.digests.pop(key, None)
            else:
                cut.digests[key] = known

    def _end(self, cut: "Cut") -> None:
        if cut is not self._cut:
            raise InvalidInput("this cut was saved or dropped already")
        self._cut = None

    def _look(self) -> Picture:
        state = self._state
        if self._settings[0] is not state.policy:
            self._settings = (state.policy, settings_text(state.policy))
        return {"": wholes_of(state) | {"policy": self._settings[1]}, **picture_of(state)}


class Cut:
    """
    The state as it was after event `seq`, given out in slices.

    It `is_done` once everything was given out. It `is_broken` when the core asked for all rows of a table of which too
    many were still to be written: then it ends without having shown them, and has to be dropped.

    `digests` of rows are brought up to what it gives out; `replaced` are those that stood there before. `taken` are
    the rows that were looked at.
    """

    def __init__(
        self,
        seq: int,
        tables: Mapping[str, Table[Any, Any]],
        picture: Picture,
        known: tuple[Picture, dict[str, int]],
        *,
        is_full: bool,
    ) -> None:
        self.seq = seq
        self.picture = picture
        self.is_full = is_full
        self.is_done = False
        self.replaced: dict[str, int | None] = {}
        self.taken: dict[str, list[Any]] = {name: [] for name in tables}
        self._tables = tables
        self._known, self.digests = known
        self._rows = self._all()

    @property
    def is_broken(self) -> bool:
        """Whether it cannot be finished any more."""
        return any(table.is_broken for table in self._tables.values())

    def take(self, most: int) -> list[tuple[str, bytes | None]]:
        """
        Return the next parts, at most `most`, each with its text, or None where it is gone; none at the end.

        A slice in which nothing had changed holds one part nevertheless: an empty one would be the end.
        """
        found, size = list[tuple[str, bytes | None]](), 0
        unchanged: tuple[str, bytes | None] | None = None
        for key, text, is_new in islice(self._rows, most):
            if is_new:
                found.append((key, text))
            else:
                unchanged = (key, text)
            size += len(text or b"")
            if size >= SLICE_BYTES:
                break
        return [unchanged] if not found and unchanged is not None else found

    def _all(self) -> Iterator[Looked]:
        """Look at everything; first at the tables that are changed in place: what is written is not written early."""
        for name, table in self._tables.items():
            while (row := table.next_row()) is not None:
                self.taken[name].append(row[0])
                if row[1] is not None or not self.is_full:
                    yield self._looked_at(key_of(name, row[0]), row[1])
        for kind in {**self._known, **self.picture}:
            yield from self._copied(kind, self._known.get(kind, {}), self.picture.get(kind, {}))
        self.is_done = not self.is_broken

    def _looked_at(self, key: str, text: bytes | None) -> Looked:
        """Compare a row with what is saved of it."""
        known, seen = self.digests.get(key), None if text is None else _digest(text)
        if seen == known:
            return key, text, False
        self.replaced[key] = known
        if seen is None:
            del self.digests[key]
        else:
            self.digests[key] = seen
        return key, text, True

    def _copied(self, kind: str, old: Mapping[Any, Any], new: Mapping[Any, Any]) -> Iterator[Looked]:
        """Compare a copied table with the saved one."""
        for n, (key, value) in enumerate(new.items()):
            is_new = key not in old or (old[key] is not value and old[key] != value)
            if is_new or n % _UNCHANGED == 0:
                yield key_of(kind, key), copied_text(value), is_new
        for n, key in enumerate(old):
            if key not in new:
                yield key_of(kind, key), None, True
            elif n % _UNCHANGED == 0:
                yield key_of(kind, key), copied_text(new[key]), False


def _digest(text: bytes) -> int:
    return int.from_bytes(blake2b(text, digest_size=8).digest())
