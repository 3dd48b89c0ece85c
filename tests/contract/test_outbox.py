"""What every outbox does: alerts are queued once, and end once."""

import asyncio
from pathlib import Path

import msgspec
import pytest

from fadearena.adapters.sql.database import Location, PostgresDatabase, SqliteFile
from fadearena.model.error import InvalidInput
from fadearena.model.record import Alert
from fadearena.ports.outbox import Delivery, Outbox, OutboxRow
from fadearena.ports.read_store import Position
from tests.support.entries import Writer
from tests.support.read_stores import Doors, Opener, opener_of, tell
from tests.support.tables import lay

DRIFT = Alert(level="warning", category="drift", subject="main ETH", text="the exchange holds 1, our sum is 2")
FILL = Alert(level="info", category="fill", subject="grok-4 ETH", text="bought 1")
T = 1_760_000_000_000


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def opener(request: pytest.FixtureRequest, tmp_path: Path) -> Opener:
    """What opens a store of each kind; in a database threads do the work."""
    location: Location | None = None
    if request.param == "sqlite":
        location = lay(SqliteFile(tmp_path / "read.db"), "read")
    elif request.param == "postgres":
        location = PostgresDatabase(request.getfixturevalue("pg_read_url"))
    return opener_of(location, inline=False)


def with_state(row: OutboxRow, state: Delivery, at: int) -> OutboxRow:
    """Return a row as it is after it came into a state."""
    return msgspec.structs.replace(row, state=state, changed_ms=at)


async def told(outbox: Outbox) -> list[tuple[int | None, str]]:
    """Return what waits, by number of its record and text."""
    return [(row.record_seq, row.alert.text) for row in await outbox.queued(100)]


def test_each_alert_of_a_projection_is_queued_once(opener: Opener) -> None:
    """In the order of the records, with their times; other records are not, and what comes again changes nothing."""
    writer = Writer()
    entries = [writer.entry(DRIFT, at=T), writer.entry(at=T + 1), writer.entry(FILL, DRIFT, at=T + 1)]

    async def story(doors: Doors) -> None:
        await doors.records.project(entries[:2])
        await doors.records.project(entries)
        first, second, third = rows = await doors.outbox.queued(100)
        assert [(row.record_seq, row.time, row.alert) for row in rows] == [
            (1, T, DRIFT),
            (2, T + 1, FILL),
            (3, T + 1, DRIFT),
        ]
        assert first.id < second.id < third.id
        assert (first.state, first.times, first.attempts, first.reached) == (Delivery.QUEUED, 1, 0, ())
        assert await doors.outbox.queued(2) == rows[:2]

    tell(opener, story)
    assert len(tell(opener, lambda doors: doors.outbox.queued(100))) == 3


def test_critical_alerts_come_first(opener: Opener) -> None:
    """However many others wait before them."""
    kill = msgspec.structs.replace(DRIFT, level="critical", text="killed")

    async def story(doors: Doors) -> None:
        await doors.records.project([Writer().entry(DRIFT, FILL, kill, DRIFT, at=T)])
        assert [number for number, _ in await told(doors.outbox)] == [3, 1, 2, 4]
        assert [row.alert.text for row in await doors.outbox.queued(1)] == ["killed"]

    tell(opener, story)


def test_a_projection_that_fails_queues_nothing(opener: Opener) -> None:
    """Alert and position are written together or not at all."""
    writer = Writer()
    good, bad = writer.entry(DRIFT), Writer(9, 9).entry(FILL)

    async def story(doors: Doors) -> None:
        with pytest.raises(InvalidInput):
            await doors.records.project([good, bad])
        assert await doors.outbox.queued(100) == ()

    tell(opener, story)


def test_a_rebuild_tells_nothing_again(opener: Opener) -> None:
    """What is projected anew was told, also where its row is long gone; what is new is queued."""
    writer = Writer()
    entries = [writer.entry(DRIFT, at=T), writer.entry(FILL, at=T + 5), writer.entry(FILL, at=T + 5)]

    async def story(doors: Doors) -> None:
        await doors.records.project(entries)
        await doors.outbox.save([with_state(row, Delivery.SENT, 50) for row in await doors.outbox.queued(100)])
        assert await doors.outbox.prune(51) == 1
        await doors.records.clear(Position())
        await doors.records.project([*entries, writer.entry(DRIFT, at=T + 6)])
        assert [row.record_seq for row in await doors.outbox.queued(100)] == [4]
        assert [row.record_seq for row in await doors.outbox.rows(100)] == [4, 3, 2]

    tell(opener, story)


def test_a_restored_journal_counts_its_records_again(opener: Opener) -> None:
    """A record under a number that was used in the time that was lost is another one, and is told."""

    async def story(doors: Doors) -> None:
        await doors.records.project([Writer().entry(FILL, at=T)])
        await doors.records.clear(Position())
        await doors.records.project([Writer().entry(DRIFT, at=T + 60_000)])
        assert await told(doors.outbox) == [(1, "bought 1"), (1, DRIFT.text)]

    tell(opener, story)


