"""Everything is closed past the journal: whatever is held wherever, and what the next worker makes of it."""

import asyncio
from pathlib import Path
from random import Random

import pytest
from pydantic import SecretStr

from fadearena.adapters.hyperliquid.rest import ExchangeClient
from fadearena.adapters.memory.keys import MemoryKeys
from fadearena.bootstrap.direct import DirectDoors, DirectFlatten, DirectReport
from fadearena.bootstrap.keys import Signers, address_of
from fadearena.bootstrap.trail import DirectAccount, DirectTrail, accounts_of
from fadearena.bootstrap.way import Plan, Way
from fadearena.kit.tasks import cancelled
from fadearena.model.event import DirectlyFlattened, Release
from fadearena.model.policy import Slippage
from fadearena.model.record import Alert, FillKind, MyFill
from fadearena.model.units import SECOND_MS, Side, Usd
from fadearena.ports.control import ControlState
from fadearena.sandbox.gateway.faults import Answer, Reject, RequestFault, Reset
from fadearena.sandbox.nouns import Request
from tests.support.edge import AGENT, AGENT_KEY, LEADERS, MASTER, Edge, Keep, policy_of

ANN, BOB, _ = LEADERS.values()


class Direct:
    """Closing directly on an edge; `said` is what people were told, `noted` what was written down at each send."""

    def __init__(self, edge: Edge, trail: DirectTrail) -> None:
        self.said: list[str] = []
        self._trail = trail
        self._edge = edge

    async def run(self, accounts: tuple[DirectAccount, ...]) -> DirectReport:
        """Close everything."""
        edge = self._edge
        way = Way(Plan(shares_time=True), edge.transport, edge.clock, Random(5))
        signers = Signers(MemoryKeys(address_of, [SecretStr(AGENT_KEY)]))
        assert not signers.load([AGENT.address])
        exchange = ExchangeClient(edge.transport, way.budget, signers, mainnet=False)
        doors = DirectDoors(line=way.line, exchange=exchange, trail=self._trail, say=self.said.append)
        return await DirectFlatten(doors, accounts, Slippage()).run()


def hold_more(edge: Edge) -> None:
    """Hold by hand what no bot holds: a coin of another dex, and an order at rest."""
    exchange = edge.exchange
    edge.trade(MASTER.address, "xyz:TSLA", edge.lots("xyz:TSLA", Usd(3_000)))
    resting = Request(asset_id=0, side=Side.BUY, quantity=edge.lots("BTC", Usd(500)), limit=Usd(60_000))
    exchange.place(MASTER.address, [resting])


async def grow(edge: Edge) -> None:
    """Let leaders trade until we hold something."""
    await edge.meet((ANN, "BTC"), (BOB, "ETH"))
    for coin, leader in (("BTC", ANN), ("ETH", BOB)):
        edge.trade(leader, coin, edge.lots(coin, Usd(20_000)))
    await edge.wait(5 * SECOND_MS)


@pytest.mark.parametrize(
    "fault",
    [
        None,
        pytest.param(Answer(status=502, times=2, path="/exchange"), marks=pytest.mark.slow),
        pytest.param(Reset(times=2, path="/exchange"), marks=pytest.mark.slow),
        pytest.param(Reject(text="No.", times=3), marks=pytest.mark.slow),
    ],
)
def test_everything_is_closed_and_the_next_worker_knows(tmp_path: Path, fault: RequestFault | None) -> None:
    """All dexs, all accounts, orders at rest: flat, also where answers fail; the next start is halted and agrees."""
    trail = DirectTrail(tmp_path)
    edge = Edge(3, policy_of(), keep=Keep(trail=trail))
    sub = edge.open_sub_account("second", Usd(5_000))

    async def story(edge: Edge) -> None:
        await grow(edge)
        await edge.stop()
        hold_more(edge)
        edge.trade(sub, "SOL", edge.lots("SOL", Usd(1_000)))
        assert len(edge.held()) == 3
        await edge.wait(SECOND_MS)
        if fault is not None:
            edge.gateway.inflict(fault)
        accounts = (*trail.accounts(), DirectAccount(id="sub", address=sub, signer=AGENT.address, is_vault=True))
        began = edge.clock.now_ms()
        report = await Direct(edge, trail).run(accounts)
        assert report.is_flat
        assert edge.held() == edge.held(sub) == {}
        assert not edge.open_orders()
        assert edge.clock.now_ms() - began < 60 * SECOND_MS
        noted = {order.cloid for order in trail.orders()}
        assert noted >= {fill.cloid for fill in edge.fills_since(began)}
        await edge.start()
        assert any(isinstance(entry.event, DirectlyFlattened) for entry in edge.keep.memory.entries.values())
        kinds = {record.kind for record in edge.records if isinstance(record, MyFill) and record.cloid in noted}
        assert kinds == {FillKind.FLATTEN}
        alerts = [record for record in edge.records if isinstance(record, Alert) and record.level == "critical"]
        assert alerts == []
        edge.trade(ANN, "BTC", edge.lots("BTC", Usd(20_000)))
        await edge.wait(40 * SECOND_MS)
        assert edge.held() == {}, "it is halted until it is released"
        assert (await edge.order(Release())).state is ControlState.ACCEPTED
        edge.trade(ANN, "BTC", edge.lots("BTC", Usd(20_000)))
        await edge.wait(10 * SECOND_MS)
        assert set(edge.held()) == {"BTC"}

    edge.play(story)


