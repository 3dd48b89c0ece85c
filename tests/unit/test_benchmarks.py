"""The benchmarks run and print every row; what they measure is nobody's promise."""

import asyncio
import dataclasses
import gc
import json
import operator
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from benchmarks.__main__ import main, show
from benchmarks.box import Tempo
from benchmarks.crowd import Crowd
from benchmarks.drum import Beat, Rhythm, beating, beats
from benchmarks.history import Shape, make_history
from benchmarks.history.asking import ask
from benchmarks.reaction import PERS, Load, reaction
from benchmarks.recovery import CHANGED, IDLE, SNAPSHOT, TAIL, WHOLE, Large, recovery
from benchmarks.rows import FULL, LONG, QUICK, groups
from benchmarks.storage import OpenStorage, in_memory, in_sqlite
from benchmarks.timing import Group, Row, measure
from fadearena.adapters.sql.database import SqliteFile
from fadearena.adapters.sql.read_store import open_read_store
from fadearena.ports.archive import TradeQuery
from tests.support.read_tables import dump


@pytest.fixture(autouse=True)
def set_aside() -> Iterator[None]:
    """Spare the collector what others have left: each measurement begins with a full round of it."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


TINY = msgspec.structs.replace(
    QUICK,
    rounds=2,
    growth_rounds=1,
    decisions=2,
    grown=1,
    bots=(10, 20),
    sleeves=(10, 20),
    arena_seconds=5,
    arenas=((10, 1), (12, 1)),
    commits=2,
    orders=2,
    messages=20,
    tempo=Tempo(orders=10, seconds=1.5, warm_up_s=0, least=0),
    large=(Large(sleeves=10, changed=2, tail=20, lull_s=0.05),),
)


ONCE = msgspec.structs.replace(QUICK, rounds=1)


def is_live(title: str) -> bool:
    """Tell whether a group needs a server, or a worker that runs for seconds."""
    return "PostgreSQL" in title or title.startswith(("from a fill", "the same, where", "from a trade"))


def quick_ones() -> list[Group]:
    """Return the other groups, without what needs a server in them."""
    return [
        dataclasses.replace(group, works={name: work for name, work in group.works.items() if "PostgreSQL" not in name})
        for group in groups(TINY)
        if not is_live(group.title)
    ]


def check(rows: list[Row]) -> None:
    """Every row costs something, and the first of each comparison is compared with itself."""
    firsts: dict[tuple[str, str], float] = {}
    for row in rows:
        assert min(row.microseconds, row.ratio, row.per_second) > 0
        firsts.setdefault((row.group, row.per), row.ratio)
    assert set(firsts.values()) == {1}


@pytest.mark.slow
def test_every_row_is_measured_and_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """Each work of each group has its rows, and its line in the tables for people."""
    asked = quick_ones()
    rows = [row for group in asked for row in measure(group, lambda: None)]
    check(rows)
    assert {(row.group, row.name) for row in rows} == {(g.title, name) for g in asked for name in g.works}
    show(rows)
    out = capsys.readouterr().out
    assert all(group.title in out and all(name in out for name in group.works) for group in asked)


def test_a_form_is_printed_as_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    """All rows stand in one JSON object on one line."""
    main(["--quick", "--json"], lambda _: quick_ones()[-1:])
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    told = json.loads(out)
    assert told["form"] == "quick"
    check(msgspec.convert(told["rows"], list[Row]))


@pytest.mark.slow
@pytest.mark.parametrize(
    "title", [title for title in map(operator.attrgetter("title"), groups(ONCE)) if is_live(title)]
)
def test_rows_of_whole_processes_are_measured(title: str) -> None:
    """What needs a server, or a worker that runs for seconds, has its rows: the first work of a group and the last.

    Polls are left out: in so short a time they tell nothing where the machine is busy.
    """
    (group,) = (group for group in groups(ONCE) if group.title == title)
    names = [name for name in group.works if not name.startswith("polls")]
    group = dataclasses.replace(group, works={name: group.works[name] for name in (names[0], names[-1])})
    rows = measure(group, lambda: None)
    check(rows)
    assert {row.name for row in rows} == set(group.works)


@pytest.mark.slow
def test_the_other_forms_measure_the_same_groups() -> None:
    """The forms differ in how much they measure, not in what: sizes and loads stand in some names, and are left out."""
    titles = [[re.sub(r"[\d,]+", "N", g.title) for g in groups(scale)] for scale in (QUICK, FULL, LONG)]
    titles = [[title for title in each if "sleeves of as many" not in title] for each in titles]
    assert titles[0] == titles[1] == titles[2]


def test_two_crowds_of_one_seed_are_equal() -> None:
    """What is measured follows from the seed alone."""
    crowds = [Crowd(7, 3, 2, [(0, 0), (1, 1), (2, 0)]) for _ in range(2)]
    for crowd in crowds:
        crowd.mix(5, 3)
    assert crowds[0].state == crowds[1].state
    assert crowds[0].events == crowds[1].events


@pytest.mark.slow
def test_a_history_is_made_and_asked_for_everything(tmp_path: Path) -> None:
    """Its numbers are those that are promised, it is the same every time, and every question is answered."""
    places = [SqliteFile(tmp_path / name) for name in ("one.db", "two.db")]
    shape = Shape(records=600, days=1)
    made = [make_history(place, shape, until=1_790_000_000_000) for place in places]
    assert made[0] == made[1]
    assert dump(places[0]) == dump(places[1])

    async def asked() -> None:
        async with open_read_store(places[0], inline=True) as store:
            history = made[0]
            assert (await store.archive.trades(TradeQuery())).total == history.trades == 120
            assert (await store.records.position()).record_seq == history.records
            story = await store.archive.order(history.cloid)
            assert story is not None
            assert story.fills
            taken = await ask(store, history, 1)
            assert len(taken) == len({one.name for one in taken}) > 300

    asyncio.run(asked())


@pytest.mark.slow
def test_a_drum_is_heard_beat_by_beat() -> None:
    """All beats come, in their order, of both kinds, however the socket cuts them."""

    async def listen() -> list[Beat]:
        heard, rest, loop = list[Beat](), b"", asyncio.get_running_loop()
        with beating(Rhythm(trades=500, others=500, seconds=0.2)) as ear:
            while received := await loop.sock_recv(ear, 7):
                found, rest = beats(rest + received)
                heard += found
        return heard

    heard = asyncio.run(listen())
    assert [beat.written for beat in heard] == sorted(beat.written for beat in heard)
    assert {beat.is_trade for beat in heard} == {True, False}


@pytest.mark.slow
@pytest.mark.parametrize("storage", [in_memory, in_sqlite], ids=["memory", "sqlite"])
def test_what_is_recovered_is_compared(storage: OpenStorage) -> None:
    """Both snapshots are taken while decisions go on, and both recoveries give the state as it was."""
    rows = measure(recovery("here", storage, Large(sleeves=12, changed=3, tail=30, lull_s=0.05), 2), lambda: None)
    check(rows)
    assert {row.name for row in rows} == {IDLE, WHOLE, CHANGED, SNAPSHOT, TAIL}


@pytest.mark.slow
def test_a_worker_reacts_to_what_a_drum_makes_wallets_do() -> None:
    """Trades of a real worker in real time lead to orders, and what they took is told."""
    found = reaction(in_memory, asyncio.new_event_loop, Load(orders=20, others=100, seconds=1))
    assert tuple(found) == PERS
    assert 0 < found["p50"].seconds <= found["p99"].seconds
