"""The demo's data directory: a temporary one or a given one, for one demo at a time; processes that cannot run."""

import asyncio
import os
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from fadearena.bootstrap.demo import demo_on, running
from fadearena.bootstrap.upkeep import alone
from fadearena.model.error import FadeArenaError, LeaseLost
from tests.support.command import nowhere

SPEED = Decimal(60)


def test_without_a_directory_everything_is_gone_at_the_end() -> None:
    """Neither an option nor the environment names one: a temporary one is made, used and removed."""
    with nowhere():
        with demo_on(None, 1, SPEED) as made:
            assert made.is_temporary
            assert made.before == 0
            assert made.places.mode_file.exists()
        assert not made.places.data_dir.exists()


def test_the_environment_names_the_directory(tmp_path: Path) -> None:
    """A directory of the environment is used and stays."""
    with nowhere():
        os.environ["FADEARENA_DATA_DIR"] = str(tmp_path)
        try:
            with demo_on(None, 1, SPEED) as made:
                assert not made.is_temporary
        finally:
            del os.environ["FADEARENA_DATA_DIR"]
    assert made.places.data_dir == tmp_path
    assert made.places.mode_file.exists()


def test_beside_a_worker_it_refuses(tmp_path: Path) -> None:
    """A directory whose journal is held by somebody is left alone."""

    async def second() -> None:
        async with alone(first.places):
            await asyncio.to_thread(again)

    def again() -> None:
        with demo_on(tmp_path, 1, SPEED):
            raise AssertionError("two write one journal")

    with nowhere(), demo_on(tmp_path, 1, SPEED) as first, pytest.raises(LeaseLost, match="end the worker first"):
        asyncio.run(second())


def test_processes_that_cannot_run_are_an_error_that_says_why(tmp_path: Path) -> None:
    """Where worker and server end again and again, the demo ends, with the last line of their log."""
    with nowhere(), demo_on(tmp_path, 1, SPEED) as made:
        made.places.mode_file.write_text('{"mode": "live"}')
        hopeless = msgspec.structs.replace(made, config=made.config.model_copy(update={"restart_limit": 1}))

        async def main() -> None:
            async with running(hopeless) as processes:
                await asyncio.wait({processes._kept})
                assert processes.is_over

        with pytest.raises(FadeArenaError, match="live trading is not in this version"):
            asyncio.run(main())
