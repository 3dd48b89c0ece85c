"""A worker in trouble: the core raises, feeds flood, the clock is off; nothing is lost, everything is told."""

import pytest

from fadearena.kit.jumping import run_jumping
from fadearena.model.error import InvariantBroken, JournalCorrupt, VenueUnavailable
from fadearena.model.event import (
    InputRejected,
    Quarantined,
    Rejoin,
    Release,
    RepairStage,
    SkipQuarantined,
    SourceFills,
    SourceRepair,
    Started,
)
from fadearena.model.record import Alert, ControlAnswer
from fadearena.ports.journal import Skipped
from fadearena.runtime.immediate import immediately
from tests.support.room import Room, notice, poisoned, settled_books, with_text
from tests.support.world import T0, D


def answers(room: Room) -> list[ControlAnswer]:
    """Return the answers to people's commands."""
    return [record for entry in room.entries for record in entry.records if isinstance(record, ControlAnswer)]


def test_event_on_which_the_core_raises_halts_everything_until_somebody_looked() -> None:
    """It is kept with its text; what came with it is not lost; a skip lets trading go on."""
    room = Room()
    room.engine = poisoned("poison")

    async def story(room: Room) -> None:
        await room.settled()
        room.wallets.tell(notice("before"))
        room.wallets.tell(notice("poison"))
        room.wallets.tell(notice("behind"))
        room.wallets.trade("BTC", "1")
        await room.wait(10_000)
        assert with_text(room.events) == ["before", "behind"]
        assert room.venue.orders == []
        (seq,) = [entry.seq for entry in room.entries if isinstance(entry.event, Quarantined)]
        await room.control.put("ann", SkipQuarantined(seq=seq))
        await room.wait(100)
        room.wallets.trade("BTC", "1")
        await room.wait(10_000)

    room.play(story)
    (held,) = [event for event in room.events if isinstance(event, Quarantined)]
    assert (held.subject, held.error) == ("notice", "ZeroDivisionError: poison")
    assert '"text":"poison"' in held.held
    assert room.kinds(Started, Quarantined) == ["Started", "Quarantined", "Started"]
    assert [order.terms.quantity for order in room.venue.orders] == [D("0.05")]
    settled_books(room)


def test_stop_beside_poison_does_not_keep_the_gate_closed_for_ever() -> None:
    """It was journaled with the life that ended; after a release orders leave again."""
    room = Room()
    room.engine = poisoned("poison")

    async def story(room: Room) -> None:
        await room.settled()
        room.worker.kill_now("signal")
        room.wallets.tell(notice("poison"))
        await room.wait(1_000)
        (seq,) = [entry.seq for entry in room.entries if isinstance(entry.event, Quarantined)]
        await room.control.put("ann", SkipQuarantined(seq=seq))
        await room.control.put("ann", Release())
        await room.wait(10_000)
        room.wallets.trade("BTC", "1")
        await room.wait(5_000)

    room.play(story)
    assert all(answer.accepted for answer in answers(room))
    assert len(room.venue.orders) == 1


def test_core_that_raises_again_and_again_ends_the_worker() -> None:
    """With what it raises on; a few times within ten minutes are borne."""
    room = Room()
    room.engine = poisoned("poison")

    async def story(room: Room) -> None:
        await room.settled()
        for _ in range(6):
            room.wallets.tell(notice("poison"))
        await room.wait(60_000)

    with pytest.raises(InvariantBroken, match="raises on notice: ZeroDivisionError: poison"):
        room.play(story)
    assert room.kinds(Quarantined) == ["Quarantined"] * 5


def test_poison_now_and_then_is_borne() -> None:
    """Only what comes again within ten minutes counts."""
    room = Room()
    room.engine = poisoned("poison")

    async def story(room: Room) -> None:
        await room.settled()
        for _ in range(8):
            room.wallets.tell(notice("poison"))
            await room.wait(200_000)

    room.play(story, beat_ms=100_000, control_poll_ms=1_000)
    assert room.kinds(Quarantined) == ["Quarantined"] * 8


def test_entry_that_cannot_be_stepped_again_stops_the_worker_until_it_is_left_out() -> None:
    """The error says how; afterwards the worker starts and says so."""
    room = Room()

    async def story(room: Room) -> None:
        await room.settled()
        room.wallets.tell(notice("later poison"))
        await room.wait(1_000)

    room.play(story)
    (seq,) = [entry.seq for entry in room.entries if with_text([entry.event])]
    room.engine = poisoned("later poison")
    with pytest.raises(JournalCorrupt, match=f"journal skip {seq}"):
        run_jumping(room.build().run(), room.clock)

    async def skip() -> None:
        assert await room.lease.acquire("operator")
        await room.journal.skip(Skipped(seq=seq, actor="ann", reason="broken", time=T0))
        await room.lease.release()

    immediately(skip())
    room.play(lambda room: room.wait(1_000))
    alerts = [record.text for entry in room.entries for record in entry.records if isinstance(record, Alert)]
    assert f"journal entry {seq} was left out, as ordered" in alerts


def test_flood_costs_a_repair_and_no_answer() -> None:
    """What was refused is fetched again; increases wait until the wallet was read."""
    room = Room()

    async def story(room: Room) -> None:
        await room.settled()
        for _ in range(300):
            room.wallets.trade("BTC", "0.01")
        await room.wait(30_000)

    room.play(story, inbox_limit=100, batch_max=8)
    repairs = [event.stage for event in room.events if isinstance(event, SourceRepair)]
    assert repairs[0] is RepairStage.FAILED
    assert room.metrics.registry.get_sample_value("fadearena_feed_events_lost_total", {"feed": "wallets"}) == 200
    assert sum(isinstance(event, SourceFills) for event in room.events) == 100
    settled_books(room)


@pytest.mark.parametrize("offset_ms", [60_000, -60_000])
def test_clock_that_is_off_the_exchange_s_is_corrected(offset_ms: int) -> None:
    """What is made here is no fact of the future, orders do not expire early, and wakes do not come in circles."""
    room = Room()
    room.offset_ms = offset_ms

    async def story(room: Room) -> None:
        await room.wait(90_000)  # what was received before the offset was known is never undercut
        room.wallets.trade("BTC", "1")
        await room.wait(3_000)
        room.venue.faults = [VenueUnavailable("no route")]
        room.wallets.trade("BTC", "1")
        await room.wait(120_000)

    room.play(story)
    assert not any(isinstance(event, InputRejected) for event in room.events)
    assert len(room.events) < 100
    settled_books(room)
    assert room.state.books["main", "BTC"].book.position == D("-0.1")


def test_wake_on_which_the_core_raises_is_set_aside_once() -> None:
    """It does not come back with every life until the worker gives up."""
    room = Room()
    room.engine = poisoned("a wake")

    async def story(room: Room) -> None:
        await room.settled()
        await room.wait(200_000)

    room.play(story)
    held = [event.subject for event in room.events if isinstance(event, Quarantined)]
    assert held
    assert len(held) <= 4


def test_command_on_which_the_core_raises_is_answered() -> None:
    """Its person learns that it was set aside; neither this worker nor the next takes it again."""
    room = Room()
    room.engine = poisoned("a rejoin")

    async def story(room: Room) -> None:
        await room.settled()
        await room.control.put("ann", Rejoin(bot="bot"))
        await room.wait(5_000)

    room.play(story)
    room.play(lambda room: room.wait(5_000))
    assert [answer.reasons for answer in answers(room)] == [
        ("it was set aside, and everything is halted: ZeroDivisionError: a rejoin",)
    ]
    assert room.kinds(Quarantined) == ["Quarantined"]