def test_an_order_is_durable_before_it_is_sent(tmp_path: Path) -> None:
    """At the moment when the sandbox takes a close, it stands in the file."""
    trail = DirectTrail(tmp_path)
    edge = Edge(4, policy_of(), keep=Keep(trail=trail))
    seen: list[bool] = []
    edge.on_fill = lambda fill: seen.append(fill.cloid in {order.cloid for order in trail.orders()})

    async def story(edge: Edge) -> None:
        await grow(edge)
        await edge.stop()
        seen.clear()
        await Direct(edge, trail).run(trail.accounts())

    edge.play(story)
    assert seen
    assert all(seen)


def test_what_cannot_be_closed_keeps_nothing_else_open(tmp_path: Path) -> None:
    """One close that the exchange refuses whole, as it refuses a price out of bounds, is refused alone."""
    trail = DirectTrail(tmp_path)
    edge = Edge(8, policy_of(), keep=Keep(trail=trail))

    async def story(edge: Edge) -> None:
        await grow(edge)
        await edge.stop()
        hold_more(edge)
        assert set(edge.held()) == {"BTC", "ETH", "xyz:TSLA"}
        direct = Direct(edge, trail)
        edge.gateway.inflict(Reject(text="Price too far from oracle", whole=True, times=1))
        assert (await direct.run(trail.accounts())).is_flat
        assert sum("refused" in text for text in direct.said) == 1
        assert sum("closed" in text for text in direct.said) == 3

    edge.play(story)


def test_a_disk_that_takes_nothing_does_not_keep_positions_open(tmp_path: Path) -> None:
    """It closes all the same and says which orders the next worker will not know; that one halts: two writers."""
    keep = Keep()
    edge = Edge(5, policy_of(), keep=keep)

    async def story(edge: Edge) -> None:
        await grow(edge)
        await edge.stop()
        direct = Direct(edge, DirectTrail(tmp_path / "full"))
        assert (await direct.run(accounts_of(edge.policy.accounts))).is_flat
        assert edge.held() == {}
        assert any("will not know" in text for text in direct.said)
        await edge.start()
        assert "two_writers" in edge.latches

    edge.play(story)


def test_death_in_the_middle_is_gone_on_with(tmp_path: Path) -> None:
    """Who comes again closes the rest; both runs stand in the file, and the worker is told both."""
    trail = DirectTrail(tmp_path)
    edge = Edge(6, policy_of(), keep=Keep(trail=trail))

    async def story(edge: Edge) -> None:
        await grow(edge)
        await edge.stop()
        hold_more(edge)
        edge.gateway.inflict(Answer(status=502, times=1, path="/exchange"))
        running = asyncio.create_task(Direct(edge, trail).run(trail.accounts()))
        await edge.wait(500)
        await cancelled(running)
        first = trail.orders()
        assert first
        assert (await Direct(edge, DirectTrail(tmp_path)).run(trail.accounts())).is_flat
        assert trail.orders()[: len(first)] == first
        await edge.start()
        told = [entry.event for entry in edge.keep.memory.entries.values()]
        cloids = [cloid for event in told if isinstance(event, DirectlyFlattened) for cloid in event.cloids]
        assert cloids == [order.cloid for order in trail.orders()]

    edge.play(story)


@pytest.mark.slow
def test_what_cannot_be_closed_is_named(tmp_path: Path) -> None:
    """Where the exchange refuses every close for half an hour, it is given up, and what is left is named."""
    trail = DirectTrail(tmp_path)
    edge = Edge(7, policy_of(), keep=Keep(trail=trail))

    async def story(edge: Edge) -> None:
        await grow(edge)
        await edge.stop()
        edge.gateway.inflict(Answer(status=500, times=100_000, path="/exchange"))
        report = await Direct(edge, trail).run(trail.accounts())
        assert not report.is_flat
        assert any("BTC" in one for one in report.left)

    edge.play(story)


def test_the_accounts_follow_the_settings(tmp_path: Path) -> None:
    """The live worker keeps the accounts of its settings beside the database."""
    policy = policy_of()
    trail = DirectTrail(tmp_path)
    Edge(8, policy, keep=Keep(trail=trail)).play(_nothing)
    assert trail.accounts() == accounts_of(policy.accounts)
    assert "32" * 32 not in (tmp_path / "accounts.json").read_text()


async def _nothing(_edge: Edge) -> None:
    """Do nothing."""
