"""
A second worker takes over, live over real sockets: it has the lock within 10 s and decides at most 15 s later.

It waits until nothing that the dead one signed can arrive any more, and settles all of it before its first decision.
"""

import asyncio
import signal
import time
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from fadearena.adapters.sql.journal.store import open_journal_reader
from fadearena.model.command import PlaceOrder
from fadearena.model.event import Started
from tests.support.edge import MASTER
from tests.support.edge_box import LEADERS, Box, at_work, busy_policy, leaders_trading, live_box
from tests.support.waiting import until

pytestmark = pytest.mark.slow
LOCK_S, DECISION_S = 10, 15
FLOW, FLOWS_S = 10, 180.0
"""Orders flow once the first worker has what it asks at a start, which may take two minutes of the rate limit."""


class Takeover(msgspec.Struct, frozen=True):
    """How long after the first worker's death the second had the lock, and an order of it was accepted."""

    lock_s: float
    decision_s: float


def test_a_standby_takes_over_on_sqlite(tmp_path: Path) -> None:
    """Lock, decision, and no order twice."""
    check(take_over(tmp_path, None))


def test_a_standby_takes_over_on_postgres(tmp_path: Path, pg_url: str) -> None:
    """The same where the server holds the lock."""
    check(take_over(tmp_path, pg_url))


def check(seen: Takeover) -> None:
    """Check how long it took."""
    assert seen.lock_s <= LOCK_S
    assert seen.decision_s <= seen.lock_s + DECISION_S, seen


def take_over(directory: Path, database_url: str | None) -> Takeover:
    """Kill -9 the worker while orders flow, and watch the other one."""
    with live_box(directory, busy_policy(), database_url=database_url, speed=Decimal(1)) as box:
        with at_work(box, "worker") as first:
            until(lambda: first.first("running") is not None)
            with at_work(box, "worker") as second, leaders_trading(box, 20):
                until(lambda: second.first("standing_by") is not None)
                until(lambda: len(box.accepted()) >= FLOW, patience_s=FLOWS_S)
                first.process.signal(signal.SIGKILL)
                killed = time.monotonic_ns()
                until(lambda: second.first("recovered") is not None)
                until(lambda: any(at > killed + 10**9 for at in box.accepted().values()))
                locked = second.first("recovered")
                decided = min(at for at in box.accepted().values() if at > killed + 10**9)
        entries = asyncio.run(placed(box))
        assert locked is not None
        nothing_twice(box, entries)
        return Takeover(round((locked - killed) / 1e9, 2), round((decided - killed) / 1e9, 2))


async def placed(box: Box) -> list[tuple[int, PlaceOrder]]:
    """Return the orders of the journal, with the number of the life in which each was decided."""
    found, life = [], 0
    async with open_journal_reader(box.places.journal) as store:
        async for entry in store.journal.read():
            life += isinstance(entry.event, Started)
            found += [(life, command) for command in entry.commands if isinstance(command, PlaceOrder)]
    return found


def nothing_twice(box: Box, orders: list[tuple[int, PlaceOrder]]) -> None:
    """Check that everything that was accepted was decided once, and that we hold no more than was meant."""
    decided = [order.identity.cloid for _, order in orders]
    assert len(set(decided)) == len(decided)
    assert set(box.accepted()) <= set(decided)
    assert {life for life, _ in orders} == {1, 2}
    truth = box.sandbox.see("truth")
    ours = truth[MASTER.address]["positions"]
    for coin, size in ours.items():
        theirs = sum(
            (Decimal(truth[leader]["positions"].get(coin, 0)) for leader in LEADERS.values()), start=Decimal(0)
        )
        step = max(order.terms.quantity for _, order in orders if order.terms.coin == coin)
        assert abs(Decimal(size) + theirs / 20) <= 6 * step, f"{coin}: {size} against {theirs}"
