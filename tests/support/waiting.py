"""Waiting for what other processes do: asked again and again, and never longer than patience lasts."""

import threading
import time
from collections.abc import Callable

PATIENCE_S = 60.0
_POLL_S = 0.1


def until(is_so: Callable[[], bool], *, patience_s: float = PATIENCE_S, is_needed: bool = True) -> None:
    """Ask until something is so; what is not needed may stay as it is."""
    ends, pause = time.monotonic() + patience_s, threading.Event()
    while not is_so():
        if time.monotonic() > ends:
            assert not is_needed, "it did not come to that"
            return
        pause.wait(_POLL_S)
