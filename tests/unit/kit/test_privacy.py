"""A process that keeps its memory to itself."""

import subprocess
import sys

import pytest

CODE = """
import ctypes, resource
from fadearena.kit.privacy import keep_memory_private
keep_memory_private()
print(*resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")
def test_no_image_is_written_and_nobody_looks_in() -> None:
    """The limit of core files is 0, for good, and the process is not dumpable."""
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["0", "0", "0"]
