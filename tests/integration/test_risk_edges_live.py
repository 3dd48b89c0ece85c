"""
Every limit is driven to its edge, live: what the sandbox's own books say, by its own marks, stays within.

Leaders trade wildly. What counts is what the exchange held right after each increase that it took from us.
"""

from decimal import Decimal

import msgspec
import pytest

from fadearena.model.event import SetPolicy
from fadearena.model.order import Purpose
from fadearena.model.policy import BotPolicy, Policy, Tuning
from fadearena.model.record import Decision, OrderUpdate
from fadearena.model.units import MINUTE_MS, SECOND_MS, EpochMs, Usd
from fadearena.ports.control import ControlState
from tests.support.edge import LEADERS, Edge, policy_of
from tests.support.edge_wild import COINS, increases, orders_of, sent_times, wild

ANN, BOB, _ = LEADERS.values()
OFF = Decimal("1.004")
"""How far our mark may be from the sandbox's: what it moves in ten seconds."""


def test_all_caps_at_once() -> None:
    """Global, asset and bot cap and the largest order hold at each increase that the sandbox took."""
    check_caps(seed=1, lasts_ms=15 * SECOND_MS)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2, 3, 4, 5])
def test_all_caps_at_once_by_other_seeds(seed: int) -> None:
    """The same in other stories."""
    check_caps(seed, lasts_ms=60 * SECOND_MS)


def check_caps(seed: int, lasts_ms: EpochMs) -> None:
    """Trade wildly under all caps, and look at every increase."""
    total, of_bot, of_btc, of_order = Usd(30_000), Usd(12_000), Usd(6_000), Usd(3_000)
    policy = policy_of(
        global_exposure_cap=total, asset_exposure_caps={"BTC": of_btc}, max_order_notional=of_order, tuning=BUSY
    )
    edge = Edge(seed, with_bots(policy, exposure_cap=of_bot))
    edge.play(lambda edge: wild(edge, seed, lasts_ms))
    grown = increases(edge)
    assert len(grown) > 20
    for seen in grown:
        assert seen.total <= total * OFF
        assert seen.by_coin.get("BTC", Decimal(0)) <= of_btc * OFF
        assert sum(seen.by_coin.get(coin, Decimal(0)) for coin in COINS["bob"]) <= of_bot * OFF
    for fills in orders_of(grown).values():
        assert sum(fill.quantity * fill.price for fill in fills) <= of_order * OFF
    assert {"global_exposure_cap", "asset_exposure_cap", "bot_exposure_cap", "max_order_notional"} <= binding(edge)
    assert max(seen.total for seen in grown) > total * Decimal("0.8"), "the edge was to be reached"


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_the_order_rate_holds(seed: int) -> None:
    """No increase is taken while so many orders were sent in the minute before; reduces go on."""
    most = 20
    edge = Edge(seed, policy_of(tuning=Tuning(orders_per_minute=most)))
    edge.play(lambda edge: wild(edge, seed, 90 * SECOND_MS))
    times = sent_times(edge)
    orders = [record for record in edge.records if isinstance(record, OrderUpdate)]
    grown = {order.cloid for order in orders if order.purpose is Purpose.INCREASE}
    for cloid in grown & times.keys():
        before = [one for one, time in times.items() if times[cloid] - MINUTE_MS < time < times[cloid]]
        assert len(before) <= most
    assert "order_rate" in binding(edge)
    assert len(times) > most


