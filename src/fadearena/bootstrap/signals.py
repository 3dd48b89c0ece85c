"""Signals of our processes: SIGTERM and SIGINT end them in good order, SIGUSR1 stops trading."""

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

KILL_SIGNAL = signal.SIGUSR1
_END_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def hold_kill_signal() -> None:
    """Let SIGUSR1 wait until somebody listens: unheard it would end the process."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {KILL_SIGNAL})


def release_kill_signal() -> None:
    """Let SIGUSR1 through, also one that waited."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {KILL_SIGNAL})


@contextmanager
def listening(end: Callable[[], None], kill: Callable[[], None] | None = None) -> Iterator[None]:
    """Call `end` and `kill` in the running loop when the signals come."""
    loop = asyncio.get_running_loop()
    for number in _END_SIGNALS:
        loop.add_signal_handler(number, end)
    if kill is not None:
        loop.add_signal_handler(KILL_SIGNAL, kill)
        release_kill_signal()
    try:
        yield
    finally:
        hold_kill_signal()
        for number in (*_END_SIGNALS, *([KILL_SIGNAL] if kill else [])):
            loop.remove_signal_handler(number)
