"""A demo's past: hours that were made up before it began, in which everything adds up."""

import asyncio
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise

import msgspec
import pytest

from fadearena.adapters.sql.journal.store import open_journal_reader
from fadearena.adapters.sql.read_store import open_read_store
from fadearena.bootstrap.demo import Demo, Holdings, demo_on, operator_password
from fadearena.bootstrap.past import make_past
from fadearena.bootstrap.past_feed import source_fill
from fadearena.bootstrap.report import reckon
from fadearena.cli.demo import report_of
from fadearena.kit.clock import ManualClock, SystemClock
from fadearena.model.event import SourceFills
from fadearena.model.record import BotTrade, EquityPoint, MyFill
from fadearena.model.units import HOUR_MS, MINUTE_MS, SECOND_MS, Side
from fadearena.model.wallet import ForcedKind
from fadearena.ports.journal import JournalEntry
from fadearena.sandbox.exchange.exchange import Exchange
from fadearena.sandbox.nouns import Fill, Liquidation
from tests.support.box import NOON, books_balance
from tests.support.command import nowhere

SPEED = Decimal(20)
WALLET = "0x" + "1a" * 20


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """Return a demo with an hour of a past."""
    with nowhere(), demo_on(tmp_path_factory.mktemp("demo"), 3, SPEED) as begun:
        yield make_past(begun, 1)


def entries_of(demo: Demo) -> list[JournalEntry]:
    """Return what was journaled."""

    async def main() -> list[JournalEntry]:
        async with open_journal_reader(demo.places.journal) as store:
            return [entry async for entry in store.journal.read()]

    return asyncio.run(main())


class Saved(msgspec.Struct):
    """What of a sandbox's state is read here."""

    exchange: msgspec.Raw


def truth_of(demo: Demo) -> Holdings:
    """Return what the sandbox's accounts held when it was left."""
    saved = msgspec.json.decode(demo.sandbox_file.read_bytes(), type=Saved)
    accounts = Exchange.load(ManualClock(), bytes(saved.exchange)).truth().accounts
    return {user: {coin: held.size for coin, held in one.positions.items()} for user, one in accounts.items()}


def test_an_hour_adds_up(made: Demo) -> None:
    """It trades, breaks no invariant, replays identically, has no drift, and believes what is true."""
    report = report_of(asyncio.run(reckon(made)), truth_of(made), made)
    assert (report.drift, report.invariants, report.replay_identical, report.tracked_equals_truth) == (
        0,
        "ok",
        True,
        True,
    )
    assert (report.events, report.fills, report.resumed) == (0, 0, False)
    assert report.history == made.past == made.begins > 500
    assert 9_000 < Decimal(report.equity) < 11_000


def test_it_ends_now_and_has_no_gap(made: Demo) -> None:
    """An hour of events, in order; numbers of entries and records count up; there are trades of bots and of ours."""
    entries = entries_of(made)
    assert [entry.seq for entry in entries] == list(range(1, made.past + 1))
    assert sum(len(entry.records) for entry in entries) == entries[-1].record_seq
    times = [entry.received for entry in entries]
    assert times == sorted(times)
    assert HOUR_MS - MINUTE_MS < times[-1] - times[0] < HOUR_MS + MINUTE_MS
    assert 0 <= SystemClock().now_ms() - times[-1] < 5 * MINUTE_MS
    records = [record for entry in entries for record in entry.records]
    for kind, least in ((BotTrade, 50), (MyFill, 20), (EquityPoint, 50 * 7)):
        assert sum(isinstance(record, kind) for record in records) >= least, kind


def test_it_is_shown_already(made: Demo) -> None:
    """Nothing is left for the projector, and a worker begins from a snapshot."""

    async def main() -> tuple[int, int]:
        async with open_read_store(made.places.read) as read, open_journal_reader(made.places.journal) as store:
            snapshot = await store.snapshots.load()
            assert snapshot is not None
            return (await read.records.position()).journal_seq, snapshot.seq

    assert asyncio.run(main()) == (made.past, made.past)


def test_it_is_made_once(made: Demo) -> None:
    """A directory with a journal goes on where it ends, and no hours are no past."""
    assert make_past(msgspec.structs.replace(made, before=made.past, past=0), 6).past == 0
    with nowhere(), demo_on(None, 1, SPEED) as begun:
        assert make_past(begun, 0) is begun


def test_the_bots_trade_at_moments_of_their_own(made: Demo) -> None:
    """Strides differ in length, and one trader trades at the end of each."""
    fills = [entry.event for entry in entries_of(made) if isinstance(entry.event, SourceFills)]
    moments = sorted({event.time for event in fills})
    assert len(moments) > 40
    gaps = {later - earlier for earlier, later in pairwise(moments)}
    assert len(gaps) > 5
    assert min(gaps) >= 5 * SECOND_MS


def test_a_stride_keeps_the_books_of_the_exchange() -> None:
    """Money and positions of all accounts sum up after each; time is the clock's."""
    clock = ManualClock(NOON)
    exchange = Exchange(clock, 5, history_ms=0)
    for _ in range(60):
        clock.move_by(9 * SECOND_MS)
        exchange.stride()
        assert exchange.now == clock.now_ms()
    books_balance(exchange)
    assert sum(exchange.view.fill_counts().values()) > 20
    exchange.stride()
    assert exchange.now == clock.now_ms()


def test_a_fill_is_named_as_on_the_wire() -> None:
    """Its key is the one under which the worker will read it again; what nobody asked for says so."""
    fill = Fill(
        user=WALLET,
        coin="ETH",
        time=NOON,
        side=Side.SELL,
        price=Decimal("3900.50"),
        quantity=Decimal("1.0"),
        start=Decimal("2.0"),
        direction="Close Long",
        closed_pnl=Decimal(0),
        fee=Decimal(0),
        order_id=7,
        trade_id=9,
        hash="0x0",
        is_taker=True,
    )
    read = source_fill(fill)
    assert read.key == f"{NOON}:ETH:9:A"
    assert [str(number) for number in (read.price, read.quantity, read.start_position)] == ["3900.5", "1", "2"]
    assert (read.forced, read.is_twap) == (None, False)
    liquidation = Liquidation(user=WALLET, mark=Decimal(3_900), method="market")
    assert source_fill(msgspec.structs.replace(fill, liquidation=liquidation)).forced is ForcedKind.LIQUIDATION
    deleveraged = msgspec.structs.replace(fill, direction="Auto-Deleveraging")
    assert source_fill(deleveraged).forced is ForcedKind.ADL


def test_an_operator_gets_one_password() -> None:
    """It is made once; where there is one, it stays."""
    with nowhere(), demo_on(None, 1, SPEED) as begun:
        password = asyncio.run(operator_password(begun))
        assert password is not None
        assert len(password) >= 12
        assert asyncio.run(operator_password(begun)) is None
