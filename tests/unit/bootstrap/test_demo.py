"""The demo's data directory: a temporary one or a given one, for one demo at a time; processes that cannot run."""

import asyncio
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from fadearena.bootstrap.demo import demo_on, running
from fadearena.bootstrap.places import places_of
from fadearena.bootstrap.upkeep import alone
from fadearena.config import Network, load
from fadearena.model.error import FadeArenaError, InvalidInput, LeaseLost
from tests.support.command import nowhere

SPEED = Decimal(60)


def test_without_a_directory_everything_is_gone_at_the_end() -> None:
    """A temporary one is made, used and removed."""
    with nowhere():
        with demo_on(None, 1, SPEED) as made:
            assert made.is_temporary
            assert made.before == 0
            assert made.places.mode_file.exists()
            assert made.places.network is Network.SANDBOX
        assert not made.places.data_dir.exists()


def test_what_is_configured_is_left_alone(tmp_path: Path) -> None:
    """Directory and database of the environment belong to something else than a demo."""
    settings = {"FADEARENA_DATA_DIR": str(tmp_path / "d"), "FADEARENA_DATABASE_URL": "postgresql://me:pw@db/fade"}
    with nowhere(settings), demo_on(None, 1, SPEED) as made:
        assert made.is_temporary
        assert made.config.database is None
    assert not (tmp_path / "d").exists()


def test_a_directory_of_another_network_is_refused(tmp_path: Path) -> None:
    """Made-up trades never come into a journal of real ones."""
    with nowhere():
        places_of(load(data_dir=tmp_path, network=Network.MAINNET)).prepare()
        with pytest.raises(InvalidInput, match="belongs to the network mainnet"), demo_on(tmp_path, 1, SPEED):
            raise AssertionError("a demo in a directory of mainnet")


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


@pytest.mark.slow
def test_processes_that_cannot_run_are_an_error_that_says_why(tmp_path: Path) -> None:
    """Where worker and server end again and again, the demo ends, with the last line of their log."""
    with nowhere(), demo_on(tmp_path, 1, SPEED) as made:
        made.places.mode_file.write_text('{"mode": "live", "network": "sandbox"}')
        hopeless = msgspec.structs.replace(made, config=made.config.model_copy(update={"restart_limit": 1}))

        async def main() -> None:
            async with running(hopeless) as processes:
                await asyncio.wait(processes._kept, return_when=asyncio.FIRST_COMPLETED)
                assert processes.is_over

        with pytest.raises(FadeArenaError, match="this process is not armed"):
            asyncio.run(main())


def test_a_sandbox_that_cannot_start_is_an_error_that_says_why(tmp_path: Path) -> None:
    """Its state file is of something else: nothing else is started."""
    with nowhere(), demo_on(tmp_path, 1, SPEED) as made:
        (made.places.data_dir / "sandbox.json").write_text("nonsense")

        async def main() -> None:
            async with running(made):
                raise AssertionError("it runs")

        with pytest.raises(FadeArenaError, match=r"ended with exit code|did not start"):
            asyncio.run(main())
