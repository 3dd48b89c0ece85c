"""
What all tests share: how hard hypothesis searches, and that each leaves the log as it found it.

1. quick (the default): the same examples every time, so that a run can be repeated.
2. long (`make test-all`): the same, ten times as many.
3. explore (`--hypothesis-profile=explore`): new examples every time, for a machine with time to spare.
"""

import gc
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import settings

from tests.support.postgres import _pg_migrated, own_pg_server, pg_read_url, pg_schemas, pg_server, pg_url

__all__ = ["_pg_migrated", "own_pg_server", "pg_read_url", "pg_schemas", "pg_server", "pg_url"]

_MEMORY = Path("/dev/shm")  # noqa: S108 - that is its name
_ROOM_BYTES = 4 << 30
if "TMPDIR" not in os.environ and _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM_BYTES:
    os.environ["TMPDIR"] = str(_MEMORY)  # durable commits need not wait for a disk: processes die here, machines do not

settings.register_profile("quick", deadline=None, derandomize=True, max_examples=50)
settings.register_profile("long", settings.get_profile("quick"), max_examples=300)
settings.register_profile("explore", deadline=None, max_examples=5_000, print_blob=True)
settings.load_profile("quick")


def pytest_collection_finish() -> None:
    """Spare the collector the thousands of tests that were found: they stay until the end."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _log_as_before() -> Iterator[None]:
    """Take back how a test had the log configured: the next one may want to see its lines."""
    before = structlog.get_config()
    yield
    if structlog.get_config() != before:
        structlog.configure(**before)
