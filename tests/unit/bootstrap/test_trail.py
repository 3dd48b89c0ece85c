"""The files for the hour without a database: written in place, read back, told once."""

from pathlib import Path

import pytest

from fadearena.adapters.memory.journal import MemoryJournal
from fadearena.adapters.memory.lease import MemoryLease
from fadearena.adapters.memory.storage import JournalMemory
from fadearena.bootstrap.trail import (
    ACCOUNTS_FILE,
    RESERVED_BYTES,
    TRAIL_FILE,
    DirectAccount,
    DirectTrail,
    SentOrder,
)
from fadearena.core.state import State
from fadearena.kit.clock import ManualClock
from fadearena.kit.jumping import run_jumping
from fadearena.model.error import InvalidInput
from fadearena.model.event import DirectlyFlattened
from fadearena.model.policy import AccountPolicy, Policy
from fadearena.ports.journal import JournalEntry
from fadearena.runtime.engine import Engine
from fadearena.runtime.recovery import Recovered

ADDRESS, SIGNER = "0x" + "11" * 20, "0x" + "22" * 20
MAIN = AccountPolicy(id="main", address=ADDRESS, signer=SIGNER)
FIRST, SECOND = (
    SentOrder(address=ADDRESS, cloid="0x" + "01" * 16, time=1_000),
    SentOrder(address=ADDRESS, cloid="0x" + "02" * 16, time=2_000),
)


def test_accounts_are_written_and_read_back(tmp_path: Path) -> None:
    """What the worker follows is what is closed later; nothing but addresses stands there."""
    trail = DirectTrail(tmp_path)
    assert trail.accounts() == ()
    trail.follow([MAIN])
    assert DirectTrail(tmp_path).accounts() == (DirectAccount(id="main", address=ADDRESS, signer=SIGNER),)
    written = (tmp_path / ACCOUNTS_FILE).stat()
    trail.follow([MAIN])
    assert (tmp_path / ACCOUNTS_FILE).stat().st_mtime_ns == written.st_mtime_ns
    assert written.st_mode & 0o077 == 0


def test_unreadable_accounts_are_told(tmp_path: Path) -> None:
    """A broken file says which options stand in for it."""
    (tmp_path / ACCOUNTS_FILE).write_text("[{")
    with pytest.raises(InvalidInput, match="give --account and --signer"):
        DirectTrail(tmp_path).accounts()


def test_orders_are_written_in_the_reserved_place(tmp_path: Path) -> None:
    """The file keeps its size: on a full disk there is nothing to be added to it."""
    trail = DirectTrail(tmp_path)
    trail.follow([MAIN])
    assert trail.orders() == ()
    trail.note([FIRST])
    trail.note([SECOND])
    assert DirectTrail(tmp_path).orders() == (FIRST, SECOND)
    assert (tmp_path / TRAIL_FILE).stat().st_size == RESERVED_BYTES


def test_orders_are_written_without_a_reserve(tmp_path: Path) -> None:
    """Where no live worker ever ran, or more orders are sent than were provided for, the file grows."""
    trail = DirectTrail(tmp_path)
    many = [SentOrder(address=ADDRESS, cloid=f"0x{n:032x}", time=n) for n in range(1_000)]
    trail.note([FIRST])
    trail.note(many)
    assert trail.orders() == (FIRST, *many)
    assert (tmp_path / TRAIL_FILE).stat().st_size > RESERVED_BYTES


def test_a_line_that_was_cut_short_was_never_sent(tmp_path: Path) -> None:
    """Death in the middle of writing leaves the orders before it, and those of a later run."""
    trail = DirectTrail(tmp_path)
    trail.note([FIRST])
    with (tmp_path / TRAIL_FILE).open("ab") as file:
        file.write(b'{"address":"0x11')
    trail.note([SECOND])
    assert trail.orders() == (FIRST, SECOND)


def test_a_directory_that_cannot_be_written_stops_nobody(tmp_path: Path) -> None:
    """A worker on a full disk goes on without these files."""
    DirectTrail(tmp_path / "missing").follow([MAIN])
    with pytest.raises(OSError, match="missing"):
        DirectTrail(tmp_path / "missing").note([FIRST])


def test_the_core_is_told_once(tmp_path: Path) -> None:
    """What the journal does not have is told at a start; once it has it, the file goes aside."""
    memory, state = JournalMemory(), State()
    state.policy = Policy(accounts=(MAIN,))
    trail = DirectTrail(tmp_path)
    trail.note([FIRST, SECOND])
    assert told(trail, memory, state) == [(FIRST.cloid, SECOND.cloid)]
    event = DirectlyFlattened(time=1_000, received=1_000, account="main", cloids=(FIRST.cloid,))
    memory.entries[1] = JournalEntry(seq=1, event=event)
    assert told(trail, memory, state) == [(SECOND.cloid,)]
    event = DirectlyFlattened(time=2_000, received=2_000, account="main", cloids=(SECOND.cloid,))
    memory.entries[2] = JournalEntry(seq=2, event=event)
    assert told(trail, memory, state) == []
    assert (tmp_path / "direct-flatten-2000.json").exists()
    assert trail.orders() == ()
    assert (tmp_path / TRAIL_FILE).stat().st_size == RESERVED_BYTES


def test_orders_of_an_unknown_account_wait(tmp_path: Path) -> None:
    """An account that the settings do not have is told as soon as they have it."""
    trail, memory, state = DirectTrail(tmp_path), JournalMemory(), State()
    trail.note([FIRST])
    assert told(trail, memory, state) == []
    state.policy = Policy(accounts=(MAIN,))
    assert told(trail, memory, state) == [(FIRST.cloid,)]


def told(trail: DirectTrail, memory: JournalMemory, state: State) -> list[tuple[str, ...]]:
    """Start on a journal, and return the cloids of each event that the core is told."""

    async def start() -> None:
        recovered = Recovered(
            state=state,
            parts=Engine().parts(state, None),
            seq=len(memory.entries),
            record_seq=0,
            snapshot_seq=0,
            segment=None,
        )
        await trail.prepare(MemoryJournal(memory, MemoryLease(memory)), recovered)

    run_jumping(start(), ManualClock(10_000))
    return [event.cloids for event in trail.opening(state) if isinstance(event, DirectlyFlattened)]
