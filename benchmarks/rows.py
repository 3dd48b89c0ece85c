"""What is measured: the groups of rows, in the short and in the long form."""

from collections.abc import Callable
from functools import partial

import msgspec

from benchmarks import loop
from benchmarks.crowd import Crowd
from benchmarks.timing import Cost, Group, Stopwatch, Work
from fadearena.bootstrap import DemoPlan

SEED = 1
PRICES_PER_DECISION = 20
_ACTIVE = 10
_BATCH = 100
_GROWN_WORK, _GROWN_LEAST = 20_000, 5


class Scale(msgspec.Struct, frozen=True, kw_only=True):
    """
    How much is measured.

    `decisions` are for one sample, `grown` for one of a crowd that grows (fewer where it is large); `arenas` are
    (bots, simulated seconds).
    """

    rounds: int
    growth_rounds: int
    decisions: int
    grown: int
    bots: tuple[int, ...]
    sleeves: tuple[int, ...]
    arena_seconds: int
    arenas: tuple[tuple[int, int], ...]


QUICK = Scale(
    rounds=3,
    growth_rounds=3,
    decisions=60,
    grown=5,
    bots=(10, 100, 1_000),
    sleeves=(10, 100, 1_000),
    arena_seconds=60,
    arenas=((10, 60), (100, 10)),
)
FULL = Scale(
    rounds=5,
    growth_rounds=3,
    decisions=500,
    grown=50,
    bots=(10, 100, 1_000),
    sleeves=(10, 100, 1_000),
    arena_seconds=300,
    arenas=((10, 200), (100, 50)),
)


def groups(scale: Scale) -> tuple[Group, ...]:
    """Return all groups of rows."""
    return (
        _core(scale),
        _loop(scale),
        _growth(scale, "the core: bots watched, of which 10 hold something", scale.bots, watched),
        _growth(scale, "the core: open sleeves of 10 bots in ever more coins", scale.sleeves, spread),
        _growth(scale, "the core: open sleeves of ever more bots in one coin", scale.bots, crowded),
        Group(
            title="the replay loop: bots that trade in 6 coins",
            rounds=scale.growth_rounds,
            works={
                f"{bots:,}": partial(loop.unjournaled, DemoPlan(seconds=seconds, seed=SEED, bots=bots))
                for bots, seconds in scale.arenas
            },
        ),
    )


def watched(bots: int) -> Crowd:
    """Return many bots of which ten trade, each in a coin of its own."""
    return Crowd(SEED, bots, _ACTIVE, ((n, n) for n in range(_ACTIVE)))


def spread(sleeves: int) -> Crowd:
    """Return ten bots that all hold the same coins."""
    coins = sleeves // _ACTIVE
    return Crowd(SEED, _ACTIVE, coins, ((bot, coin) for bot in range(_ACTIVE) for coin in range(coins)))


def crowded(bots: int) -> Crowd:
    """Return bots that all hold one coin."""
    return Crowd(SEED, bots, 1, ((bot, 0) for bot in range(bots)))


def _core(scale: Scale) -> Group:
    crowd = watched(_ACTIVE)

    def prices() -> dict[str, Cost]:
        return {"event": _events(crowd, crowd.prices, scale.decisions * PRICES_PER_DECISION)}

    def mix(decisions: int) -> None:
        crowd.mix(decisions, PRICES_PER_DECISION)

    return Group(
        title="the core: 10 bots in 10 coins",
        rounds=scale.rounds,
        works={
            "prices move, nothing is decided": prices,
            "decisions only": lambda: _decisions(crowd, crowd.decisions, scale.decisions),
            f"{PRICES_PER_DECISION} prices, then a decision": lambda: _decisions(crowd, mix, scale.decisions),
        },
    )


def _loop(scale: Scale) -> Group:
    plan = DemoPlan(seconds=scale.arena_seconds, seed=SEED)
    return Group(
        title="the replay loop: 6 bots in 6 coins of a synthetic arena",
        rounds=scale.rounds,
        works={
            "the core alone, on the same events": partial(loop.core_alone, plan),
            "market, venue and core": partial(loop.unjournaled, plan),
            "and the journal's fingerprint": partial(loop.hashed, plan),
            "and every invariant after every event": partial(loop.checked, plan),
        },
    )


def _growth(scale: Scale, title: str, sizes: tuple[int, ...], make: Callable[[int], Crowd]) -> Group:
    def work(size: int) -> Work:
        def run() -> dict[str, Cost]:
            crowd, count = make(size), max(min(scale.grown, _GROWN_WORK // size), _GROWN_LEAST)
            return {
                "event": _events(crowd, crowd.prices, count * PRICES_PER_DECISION),
                "decision": _decisions(crowd, crowd.decisions, count)["decision"],
            }

        return run

    return Group(title=title, rounds=scale.growth_rounds, works={f"{size:,}": work(size) for size in sizes})


def _events(crowd: Crowd, act: Callable[[int], None], count: int) -> Cost:
    before = crowd.events
    seconds, refreshed = _timed(crowd, act, count)
    return Cost(seconds=seconds, count=crowd.events - before - refreshed)


def _decisions(crowd: Crowd, act: Callable[[int], None], count: int) -> dict[str, Cost]:
    events = _events(crowd, act, count)
    return {"event": events, "decision": Cost(seconds=events.seconds, count=count)}


def _timed(crowd: Crowd, act: Callable[[int], None], count: int) -> tuple[float, int]:
    """Act in batches, with fresh prices before each, which are not counted; return seconds and refreshes."""
    watch, left, refreshed = Stopwatch(), count, 0
    while left:
        batch = min(left, _BATCH)
        crowd.refresh()
        refreshed += 1
        with watch.running():
            act(batch)
        left -= batch
    return watch.seconds, refreshed
