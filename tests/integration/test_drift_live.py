"""
What happens to our account behind the program's back, live: seen within one round, told as what it is, and respected.

One round is 30 s: after that an account was read once more.
"""

from decimal import Decimal
from random import Random

import pytest
from pydantic import SecretStr

from fadearena.adapters.hyperliquid import actions
from fadearena.adapters.hyperliquid.limits import Lane
from fadearena.adapters.hyperliquid.rest import ExchangeClient
from fadearena.adapters.memory.keys import MemoryKeys
from fadearena.bootstrap.keys import Signers, address_of
from fadearena.bootstrap.way import Plan, Way
from fadearena.model.event import AcceptDrift
from fadearena.model.ids import cloid_of, order_label
from fadearena.model.policy import Repair
from fadearena.model.record import Alert, CashBooked, Drift, FillKind
from fadearena.model.units import SECOND_MS, EpochMs, Side, Usd
from fadearena.ports.control import ControlState
from fadearena.sandbox.gateway.faults import Late
from tests.support.edge import AGENT, AGENT_KEY, LEADERS, MASTER, Edge, Keep, policy_of

ANN = LEADERS["ann"]
ROUND_MS = 30 * SECOND_MS
SLACK_MS = 3 * SECOND_MS


async def short(edge: Edge) -> Decimal:
    """Be short of ETH for a leader that is long; return our size."""
    await edge.meet((ANN, "ETH"))
    edge.trade(ANN, "ETH", edge.lots("ETH", Usd(20_000)))
    await edge.wait(5 * SECOND_MS)
    assert edge.held()["ETH"] < 0
    return edge.held()["ETH"]


def in_time(told: EpochMs | None, since: EpochMs) -> bool:
    """Tell whether something was told within a round."""
    return told is not None and told - since <= ROUND_MS + SLACK_MS


@pytest.mark.parametrize(
    "part", ["half", pytest.param("all", marks=pytest.mark.slow), pytest.param("more", marks=pytest.mark.slow)]
)
def test_a_manual_trade_is_never_undone(part: str) -> None:
    """What a person closes stays closed, also when the leader adds; what is left goes on following."""
    edge = Edge(21, policy_of())

    async def story(edge: Edge) -> None:
        ours = await short(edge)
        size = {"half": -edge.lots("ETH", Usd(10_000)), "all": ours, "more": ours * 2}[part]
        since = edge.clock.now_ms()
        edge.trade(MASTER.address, "ETH", -size)
        after = edge.held().get("ETH", Decimal(0))
        await edge.wait(ROUND_MS * 3)
        assert in_time(edge.told("operator_trade", since), since)
        assert edge.held().get("ETH", Decimal(0)) == after, "nothing is re-opened against a person"
        assert {fill.kind for fill in edge.fills(since)} == {FillKind.OPERATOR}
        assert edge.told("drift") is None
        edge.trade(ANN, "ETH", -edge.held(ANN)["ETH"])
        await edge.wait(10 * SECOND_MS)
        left = ours * -1 if part == "more" else Decimal(0)
        assert edge.held().get("ETH", Decimal(0)) == left

    edge.play(story)


def test_a_liquidation_is_told_as_one() -> None:
    """Its fills are booked as a liquidation, and the account only reduces from then on."""
    edge = Edge(22, policy_of())

    async def story(edge: Edge) -> None:
        ours = await short(edge)
        edge.exchange.withdraw(MASTER.address, Usd(74_000))
        await edge.wait(5 * SECOND_MS)
        since = edge.clock.now_ms()
        edge.push("ETH", Decimal("1.28"))
        await edge.wait(ROUND_MS)
        assert in_time(edge.told("liquidation", since), since)
        assert FillKind.LIQUIDATION in {fill.kind for fill in edge.fills(since)}
        assert "own_liquidation" in edge.latches
        left = edge.held().get("ETH", Decimal(0))
        assert abs(left) < abs(ours)
        edge.trade(ANN, "ETH", edge.lots("ETH", Usd(10_000)))
        await edge.wait(ROUND_MS)
        assert abs(edge.held().get("ETH", Decimal(0))) <= abs(left)

    edge.play(story)


def test_auto_deleveraging_is_told_as_such() -> None:
    """A part of a position that the exchange takes is booked as ADL, and the account only reduces."""
    edge = Edge(23, policy_of())

    async def story(edge: Edge) -> None:
        ours = await short(edge)
        since = edge.clock.now_ms()
        edge.exchange.deleverage(MASTER.address, "ETH", Decimal(2))
        edge.gateway.advance()
        await edge.wait(ROUND_MS)
        assert edge.held()["ETH"] == ours + 2
        assert in_time(edge.told("adl", since), since)
        assert {fill.kind for fill in edge.fills(since)} == {FillKind.ADL}
        assert "own_liquidation" in edge.latches

    edge.play(story)


