"""
The statements of segments and snapshots. Each function is one transaction.

1. A snapshot has a number. Its parts count once it is sealed; at most one is not.
2. A segment names the full snapshot that opens it. What changed since lies above it under higher numbers: the newest
   version of each part counts. A part that is written makes those go that were replaced before.
3. What nothing leads to any more is removed a bit at a time, so that no commit waits long for it.
"""

import zlib
from collections.abc import Sequence

from fadearena.adapters.sql.journal.entries import last_seq
from fadearena.adapters.sql.journal.epoch import guard
from fadearena.adapters.sql.journal.tables import SNAPSHOT_PART
from fadearena.adapters.sql.session import Session
from fadearena.model.error import InvalidInput, JournalCorrupt
from fadearena.ports.snapshots import Part, Segment, Snapshot

_OPENING = "(SELECT snapshot FROM segment ORDER BY first_seq DESC LIMIT 1)"
_NEWEST = "(SELECT max(id) FROM snapshot WHERE sealed = 1)"
_UNSEALED = "SELECT id FROM snapshot WHERE sealed = 0 ORDER BY id LIMIT 1"
_DEAD = (
    f"SELECT id FROM snapshot WHERE sealed = 1 AND id < {_OPENING} "
    "AND id NOT IN (SELECT snapshot FROM segment) ORDER BY id LIMIT 1"
)
_SWEPT = 1_000


def segments(session: Session) -> tuple[Segment, ...]:
    """Return the segments, oldest first."""
    found = session.rows("SELECT first_seq, rules_version, opened, record_seq FROM segment ORDER BY first_seq")
    return tuple(
        Segment(first_seq=first, rules_version=rules, opened=opened, record_seq=record_seq)
        for first, rules, opened, record_seq in found
    )


def load(session: Session) -> Snapshot | None:
    """
    Return the newest sealed snapshot.

    Raises:
        JournalCorrupt: A part's checksum does not fit.
    """
    with session.reading():
        found = session.rows(f"SELECT id, seq, record_seq, {_OPENING} FROM snapshot WHERE id = {_NEWEST}")
        return _snapshot(session, *found[0]) if found else None


def load_opening(session: Session, segment: Segment) -> Snapshot:
    """
    Return the full snapshot that opened a segment.

    Raises:
        InvalidInput: There is no such segment.
        JournalCorrupt: A part's checksum does not fit.
    """
    with session.reading():
        found = session.rows(
            "SELECT id, seq, snapshot.record_seq, id FROM snapshot JOIN segment ON snapshot = id WHERE first_seq = ?",
            (segment.first_seq,),
        )
        if not found:
            raise InvalidInput(f"no segment begins at entry {segment.first_seq}")
        return _snapshot(session, *found[0])


def write(session: Session, epoch: int, seq: int, parts: Sequence[Part]) -> None:
    """
    Keep a slice of the snapshot that is not sealed yet.

    Raises:
        LeaseLost: The epoch is another's.
    """
    with session.transaction():
        guard(session, epoch)
        number = _unsealed(session, seq)
        rows = [(number, part.key, part.payload, _checksum(part.key, part.payload)) for part in parts]
        if not rows:
            return
        session.insert(SNAPSHOT_PART, rows, "true", ())
        marks = ", ".join("?" * len(rows))
        session.change(
            f"""
            DELETE FROM snapshot_part WHERE key IN ({marks}) AND snapshot > {_OPENING} AND snapshot < (
                SELECT max(newer.snapshot) FROM snapshot_part AS newer
                WHERE newer.key = snapshot_part.key AND newer.snapshot <= {_NEWEST}
            )
            """,
            [part.key for part in parts],
        )


def seal(session: Session, epoch: int, seq: int, record_seq: int) -> None:
    """
    End a snapshot of changed parts.

    Raises:
        InvalidInput: No full snapshot came before it, or the journal does not go as far.
        LeaseLost: The epoch is another's.
    """
    with session.transaction():
        guard(session, epoch)
        if not segments(session):
            raise InvalidInput("a snapshot of changed parts needs a full one before it: open a segment first")
        _seal(session, seq, record_seq)


