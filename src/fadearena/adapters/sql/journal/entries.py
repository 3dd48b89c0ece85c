"""The statements of the journal's entries. Each function is one transaction, or is called inside of one."""

from collections.abc import Sequence

from fadearena.adapters.sql.journal.epoch import IS_OURS, explain, guard
from fadearena.adapters.sql.journal.tables import ENTRY
from fadearena.adapters.sql.session import Session, Values
from fadearena.model.error import InvalidInput, JournalCorrupt, StorageUnavailable
from fadearena.ports.journal import KEPT_KINDS, JournalEntry, Skipped
from fadearena.ports.journal_row import JournalRow, from_row, salvaged
from fadearena.ports.snapshots import Segment

_SELECT = f"SELECT {', '.join(ENTRY.columns)} FROM entry"
_LAST = "SELECT coalesce(max(seq), 0) FROM entry"
_GOES_ON = f"{IS_OURS} AND ({_LAST}) = ?"
_RECORDS_BEFORE = """
    SELECT coalesce(
        (SELECT record_seq FROM entry WHERE seq = ?), (SELECT record_seq FROM segment WHERE first_seq = ?), 0
    )
"""
_KEPT = tuple(sorted(KEPT_KINDS))


def append(session: Session, epoch: int, rows: Sequence[Values]) -> None:
    """
    Keep rows, all or none, where the epoch is ours and nothing lies between them and the newest entry.

    Raises:
        LeaseLost: The epoch is another's.
        StorageUnavailable: The commit failed, or the journal does not end where these rows begin.
    """
    first = rows[0][0]
    if session.insert(ENTRY, rows, _GOES_ON.format(for_share=session.for_share), (epoch, first - 1)) == len(rows):
        return
    explain(session, epoch)
    raise StorageUnavailable(f"the journal ends at entry {last_seq(session)}, not at {first - 1}: recover from there")


def last_seq(session: Session) -> int:
    """Return the number of the newest entry; 0 while there is none."""
    return int(session.rows(_LAST)[0][0])


def page(session: Session, from_seq: int, to_seq: int | None, kinds: frozenset[str], size: int) -> list[JournalEntry]:
    """
    Return the next entries of a reading, at most `size`.

    Raises:
        InvalidInput: Without `kinds`, `from_seq` lies before the oldest segment.
        JournalCorrupt: An entry cannot be read, or its number is missing.
    """
    if kinds:
        return _entries(session, _of_kinds(session, from_seq, to_seq, kinds, size))
    with session.reading():
        rows = _rows(session, from_seq, to_seq, size)
        oldest = session.rows("SELECT coalesce(min(first_seq), 1) FROM segment")[0][0]
        end = last_seq(session) if len(rows) < size else from_seq + size - 1
    if from_seq < oldest:
        raise InvalidInput(f"the journal begins at entry {oldest}: what came before was deleted")
    end = end if to_seq is None else min(end, to_seq)
    for number, row in enumerate(rows, from_seq):
        if row.seq != number:
            raise JournalCorrupt(number, "is missing")
    if from_seq + len(rows) <= end:
        raise JournalCorrupt(from_seq + len(rows), "is missing")
    return _entries(session, rows)


def skipped(session: Session) -> tuple[Skipped, ...]:
    """Return the marks of the entries that are left out, by number."""
    found = session.rows("SELECT seq, actor, reason, time FROM skipped ORDER BY seq")
    return tuple(Skipped(seq=seq, actor=actor, reason=reason, time=time) for seq, actor, reason, time in found)


def skip(session: Session, epoch: int, mark: Skipped) -> None:
    """
    Have an entry left out.

    Raises:
        InvalidInput: There is no entry of this number.
        LeaseLost: The epoch is another's.
    """
    with session.transaction():
        guard(session, epoch)
        if not session.rows("SELECT 1 FROM entry WHERE seq = ?", (mark.seq,)):
            raise InvalidInput(f"the journal has no entry {mark.seq}")
        session.change(
            "INSERT INTO skipped (seq, actor, reason, time) VALUES (?, ?, ?, ?) ON CONFLICT (seq) DO NOTHING",
            (mark.seq, mark.actor, mark.reason, mark.time),
        )