def test_moved_money_is_no_loss() -> None:
    """A withdrawal and a transfer between dexs are booked as cash: no limit takes them for a loss."""
    edge = Edge(24, policy_of(daily_loss_limit=Usd(500)))

    async def story(edge: Edge) -> None:
        await short(edge)
        edge.exchange.send_asset(MASTER.address, "", MASTER.address, "xyz", Usd(5_000))
        await edge.wait(ROUND_MS)
        edge.exchange.withdraw(MASTER.address, Usd(40_000))
        edge.gateway.advance()
        await edge.wait(ROUND_MS * 3)
        assert "daily_loss" not in edge.latches
        booked = [record for record in edge.records if isinstance(record, CashBooked)]
        assert sum(one.usd for one in booked if one.reason == "deposit or withdrawal") == Usd(-40_000)
        assert edge.told("drift") is None

    edge.play(story)


def test_another_program_with_our_key_halts_everything() -> None:
    """An order that bears our form of label and our signer, and was never made here: two writers."""
    edge = Edge(25, policy_of())

    async def story(edge: Edge) -> None:
        await short(edge)
        signers = Signers(MemoryKeys(address_of, [SecretStr(AGENT_KEY)]))
        signers.load([AGENT.address])
        way = Way(Plan(shares_time=True), edge.transport, edge.clock, Random(1))
        other = ExchangeClient(edge.transport, way.budget, signers, mainnet=False)
        since = edge.clock.now_ms()
        cloid = cloid_of(order_label(MASTER.address, since, 1, 7))
        order = actions.limit_order(1, Side.SELL, Decimal(1), Usd(3_000), cloid=cloid)
        await other.send(actions.order(order), lane=Lane.ORDER, signer=AGENT.address, nonce=since)
        await edge.wait(SECOND_MS)
        assert in_time(edge.told("two_writers", since), since)
        assert edge.state == "halted"
        before = edge.held()
        edge.trade(ANN, "ETH", -edge.held(ANN)["ETH"])
        await edge.wait(ROUND_MS)
        assert edge.held() == before

    edge.play(story)


def test_two_installations_with_one_key_do_not_trade_beside_each_other() -> None:
    """By databases of their own they follow the same leader: who meets an order of the other halts; nothing doubles."""
    edge, other = Edge(27, policy_of()), Keep()

    async def story(edge: Edge) -> None:
        await edge.meet((ANN, "ETH"))
        await edge.start(other)
        edge.trade(ANN, "ETH", edge.lots("ETH", Usd(10_000)))
        await edge.wait(ROUND_MS)
        halted = [keep for keep in (edge.keep, other) if is_halted(keep)]
        assert len(halted) == 1
        edge.trade(ANN, "ETH", edge.lots("ETH", Usd(10_000)))
        await edge.wait(ROUND_MS)
        assert abs(edge.held()["ETH"]) <= edge.held(ANN)["ETH"]

    edge.play(story)


def is_halted(keep: Keep) -> bool:
    """Tell whether a worker halted because somebody else signs for us."""
    records = [record for entry in keep.memory.entries.values() for record in entry.records]
    return any(isinstance(one, Alert) and one.category == "two_writers" for one in records)


@pytest.mark.parametrize("repair", [Repair.ALERT, pytest.param(Repair.AUTO, marks=pytest.mark.slow)])
def test_a_position_that_no_fill_explains(repair: Repair) -> None:
    """It is drift after a round; `alert` waits for a person, `auto` books it as an operator's trade."""
    edge = Edge(26, policy_of(repair=repair))

    async def story(edge: Edge) -> None:
        ours = await short(edge)
        edge.gateway.inflict(Late(fills_ms=3_600_000, lookups_ms=0))
        await edge.wait(5 * SECOND_MS)
        since = edge.clock.now_ms()
        edge.trade(MASTER.address, "ETH", Decimal(2))
        await edge.wait(2 * ROUND_MS)
        assert in_time(edge.told("drift", since), since)
        drifts = [record for record in edge.records if isinstance(record, Drift)]
        assert (drifts[0].ours, drifts[0].theirs, drifts[0].is_open) == (ours, ours + 2, True)
        assert drifts[-1].is_open is (repair is Repair.ALERT)
        edge.trade(ANN, "ETH", edge.lots("ETH", Usd(10_000)))
        await edge.wait(SECOND_MS * 5)
        if repair is Repair.ALERT:
            assert edge.held()["ETH"] == ours + 2, "nothing grows while it drifts"
            entry = await edge.order(AcceptDrift(account="main", coin="ETH"))
            assert entry.state is ControlState.ACCEPTED
            await edge.wait(SECOND_MS)
            assert [record for record in edge.records if isinstance(record, Drift)][-1].is_open is False

    edge.play(story)
