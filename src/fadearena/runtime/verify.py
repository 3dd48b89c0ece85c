"""Stepping a journal again: the proof that nothing but its events decided."""

from collections.abc import AsyncIterator

import msgspec

from fadearena.ports.journal import JournalEntry, JournalWriter
from fadearena.runtime.backtest import S, Step

_ENCODER = msgspec.json.Encoder(order="sorted", decimal_format="string")


async def replay(entries: AsyncIterator[JournalEntry], step: Step[S], state: S, journal: JournalWriter) -> int | None:
    """
    Step the events of a journal on a fresh state and compare what comes of them, byte for byte.

    Args:
        entries: What was journaled, from the first entry on.
        step: The core.
        state: A fresh state; it ends as the journal's run did.
        journal: Takes the entries as they are computed now, so that fingerprints can be compared.

    Returns:
        The number of the first entry that differs; None where all are identical.
    """
    async for entry in entries:
        turned = step(state, entry.event)
        again = JournalEntry(
            seq=entry.seq,
            event=entry.event,
            commands=tuple(turned.commands),
            records=tuple(turned.records),
        )
        await journal.append(again)
        if _decided(again) != _decided(entry):
            return entry.seq
    return None


def _decided(entry: JournalEntry) -> bytes:
    """Return what can differ: number and event are the same by then."""
    return _ENCODER.encode((entry.commands, entry.records))
