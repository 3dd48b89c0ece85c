"""Read store, control queue and alert sink in memory keep what they are given, in order."""

import asyncio

import pytest

from fadearena.adapters.memory.alerts import MemoryAlerts
from fadearena.adapters.memory.control import MemoryControl
from fadearena.adapters.memory.read_store import MemoryReadStore
from fadearena.model.error import InvalidInput
from fadearena.model.event import Kill, Pause
from fadearena.model.record import Alert, SettingsChange
from fadearena.ports.control import ControlState
from fadearena.ports.read_store import LogPage, LogQuery

ALERT = Alert(level="info", category="c", subject="s", text="t")
CHANGE = SettingsChange(version=1, actor="a")


def log(store: MemoryReadStore, **query: object) -> LogPage:
    """Read a part of the log."""
    return asyncio.run(store.log(LogQuery(**query)))  # type: ignore[arg-type]  # names as in LogQuery


def test_records_are_numbered_without_gaps() -> None:
    """Records of entries with none, two and one are numbered from one on, with their entry and time."""
    store = MemoryReadStore()
    asyncio.run(store.project(1, 10, []))
    asyncio.run(store.project(2, 20, [ALERT, CHANGE]))
    asyncio.run(store.project(5, 50, [ALERT]))
    logged = log(store).records
    assert [(r.record_seq, r.journal_seq, r.time) for r in logged] == [(1, 2, 20), (2, 2, 20), (3, 5, 50)]
    assert (store.journal_seq, store.record_seq) == (5, 3)


def test_entry_that_is_in_changes_nothing() -> None:
    """Projecting an entry again after a crash does not double its records."""
    store = MemoryReadStore()
    for _ in range(2):
        asyncio.run(store.project(1, 10, [ALERT]))
    assert store.record_seq == 1


def test_log_is_read_in_parts() -> None:
    """A part ends at the limit and says where the next one begins; the last one says nothing."""
    store = MemoryReadStore()
    asyncio.run(store.project(1, 10, [ALERT, CHANGE, ALERT]))
    first = log(store, limit=2)
    assert ([r.record_seq for r in first.records], first.next_after) == ([1, 2], 2)
    rest = log(store, after=2, limit=2)
    assert ([r.record_seq for r in rest.records], rest.next_after) == ([3], None)
    assert [r.record_seq for r in log(store, kinds=("settings-change",)).records] == [2]


@pytest.mark.parametrize("query", [{"after": -1}, {"limit": 0}, {"limit": 1_001}])
def test_log_refuses_impossible_parts(query: dict[str, object]) -> None:
    """A negative place or a limit out of bounds is refused."""
    with pytest.raises(InvalidInput):
        log(MemoryReadStore(), **query)


def test_commands_wait_until_they_are_settled() -> None:
    """Queued commands come oldest first after an id; a settled one keeps its first answer."""
    control = MemoryControl()
    kill = asyncio.run(control.put("ann", Kill()))
    pause = asyncio.run(control.put("bob", Pause(bot="b")))
    assert asyncio.run(control.queued()) == [kill, pause]
    assert asyncio.run(control.queued(kill.id)) == [pause]
    asyncio.run(control.settle(kill.id, ControlState.ACCEPTED, journal_seq=9))
    late = asyncio.run(control.settle(kill.id, ControlState.WITHDRAWN, ("too late",)))
    assert (late.state, late.reasons, late.journal_seq) == (ControlState.ACCEPTED, (), 9)
    assert asyncio.run(control.queued()) == [pause]
    assert asyncio.run(control.get(pause.id)) == pause


def test_idempotency_key_makes_one_command() -> None:
    """The same key gives back the first command as it stands, and queues nothing."""
    control = MemoryControl()
    first = asyncio.run(control.put("ann", Kill(), "key"))
    settled = asyncio.run(control.settle(first.id, ControlState.REFUSED, ("no",)))
    assert asyncio.run(control.put("ann", Kill(), "key")) == settled
    assert asyncio.run(control.queued()) == []


def test_control_refuses_what_is_not_there() -> None:
    """An unknown id, and a way back into the queue, are refused."""
    control = MemoryControl()
    with pytest.raises(InvalidInput):
        asyncio.run(control.get(1))
    entry = asyncio.run(control.put("ann", Kill()))
    with pytest.raises(InvalidInput):
        asyncio.run(control.settle(entry.id, ControlState.QUEUED))


def test_alerts_are_kept_in_order() -> None:
    """What is sent is kept."""
    sink = MemoryAlerts()
    asyncio.run(sink.send(ALERT))
    assert sink.sent == [ALERT]
