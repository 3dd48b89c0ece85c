"""
From a trade on the exchange to its event in the journal, by the feed that brings it: tape, user stream, polls.

1. A sandbox in another process, where a leader trades at random moments. The clock starts when the leader's order has
   come in there, and stops when the event with its fill is in the journal; both by the clock that processes share.
2. Each feed is alone: the sandbox refuses the subscriptions of the others.
"""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from statistics import quantiles

import uvloop

from benchmarks.box import Tempo, boxed, leader
from benchmarks.live import Stamps, follow
from benchmarks.storage import Storage
from benchmarks.timing import Cost, Group, Work
from fadearena.adapters.hyperliquid.wallet_feed import WalletOptions
from fadearena.adapters.memory.control import MemoryControl
from fadearena.adapters.memory.heartbeat import MemoryHeartbeats
from fadearena.adapters.memory.journal import MemoryJournal
from fadearena.adapters.memory.lease import MemoryLease
from fadearena.adapters.memory.snapshots import MemorySnapshots
from fadearena.adapters.memory.storage import JournalMemory
from fadearena.model.error import InvariantBroken
from fadearena.model.event import SourceFills
from fadearena.model.units import SECOND_MS, EpochMs
from fadearena.ports.journal import JournalEntry
from fadearena.runtime.metrics import Metrics
from fadearena.sandbox.gateway.faults import RefuseSubscriptions

POLLED_MS = 5 * SECOND_MS
_LINGER_S = 1.5 * POLLED_MS / SECOND_MS
_TAPE, _USER = ("trades",), ("userFills", "userTwapSliceFills")


class _NotedJournal(MemoryJournal):
    """A journal that knows when each fill came into it first, by the steady clock of the machine."""

    def __init__(self, memory: JournalMemory, lease: MemoryLease) -> None:
        super().__init__(memory, lease)
        self.noted: dict[EpochMs, int] = {}

    async def append(self, *entries: JournalEntry) -> None:
        await super().append(*entries)
        now = time.monotonic_ns()
        for entry in entries:
            if isinstance(entry.event, SourceFills):
                for fill in entry.event.fills:
                    self.noted.setdefault(fill.time, now)


def detection(tempo: Tempo, rounds: int) -> Group:
    """Return the works that are compared: each feed alone, in one run."""
    # Fills with each of them: positions alone do not tell of a trade whose opposite came before the next poll.
    polls = WalletOptions(period_ms=POLLED_MS, fills_ms=POLLED_MS // 2)
    works: dict[str, Work] = {
        f"polls every {POLLED_MS // SECOND_MS} s": lambda: _detected(tempo, (*_TAPE, *_USER), polls, _LINGER_S),
        "the user stream": lambda: _detected(tempo, _TAPE, WalletOptions()),
        "the tape": lambda: _detected(tempo, _USER, WalletOptions()),
    }
    title = "from a trade on the exchange to its event in the journal (in memory), by feed"
    return Group(title=title, rounds=rounds, works=works, is_wall=True)


def _detected(tempo: Tempo, refused: Sequence[str], options: WalletOptions, linger_s: float = 0.0) -> dict[str, Cost]:
    """
    Follow the leader by what is not refused; return p50 and p99 of what came after the warm-up.

    Raises:
        InvariantBroken: Far fewer fills were heard than there were.
    """
    memory = JournalMemory()
    lease = MemoryLease(memory)
    journal = _NotedJournal(memory, lease)

    @asynccontextmanager
    async def storage() -> AsyncIterator[Storage]:
        yield Storage(
            journal=journal,
            snapshots=MemorySnapshots(memory, lease),
            lease=lease,
            control=MemoryControl(),
            heartbeats=MemoryHeartbeats(),
        )

    with boxed(tempo) as box:
        box.inflict(RefuseSubscriptions(channels=tuple(refused), text="not here", times=None))
        uvloop.run(follow(storage, box, Stamps(), Metrics(), options, linger_s))
        arrivals = box.arrivals(leader())
    begun = min(arrivals.values()) + tempo.warm_up_s * 1e9
    took = [(journal.noted[at] - came) / 1e9 for at, came in arrivals.items() if came >= begun and at in journal.noted]
    if len(took) < max(2, sum(came >= begun for came in arrivals.values()) * tempo.least):
        raise InvariantBroken(f"only {len(took)} of {len(arrivals)} fills were heard")
    parts = quantiles(took, n=100)
    return {"p50": Cost(seconds=parts[49], count=1), "p99": Cost(seconds=parts[98], count=1)}
