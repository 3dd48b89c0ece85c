"""Stops, from the hand that gives them to the order that does not leave."""

from collections.abc import Sequence
from pathlib import Path

from fadearena.adapters.memory.control import MemoryControl
from fadearena.core.latches import ALL, LatchKind
from fadearena.model.error import StorageUnavailable
from fadearena.model.event import Kill, Operator, Release
from fadearena.model.record import ControlAnswer
from fadearena.ports.control import ControlEntry
from tests.support.room import Room, ordered, settled_books


async def one_trade(room: Room) -> None:
    """Let the source buy a bitcoin, and our order be filled."""
    await room.settled()
    room.wallets.trade("BTC", "1")
    await room.wait(3_000)


def test_kill_now_is_journaled_without_the_table() -> None:
    """As a command without a number; nothing is answered, nothing leaves."""
    room = Room()

    async def killed(room: Room) -> None:
        await room.settled()
        room.wallets.trade("BTC", "1")
        room.worker.kill_now("signal:SIGUSR1")
        await room.wait(5_000)

    room.play(killed)
    kills = [event for event in room.events if isinstance(event, Operator) and isinstance(event.action, Kill)]
    assert [(event.control_id, event.actor) for event in kills] == [(0, "signal:SIGUSR1")]
    assert room.venue.orders == []


def test_kill_between_commit_and_send_keeps_the_order_back() -> None:
    """The command is in the journal, and never left."""
    room = Room()

    async def story(room: Room) -> None:
        await room.settled()
        room.wallets.trade("BTC", "1")
        await room.wait(3_000)

        async def killed() -> None:
            room.journal.before_commit = None
            room.worker.kill_now("signal")

        room.journal.before_commit = killed
        room.wallets.trade("BTC", "1")
        await room.wait(10_000)

    room.play(story)
    assert len(ordered(room)) == 2
    assert room.venue.orders == ordered(room)[:1]
    settled_books(room)


def test_kill_with_flatten_closes_everything() -> None:
    """Only closes leave, until the exchange shows nothing."""
    room = Room()

    async def story(room: Room) -> None:
        await room.settled()
        room.wallets.trade("BTC", "1")
        await room.wait(3_000)
        await room.control.put("ann", Kill(flatten=True))
        await room.wait(10_000)

    room.play(story)
    assert [order.terms.purpose for order in room.venue.orders] == ["increase", "flatten"]
    assert not room.state.latches.has(ALL, LatchKind.FLATTEN)
    assert room.state.latches.has(ALL, LatchKind.KILL)
    settled_books(room)


def test_flatten_of_one_bot_closes_its_sleeves() -> None:
    """By reduces of its own, which the gate lets pass."""
    room = Room()

    async def story(room: Room) -> None:
        await room.settled()
        room.wallets.trade("BTC", "1")
        await room.wait(3_000)
        await room.control.put("ann", Kill(flatten=True, bot="bot"))
        await room.wait(10_000)

    room.play(story)
    assert [order.terms.purpose for order in room.venue.orders] == ["increase", "reduce"]
    settled_books(room)


def test_file_stops_everything_as_long_as_it_lies_there(tmp_path: Path) -> None:
    """Across a restart and in spite of a release; without it a release counts."""
    room, file = Room(), tmp_path / "KILL"

    async def stopped(room: Room) -> None:
        await one_trade(room)
        file.touch()
        await room.wait(100)
        room.wallets.trade("BTC", "1")
        await room.wait(3_000)

    async def released(room: Room) -> None:
        await room.settled()
        await room.control.put("ann", Release())
        await room.wait(1_000)
        room.wallets.trade("BTC", "1")
        await room.wait(3_000)

    async def removed(room: Room) -> None:
        file.unlink()
        await room.wait(100)
        await released(room)

    room.play(stopped, kill_file=file)
    assert room.state.latches.has(ALL, LatchKind.KILL)
    room.play(released, kill_file=file)
    assert len(room.venue.orders) == 1
    assert room.state.latches.has(ALL, LatchKind.KILL)
    room.play(removed, kill_file=file)
    assert len(room.venue.orders) == 2
    assert not room.state.latches.has(ALL, LatchKind.KILL)
    settled_books(room)


class Away(MemoryControl):
    """A table of commands that can be away."""

    def __init__(self) -> None:
        super().__init__()
        self.is_away = False

    async def take(self, after: int = 0) -> Sequence[ControlEntry]:
        """Take the queued commands, or fail."""
        if self.is_away:
            raise StorageUnavailable("the database is away")
        return await super().take(after)


def test_increases_wait_while_nobody_could_be_heard_and_reduces_go_on() -> None:
    """The table of commands is away; trading goes on as far as it lowers what is at risk."""
    room = Room()
    room.control = control = Away()

    async def deaf(room: Room) -> None:
        await one_trade(room)
        control.is_away = True
        await room.wait(3_000)
        room.wallets.trade("BTC", "1")
        await room.wait(3_000)
        assert len(room.venue.orders) == 1
        room.wallets.trade("BTC", "-2")
        await room.wait(3_000)
        assert [order.terms.reduce_only for order in room.venue.orders] == [False, True]
        control.is_away = False
        await room.wait(1_000)
        room.wallets.trade("BTC", "1")
        await room.wait(3_000)

    room.play(deaf)
    assert [order.terms.reduce_only for order in room.venue.orders] == [False, True, False]
    settled_books(room)


def test_refused_stop_opens_the_gate_again() -> None:
    """Nobody knows the bot that it names."""
    room = Room()

    async def story(room: Room) -> None:
        await room.settled()
        await room.control.put("ann", Kill(bot="nobody"))
        await room.wait(100)
        room.wallets.trade("BTC", "1")
        await room.wait(3_000)

    room.play(story)
    (answer,) = [r for entry in room.entries for r in entry.records if isinstance(r, ControlAnswer)]
    assert answer.reasons == ("there is no bot nobody",)
    assert len(room.venue.orders) == 1
