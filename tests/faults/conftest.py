"""What the stories of faults share."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.crash_life import Place, quick_directory


@pytest.fixture
def quick_path() -> Iterator[Path]:
    """Return a directory in memory, where there is one: what is killed is the process, never the machine."""
    directory = quick_directory()
    yield directory
    shutil.rmtree(directory)


@pytest.fixture(scope="module")
def empty() -> Iterator[Place]:
    """Return a place where nothing happened."""
    directory = quick_directory()
    place = Place(directory / "empty")
    place.prepare()
    yield place
    shutil.rmtree(directory)
