"""The commands of `journal`: entries shown, checked, written to a file, read from one, pruned, left out."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from fadearena.bootstrap import upkeep
from fadearena.bootstrap.copies import export_journal, import_journal
from fadearena.bootstrap.places import Places
from fadearena.cli.errors import fail
from fadearena.cli.exit_codes import ExitCode
from fadearena.cli.ordering import order
from fadearena.cli.output import print_json, show, table
from fadearena.cli.session import actor, places
from fadearena.model.error import JournalCorrupt
from fadearena.model.event import Quarantined, SkipQuarantined
from fadearena.model.units import SECOND_MS, EpochMs
from fadearena.ports.journal import JournalEntry

_ENCODER = msgspec.json.Encoder(order="sorted", decimal_format="string")


def show_entry(seq: int, data_dir: Path | None, *, as_json: bool) -> None:
    """Show one entry."""
    entry = asyncio.run(upkeep.entry_of(places(data_dir), seq))
    whole = _plain(entry)
    if as_json:
        print_json(whole)
    else:
        show(msgspec.json.format(msgspec.json.encode(whole), indent=2).decode())


def list_entries(start: int | None, limit: int, kinds: frozenset[str], data_dir: Path | None, *, as_json: bool) -> None:
    """List entries."""
    found = asyncio.run(upkeep.entries_of(places(data_dir), start, limit, kinds))
    if as_json:
        print_json({"entries": [_plain(entry) for entry in found]})
        return
    rows = table("", "entry", "received", "event", "commands", "records")
    for entry in found:
        rows.add_row(
            str(entry.seq),
            _time(entry.received),
            _tag(entry.event),
            ", ".join(map(_tag, entry.commands)),
            ", ".join(map(_tag, entry.records)),
        )
    show(rows)


def show_segments(data_dir: Path | None, *, as_json: bool) -> None:
    """List the segments, and what was left out."""
    segments, skipped = asyncio.run(upkeep.segments_of(places(data_dir)))
    if as_json:
        print_json({"segments": segments, "skipped": skipped})
        return
    rows = table("", "from entry", "rules", "opened", "records before")
    for segment in segments:
        rows.add_row(str(segment.first_seq), str(segment.rules_version), _time(segment.opened), str(segment.record_seq))
    show(rows, *(f"entry {mark.seq} is left out, by {mark.actor}: {mark.reason}" for mark in skipped))


def verify(data_dir: Path | None, *, as_json: bool) -> None:
    """Check the whole journal."""
    found = asyncio.run(upkeep.verify(places(data_dir)))
    if as_json:
        report = {name: getattr(found, name) for name in ("entries", "segments", "stepped", "differences")}
        print_json(report)
    else:
        show(
            f"{found.entries} entries in {found.segments} segments can be read, {found.stepped} were stepped again",
            *found.differences,
        )
    if found.differences:
        fail("the journal is not what comes of its events; please report it", ExitCode.BROKEN)


def export(file: Path, data_dir: Path | None, *, as_json: bool) -> None:
    """Write all entries to a file."""
    _tell({"entries": asyncio.run(export_journal(places(data_dir), file)), "file": str(file)}, as_json=as_json)


def import_entries(file: Path, data_dir: Path | None, *, as_json: bool) -> None:
    """Read entries from a file into an empty journal."""
    _tell({"entries": asyncio.run(import_journal(places(data_dir), file)), "file": str(file)}, as_json=as_json)


def skip(seq: int, reason: str, data_dir: Path | None, *, as_json: bool) -> None:
    """Give an event up: one that was set aside by the running worker, another by a mark in the journal."""
    where = places(data_dir)
    if _is_quarantined(where, seq):
        order(SkipQuarantined(seq=seq), data_dir, as_json=as_json)
        return
    asyncio.run(upkeep.leave_out(where, seq, actor(), reason))
    _tell({"skipped": seq}, as_json=as_json)


def _is_quarantined(where: Places, seq: int) -> bool:
    """Tell whether an entry holds an event that was set aside; a damaged one cannot be read, and is none."""
    try:
        entry = asyncio.run(upkeep.entry_of(where, seq))
    except JournalCorrupt as error:
        if error.seq != seq:
            raise
        return False
    return isinstance(entry.event, Quarantined)


def prune(keep: int, data_dir: Path | None, *, as_json: bool) -> None:
    """Delete old segments."""
    _tell({"deleted": asyncio.run(upkeep.prune(places(data_dir), keep))}, as_json=as_json)


def _tell(what: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(what)
    else:
        show(", ".join(f"{name}: {value}" for name, value in what.items()))


def _plain(entry: JournalEntry) -> Any:  # noqa: ANN401 - JSON
    return msgspec.json.decode(_ENCODER.encode(entry))


def _tag(each: msgspec.Struct) -> str:
    return str(each.__struct_config__.tag)


def _time(ms: EpochMs) -> str:
    return datetime.fromtimestamp(ms / SECOND_MS, UTC).isoformat(sep=" ", timespec="milliseconds")
