"""A worker from its start to its stop: one at a time, in good order, every start the same way."""

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest

from fadearena.adapters.memory.lease import MemoryLease
from fadearena.core.state import State, encode
from fadearena.kit.jumping import run_jumping
from fadearena.model.command import BurnNonce, PlaceOrder
from fadearena.model.error import LeaseLost, VenueProtocolError
from fadearena.model.event import (
    Event,
    Kill,
    Marks,
    Operator,
    OrderAnswered,
    OrderSent,
    Pause,
    SetPolicy,
    SourceFills,
    Started,
)
from fadearena.model.units import SECOND_MS
from fadearena.ports.heartbeat import Beat
from fadearena.ports.wallet_feed import Roster
from fadearena.runtime.immediate import immediately
from tests.support.room import Room, notice
from tests.support.room_doors import Venue
from tests.support.world import T0, WALLET, D, settings


def position(room: Room, coin: str = "BTC") -> D:
    """Return what our books hold, by the journal."""
    book = room.state.books.get(("main", coin))
    return book.book.position if book else D(0)


def beats(room: Room) -> dict[str, Beat]:
    """Return the last beat of each process."""
    return {beat.process: beat for beat in immediately(room.heartbeats.beats())}


async def one_trade(room: Room) -> None:
    """Let the source buy a bitcoin once everything is settled, and our order be filled."""
    await room.settled()
    room.wallets.trade("BTC", "1")
    await room.wait(3_000)


def test_fill_of_the_source_becomes_an_order_of_ours() -> None:
    """From the feed to the books, through one journal."""
    room = Room()
    room.play(one_trade)
    assert [order.terms.quantity for order in room.venue.orders] == [D("0.05")]
    assert position(room) == D("-0.05")
    assert [entry.seq for entry in room.entries] == list(range(1, len(room.entries) + 1))


def test_the_feed_is_told_whose_wallets_matter() -> None:
    """At a start, when settings change, and when a sleeve opens or closes: who holds one, who is followed, the rest."""
    room = Room()
    other = msgspec.structs.replace(room.policy.bots[0], id="other", name="other", wallet="0x" + "5" * 40)

    async def changed(room: Room) -> None:
        first = room.state.policy
        off = tuple(msgspec.structs.replace(each, enabled=False) for each in first.bots)
        for bots in ((*first.bots, other), (*off, other)):
            await room.control.put("ann", SetPolicy(policy=msgspec.structs.replace(first, bots=bots)), now=T0)
            await room.wait(1_000)

    room.play(one_trade, changed)
    assert room.wallets.followed == [
        Roster(),
        Roster(followed=(WALLET,)),
        Roster(held=(WALLET,)),
        Roster(held=(WALLET,), followed=(other.wallet,)),
        Roster(held=(WALLET,), followed=(other.wallet,)),
    ]
    room.play(lambda room: room.wait(1_000))
    assert room.wallets.followed[5:] == [Roster(held=(WALLET,), followed=(other.wallet,))]


def test_the_feed_is_told_when_a_sleeve_was_opened_and_closed() -> None:
    """Whoever holds one comes first where something is scarce, and not for longer."""
    room = Room()

    async def closed(room: Room) -> None:
        room.wallets.trade("BTC", "-1")
        await room.wait(3_000)

    room.play(one_trade, closed)
    followed = Roster(followed=(WALLET,))
    assert room.wallets.followed == [Roster(), followed, Roster(held=(WALLET,)), followed]


def test_prices_are_told_every_ten_seconds() -> None:
    """Whatever else happens, so that equity and limits follow the market."""
    room = Room()
    room.play(one_trade, lambda room: room.wait(30_000))
    marks = [event for event in room.events if isinstance(event, Marks) and event.quotes]
    assert [event.received - T0 for event in marks] == [16_500, 26_500, 36_500]


def test_start_tells_what_waited_then_that_it_took_over() -> None:
    """Commands that were queued while no worker ran are journaled before anything else is decided."""
    room = Room()
    immediately(room.control.put("ann", Pause()))
    waiting = immediately(room.control.put("ann", Kill()))
    room.play(one_trade)
    assert room.kinds(Operator, Started) == ["Operator", "Operator", "Operator", "Started"]
    assert room.state.control_id == waiting.id
    assert room.venue.orders == []


def test_restart_goes_on_where_it_was_left() -> None:
    """The second worker knows everything, sends nothing again, and follows what happened meanwhile."""
    room = Room()
    room.play(one_trade)
    first = list(room.venue.orders)
    room.wallets.fills("BTC", "-1")
    room.play(lambda room: room.wait(30_000))
    assert room.venue.orders[:1] == first
    assert [order.terms.reduce_only for order in room.venue.orders] == [False, True]
    assert position(room) == 0
    assert room.kinds(Started) == ["Started", "Started"]


def test_snapshot_and_tail_bring_a_worker_back_as_it_was() -> None:
    """With snapshots every few entries, and segments."""
    room = Room()
    for _ in range(3):
        room.play(one_trade, snapshot_every=5, segment_every=20)
    assert len(room.memory.segments) > 2
    assert room.memory.newest is not None
    assert room.memory.newest.seq > 20
    assert position(room) == D("-0.15")