def begin_prune(session: Session, epoch: int, before: Segment) -> int:
    """
    Forget the segments before this one; return the number of the oldest entry that may still be there.

    Raises:
        InvalidInput: There is no such segment, or fewer than two would be left.
        LeaseLost: The epoch is another's.
    """
    with session.transaction():
        guard(session, epoch)
        left = [
            row[0] for row in session.rows("SELECT first_seq FROM segment WHERE first_seq >= ?", (before.first_seq,))
        ]
        if before.first_seq not in left:
            raise InvalidInput(f"no segment begins at entry {before.first_seq}")
        if len(left) < 2:  # noqa: PLR2004 - "two" is the rule
            raise InvalidInput("two full snapshots have to be left: keep one segment more")
        session.change("DELETE FROM segment WHERE first_seq < ?", (before.first_seq,))
        session.change("DELETE FROM skipped WHERE seq < ?", (before.first_seq,))
        return int(session.rows("SELECT coalesce(min(seq), 1) FROM entry")[0][0])


def prune(session: Session, epoch: int, low: int, high: int) -> int:
    """
    Delete the entries from `low` to before `high` that need not be kept; return how many went.

    Raises:
        LeaseLost: The epoch is another's.
    """
    with session.transaction():
        guard(session, epoch)
        marks = ", ".join("?" * len(_KEPT))
        sql = f"DELETE FROM entry WHERE seq >= ? AND seq < ? AND kind NOT IN ({marks})"
        return session.change(sql, (low, high, *_KEPT))


def _rows(session: Session, from_seq: int, to_seq: int | None, size: int) -> list[JournalRow]:
    until, values = ("", (from_seq,)) if to_seq is None else (" AND seq <= ?", (from_seq, to_seq))
    return _found(session, f"{_SELECT} WHERE seq >= ?{until} ORDER BY seq LIMIT ?", (*values, size))


def _of_kinds(
    session: Session, from_seq: int, to_seq: int | None, kinds: frozenset[str], size: int
) -> list[JournalRow]:
    """Ask for each kind alone, so that each is read along its index, and merge what was found."""
    until, values = ("", (from_seq,)) if to_seq is None else (" AND seq <= ?", (from_seq, to_seq))
    one = f"SELECT * FROM (SELECT seq FROM entry WHERE kind = ? AND seq >= ?{until} ORDER BY seq LIMIT ?) AS {{}}"
    union = " UNION ALL ".join(one.format(f"k{number}") for number in range(len(kinds)))
    asked = [value for kind in sorted(kinds) for value in (kind, *values, size)]
    return _found(session, f"{_SELECT} WHERE seq IN ({union} ORDER BY seq LIMIT ?) ORDER BY seq", (*asked, size))


def _found(session: Session, sql: str, values: Values) -> list[JournalRow]:
    return [JournalRow(**dict(zip(ENTRY.columns, row, strict=True))) for row in session.rows(sql, values)]


def _entries(session: Session, rows: Sequence[JournalRow]) -> list[JournalEntry]:
    """Decode rows; of a damaged one that is left out as much as can be read."""
    try:
        return [from_row(row) for row in rows]
    except JournalCorrupt:
        left_out = {mark.seq for mark in skipped(session)}
        return [_left_out(session, row) if row.seq in left_out else from_row(row) for row in rows]


def _left_out(session: Session, row: JournalRow) -> JournalEntry:
    try:
        return from_row(row)
    except JournalCorrupt:
        return salvaged(row, int(session.rows(_RECORDS_BEFORE, (row.seq - 1, row.seq))[0][0]))
