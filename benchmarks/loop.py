"""The whole loop on a synthetic arena: market, traders, simulated venue, core and journal, with and without checks."""

from collections.abc import Callable
from functools import cache

from benchmarks.timing import Cost, Stopwatch
from fadearena.adapters.memory.journal import HashedJournal
from fadearena.adapters.sim.arena import START_MS, Arena
from fadearena.adapters.sim.exchange import SimExchange
from fadearena.adapters.sim.paper import PaperAccount
from fadearena.bootstrap.replay import ACCOUNT, ArenaRunPlan, arena_run
from fadearena.core.engine import step
from fadearena.core.invariants import violations
from fadearena.core.state import State
from fadearena.kit.clock import ManualClock
from fadearena.model.error import InvariantBroken
from fadearena.model.event import Event, Instruments
from fadearena.ports.journal import JournalEntry, JournalWriter
from fadearena.runtime.backtest import Backtest, Options
from fadearena.runtime.doors import Doors
from fadearena.runtime.immediate import immediately


class NoJournal(HashedJournal):
    """Counts entries and forgets them."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    @property
    def last_seq(self) -> int:
        """The number of the newest entry."""
        return self.count

    async def append(self, *entries: JournalEntry) -> None:
        """Count."""
        self.count += len(entries)


def core_alone(plan: ArenaRunPlan) -> dict[str, Cost]:
    """Step the events of a run again, with nothing around the core."""
    events, executes = _story(plan)
    watch, state = Stopwatch(), State()
    with watch.running():
        for event in events:
            step(state, event)
    return _costs(watch, len(events), executes)


def unjournaled(plan: ArenaRunPlan) -> dict[str, Cost]:
    """Run the loop without a journal."""
    return _run(plan, NoJournal())


def hashed(plan: ArenaRunPlan) -> dict[str, Cost]:
    """Run the loop with the journal's fingerprint."""
    return _run(plan, HashedJournal())


def checked(plan: ArenaRunPlan) -> dict[str, Cost]:
    """Run the loop with the journal's fingerprint, and look at every invariant after every event."""
    state = State()

    def check(_: JournalEntry) -> None:
        if broken := violations(state):
            raise InvariantBroken(broken[0])

    return _run(plan, HashedJournal(), state, check)


def _run(
    plan: ArenaRunPlan,
    journal: JournalWriter,
    state: State | None = None,
    look: Callable[[JournalEntry], None] | None = None,
) -> dict[str, Cost]:
    opening, watch = _opening(plan), Stopwatch()
    clock = ManualClock(START_MS)
    arena = Arena(plan.seed, clock, bots=plan.bots, coins=plan.coins, seconds=plan.seconds)
    markets = tuple(market for event in opening if isinstance(event, Instruments) for market in event.instruments)
    account = PaperAccount(id=ACCOUNT, start_usd=plan.equity)
    venue = SimExchange(clock, (account,), markets, book_of=arena.market.book)
    doors = Doors(arena, venue, journal, clock, venue.markets.quote, arena.news)
    options = Options(latency_ms=plan.latency_ms)
    backtest = Backtest(doors, step, state or State(), options=options, watch=look)
    with watch.running():
        tally = immediately(backtest.run(opening))
    return _costs(watch, tally.events, tally.outcomes().get("execute", 0))


def _costs(watch: Stopwatch, events: int, executes: int) -> dict[str, Cost]:
    return {
        "event": Cost(seconds=watch.seconds, count=events),
        "decision": Cost(seconds=watch.seconds, count=max(executes, 1)),
    }


@cache
def _opening(plan: ArenaRunPlan) -> tuple[Event, ...]:
    return arena_run(plan).opening


@cache
def _story(plan: ArenaRunPlan) -> tuple[tuple[Event, ...], int]:
    """Return the events that the core sees in a run, and how many decisions it carries out."""
    run, events = arena_run(plan), list[Event]()
    run.watchers.append(lambda entry: events.append(entry.event))
    tally = run.finish()
    return tuple(events), tally.outcomes().get("execute", 0)
