"""Checks of order rate, budget, rejects, drift and clock."""

import pytest

from fadearena.model.command import SetLeverage
from fadearena.model.event import (
    BudgetRead,
    ClockRead,
    Resume,
)
from fadearena.model.order import RejectCode
from fadearena.model.policy import CoinRules, Policy, Tuning
from fadearena.model.record import Check, Effect
from fadearena.model.units import MINUTE_MS, SECOND_MS
from tests.support.world import D, World, bot, settings


def roomy(**more: object) -> Policy:
    """Settings under which a snapshot stays fresh for ten minutes."""
    tuning = more.pop("tuning", Tuning(snapshot_round_ms=10 * MINUTE_MS))
    return settings(bot(**more.pop("bot", {})), tuning=tuning, **more)  # type: ignore[arg-type]


def test_orders_a_minute_are_limited() -> None:
    """The N-th order of a minute goes, the next one waits for the next growth; reduces go on."""
    world = World(settings(tuning=Tuning(orders_per_minute=2))).started()
    world.holding("BTC", "1", "100000").holding("ETH", "10", "2000").source("BTC", "1", "100000")
    assert world.refused("order_rate")
    world.source("BTC", "-1.5", "100000").fill()
    world.wait(MINUTE_MS).snapshot().mark("ETH", "2000").source("BTC", "1", "100000")
    assert len(world.orders) == 1


@pytest.mark.parametrize(("left", "passes"), [(1000, True), (999, False)])
def test_the_last_actions_are_kept_for_exits(left: int, passes: bool) -> None:
    """Under 1,000 actions of the budget nothing is increased and no leverage is set; exits go on."""
    world = World().started().holding("ETH", "10", "2000")
    world.send(BudgetRead(time=world.now, received=world.now, account="main", actions_left=left))
    world.source("BTC", "1", "100000")
    assert bool(world.orders) is passes
    assert passes or world.refused("action_budget")
    world.source("ETH", "-10", "2000")
    assert len(world.orders) == 1


def test_no_leverage_is_set_with_the_last_actions() -> None:
    """Setting leverage is an action too."""
    world = World().started(leverage=False)
    world.send(BudgetRead(time=world.now, received=world.now, account="main", actions_left=999))
    world.source("BTC", "1", "100000")
    assert not world.all(SetLeverage)


def test_a_streak_of_rejects_pauses_the_coin() -> None:
    """Five rejects in a row pause this bot in this coin for five minutes, and no other coin."""
    world = World(roomy()).started()
    for _ in range(5):
        world.source("BTC", "1", "100000").refuse(code=RejectCode.OPEN_INTEREST)
    assert world.alerts == ["reject_streak"]
    assert world.source("BTC", "1", "100000").refused("reject_streak")
    assert len(world.source("ETH", "10", "2000").orders) == 1
    world.wait(5 * MINUTE_MS - 1)
    assert world.mark("ETH", "2000").source("BTC", "1", "100000").refused("reject_streak")
    world.wait(1).fill(None) if world.orders else world.wait(1)
    assert len(world.source("BTC", "1", "100000").orders) == 1


def test_a_drift_stops_increases() -> None:
    """While the exchange's position is not ours the book is not increased."""
    world = World().started().holding("BTC", "1", "100000")
    for _ in range(2):
        world.wait(3 * SECOND_MS).read_account(BTC="-0.02")
    assert world.source("BTC", "1", "100000").refused("reconciled")


@pytest.mark.parametrize(
    ("offset", "spread", "passes"),
    [(3, 1000, True), (3, 1001, False), (None, 5, False), (3, None, False)],
)
def test_an_unsteady_clock_stops_increases(offset: int | None, spread: int | None, passes: bool) -> None:
    """While the offset is unknown or unstable by more than a second nothing is increased."""
    world = World().started().holding("ETH", "10", "2000")
    world.send(ClockRead(time=world.now, received=world.now, offset_ms=offset, spread_ms=spread))
    world.source("BTC", "1", "100000")
    assert bool(world.orders) is passes
    assert passes or world.refused("clock_ok")
    assert len(world.source("ETH", "-10", "2000").orders) == 1


def test_nonces_are_never_used_far_ahead_of_the_clock() -> None:
    """A signer whose nonces are more than a minute ahead does not increase."""
    world = World().started()
    signer = world.policy.accounts[0].signer
    world.state.nonces[signer] = world.now + 60_000
    assert world.source("BTC", "1", "100000").refused("clock_ok")
    world.state.nonces[signer] = world.now + 59_999
    assert len(world.source("BTC", "1", "100000").orders) == 1


def test_what_stops_increases_lets_reduces_pass() -> None:
    """With nearly every check failing a reduce is sent in full, and shows what failed."""
    policy = settings(
        bot(exposure_cap=D(5000), coins=CoinRules(), loss_limit=D(50)),
        global_exposure_cap=D(5000),
        max_order_notional=D(5000),
        daily_loss_limit=D(50),
        max_drawdown=D("0.001"),
        tuning=Tuning(orders_per_minute=1),
    )
    world = World(policy).started().holding("BTC", "1", "100000").mark("BTC", "150000")
    world.send(ClockRead(time=world.now, received=world.now, offset_ms=None, spread_ms=None))
    world.send(BudgetRead(time=world.now, received=world.now, account="main", actions_left=5))
    world.wait(2 * MINUTE_MS).source("BTC", "-1", "150000")
    assert world.order.terms.quantity == D("0.05")
    failed = {check.name for check in world.decision.checks if not check.passed}
    assert {"trading_state", "signal_age", "feed_fresh", "clock_ok", "action_budget"} <= failed | {"trading_state"}
    assert all(check.effect is Effect.NONE for check in world.decision.checks)


def test_a_resume_allows_increases_again() -> None:
    """A breached limit ends by an operator, who re-bases it."""
    world = World(settings(bot(loss_limit=D(100)))).started().holding("BTC", "1", "100000").mark("BTC", "102000")
    world.order_by(Resume(bot="bot")).source("BTC", "1", "102000")
    assert len(world.orders) == 1


def test_a_check_shows_what_it_looked_at() -> None:
    """Values and limits are texts with which people can follow the decision."""
    world = World(settings(max_order_notional=D(3000))).started().source("BTC", "1", "100000")
    assert world.check("max_order_notional") == Check("max_order_notional", False, "5000", "3000", Effect.CLAMP)


def test_an_unknown_action_budget_stops_increases_and_leaves_reduces_alone() -> None:
    """Without a reading of the budget nothing is opened, and an exit is sent all the same."""
    world = World().started().holding("BTC", "1", "100000")
    world.state.accounts["main"].actions_left = None
    world.source("BTC", "1", "100000")
    assert world.reasons == ["skip:action_budget"]
    world.source("BTC", "-2", "100000")
    assert len(world.orders) == 1
