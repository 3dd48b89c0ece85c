"""What clients hear when the log itself is touched: rebuilt, replaced, cut off, or away."""

from collections.abc import Sequence

from fadearena.adapters.memory.read_store import MemoryReadStore
from fadearena.model.error import StorageUnavailable
from fadearena.ports.journal import JournalEntry
from fadearena.ports.read_store import LogPage, LogQuery
from tests.support.entries import Writer
from tests.support.stream import ALERT, NOW, StreamRoom

ROUND = 30
SECOND = 1_000


class Away(MemoryReadStore):
    """A read store that can be away; `asked` are the parts of the log that were read."""

    def __init__(self) -> None:
        super().__init__()
        self.is_away = False
        self.asked: list[LogQuery] = []

    async def log(self, query: LogQuery) -> LogPage:
        """Return a part of the log, or fail."""
        self.asked.append(query)
        if self.is_away:
            raise StorageUnavailable("the database is away")
        return await super().log(query)


def entries(count: int, at: int = NOW) -> Sequence[JournalEntry]:
    """Return entries of one record each, from the first on."""
    writer = Writer()
    return [writer.entry(ALERT, at=at) for _ in range(count)]


def test_a_rebuild_goes_unnoticed() -> None:
    """The same records come again: nobody hears them twice, nothing is missed, nobody is closed."""

    async def story(room: StreamRoom) -> None:
        records, journal = room.doors.records, entries(2_600)
        await records.project(journal[:2_000])
        await room.wait(ROUND)
        line = room.line("since=2000")
        await room.wait(ROUND)
        await records.clear()
        for start in range(0, 2_500, 100):
            await records.project(journal[start : start + 100])
            await room.wait(500)
        await records.project(journal[2_500:])
        await room.wait(ROUND)
        assert (line.seqs, line.code) == (list(range(2_001, 2_601)), None)

    StreamRoom().run(story)


def test_another_log_is_told() -> None:
    """Other records under the same numbers: everyone is closed with 1012, and begins anew at its end."""

    async def story(room: StreamRoom) -> None:
        records = room.doors.records
        await records.project(entries(50))
        await room.wait(ROUND)
        line = room.line("since=50")
        await room.wait(ROUND)
        await records.clear()
        await records.project(entries(60, at=NOW + 1))
        await room.wait(100)
        assert (line.seqs, line.code) == ([], 1012)
        again = room.line()
        await room.wait(ROUND)
        assert again.heard[0]["seq"] == 60

    StreamRoom().run(story)


def test_a_log_that_stays_shorter_is_told() -> None:
    """As after an older backup was put in place: it is waited for ten seconds whether it grows."""

    async def story(room: StreamRoom) -> None:
        records = room.doors.records
        await records.project(entries(50))
        await room.wait(ROUND)
        line = room.line("since=50")
        await room.wait(ROUND)
        await records.clear()
        await records.project(entries(30))
        await room.wait(9 * SECOND)
        early = line.code
        await room.wait(2 * SECOND)
        assert (line.seqs, early, line.code) == ([], None, 1012)
        assert room.stream.seq == 30

    StreamRoom().run(story)


def test_a_database_that_is_away_is_waited_for() -> None:
    """Nobody is closed, replays wait, and nothing is lost or doubled."""

    async def story(room: StreamRoom) -> None:
        await store.project(entries(1_200))
        await room.wait(ROUND)
        live = room.line("since=1200")
        await room.wait(ROUND)
        store.is_away = True
        waiting = room.line("since=100")
        await room.wait(5 * SECOND)
        await store.project(entries(1_210))
        await room.wait(5 * SECOND)
        assert (live.seqs, waiting.seqs) == ([], [])
        store.is_away = False
        await room.wait(3 * SECOND)
        assert live.seqs == list(range(1_201, 1_211))
        assert waiting.seqs == list(range(101, 1_211))

    store = Away()
    StreamRoom(records=store).run(story)


def test_who_connects_before_the_log_was_read_waits_a_moment() -> None:
    """And is turned away where the database stays away."""

    async def story(room: StreamRoom) -> None:
        early = room.line("since=0")
        await room.wait(3 * SECOND)
        assert early.status == 503
        later = room.line("since=0")
        store.is_away = False
        await room.wait(2 * SECOND)
        assert later.heard[0]["type"] == "hello"

    store = Away()
    store.is_away = True
    StreamRoom(records=store).run(story)


def test_many_who_come_back_ask_the_database_for_nothing() -> None:
    """What happened last is kept; each look asks for what is new only."""

    async def story(room: StreamRoom) -> None:
        await store.project(entries(2_500))
        await room.wait(ROUND)
        store.asked.clear()
        time = NOW
        lines = [room.line(f"since={since}&timestamp={time}") for since in range(1_600, 2_500, 20)]
        await room.wait(ROUND)
        assert all(line.seqs[-1] == 2_500 and not line.errors for line in lines)
        assert {query.after for query in store.asked} == {2_499}

    store = Away()
    StreamRoom(records=store).run(story)
