"""Who is served, who is turned away, and how connections end."""

import pytest

from fadearena.api.stream import Room
from fadearena.model.record import SettingsChange
from fadearena.ports.access import Role
from tests.support.stream import Line, StreamRoom

GRACE = 510
ROUND = 30


def test_a_client_that_does_not_read_is_closed_and_slows_nobody() -> None:
    """With 1013, once its queue is full; it held nothing of what others got."""

    async def story(room: StreamRoom) -> None:
        slow, quick = room.line("since=0"), room.line("since=0")
        await room.wait(ROUND)
        slow.stop_reading()
        for _ in range(12):
            await room.alerts(100)
            await room.wait(ROUND)
        assert quick.seqs == list(range(1, 1_201))
        slow.go_on_reading()
        await room.wait(ROUND)
        assert (slow.code, quick.code) == (1013, None)

    StreamRoom().run(story)


def test_what_waits_is_bounded_in_size_too() -> None:
    """Few large messages are as bad as many small ones; a single one may be as large as it is."""

    async def story(room: StreamRoom) -> None:
        line = room.line("since=0")
        await room.wait(ROUND)
        room.settings = {"version": 2, "text": "x" * 3_000}
        await room.tell(SettingsChange(version=2, actor="a"))
        await room.wait(ROUND)
        assert len(line.of("settings-update")) == 1
        line.stop_reading()
        await room.tell(*[SettingsChange(version=number, actor="a") for number in range(3, 6)])
        await room.wait(ROUND)
        line.go_on_reading()
        await room.wait(ROUND)
        assert line.code == 1013

    StreamRoom(Room(chars=1_000)).run(story)


def test_a_client_that_reads_nothing_for_two_heartbeats_is_closed() -> None:
    """Even where hardly anything is sent to it."""

    async def story(room: StreamRoom) -> None:
        line = room.line("since=0")
        await room.wait(ROUND)
        line.stop_reading()
        await room.alerts(1)
        await room.wait(31_000)
        line.go_on_reading()
        await room.wait(ROUND)
        assert line.task.done()

    StreamRoom().run(story)


def test_a_client_that_says_too_much_is_heard_slowly() -> None:
    """A handful at once, then five a second: nothing is lost, nobody is harmed."""

    async def story(room: StreamRoom) -> None:
        line = room.line()
        for _ in range(40):
            line.say("nonsense")
        await room.wait(100)
        assert len(line.errors) == 20
        await room.wait(4_000)
        assert len(line.errors) == 40

    StreamRoom().run(story)


def test_a_stop_closes_every_client_with_1001() -> None:
    """So that they know that they may come again."""
    lines: list[Line] = []

    async def story(room: StreamRoom) -> None:
        lines.extend(room.line(query) for query in ("", "since=0"))
        await room.wait(GRACE)

    StreamRoom().run(story)
    assert [(line.code, line.task.done()) for line in lines] == [(1001, True)] * 2


def test_too_many_clients_are_turned_away() -> None:
    """With 503, before a connection is accepted; whoever leaves makes room."""

    async def story(room: StreamRoom) -> None:
        first, second = room.line(), room.line()
        await room.wait(ROUND)
        third = room.line()
        await room.wait(ROUND)
        assert (third.status, third.heard) == (503, [])
        first.cut()
        await room.wait(ROUND)
        fourth = room.line()
        await room.wait(ROUND)
        assert (second.status, fourth.status, fourth.accepted) == (None, None, "")

    StreamRoom(clients=2).run(story)


def test_who_may_not_look_is_turned_away() -> None:
    """With 401; a token in the subprotocol is answered as browsers want it."""

    async def story(room: StreamRoom) -> None:
        stranger, known = room.line(role=None), room.line(role=Role.VIEWER, bearer=True)
        await room.wait(ROUND)
        assert (stranger.status, known.accepted) == (401, "bearer")

    StreamRoom().run(story)


@pytest.mark.parametrize("query", ["since=-1", "since=x", "channels=gossip", "decimals=roman"])
def test_an_address_that_cannot_be_read_is_turned_away(query: str) -> None:
    """With 400."""

    async def story(room: StreamRoom) -> None:
        line = room.line(query)
        await room.wait(ROUND)
        assert line.status == 400

    StreamRoom().run(story)


def test_who_may_not_look_any_more_is_closed() -> None:
    """With 1008, at most a minute after a token was revoked or a session has ended."""

    async def story(room: StreamRoom) -> None:
        gone, stays = room.line("since=0"), room.line("since=0")
        await room.wait(ROUND)
        gone.role = None
        await room.wait(60_000)
        assert (gone.code, stays.code) == (1008, None)

    StreamRoom().run(story)
