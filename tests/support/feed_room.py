"""A whole worker on a sandbox in the same process; what it journals and shows is kept, and when, by another clock."""

from collections.abc import Collection, Sequence
from random import Random

from fadearena.adapters.hyperliquid.transport import Transport
from fadearena.adapters.memory.control import MemoryControl
from fadearena.adapters.memory.heartbeat import MemoryHeartbeats
from fadearena.adapters.memory.journal import MemoryJournal
from fadearena.adapters.memory.lease import MemoryLease
from fadearena.adapters.memory.sightings import MemorySightings
from fadearena.adapters.memory.snapshots import MemorySnapshots
from fadearena.adapters.memory.storage import JournalMemory
from fadearena.bootstrap.hyperliquid import HyperliquidWorld, Plan
from fadearena.bootstrap.seed import default_policy
from fadearena.core.state import State
from fadearena.kit.clock import Clock, ManualClock
from fadearena.model.event import Event, Operator, SetPolicy
from fadearena.model.policy import BotPolicy, Policy
from fadearena.model.units import MINUTE_MS, SECOND_MS, EpochMs
from fadearena.ports.journal import JournalEntry
from fadearena.ports.sightings import Sight, Sighting
from fadearena.runtime.worker import Worker, WorkerDoors, WorkerOptions

_LATENCY_MS = 100


class _TimedJournal(MemoryJournal):
    def __init__(self, memory: JournalMemory, lease: MemoryLease, clock: ManualClock) -> None:
        super().__init__(memory, lease)
        self.times: dict[int, EpochMs] = {}
        self._clock = clock

    async def append(self, *entries: JournalEntry) -> None:
        await super().append(*entries)
        self.times |= dict.fromkeys((entry.seq for entry in entries), self._clock.now_ms())


class _TimedSightings(MemorySightings):
    def __init__(self, clock: ManualClock) -> None:
        super().__init__()
        self.shown: list[tuple[EpochMs, Sight, tuple[Sighting, ...]]] = []
        self._clock = clock

    async def show(self, sight: Sight, changed: Collection[Sighting]) -> None:
        await super().show(sight, changed)
        self.shown.append((self._clock.now_ms(), sight, tuple(changed)))


class FeedRoom:
    """Everything of a worker but the exchange; `clock` is right whatever the worker's own shows."""

    def __init__(self, clock: ManualClock, bots: Sequence[BotPolicy]) -> None:
        self._memory = JournalMemory()
        self._lease = MemoryLease(self._memory)
        self._journal = _TimedJournal(self._memory, self._lease, clock)
        self._sightings = _TimedSightings(clock)
        self._clock = clock
        self._bots = tuple(bots)

    @property
    def entries(self) -> list[tuple[EpochMs, JournalEntry]]:
        """What was journaled, and when."""
        return [(self._journal.times[seq], entry) for seq, entry in self._memory.entries.items()]

    @property
    def shown(self) -> list[tuple[EpochMs, Sight, tuple[Sighting, ...]]]:
        """What was shown of the wallets in sight, and when."""
        return self._sightings.shown

    def worker(self, transport: Transport, ours: Clock, seed: int, *, shares_time: bool) -> Worker:
        """Return a worker that follows the bots by `ours`, the clock of its machine."""
        plan = Plan(shares_time=shares_time, latency_ms=_LATENCY_MS)
        world = HyperliquidWorld(plan, transport, ours, self._journal, Random(seed))
        doors = WorkerDoors(
            journal=self._journal,
            snapshots=MemorySnapshots(self._memory, self._lease),
            lease=self._lease,
            wallets=world.wallets,
            markets=world.markets,
            venue=world.venue,
            control=MemoryControl(),
            heartbeats=MemoryHeartbeats(),
            clock=world.clock,
            wall=self._clock,
            on_settings=world.follow,
            doubt=world.doubt,
            sightings=self._sightings,
            rate=world.rate,
        )
        options = WorkerOptions(turn_budget_ms=None, control_poll_ms=SECOND_MS, beat_ms=MINUTE_MS)
        return Worker(doors, lambda state: self._opening(world, state), options, prepare=world.prepare)

    def _opening(self, world: HyperliquidWorld, state: State) -> Sequence[Event]:
        action = SetPolicy(policy=Policy(bots=self._bots, accounts=default_policy().accounts))
        settings = Operator(time=0, received=0, control_id=0, actor="test", action=action)
        told = [event for event in world.opening(state) if not isinstance(event, Operator)]
        return (*(() if state.policy.bots else (settings,)), *told)
