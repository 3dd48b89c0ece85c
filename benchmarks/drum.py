"""
A process that beats like a market: at random moments, whatever whoever listens is doing.

Each beat is a record on a socket, with the moment at which it was written. That moment is read from the clock that all
processes of a machine share, so that waiting in the listener's socket counts as his.
"""

import multiprocessing
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

import msgspec

_RECORD = struct.Struct("=d?")


class Rhythm(msgspec.Struct, frozen=True, kw_only=True):
    """How many beats of each kind come in a second, on average, and for how long."""

    trades: float
    others: float
    seconds: float
    seed: int = 1


class Beat(msgspec.Struct, frozen=True):
    """One beat: when it was written, and of which kind."""

    written: float
    is_trade: bool


@contextmanager
def beating(rhythm: Rhythm) -> Iterator[socket.socket]:
    """Let a process beat; give the socket on which it can be heard, until it is closed there."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)  # noqa: FBT003 - a method of the standard library
    process = multiprocessing.get_context("spawn").Process(target=_beat, args=(theirs, rhythm), daemon=True)
    process.start()
    theirs.close()
    try:
        yield ours
    finally:
        process.terminate()
        process.join()
        ours.close()


def beats(received: bytes) -> tuple[list[Beat], bytes]:
    """Return the beats in what was received, and the bytes of one that is not complete."""
    whole = len(received) - len(received) % _RECORD.size
    return [Beat(*record) for record in _RECORD.iter_unpack(received[:whole])], received[whole:]


def _beat(listener: socket.socket, rhythm: Rhythm) -> None:
    """Beat at the moments of a Poisson process; what came late is made up for at once."""
    rng, rate = Random(rhythm.seed), rhythm.trades + rhythm.others
    due = time.monotonic()
    end = due + rhythm.seconds
    while due < end:
        due += rng.expovariate(rate)
        time.sleep(max(0.0, due - time.monotonic()))
        try:
            listener.sendall(_RECORD.pack(time.monotonic(), rng.random() < rhythm.trades / rate))
        except BrokenPipeError:  # nobody listens any more
            return