def test_second_worker_stands_by_until_the_first_is_gone() -> None:
    """It says so, touches nothing, and takes over without an order more."""
    room = Room()
    second = room.build(name="second")
    other = MemoryLease(room.memory)

    async def main() -> None:
        assert await other.acquire("another process")
        standing_by = asyncio.create_task(second.run())
        await room.wait(5_500)
        assert beats(room)["standby"].status == "standby"
        assert "worker" not in beats(room)
        assert room.entries == []
        await other.release()
        await room.wait(1_500)
        assert (beats(room)["worker"].status, beats(room)["standby"].status) == ("running", "stopped")
        second.stop()
        await standing_by

    run_jumping(main(), room.clock)
    assert beats(room)["worker"].status == "stopped"


def test_worker_that_never_had_the_lease_does_not_speak_for_the_one_that_has() -> None:
    """Its end is not taken for the end of the worker."""
    room = Room()

    async def main() -> None:
        await MemoryLease(room.memory).acquire("another process")
        standing_by = asyncio.create_task(room.worker.run())
        await room.wait(100)
        room.worker.stop()
        await standing_by

    run_jumping(main(), room.clock)
    assert list(beats(room)) == ["standby"]
    assert room.entries == []


def test_lost_lease_ends_the_worker_and_nothing_more_is_sent() -> None:
    """Another one writes now; it is not disturbed, neither by orders nor by a last beat."""
    room = Room()

    async def stolen(room: Room) -> None:
        await room.settled()
        room.memory.epoch += 1
        room.wallets.trade("BTC", "1")
        await room.wait(5_000)

    with pytest.raises(LeaseLost, match="this worker must stop"):
        room.play(stolen)
    assert room.venue.orders == []
    assert not any(isinstance(event, SourceFills) for event in room.events)
    assert beats(room)["worker"].status == "running"
    assert beats(room)["standby"].status == "stopped"


def test_stop_journals_what_becomes_of_what_is_under_way() -> None:
    """The answer to an order that left is waited for; what waits for its turn is kept back."""
    room = Room()
    room.venue.latency_ms = 200

    async def stopped(room: Room) -> None:
        await room.settled()
        room.wallets.trade("BTC", "1")
        while not room.venue.orders:
            await room.wait(10)

    room.play(stopped)
    assert room.kinds(OrderSent, OrderAnswered) == ["OrderSent", "OrderAnswered"]
    assert position(room) == D("-0.05")
    assert not room.wallets.is_open


async def hanging(room: Room) -> None:
    """Let an order be filled, and another one hang."""
    await one_trade(room)
    room.venue.latency_ms = 3_600_000
    room.wallets.trade("BTC", "1")
    await room.wait(1_000)


def test_stop_does_not_wait_for_ever() -> None:
    """A venue that never answers is given up; the next start settles the order."""
    room = Room()
    room.play(hanging)
    assert len(room.venue.orders) == 2
    assert room.clock.now_ms() - T0 < 20 * SECOND_MS
    room.venue.latency_ms = 10
    room.play(lambda room: room.wait(60_000))
    assert not any(memory.open for memory in room.state.books.values())


def test_stop_during_the_recovery_lets_nothing_out() -> None:
    """The gate stays shut: not even the noop leaves that would settle an order."""
    room = Room()
    room.play(hanging)
    sent, room.venue.latency_ms = len(room.venue.left), 10

    async def at_once() -> None:
        room.worker.stop()

    room.journal.before_commit = at_once
    room.play(lambda room: room.wait(1_000))
    assert any(isinstance(command, BurnNonce) for entry in room.entries for command in entry.commands)
    assert not [command for _, command in room.venue.left[sent:] if isinstance(command, BurnNonce | PlaceOrder)]
    assert beats(room)["worker"].status == "stopped"


def test_worker_that_is_stopped_before_it_runs_does_nothing() -> None:
    """It says that it has stopped."""
    room = Room()
    room.worker.stop()
    run_jumping(room.worker.run(), room.clock)
    assert room.entries == []
    assert beats(room)["standby"].status == "stopped"


class Broken(Venue):
    """A venue whose feed breaks after a second."""

    async def __aiter__(self) -> AsyncIterator[Event]:
        """Iterate over nothing, then break."""
        await self._clock.sleep_until(T0 + 1_000)
        if self._clock.now_ms() > T0:
            raise VenueProtocolError("not JSON")
        yield notice()


def test_feed_that_breaks_ends_the_worker_with_its_error() -> None:
    """Nobody trades blindly; all other tasks have ended, too."""
    room = Room()
    room.venue = Broken(room.clock)
    worker = room.build()

    async def main() -> None:
        with pytest.raises(VenueProtocolError):
            await worker.run()
        assert len(asyncio.all_tasks()) == 1

    run_jumping(main(), room.clock)
    assert not room.wallets.is_open
    assert beats(room)["worker"].status == "stopped"


def test_settings_that_were_never_set_are_told_at_the_first_start_only() -> None:
    """What the core is told at a start depends on what it knows."""
    room = Room()
    room.play(lambda room: room.wait(100))
    room.play(lambda room: room.wait(100))
    told = [event for event in room.events if isinstance(event, Operator)]
    assert [event.action for event in told] == [SetPolicy(policy=settings())]


def test_the_same_story_is_journaled_the_same() -> None:
    """On made-up time nothing depends on chance."""
    rooms = [Room(), Room()]
    for room in rooms:
        room.play(one_trade)
    assert rooms[0].journal.journal_hash == rooms[1].journal.journal_hash
    assert encode(rooms[0].state) == encode(rooms[1].state) != encode(State())