def open_segment(session: Session, epoch: int, seq: int, segment: Segment) -> None:
    """
    End a full snapshot and open a segment with it.

    Raises:
        InvalidInput: The segment does not begin right after it, or the journal does not go as far.
        LeaseLost: The epoch is another's.
    """
    if segment.first_seq != seq + 1:
        raise InvalidInput(f"a segment that a snapshot after entry {seq} opens begins at {seq + 1}")
    with session.transaction():
        guard(session, epoch)
        number = _seal(session, seq, segment.record_seq)
        session.change("DELETE FROM segment WHERE first_seq = ?", (segment.first_seq,))
        session.change(
            "INSERT INTO segment (first_seq, rules_version, opened, record_seq, snapshot) VALUES (?, ?, ?, ?, ?)",
            (segment.first_seq, segment.rules_version, segment.opened, segment.record_seq, number),
        )


def sweep(session: Session, epoch: int) -> bool:
    """
    Remove some of what no segment leads to any more; tell whether there may be more of it.

    Raises:
        LeaseLost: The epoch is another's.
    """
    return _remove(session, epoch, _DEAD)


def discard(session: Session, epoch: int) -> bool:
    """
    Remove some of what was never sealed; tell whether there may be more of it.

    Raises:
        LeaseLost: The epoch is another's.
    """
    return _remove(session, epoch, _UNSEALED)


def _remove(session: Session, epoch: int, which: str) -> bool:
    with session.transaction():
        guard(session, epoch)
        found = session.rows(which)
        if not found:
            return False
        number = found[0][0]
        gone = session.change(
            "DELETE FROM snapshot_part WHERE snapshot = ? "
            "AND key IN (SELECT key FROM snapshot_part WHERE snapshot = ? ORDER BY key LIMIT ?)",
            (number, number, _SWEPT),
        )
        if gone < _SWEPT:
            session.change("DELETE FROM snapshot WHERE id = ?", (number,))
        return True


def _unsealed(session: Session, seq: int) -> int:
    """Return the number of the snapshot that is being written; the first slice gives it one."""
    found = session.rows("SELECT id FROM snapshot WHERE sealed = 0 AND seq = ?", (seq,))
    if found:
        return int(found[0][0])
    number = int(session.rows("SELECT coalesce(max(id), 0) + 1 FROM snapshot")[0][0])
    session.change("INSERT INTO snapshot (id, seq, record_seq, sealed) VALUES (?, ?, 0, 0)", (number, seq))
    return number


def _seal(session: Session, seq: int, record_seq: int) -> int:
    if seq > (last := last_seq(session)):
        raise InvalidInput(f"the journal ends at entry {last}: there is no state after {seq} yet")
    number = _unsealed(session, seq)
    session.change("UPDATE snapshot SET sealed = 1, record_seq = ? WHERE id = ?", (record_seq, number))
    return number


def _snapshot(session: Session, number: int, seq: int, record_seq: int, opening: int) -> Snapshot:
    found = session.rows(
        "SELECT key, payload, crc FROM snapshot_part WHERE snapshot >= ? AND snapshot <= ? ORDER BY key, snapshot",
        (opening, number),
    )
    parts: dict[str, bytes] = {}
    for key, payload, crc in found:
        if _checksum(key, payload) != crc:
            raise JournalCorrupt(seq, f"is followed by a snapshot whose part {key!r} does not fit its checksum")
        if payload is None:
            parts.pop(key, None)
        else:
            parts[key] = payload
    return Snapshot(seq=seq, record_seq=record_seq, parts=parts)


def _checksum(key: str, payload: bytes | None) -> int:
    return zlib.crc32(payload or b"", zlib.crc32(f"{key}\n{payload is None}".encode()))
