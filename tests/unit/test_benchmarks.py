"""The benchmarks run and print every row; what they measure is nobody's promise."""

import asyncio
import dataclasses
import json
import re

import msgspec
import pytest

from benchmarks.__main__ import main, show
from benchmarks.box import Tempo
from benchmarks.crowd import Crowd
from benchmarks.drum import Beat, Rhythm, beating, beats
from benchmarks.reaction import PERS, Load, reaction
from benchmarks.recovery import CHANGED, IDLE, SNAPSHOT, TAIL, WHOLE, Large, recovery
from benchmarks.rows import FULL, LONG, QUICK, groups
from benchmarks.storage import OpenStorage, in_memory, in_sqlite
from benchmarks.timing import Group, Row, measure

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


def quick_ones() -> list[Group]:
    """Return the groups that need neither a server nor a worker that runs for seconds."""
    return [
        dataclasses.replace(group, works={name: work for name, work in group.works.items() if "PostgreSQL" not in name})
        for group in groups(TINY)
        if "PostgreSQL" not in group.title and not group.title.startswith(("from a fill", "from a trade"))
    ]


def check(rows: list[Row]) -> None:
    """Every row costs something, and the first of each comparison is compared with itself."""
    firsts: dict[tuple[str, str], float] = {}
    for row in rows:
        assert min(row.microseconds, row.ratio, row.per_second) > 0
        firsts.setdefault((row.group, row.per), row.ratio)
    assert set(firsts.values()) == {1}


def test_every_row_is_measured_and_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """Each work of each group has its rows, and its line in the tables for people."""
    asked = quick_ones()
    rows = [row for group in asked for row in measure(group, lambda: None)]
    check(rows)
    assert {(row.group, row.name) for row in rows} == {(g.title, name) for g in asked for name in g.works}
    show(rows)
    out = capsys.readouterr().out
    assert all(group.title in out and all(name in out for name in group.works) for group in asked)


@pytest.mark.slow
def test_the_quick_form_prints_every_row(capsys: pytest.CaptureFixture[str]) -> None:
    """It measures every work of every group, and prints them as one JSON object on one line."""
    main(["--quick", "--json"])
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    check(msgspec.convert(json.loads(out)["rows"], list[Row]))
    for group in groups(QUICK):
        assert group.title in out
        assert all(name in out for name in group.works)


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
