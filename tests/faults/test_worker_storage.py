"""
Storage that fails under a working worker: nothing that is not durable leaves, nothing durable is lost.

A short story is told to its end beside one fault. What the exchange saw, journal and read store are looked at as after
a kill -9, and the end is that of a story without a fault.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path

import msgspec
import psycopg
import pytest

from fadearena.adapters.sql.journal.store import open_journal
from fadearena.kit.clock import ManualClock
from fadearena.kit.jumping import run_jumping
from fadearena.kit.tasks import first_cause
from fadearena.model.command import PlaceOrder
from fadearena.model.error import JournalCorrupt, LeaseLost, StorageUnavailable
from fadearena.model.order import Purpose
from fadearena.model.units import SECOND_MS
from fadearena.ports.journal import Skipped
from fadearena.runtime.life import WorkerDoors
from tests.support.crash import Watch
from tests.support.crash_check import look
from tests.support.crash_life import Adapt, Habits, Place, live, unchanged
from tests.support.crash_runs import SHORT, Told
from tests.support.postgres import Server
from tests.support.truth import START_MS, Tale
from tests.support.truth_venue import TruthVenue

MIDDLE_MS = START_MS + 21 * SECOND_MS
TALE = SHORT.tale()


class Teller:
    """Tells the short story in this process, beside a fault."""

    def __init__(self, place: Place, tale: Tale = TALE) -> None:
        self.place = place
        self.tale = tale
        self.clock = ManualClock(START_MS)

    def tell(self, watch: Watch = lambda _: None, adapt: Adapt = unchanged, habits: Habits | None = None) -> None:
        """Live to the end, from where the clock stands."""
        run_jumping(live(self.place, self.tale, self.clock, watch, habits or Habits(), adapt), self.clock)

    def at(self, time: int, work: Callable[[], object], point: str = "before journal.append") -> Watch:
        """Return a watch that does some work once, at the first passing of a point from a time on."""
        done: list[object] = []

        def watch(passed: str) -> None:
            if passed == point and not done and self.clock.now_ms() >= time:
                done.append(passed)
                work()

        return watch

    def ending(self) -> Told:
        """Look at what is left."""
        return Told(ending=asyncio.run(look(self.place, self.tale, self.clock)), passes={}, deaths=0)


@pytest.fixture
def teller(empty: Place, quick_path: Path) -> Teller:
    """Return a story that nobody told yet."""
    return Teller(empty.copy_to(quick_path / "story"))


@pytest.fixture(scope="module")
def still(empty: Place) -> Told:
    """Return the end of a story without a fault."""
    teller = Teller(empty.copy_to(empty.directory.with_name("still")))
    teller.tell()
    return teller.ending()


@pytest.fixture
def in_postgres(pg_url: str, quick_path: Path) -> Teller:
    """Return a story that is kept in PostgreSQL."""
    place = Place(quick_path / "story", pg_url)
    place.prepare()
    return Teller(place)


def raising(times: int) -> Callable[[], None]:
    """Return work that raises so many times."""
    left = list(range(times))

    def work() -> None:
        if left:
            left.pop()
            raise StorageUnavailable("the disk is on fire")

    return work


@pytest.mark.parametrize("point", ["before journal.append", "after journal.append"])
@pytest.mark.parametrize("times", [1, pytest.param(4, marks=pytest.mark.slow)])
def test_a_commit_that_fails(teller: Teller, still: Told, point: str, times: int) -> None:
    """Where a commit fails, before or after it was carried out, the worker recovers and goes on."""
    fail = raising(times)

    def watch(passed: str) -> None:
        if passed == point and teller.clock.now_ms() >= MIDDLE_MS:
            fail()

    teller.tell(watch)
    assert teller.ending().differences(still) == []


def test_a_full_disk(teller: Teller, still: Told) -> None:
    """On a full disk the worker waits; once there is space again it goes on."""

    def adapt(doors: WorkerDoors) -> WorkerDoors:
        def fill() -> None:
            session = doors.journal._keeper.session  # type: ignore[attr-defined]
            pages = session.rows("PRAGMA page_count")[0][0]
            session.rows(f"PRAGMA max_page_count = {pages}")  # goes with the connection

        watches.append(teller.at(MIDDLE_MS, fill))
        return doors

    watches: list[Watch] = []
    failed: list[str] = []

    def watch(passed: str) -> None:
        for each in watches:
            each(passed)
        failed.append(passed)

    teller.tell(watch, adapt)
    assert failed.count("before journal.append") > failed.count("after journal.append")
    assert teller.ending().differences(still) == []


def test_a_locked_database(teller: Teller, still: Told) -> None:
    """While another program holds the journal the worker waits; then it goes on."""
    other = sqlite3.connect(str(teller.place.journal), isolation_level=None, check_same_thread=False)
    passed: list[str] = []
    lock = teller.at(MIDDLE_MS, lambda: other.execute("BEGIN IMMEDIATE"))
    unlock = teller.at(MIDDLE_MS + 4 * SECOND_MS, other.rollback, "before heartbeats.beat")

    def watch(point: str) -> None:
        passed.append(point)
        lock(point)
        unlock(point)

    teller.tell(watch)
    other.close()
    assert passed.count("before journal.append") > passed.count("after journal.append")
    assert teller.ending().differences(still) == []


def test_a_stale_lease(teller: Teller, still: Told) -> None:
    """A worker whose lease went to another writes nothing more, sends nothing more, and stops."""
    with pytest.raises(ExceptionGroup) as raised:
        teller.tell(teller.at(MIDDLE_MS, lambda: change(teller.place, "UPDATE lease SET epoch = epoch + 1")))
    assert isinstance(first_cause(raised.value), LeaseLost)
    teller.clock.move_by(SECOND_MS)
    teller.tell()
    assert teller.ending().differences(still) == []


def test_a_corrupt_row(teller: Teller, still: Told) -> None:
    """A worker refuses to start on a row that is damaged and says what to do; left out, the rest goes on."""
    rare = Habits(options=msgspec.structs.replace(Habits().options, snapshot_every=5_000))
    with pytest.raises(ExceptionGroup):
        teller.tell(teller.at(MIDDLE_MS, lose), habits=rare)
    seq = newest(teller.place, "source-snapshot")
    change(teller.place, "UPDATE entry SET payload = CAST(replace(payload, ':', ';') AS BLOB) WHERE seq = ?", seq)
    teller.clock.move_by(SECOND_MS)
    with pytest.raises(ExceptionGroup) as raised:
        teller.tell(habits=rare)
    corrupt = first_cause(raised.value)
    assert isinstance(corrupt, JournalCorrupt)
    assert f"fadearena journal skip {seq}" in str(corrupt)
    asyncio.run(leave_out(teller.place, seq))
    teller.tell(habits=rare)
    assert teller.ending().differences(still) == []


def test_a_read_store_that_is_away(teller: Teller, still: Told) -> None:
    """Without the read store trading goes on; after two seconds increases wait, since a stop could not be heard."""
    begin, end = MIDDLE_MS, MIDDLE_MS + 6 * SECOND_MS
    doors = {f"before {call}" for call in ("control.take", "heartbeats.beat", "records.position", "records.project")}

    def watch(passed: str) -> None:
        if passed in doors and begin <= teller.clock.now_ms() < end:
            raise StorageUnavailable("the read store is away")

    teller.tell(watch)
    deaf = (begin + 3 * SECOND_MS, end)
    orders = orders_of(teller)
    assert not [order for at, order in orders if deaf[0] < at < deaf[1] and order.terms.purpose is Purpose.INCREASE]
    assert [order for at, order in orders if begin < at < deaf[0] and order.terms.purpose is Purpose.INCREASE]
    assert teller.ending().differences(still) == []


def test_a_cut_connection(in_postgres: Teller, still: Told) -> None:
    """Where the server cuts the connection in the middle of everything the worker connects again and goes on."""
    url = in_postgres.place.url
    assert url is not None

    def cut() -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = "
                "current_database()"
            )

    in_postgres.tell(in_postgres.at(MIDDLE_MS, cut))
    assert in_postgres.ending().differences(still) == []


@pytest.mark.slow
def test_a_server_that_restarts(own_pg_server: Server, quick_path: Path, still: Told) -> None:
    """A server that goes away and comes back costs time, nothing else."""
    teller = Teller(Place(quick_path / "story", own_pg_server.url))
    teller.place.prepare()
    stop = teller.at(MIDDLE_MS, own_pg_server.stop)
    start = teller.at(MIDDLE_MS + 3 * SECOND_MS, own_pg_server.start, "before heartbeats.beat")

    def watch(point: str) -> None:
        stop(point)
        start(point)

    teller.tell(watch)
    assert teller.ending().differences(still) == []


# --- what the stories need


def lose() -> None:
    """End a life on the spot."""
    raise LeaseLost("enough")


def change(place: Place, statement: str, *values: int) -> None:
    """Change the journal's database from outside."""
    connection = sqlite3.connect(str(place.journal), isolation_level=None)
    connection.execute(statement, values)
    connection.close()


def newest(place: Place, kind: str) -> int:
    """Return the number of the newest entry of a kind."""
    connection = sqlite3.connect(str(place.journal))
    found: int = connection.execute("SELECT max(seq) FROM entry WHERE kind = ?", (kind,)).fetchone()[0]
    connection.close()
    return found


async def leave_out(place: Place, seq: int) -> None:
    """Order an entry to be left out, as `fadearena journal skip` does."""
    async with open_journal(place.journal, inline=True) as store:
        assert await store.lease.acquire("skip")
        await store.journal.skip(Skipped(seq=seq, actor="ann", reason="damaged", time=0))


def orders_of(teller: Teller) -> list[tuple[int, PlaceOrder]]:
    """Return what reached the exchange, and when."""
    venue = TruthVenue(teller.clock, teller.place.exchange)
    venue.close()
    return venue.ledger.placed()
