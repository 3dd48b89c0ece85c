"""Marks over the WebSocket: of what is held, at most twice a second, only what changed; they are no records."""

from decimal import Decimal
from typing import Any

from fadearena.adapters.memory.archive import MemoryArchive
from fadearena.adapters.memory.read_store import MemoryReadStore
from fadearena.model.error import StorageUnavailable
from fadearena.model.event import Marks
from fadearena.model.ids import Coin
from fadearena.model.market import Quote
from fadearena.ports.archive import Mark
from tests.support.shown import follow, sleeve
from tests.support.stream import NOW, Line, StreamRoom

GRACE = 510
SECOND = 1_000


async def quoted(room: StreamRoom, **marks: str) -> None:
    """Let marks be journaled."""
    now = room.clock.now_ms()
    quotes = tuple(Quote(coin=coin, mark=Decimal(price), mark_time=now) for coin, price in marks.items())
    await room.tell(event=Marks(time=now, received=now, quotes=quotes))


async def held(room: StreamRoom) -> None:
    """Let a bot hold BTC, and us ETH."""
    await room.tell(follow("a", "BTC", "1"), sleeve("a", "ETH", size="-1"))


def told(line: Line) -> list[Any]:
    """Return the marks of each message."""
    return [message["data"]["marks"] for message in line.of("marks")]


def test_marks_of_what_is_held_are_told_as_they_change() -> None:
    """At most twice a second, the newest of each coin with its time; a coin that nobody holds is left out."""

    async def story(room: StreamRoom) -> None:
        await held(room)
        await quoted(room, BTC="100", DOGE="1", ETH="10")
        line = room.line("since=0")
        await room.wait(2 * SECOND)
        assert told(line) == [{"BTC": 100, "ETH": 10}]
        for n in range(3):
            await quoted(room, BTC=f"{101 + n}.5", DOGE="2")
            await room.wait(10)
        await room.wait(4 * SECOND)
        assert told(line)[1:] == [{"BTC": 103.5}]
        newest = line.of("marks")[-1]
        assert set(newest) == {"type", "seq", "timestamp", "data"}
        assert set(newest["data"]) == {"marks", "times"}
        assert NOW < newest["data"]["times"]["BTC"] < newest["timestamp"]

    StreamRoom().run(story)


def test_marks_are_no_records() -> None:
    """They bear the number of the record before them, and are not replayed: a client gets all that hold now."""

    async def story(room: StreamRoom) -> None:
        await held(room)
        first = room.line("since=0")
        await room.wait(GRACE)
        for n in range(5):
            await quoted(room, BTC=f"{n + 1}")
            await room.wait(SECOND)
        assert (len(told(first)), first.seqs) == (5, [1, 2])
        assert {message["seq"] for message in first.of("marks")} == {2}
        again = room.line("since=0")
        await room.wait(GRACE)
        assert told(again) == [{"BTC": 5}]
        assert [message["type"] for message in again.heard][-2:] == ["marks", "heartbeat"]

    StreamRoom().run(story)


def test_marks_are_a_channel() -> None:
    """They come unless others are asked for, and can be taken away; decimals are texts for those who want that."""

    async def story(room: StreamRoom) -> None:
        await held(room)
        await room.wait(30)
        lines = [room.line(query) for query in ("channels=alert", "channels=marks&decimals=string", "")]
        lines[2].say({"type": "unsubscribe", "channels": ["marks"]})
        await room.wait(GRACE)
        await quoted(room, BTC="100.50")
        await room.alerts(1)
        await room.wait(2 * SECOND)
        assert [told(line) for line in lines] == [[], [{"BTC": "100.5"}], []]
        assert [line.seqs for line in lines] == [[3], [], [3]]

    StreamRoom().run(story)


def test_whoever_comes_first_is_told_all() -> None:
    """What others were told before they left is nothing to the next one."""

    async def story(room: StreamRoom) -> None:
        await held(room)
        await quoted(room, BTC="100", ETH="10")
        before = room.line("since=0")
        await room.wait(2 * SECOND)
        before.cut()
        await room.wait(2 * SECOND)
        after = room.line("since=2")
        await room.wait(2 * SECOND)
        assert told(before) == told(after) == [{"BTC": 100, "ETH": 10}]

    StreamRoom().run(story)


class Away(MemoryArchive):
    """An archive whose database may be away."""

    is_away = False

    async def held_marks(self) -> dict[Coin, Mark]:
        """Fail while the database is away."""
        if self.is_away:
            raise StorageUnavailable("gone")
        return await super().held_marks()


def test_a_database_that_is_away_ends_nothing() -> None:
    """Nothing is told meanwhile; once it is back, what changed."""
    store = MemoryReadStore()
    archive = Away(store)

    async def story(room: StreamRoom) -> None:
        await held(room)
        await quoted(room, BTC="100")
        line = room.line("since=0")
        await room.wait(2 * SECOND)
        archive.is_away = True
        await quoted(room, BTC="101")
        await room.wait(3 * SECOND)
        assert told(line) == [{"BTC": 100}]
        archive.is_away = False
        await room.wait(2 * SECOND)
        assert told(line) == [{"BTC": 100}, {"BTC": 101}]

    StreamRoom(records=store, archive=archive).run(story)
