"""The system's manager is told how a process does, over its socket; without one nobody is."""

import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fadearena.bootstrap.notifying import notifying
from fadearena.kit.clock import ManualClock
from fadearena.kit.jumping import run_jumping
from fadearena.kit.notify import Notifier


@contextmanager
def manager(name: str = "") -> Iterator[tuple[str, socket.socket]]:
    """Listen as systemd does, at a path or at an abstract name."""
    with tempfile.TemporaryDirectory() as directory, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        address = name or str(Path(directory) / "notify")
        line.bind(f"\0{address[1:]}" if address.startswith("@") else address)
        line.settimeout(0)
        yield address, line


def heard(line: socket.socket) -> list[str]:
    """Return what was told."""
    words = []
    while True:
        try:
            words.append(line.recv(100).decode())
        except BlockingIOError:
            return words


def test_it_is_told_that_a_process_is_ready_turns_and_ends() -> None:
    """The watchdog is fed twice as often as it asks for, as long as the loop turns."""
    clock = ManualClock(1_000)
    with manager() as (address, line):

        async def story() -> None:
            notifier = Notifier({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "10000000"})
            async with notifying(notifier, clock):
                await clock.sleep_until(13_000)

        run_jumping(story(), clock)
        assert heard(line) == ["READY=1", "WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1", "STOPPING=1"]


def test_an_abstract_socket_will_do() -> None:
    """As containers have them."""
    with manager(f"@fadearena-test-{os.getpid()}") as (address, line):
        Notifier({"NOTIFY_SOCKET": address}).ready()
        assert heard(line) == ["READY=1"]


def test_a_watchdog_is_fed_only_where_one_waits_for_us() -> None:
    """None without a manager, none where no time is set, none that is meant for another process."""
    told = {"NOTIFY_SOCKET": "/nowhere", "WATCHDOG_USEC": "60000000"}
    assert Notifier(told).every_ms == 30_000
    assert Notifier({**told, "WATCHDOG_PID": str(os.getpid())}).every_ms == 30_000
    assert Notifier({**told, "WATCHDOG_PID": "1"}).every_ms is None
    assert Notifier({**told, "WATCHDOG_USEC": "soon"}).every_ms is None
    assert Notifier({"WATCHDOG_USEC": "60000000"}).every_ms is None


def test_nobody_to_tell_is_no_trouble() -> None:
    """A manager that is gone, or none at all: the process goes on."""
    clock = ManualClock()

    async def story() -> bool:
        async with notifying(Notifier({}), clock):
            return True

    assert run_jumping(story(), clock)
    Notifier({"NOTIFY_SOCKET": "/nowhere/at/all"}).alive()
