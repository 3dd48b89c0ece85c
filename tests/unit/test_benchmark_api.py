"""The benchmark of the API asks everything that can be asked, and gets answers."""

import re

import pytest

from benchmarks.api import Plan, questions, run
from benchmarks.history import FULL, History
from fadearena.api.app import description

HISTORY = History(
    bots=("grok-4",), coins=("BTC",), trades=200_000, records=1_000_000, since=0, until=10**12, cloid="0x1"
)
ELSEWHERE = {"/healthz", "/readyz"}
"""Asked by supervisors, and too simple to be measured."""


def test_everything_that_reads_is_asked() -> None:
    """Each operation of the API that only reads, save files, has a line."""
    asked = [path.partition("?")[0] for path in questions(HISTORY).values()]
    for template, methods in description()["paths"].items():
        if "get" not in methods or template in ELSEWHERE or "/export/" in template:
            continue
        form = re.sub(r"\{\w+\}", "[^/]+", template)
        assert any(re.fullmatch(form, path) for path in asked), template


@pytest.mark.slow
def test_everything_is_answered() -> None:
    """With a small history every operation has its figures; only the health of what has no worker is bad."""
    rows = run(Plan(seconds=3, warm_up_s=1, shape=FULL.part(1_000)), "SQLite")
    assert {row.name for row in rows} == questions(HISTORY).keys()
    assert {row.name: row.status for row in rows if row.status != 200} == {"health": 503}
    assert all(0 < row.p50 <= row.p99 <= row.most for row in rows)
