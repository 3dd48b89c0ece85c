"""
How an entry of the journal is written: the same in every database, in exports and in golden files.

1. Event, commands and records are canonical JSON (sorted keys, decimals as texts).
2. Fields are only added, with defaults. Whatever else changes is a new tag, and an up-caster that turns the old
   form into the new one; it has its place in `UPCASTERS`.
3. The checksum covers every column.
"""

import zlib
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, TypeVar

import msgspec

from fadearena.model.command import Command
from fadearena.model.error import InvalidInput, JournalCorrupt
from fadearena.model.event import Event, Notice
from fadearena.model.record import Alert, Record
from fadearena.model.units import EpochMs
from fadearena.ports.journal import JournalEntry

T = TypeVar("T")
Upcast: TypeAlias = Callable[[dict[str, Any]], dict[str, Any]]
UPCASTERS: Mapping[str, Upcast] = {}
"""By the tag of a form that is no longer written: what makes the present form of it. So far there is none."""

_ENCODER = msgspec.json.Encoder(order="sorted", decimal_format="string")
_EVENT: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)
_COMMANDS = msgspec.json.Decoder(tuple[Command, ...])
_RECORDS = msgspec.json.Decoder(tuple[Record, ...])


class JournalRow(msgspec.Struct, frozen=True, kw_only=True):
    """An entry as it is stored; `kind` is the event's tag."""

    seq: int
    received: EpochMs
    rules_version: int
    record_seq: int
    kind: str
    payload: bytes
    commands: bytes
    records: bytes
    crc: int


class _Exported(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    seq: int
    received: EpochMs
    rules_version: int
    record_seq: int
    kind: str
    payload: msgspec.Raw
    commands: msgspec.Raw
    records: msgspec.Raw
    crc: int


_EXPORTED = msgspec.json.Decoder(_Exported)
_RECORDS_MAX = 100_000
_TEXTS = ("payload", "commands", "records")


def to_row(entry: JournalEntry) -> JournalRow:
    """Return an entry as it is stored."""
    payload, commands = _ENCODER.encode(entry.event), _ENCODER.encode(entry.commands)
    records = _ENCODER.encode(entry.records)
    head = (entry.seq, entry.received, entry.rules_version, entry.record_seq, entry.kind)
    return JournalRow(
        seq=entry.seq,
        received=entry.received,
        rules_version=entry.rules_version,
        record_seq=entry.record_seq,
        kind=entry.kind,
        payload=payload,
        commands=commands,
        records=records,
        crc=_checksum(head, payload, commands, records),
    )


def from_row(row: JournalRow, upcasters: Mapping[str, Upcast] = UPCASTERS) -> JournalEntry:
    """
    Return the entry that was stored.

    Raises:
        JournalCorrupt: The checksum does not fit, or the row cannot be decoded.
    """
    head = (row.seq, row.received, row.rules_version, row.record_seq, row.kind)
    if _checksum(head, row.payload, row.commands, row.records) != row.crc:
        raise JournalCorrupt(row.seq, "does not fit its checksum")
    try:
        return JournalEntry(
            seq=row.seq,
            event=_event(row, upcasters),
            commands=_COMMANDS.decode(row.commands),
            records=_RECORDS.decode(row.records),
            rules_version=row.rules_version,
            record_seq=row.record_seq,
        )
    except msgspec.MsgspecError as error:
        raise JournalCorrupt(row.seq, f"({row.kind}) cannot be decoded ({error})") from error


def salvaged(row: JournalRow, records_before: int, upcasters: Mapping[str, Upcast] = UPCASTERS) -> JournalEntry:
    """
    Return what can still be used of a damaged entry that an operator had left out.

    A notice stands for an event that cannot be read, an alert for each such record, so that numbers go on.

    Args:
        row: The entry as it is stored.
        records_before: The number of the last record before it.
        upcasters: As for `from_row`.

    Raises:
        JournalCorrupt: Not even the number of its records can be read.
    """
    count, text = row.record_seq - records_before, f"journal entry {row.seq} ({row.kind}) is damaged and was left out"
    if not 0 <= count <= _RECORDS_MAX:
        raise JournalCorrupt(row.seq, "is damaged down to its numbers")
    lost = Alert(level="critical", category="journal", subject=f"entry {row.seq}", text=text)
    no_records: tuple[Record, ...] = ()
    records = _read_or(lambda: _RECORDS.decode(row.records), no_records)
    no_commands: tuple[Command, ...] = ()
    notice: Event = Notice(time=row.received, received=row.received, level="critical", category="journal", text=text)
    return JournalEntry(
        seq=row.seq,
        event=_read_or(lambda: _event(row, upcasters), notice),
        commands=_read_or(lambda: _COMMANDS.decode(row.commands), no_commands),
        records=records if len(records) == count else (lost,) * count,
        rules_version=row.rules_version,
        record_seq=row.record_seq,
    )


def line_of(row: JournalRow) -> bytes:
    """Return a row as one line of an export: a JSON object, its columns as they are stored."""
    raw = msgspec.structs.asdict(row)
    raw |= {name: msgspec.Raw(raw[name]) for name in _TEXTS}
    return _ENCODER.encode(raw) + b"\n"


def from_line(line: bytes) -> JournalRow:
    """
    Return the row of one line of an export.

    Raises:
        InvalidInput: It is no such line.
    """
    try:
        exported = _EXPORTED.decode(line)
    except msgspec.MsgspecError as error:
        raise InvalidInput(f"{line[:80]!r} is no line of a journal ({error})") from error
    raw = msgspec.structs.asdict(exported)
    return JournalRow(**raw | {name: bytes(raw[name]) for name in _TEXTS})


def _event(row: JournalRow, upcasters: Mapping[str, Upcast]) -> Event:
    upcast = upcasters.get(row.kind)
    if upcast is None:
        event: Event = _EVENT.decode(row.payload)
    else:
        event = msgspec.convert(upcast(msgspec.json.decode(row.payload)), type=Event, strict=False)
    return event


def _read_or(read: Callable[[], T], otherwise: T) -> T:
    try:
        return read()
    except (msgspec.MsgspecError, InvalidInput, UnicodeDecodeError):
        return otherwise


def _checksum(head: tuple[object, ...], *texts: bytes) -> int:
    crc = zlib.crc32(repr(head).encode())
    for text in texts:
        crc = zlib.crc32(text, crc)
    return crc
