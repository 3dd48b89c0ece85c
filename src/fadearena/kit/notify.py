"""
What a service tells the system's manager: that it is ready, that it still turns, that it ends.

systemd listens at the socket that `NOTIFY_SOCKET` names (sd_notify(3)); elsewhere nobody does, and nothing is told.
"""

import contextlib
import os
import socket
from collections.abc import Mapping
from typing import Final

_US_PER_MS: Final = 1_000
_HALF: Final = 2


class Notifier:
    """Tells the manager of this process, if there is one; its socket is full or gone: then nobody was told."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        address = environment.get("NOTIFY_SOCKET", "")
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        self._watchdog = environment.get("WATCHDOG_USEC", "")
        self._pid = environment.get("WATCHDOG_PID", "")

    @property
    def every_ms(self) -> int | None:
        """How often `alive` should be told: twice as often as the manager asks for; None where it does not ask."""
        if not self._address or not self._watchdog.isdigit() or self._pid not in {"", str(os.getpid())}:
            return None
        return max(int(self._watchdog) // _US_PER_MS // _HALF, 1)

    def ready(self) -> None:
        """Tell that the start is over."""
        self._tell("READY=1")

    def alive(self) -> None:
        """Tell that the process still turns."""
        self._tell("WATCHDOG=1")

    def stopping(self) -> None:
        """Tell that the process ends by itself."""
        self._tell("STOPPING=1")

    def _tell(self, word: str) -> None:
        if not self._address:
            return
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
            line.settimeout(0)
            line.sendto(word.encode(), self._address)
