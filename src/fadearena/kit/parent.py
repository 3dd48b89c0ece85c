"""
Ends this process when the one that started it is gone, however that ended.

The parent holds the other end of our standard input: when it is gone, the input ends.
"""

import os
import signal
import threading

_GRACE_S = 10.0


_STDIN = 0


def end_with_parent() -> None:
    """Ask this process to end (SIGTERM) once its standard input ends; after 10 s end it."""
    threading.Thread(target=_watch, name="parent", daemon=True).start()


def _watch() -> None:
    while os.read(_STDIN, 1):  # not sys.stdin: its lock would be held when the interpreter ends
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(_GRACE_S)
    os._exit(1)
