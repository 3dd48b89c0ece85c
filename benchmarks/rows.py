"""What is measured: the groups of rows, in three forms."""

import asyncio
from collections.abc import Callable
from functools import partial

import msgspec
import uvloop

from benchmarks import live, loop
from benchmarks.box import Tempo
from benchmarks.crowd import Crowd
from benchmarks.detection import detection
from benchmarks.journal import commits
from benchmarks.reaction import Load, reaction
from benchmarks.read_store import projections
from benchmarks.recovery import Large, recovery
from benchmarks.signing import signatures
from benchmarks.storage import OpenStorage, has_postgres, in_memory, in_postgres, in_sqlite, postgres_url
from benchmarks.tape import tape
from benchmarks.timing import Cost, Group, Stopwatch, Work
from fadearena.bootstrap.replay import ArenaRunPlan

SEED = 1
PRICES_PER_DECISION = 20
_ACTIVE = 10
_AFAR_MS = 20
_BATCH = 100
_GROWN_WORK, _GROWN_LEAST = 20_000, 5


class Scale(msgspec.Struct, frozen=True, kw_only=True):
    """
    How much is measured.

    `decisions` are for one sample, `grown` for one of a crowd that grows (fewer where it is large); `arenas` are
    (bots, simulated seconds). `large` are the states that are snapshotted and recovered.
    """

    rounds: int
    growth_rounds: int
    decisions: int
    grown: int
    bots: tuple[int, ...]
    sleeves: tuple[int, ...]
    arena_seconds: int
    arenas: tuple[tuple[int, int], ...]
    commits: int
    orders: int
    messages: int
    load: Load
    tempo: Tempo
    large: tuple[Large, ...]
    large_rounds: int = 1


QUICK = Scale(
    rounds=2,
    growth_rounds=2,
    decisions=60,
    grown=5,
    bots=(10, 100, 1_000),
    sleeves=(10, 100, 1_000),
    arena_seconds=60,
    arenas=((10, 60), (100, 10)),
    commits=10,
    orders=100,
    messages=2_000,
    load=Load(orders=10, others=100, seconds=1),
    tempo=Tempo(orders=10, seconds=4, warm_up_s=1, least=0.2),
    large=(Large(sleeves=500, changed=50, tail=500),),
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
    commits=60,
    orders=500,
    messages=10_000,
    load=Load(seconds=2),
    tempo=Tempo(orders=10, seconds=12),
    large=(Large(sleeves=5_000, changed=300, tail=5_000),),
    large_rounds=2,
)
LONG = msgspec.structs.replace(
    FULL,
    rounds=9,
    growth_rounds=5,
    commits=200,
    load=Load(seconds=30),
    tempo=Tempo(orders=10, seconds=60),
    large=(Large(sleeves=10_000, changed=300, tail=5_000), Large(sleeves=100_000, changed=300, tail=5_000)),
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
                f"{bots:,}": partial(loop.unjournaled, ArenaRunPlan(seconds=seconds, seed=SEED, bots=bots))
                for bots, seconds in scale.arenas
            },
        ),
        *commits(scale.rounds, scale.commits),
        *tape(scale.rounds, scale.messages),
        signatures(scale.rounds, scale.orders),
        _projections(scale),
        _reactions(scale),
        _live(scale),
        _live_from_afar(scale),
        detection(scale.tempo, scale.large_rounds),
        *_recoveries(scale),
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
    plan = ArenaRunPlan(seconds=scale.arena_seconds, seed=SEED)
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


def _projections(scale: Scale) -> Group:
    works = projections(None)
    if has_postgres():
        works["PostgreSQL"] = _project_in_postgres
    return Group(title="records shown", rounds=scale.growth_rounds, works=works, is_wall=True)


def _project_in_postgres() -> dict[str, Cost]:
    return projections(postgres_url())["PostgreSQL"]()


def _reactions(scale: Scale) -> Group:
    """Compare event loops and databases with the plainest of each."""
    works: dict[str, Work] = {
        "in memory, asyncio": partial(reaction, in_memory, asyncio.new_event_loop, scale.load),
        "in memory, uvloop": partial(reaction, in_memory, uvloop.new_event_loop, scale.load),
        "SQLite, asyncio": partial(reaction, in_sqlite, asyncio.new_event_loop, scale.load),
        "SQLite, uvloop": partial(reaction, in_sqlite, uvloop.new_event_loop, scale.load),
    }
    if has_postgres():
        works["PostgreSQL, uvloop"] = partial(reaction, in_postgres, uvloop.new_event_loop, scale.load)
    title = f"from a fill to its order: {scale.load.orders:g} orders and {scale.load.others:,g} other fills a second"
    return Group(title=title, rounds=scale.growth_rounds, works=works, is_wall=True)


def _live(scale: Scale) -> Group:
    return Group(
        title="from a fill on the socket to our order on the socket, against a sandbox",
        rounds=scale.large_rounds,
        works={
            "the official SDK, market orders": partial(live.script, scale.tempo),
            "the same, with coincurve added": partial(live.script, scale.tempo, with_coincurve=True),
            "with coincurve, at the fill's price": partial(
                live.script, scale.tempo, at_market=False, with_coincurve=True
            ),
            "a worker, journal in memory": partial(live.worker, in_memory, scale.tempo),
            "a worker, journal in SQLite": partial(live.worker, in_sqlite, scale.tempo),
        },
        is_wall=True,
    )


def _live_from_afar(scale: Scale) -> Group:
    tempo = msgspec.structs.replace(scale.tempo, answers_ms=_AFAR_MS)
    return Group(
        title=f"the same, where the answer to a question takes {_AFAR_MS} ms",
        rounds=scale.large_rounds,
        works={
            "the official SDK, market orders": partial(live.script, tempo),
            "the same, with coincurve added": partial(live.script, tempo, with_coincurve=True),
            "a worker, journal in SQLite": partial(live.worker, in_sqlite, tempo),
        },
        is_wall=True,
    )


def _recoveries(scale: Scale) -> list[Group]:
    places: dict[str, OpenStorage] = {"SQLite": in_sqlite}
    if has_postgres():
        places["PostgreSQL"] = in_postgres
    return [
        recovery(place, opened, large, scale.large_rounds) for large in scale.large for place, opened in places.items()
    ]


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
