"""Money and limits are told as the core knows them; what it does not know has no value."""

from prometheus_client import CollectorRegistry

from fadearena.core.equity import Pool, Purse, Reading
from fadearena.core.signer import SignerView
from fadearena.core.state import AccountMemory, BookMemory, State
from fadearena.model.record import Drift
from fadearena.model.units import SECOND_MS
from fadearena.runtime.state_metrics import StateMetrics
from tests.support.room import D, Room
from tests.support.world import settings


def purse(cash: int, day_open: int) -> Purse:
    """Return an account's money as it was read."""
    return Purse(
        pools={"main": Pool(cash=D(cash))},
        opening=D(day_open),
        reading=Reading(confirmed=D(cash)),
        day_open=D(day_open),
    )


def told(state: State) -> CollectorRegistry:
    """Return what is told of a state."""
    registry = CollectorRegistry()
    StateMetrics(registry).show(state)
    return registry


def test_what_is_known_is_told() -> None:
    """Equity and its fall, the day, exposure against its cap, when the first approval ends."""
    state = State(exposure=D(500), reserved=D(20), clock_offset_ms=-250)
    state.set_policy(settings(global_exposure_cap=D(1_000), max_drawdown=D("0.2")))
    state.peak.usd = D(1_000)
    signer = SignerView(valid_until=9_000)
    state.accounts["main"] = AccountMemory(purse=purse(900, 950), actions_left=77, signer=signer)
    value = told(state).get_sample_value
    assert value("fadearena_equity_usd") == 900
    assert value("fadearena_drawdown_ratio") == 0.1
    assert value("fadearena_drawdown_limit_ratio") == 0.2
    assert value("fadearena_day_profit_usd") == -50
    assert value("fadearena_exposure_usd") == 500
    assert value("fadearena_exposure_reserved_usd") == 20
    assert value("fadearena_exposure_cap_usd") == 1_000
    assert value("fadearena_actions_left") == 77
    assert value("fadearena_agent_expiry_timestamp_seconds") == 9
    assert value("fadearena_clock_offset_seconds") == -0.25


def test_what_is_not_known_is_absent() -> None:
    """An account that was never read makes the sum unknown, and no limit is none at all."""
    state = State()
    state.set_policy(settings())
    state.accounts["main"] = AccountMemory()
    registry = told(state)
    for name in ("equity_usd", "equity_peak_usd", "drawdown_ratio", "day_profit_usd", "exposure_cap_usd"):
        assert registry.get_sample_value(f"fadearena_{name}") is None
    assert registry.get_sample_value("fadearena_exposure_usd") == 0


def test_books_that_drift_are_counted() -> None:
    """Those of the recovered state at first, then as the records tell."""
    registry, state = CollectorRegistry(), State()
    metrics = StateMetrics(registry)
    book = state.books["main", "BTC"] = BookMemory()
    book.watch.is_drifting = True
    metrics.begin(state)
    for coin, is_open, count in (("ETH", True, 2), ("BTC", False, 1), ("ETH", False, 0)):
        metrics.count([Drift(account="main", coin=coin, ours=D(1), theirs=D(2), is_open=is_open)])
        metrics.show(state)
        assert registry.get_sample_value("fadearena_drifting_books") == count


def test_a_worker_tells_them_with_its_heartbeat() -> None:
    """Who reads its heartbeat reads its equity."""
    room = Room()
    texts: list[str] = []

    async def story(room: Room) -> None:
        await room.settled()
        texts.extend(beat.metrics for beat in await room.heartbeats.beats())

    room.play(story, beat_ms=SECOND_MS)
    assert any(line.startswith("fadearena_equity_usd ") for line in texts[0].splitlines())
