"""Journal entries made up for a test, numbered as a journal numbers them, and those of the golden journal."""

import gzip
from pathlib import Path

from fadearena.model.event import Event, Notice
from fadearena.model.record import Record
from fadearena.model.units import EpochMs
from fadearena.ports.journal import JournalEntry
from fadearena.ports.journal_row import from_line, from_row

_GOLDEN = Path(__file__).parents[1] / "golden" / "rules-1.jsonl.gz"


class Writer:
    """Numbers entries and their records from where it stands."""

    def __init__(self, seq: int = 0, record_seq: int = 0) -> None:
        self.seq = seq
        self.record_seq = record_seq

    def entry(self, *records: Record, at: EpochMs = 0, event: Event | None = None) -> JournalEntry:
        """Return the next entry; what its event says does not matter unless it is given."""
        self.seq, self.record_seq = self.seq + 1, self.record_seq + len(records)
        event = event or Notice(time=at, received=at, level="info", category="c", text="t")
        return JournalEntry(seq=self.seq, event=event, records=records, record_seq=self.record_seq)


def golden() -> list[JournalEntry]:
    """Return the entries of a journal that was written under rules 1."""
    with gzip.open(_GOLDEN) as file:
        return [from_row(from_line(line)) for line in file]
