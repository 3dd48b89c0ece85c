"""The benchmarks run and print every row; what they measure is nobody's promise."""

import json

import msgspec
import pytest

from benchmarks.__main__ import main, measure_all
from benchmarks.crowd import Crowd
from benchmarks.rows import FULL, QUICK, groups
from benchmarks.timing import Row

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
)


def check(rows: list[Row]) -> None:
    """Every row costs something, and the first of each comparison is compared with itself."""
    firsts: dict[tuple[str, str], float] = {}
    for row in rows:
        assert min(row.microseconds, row.ratio, row.per_second) > 0
        firsts.setdefault((row.group, row.per), row.ratio)
    assert set(firsts.values()) == {1}


def test_every_row_is_measured() -> None:
    """Each work of each group has its rows, by event and by decision."""
    rows = list(measure_all(TINY))
    check(rows)
    assert {(row.group, row.name) for row in rows} == {(g.title, name) for g in groups(TINY) for name in g.works}


@pytest.mark.slow
@pytest.mark.parametrize("form", [[], ["--json"]], ids=["table", "json"])
def test_the_quick_form_prints_every_row(form: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """It prints tables for people, or one JSON object on one line."""
    main(["--quick", *form])
    out = capsys.readouterr().out
    if form:
        assert out.count("\n") == 1
        check(msgspec.convert(json.loads(out)["rows"], list[Row]))
    for group in groups(QUICK):
        assert group.title in out
        assert all(name in out for name in group.works)


def test_the_long_form_measures_the_same_groups() -> None:
    """The forms differ in how much they measure, not in what."""
    assert [group.title for group in groups(FULL)] == [group.title for group in groups(QUICK)]


def test_two_crowds_of_one_seed_are_equal() -> None:
    """What is measured follows from the seed alone."""
    crowds = [Crowd(7, 3, 2, [(0, 0), (1, 1), (2, 0)]) for _ in range(2)]
    for crowd in crowds:
        crowd.mix(5, 3)
    assert crowds[0].state == crowds[1].state
    assert crowds[0].events == crowds[1].events
