"""
The kill switch, live: on the sandbox by signed orders, in memory and over real sockets.

What it has to show: after the answer nothing is accepted but closes; a flatten ends flat in everything that the
exchange holds, ours or not; neither death nor rejects nor settings end it.
"""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from fadearena.adapters.hyperliquid.limits import Lane
from fadearena.model.event import Kill, Release, SetPolicy
from fadearena.model.policy import AccountPolicy
from fadearena.model.units import SECOND_MS, Side, Usd
from fadearena.ports.control import ControlState
from fadearena.sandbox.gateway.faults import Answer, Clear, Reject, RequestFault, Reset
from fadearena.sandbox.nouns import Request
from tests.support.edge import AGENT, LEADERS, MASTER, Edge, policy_of
from tests.support.edge_box import at_work, busy_policy, live_box
from tests.support.kill_runs import Way, dies_while_flattening, kills

ANN, BOB, _ = LEADERS.values()
QUIET_MS = 40 * SECOND_MS
FAULTS: Sequence[RequestFault] = (
    Reject(text="Order could not immediately match against any resting orders. asset=0", times=6),
    Answer(status=502, times=4, path="/exchange"),
    Reset(times=4, path="/exchange"),
)


async def grow(edge: Edge) -> None:
    """Let leaders trade until we hold something."""
    await edge.meet((ANN, "BTC"), (BOB, "ETH"))
    for coin, leader in (("BTC", ANN), ("ETH", BOB)):
        edge.trade(leader, coin, edge.lots(coin, Usd(20_000)))
    await edge.wait(3 * SECOND_MS)
    assert set(edge.held()) == {"BTC", "ETH"}


async def flow(edge: Edge) -> None:
    """Let leaders go on trading for a while."""
    for turn in range(10):
        sign = 1 if turn % 3 else -1
        edge.trade(ANN, "BTC", edge.lots("BTC", Usd(5_000)) * sign)
        edge.trade(BOB, "ETH", edge.lots("ETH", Usd(5_000)) * sign)
        await edge.wait(300)


def two_accounts() -> Edge:
    """Return an edge on which a sub-account is ours, too; nobody is followed on it."""
    edge = Edge(11, policy_of())
    sub = edge.open_sub_account("second", Usd(5_000))
    accounts = (
        *edge.policy.accounts,
        AccountPolicy(id="second", address=sub, signer=AGENT.address, is_vault=True),
    )
    edge.policy = msgspec.structs.replace(edge.policy, accounts=accounts)
    return edge


def test_after_the_answer_nothing_is_accepted() -> None:
    """Leaders go on trading, and our books stand still, through a new start and new settings, until the release."""
    edge = Edge(10, policy_of())

    async def story(edge: Edge) -> None:
        await grow(edge)
        assert (await edge.order(Kill())).state is ControlState.ACCEPTED
        before, seen = edge.held(), len(edge.exposed)
        await flow(edge)
        await edge.crash()
        await edge.start()
        await edge.order(SetPolicy(policy=msgspec.structs.replace(edge.policy, version=2)))
        await flow(edge)
        assert (edge.held(), len(edge.exposed)) == (before, seen)
        assert (await edge.order(Release())).state is ControlState.ACCEPTED
        await flow(edge)
        assert len(edge.exposed) > seen

    edge.play(story)


@pytest.mark.parametrize("fault", [None, *(pytest.param(fault, marks=pytest.mark.slow) for fault in FAULTS)])
def test_a_flatten_ends_flat_everywhere(fault: RequestFault | None) -> None:
    """Coins of no bot, another dex, a sub-account, orders at rest: all of it goes, also while first tries fail."""
    edge = two_accounts()
    sub = edge.policy.accounts[1].address

    async def story(edge: Edge) -> None:
        await grow(edge)
        edge.trade(MASTER.address, "xyz:TSLA", edge.lots("xyz:TSLA", Usd(3_000)))
        edge.trade(MASTER.address, "SOL", edge.lots("SOL", Usd(-2_000)))
        edge.trade(sub, "DOGE", edge.lots("DOGE", Usd(500)))
        rest = Request(asset_id=0, side=Side.BUY, quantity=edge.lots("BTC", Usd(500)), limit=Decimal(60_000))
        edge.exchange.place(MASTER.address, [rest])
        if fault is not None:
            edge.gateway.inflict(fault)
        assert (await edge.order(Kill(flatten=True))).state is ControlState.ACCEPTED
        await flow(edge)
        await edge.wait(QUIET_MS)
        assert edge.held() == edge.held(sub) == {}
        assert not edge.open_orders()
        assert edge.state == "halted"
        purposes = {order.purpose for order in edge.new_orders_since_kill()}
        assert purposes == {"flatten"}

    edge.play(story)


