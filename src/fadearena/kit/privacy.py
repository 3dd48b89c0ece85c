"""
Keeps what is in this process's memory to itself, as far as the system lets it.

No image of it is written when it crashes, and on Linux no other process of the same user may look into it. Whoever is
root can.
"""

import ctypes
import resource

_PR_SET_DUMPABLE = 4


def keep_memory_private() -> None:
    """Do it for the rest of this process's life; where the system cannot, nothing happens."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        prctl = ctypes.CDLL(None).prctl
    except (OSError, AttributeError):
        return
    prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
