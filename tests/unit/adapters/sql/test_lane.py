"""Transactions on the read store: several read at once, and are timed where somebody wants to know."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from prometheus_client import CollectorRegistry

from fadearena.adapters.sql.database import SqliteFile
from fadearena.adapters.sql.lane import Lane, reading
from fadearena.adapters.sql.sqlite import create
from fadearena.kit.clock import ManualClock
from fadearena.kit.jumping import run_jumping
from fadearena.model.error import StorageError
from fadearena.runtime.database_metrics import DatabaseMetrics


def lane(directory: Path) -> Lane:
    """Return a lane on an empty database."""
    return reading(SqliteFile(directory / "read.db"), inline=True)


def test_each_transaction_is_timed_and_failures_are_counted(tmp_path: Path) -> None:
    """By process and lane; what failed is raised all the same."""
    registry = CollectorRegistry()
    metrics = DatabaseMetrics(registry, "api")
    made = lane(tmp_path)
    made.timed = lambda seconds, *, failed: metrics("read", seconds, failed=failed)

    async def story() -> int:
        with pytest.raises(StorageError):
            await made.run(lambda connection: connection.execute(sa.text("SELECT nothing FROM nowhere")))
        found = await made.run(lambda connection: connection.execute(sa.text("SELECT 7")).scalar_one())
        await made.close()
        return int(found)

    assert run_jumping(story(), ManualClock()) == 7
    labels = {"process": "api", "lane": "read"}
    assert registry.get_sample_value("fadearena_database_seconds_count", labels) == 2
    assert registry.get_sample_value("fadearena_database_failures_total", labels) == 1
    assert registry.get_sample_value("fadearena_database_failures_total", {**labels, "lane": "write"}) == 0


def test_a_long_question_holds_up_no_short_one(tmp_path: Path) -> None:
    """Three that wait leave room for a fourth, which is what they wait for."""
    file = SqliteFile(tmp_path / "read.db")
    create(file).close()  # four at once cannot all make it
    made = reading(file, inline=False)
    is_answered = threading.Event()

    async def story() -> list[bool]:
        async with asyncio.TaskGroup() as group:
            long = [group.create_task(made.run(lambda _: is_answered.wait(timeout=60))) for _ in range(3)]
            await made.run(lambda _: is_answered.set())
        await made.close()
        return [task.result() for task in long]

    assert asyncio.run(story()) == [True] * 3


def test_questions_of_one_turn_share_a_transaction(tmp_path: Path) -> None:
    """One transaction for all of them; where one fails all are told, and those of the next turn are answered."""
    made = reading(SqliteFile(tmp_path / "read.db"), inline=False)
    seconds: list[float] = []
    made.timed = lambda took, *, failed: seconds.append(-1 if failed else took)

    def of(number: int) -> Callable[[sa.Connection], tuple[int, int]]:
        return lambda connection: (number, id(connection))

    def broken(connection: sa.Connection) -> object:
        return connection.execute(sa.text("SELECT nothing FROM nowhere"))

    async def story() -> None:
        answers = await asyncio.gather(*(made.together(of(number)) for number in range(5)))
        assert [number for number, _ in answers] == list(range(5))
        assert len({connection for _, connection in answers}) == len(seconds) == 1
        failed = await asyncio.gather(made.together(of(1)), made.together(broken), return_exceptions=True)
        assert all(isinstance(each, StorageError) for each in failed)
        assert seconds[1:] == [-1]
        assert (await made.together(of(7)))[0] == 7
        await made.close()

    asyncio.run(story())