@pytest.mark.parametrize(
    "after_ms", [1, pytest.param(400, marks=pytest.mark.slow), pytest.param(2_500, marks=pytest.mark.slow)]
)
def test_a_flatten_goes_on_by_itself_after_death(after_ms: int) -> None:
    """A worker that dies in the middle of closing is followed by one that closes the rest, and stays halted."""
    edge = Edge(12, policy_of())

    async def story(edge: Edge) -> None:
        await grow(edge)
        edge.trade(MASTER.address, "xyz:TSLA", edge.lots("xyz:TSLA", Usd(3_000)))
        edge.gateway.inflict(Reset(times=1, path="/exchange"))
        edge.gateway.inflict(Reject(text="Order could not immediately match", times=20))
        await edge.order(Kill(flatten=True))
        await edge.wait(after_ms)
        await edge.crash()
        assert edge.held()
        edge.gateway.inflict(Clear())
        await edge.wait(2 * SECOND_MS)
        await edge.start()
        await flow(edge)
        await edge.wait(QUIET_MS)
        assert edge.held() == {}
        assert edge.state == "halted"

    edge.play(story)


def test_a_flatten_soon_after_a_start_is_not_kept_waiting() -> None:
    """What nobody knew of is closed at once; only the last readings may have to wait for the next minute's requests."""
    edge = two_accounts()
    edge.weight_per_minute = 1_200

    async def story(edge: Edge) -> None:
        await grow(edge)
        edge.trade(MASTER.address, "xyz:TSLA", edge.lots("xyz:TSLA", Usd(3_000)))
        await edge.order(Kill(flatten=True))
        await edge.wait(10 * SECOND_MS)
        assert edge.held() == {}
        await edge.wait(QUIET_MS)
        assert edge.state == "halted"

    edge.play(story)


def test_what_waits_for_its_turn_never_leaves() -> None:
    """An order that waits because the minute's requests are used up is kept back once a kill was heard."""
    edge = Edge(13, policy_of())

    async def story(edge: Edge) -> None:
        await grow(edge)
        assert edge.world is not None
        before, budget = edge.held(), edge.world.way.budget
        budget.spend(Lane.REST, edge.weight_per_minute)
        await edge.wait(57 * SECOND_MS)
        edge.trade(ANN, "BTC", -edge.held(ANN)["BTC"])
        await edge.wait(SECOND_MS)
        assert edge.held() == before, "it waits for the next minute"
        assert (await edge.order(Kill())).state is ControlState.ACCEPTED
        await edge.wait(QUIET_MS)
        assert edge.held() == before

    edge.play(story)


# --- over real sockets, by the programs as they are shipped


@pytest.mark.slow
def test_nothing_is_accepted_later_than_100_ms(tmp_path: Path) -> None:
    """By the table, by the file, by the signal, and with a flatten, while orders flow."""
    ways = [Way.TABLE, Way.FILE, Way.SIGNAL, Way.FLATTEN, Way.TABLE]
    for one in kills(tmp_path, ways):
        assert one.is_passed, one


@pytest.mark.slow
def test_kill_9_in_the_middle_of_a_flatten(tmp_path: Path) -> None:
    """`up` starts the worker again, which closes the rest by itself."""
    assert dies_while_flattening(tmp_path)


@pytest.mark.slow
def test_a_state_that_cannot_be_read_sends_nothing(tmp_path: Path) -> None:
    """With a damaged journal no worker begins, and the sandbox sees nothing signed."""
    with live_box(tmp_path, busy_policy()) as box:
        journal = box.places.home / "journal.db"
        journal.write_bytes(b"\0" * 4_096 + journal.read_bytes()[4_096:])
        with at_work(box, "worker") as worker:
            assert worker.process.process.wait(60) > 0
        assert box.sandbox.see("requests")["signed"] == {}