def test_what_has_no_record_is_queued_once_for_its_source(opener: Opener) -> None:
    """Several servers see the same silence, and one of them tells of it."""

    async def story(doors: Doors) -> None:
        async with opener() as other:
            both = await asyncio.gather(*(each.outbox.put("silent:7", DRIFT, T) for each in (doors, other)))
            assert sorted(both) == [False, True]
            assert await other.outbox.put("silent:8", DRIFT, T)
            assert await told(doors.outbox) == [(None, DRIFT.text)] * 2

    tell(opener, story)


def test_one_has_the_lead(opener: Opener) -> None:
    """It can be kept, ends by itself, and is then anybody's."""

    async def story(doors: Doors) -> None:
        assert await doors.outbox.lead("a", 0, 100)
        assert not await doors.outbox.lead("b", 99, 100)
        assert await doors.outbox.lead("a", 99, 100)
        assert not await doors.outbox.lead("b", 198, 100)
        assert await doors.outbox.lead("b", 199, 100)
        assert not await doors.outbox.lead("a", 200, 100)
        await doors.records.project([Writer().entry(DRIFT, at=T)])
        assert not await doors.outbox.lead("a", 200, 100)

    tell(opener, story)


def test_every_field_of_a_row_is_kept(opener: Opener) -> None:
    """A row that was saved comes back as it was saved, as long as it waits and after it ended."""

    async def story(doors: Doors) -> None:
        await doors.outbox.put("s", DRIFT, T)
        (row,) = await doors.outbox.queued(1)
        changed = msgspec.structs.replace(
            row,
            alert=FILL,
            times=3,
            into=9,
            attempts=2,
            first_ms=5,
            next_ms=6,
            changed_ms=7,
            reached=("a",),
            error="no",
        )
        await doors.outbox.save([changed])
        assert await doors.outbox.queued(1) == (changed,)
        failed = with_state(changed, Delivery.FAILED, 8)
        await doors.outbox.save([failed])
        assert await doors.outbox.rows(1) == (failed,)

    tell(opener, story)


def test_what_ended_stays_as_it_is(opener: Opener) -> None:
    """A courier that lost the lead and comes late does not bring a row back."""

    async def story(doors: Doors) -> None:
        await doors.outbox.put("s", DRIFT, T)
        (row,) = await doors.outbox.queued(1)
        await doors.outbox.save([with_state(row, Delivery.SENT, 10)])
        await doors.outbox.save([msgspec.structs.replace(row, attempts=1)])
        assert await doors.outbox.queued(1) == ()
        assert [each.state for each in await doors.outbox.sent_since(10)] == [Delivery.SENT]
        assert await doors.outbox.sent_since(11) == ()

    tell(opener, story)


def test_failed_rows_are_queued_again_when_somebody_says_so(opener: Opener) -> None:
    """All or some of them, from the beginning; those who have taken the message are not asked again."""

    async def story(doors: Doors) -> None:
        for name in "abc":
            await doors.outbox.put(name, DRIFT, T)
        a, b, c = await doors.outbox.queued(100)
        tried = [msgspec.structs.replace(row, attempts=9, first_ms=1, next_ms=60, reached=("x",)) for row in (a, b)]
        await doors.outbox.save([*(with_state(r, Delivery.FAILED, 9) for r in tried), with_state(c, Delivery.SENT, 9)])
        assert [row.id for row in await doors.outbox.rows(10, [Delivery.FAILED])] == [b.id, a.id]
        assert await doors.outbox.retry([a.id, c.id, 99]) == 1
        (again,) = await doors.outbox.queued(10)
        assert (again.id, again.attempts, again.first_ms, again.next_ms, again.reached) == (a.id, 0, None, 0, ("x",))
        assert await doors.outbox.retry() == 1
        assert len(await doors.outbox.queued(10)) == 2
        with pytest.raises(InvalidInput):
            await doors.outbox.rows(0)

    tell(opener, story)


def test_only_what_ended_is_deleted(opener: Opener) -> None:
    """What waits is never forgotten, and its source can be used again only after it is gone."""

    async def story(doors: Doors) -> None:
        for name in "ab":
            await doors.outbox.put(name, DRIFT, T)
        first, _ = await doors.outbox.queued(100)
        await doors.outbox.save([with_state(first, Delivery.MERGED, 5)])
        assert await doors.outbox.prune(5) == 0
        assert await doors.outbox.prune(6) == 1
        assert [row.source for row in await doors.outbox.rows(10)] == ["b"]
        assert await doors.outbox.put("a", DRIFT, T)

    tell(opener, story)


def test_rows_are_given_page_by_page(opener: Opener) -> None:
    """Below an id there are the older ones; states still count."""

    async def story(doors: Doors) -> None:
        for n in range(3):
            await doors.outbox.put(f"source {n}", Alert(level="info", category="c", subject="s", text=str(n)), n)
        newest, *older = await doors.outbox.rows(10)
        assert await doors.outbox.rows(10, before=newest.id) == tuple(older)
        assert await doors.outbox.rows(10, (Delivery.SENT,), newest.id) == ()

    tell(opener, story)