@pytest.mark.parametrize("limit", ["daily_loss_limit", pytest.param("max_drawdown", marks=pytest.mark.slow)])
def test_a_loss_stops_increases_and_lets_reduces_pass(limit: str) -> None:
    """Once the loss is there, what leaders add is not followed, and what they take off is."""
    value = {"daily_loss_limit": Usd(500), "max_drawdown": Decimal("0.005")}[limit]
    edge = Edge(2, policy_of(**{limit: value}))

    async def story(edge: Edge) -> None:
        await edge.meet((ANN, "ETH"), (BOB, "BNB"))
        edge.trade(ANN, "ETH", edge.lots("ETH", Usd(20_000)))
        await edge.wait(3 * SECOND_MS)
        before = edge.held()
        assert before["ETH"] < 0
        edge.push("ETH", Decimal("1.05"))
        await edge.wait(20 * SECOND_MS)
        kind = {"daily_loss_limit": "daily_loss", "max_drawdown": "drawdown"}[limit]
        assert kind in edge.latches
        for leader, coin in ((ANN, "ETH"), (BOB, "BNB"), (ANN, "BTC")):
            edge.trade(leader, coin, edge.lots(coin, Usd(10_000)))
        await edge.wait(10 * SECOND_MS)
        assert edge.held() == before
        edge.trade(ANN, "ETH", -edge.lots("ETH", Usd(20_000)))
        await edge.wait(10 * SECOND_MS)
        assert before["ETH"] < edge.held()["ETH"] < 0
        edge.trade(ANN, "ETH", -edge.held(ANN)["ETH"])
        await edge.wait(10 * SECOND_MS)
        assert edge.held() == {}

    edge.play(story)


@pytest.mark.slow
def test_a_bots_loss_stops_that_bot_only() -> None:
    """A bot at its loss limit only reduces; another goes on growing."""
    edge = Edge(3, with_bots(policy_of(), loss_limit=Usd(400)))

    async def story(edge: Edge) -> None:
        await edge.meet((ANN, "ETH"), (BOB, "BNB"))
        edge.trade(ANN, "ETH", edge.lots("ETH", Usd(20_000)))
        await edge.wait(3 * SECOND_MS)
        before = edge.held()["ETH"]
        edge.push("ETH", Decimal("1.05"))
        await edge.wait(20 * SECOND_MS)
        edge.trade(ANN, "ETH", edge.lots("ETH", Usd(10_000)))
        edge.trade(BOB, "BNB", edge.lots("BNB", Usd(10_000)))
        await edge.wait(10 * SECOND_MS)
        assert edge.held()["ETH"] == before
        assert edge.held()["BNB"] < 0
        edge.trade(ANN, "ETH", -edge.held(ANN)["ETH"])
        await edge.wait(10 * SECOND_MS)
        assert set(edge.held()) == {"BNB"}

    edge.play(story)


@pytest.mark.slow
def test_the_last_actions_are_kept_for_exits() -> None:
    """Where the address has few signed actions left, nothing grows, and exits pass."""
    edge = Edge(4, policy_of())

    async def story(edge: Edge) -> None:
        await edge.meet((ANN, "ETH"), (BOB, "BNB"))
        edge.trade(ANN, "ETH", edge.lots("ETH", Usd(20_000)))
        await edge.wait(3 * SECOND_MS)
        before = edge.held()
        assert before
        scarce = msgspec.structs.replace(edge.policy, tuning=Tuning(actions_reserve=10_000_000), version=2)
        assert (await edge.order(SetPolicy(policy=scarce))).state is ControlState.ACCEPTED
        edge.trade(ANN, "ETH", edge.lots("ETH", Usd(10_000)))
        edge.trade(BOB, "BNB", edge.lots("BNB", Usd(10_000)))
        await edge.wait(10 * SECOND_MS)
        assert edge.held() == before
        assert "action_budget" in binding(edge)
        edge.trade(ANN, "ETH", -edge.held(ANN)["ETH"])
        await edge.wait(10 * SECOND_MS)
        assert edge.held() == {}

    edge.play(story)


BUSY = Tuning(orders_per_minute=10_000)


def with_bots(policy: Policy, **changed: Usd) -> Policy:
    """Return settings in which every bot has a limit more."""
    bots: tuple[BotPolicy, ...] = tuple(msgspec.structs.replace(bot, **changed) for bot in policy.bots)
    return msgspec.structs.replace(policy, bots=bots)


def binding(edge: Edge) -> set[str]:
    """Return the checks that stopped or clamped something."""
    decisions = [record for record in edge.records if isinstance(record, Decision)]
    return {check.name for decision in decisions for check in decision.checks if not check.passed}
