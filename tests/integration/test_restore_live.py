"""The way back to an older journal while live positions are open: nothing is doubled, and people are told."""

import msgspec
import pytest

from fadearena.adapters.memory.storage import JournalMemory
from fadearena.model.event import AcceptDrift, Release
from fadearena.model.units import MINUTE_MS, SECOND_MS
from fadearena.ports.control import ControlState
from fadearena.sandbox.nouns import Order
from tests.support.edge import LEADERS, MASTER, Edge, Keep, policy_of
from tests.support.world import D

COINS = ("BTC", "ETH", "SOL")


def kept(memory: JournalMemory) -> JournalMemory:
    """Return a backup: everything that is there now, as a journal of its own."""
    copy = JournalMemory()
    copy.entries.update(memory.entries)
    return copy


def orders_of(edge: Edge) -> dict[str, Order]:
    """Return the orders that the exchange ever took from us, by cloid."""
    account = edge.exchange.view.account(MASTER.address)
    assert account is not None
    return {order.cloid or "": order for order in (*account.done.values(), *account.open.values())}


@pytest.mark.slow
def test_a_restored_journal_that_is_older_than_reality_halts_and_doubles_nothing() -> None:
    """Fills of orders that it does not know halt it; once released and accepted, books and exchange agree again."""
    backup = Keep()

    async def before(edge: Edge) -> None:
        await edge.meet(*((wallet, coin) for wallet in LEADERS.values() for coin in COINS))
        for wallet, coin in zip(LEADERS.values(), COINS, strict=True):
            edge.trade(wallet, coin, edge.lots(coin, D(2_000)))
        await edge.wait(5 * SECOND_MS)
        assert edge.held()
        backup.memory = kept(edge.keep.memory)
        for wallet, coin in zip(LEADERS.values(), COINS, strict=True):
            edge.trade(wallet, coin, edge.lots(coin, D(3_000)))
        await edge.wait(5 * SECOND_MS)
        await edge.stop()
        sent, held = orders_of(edge), edge.held()

        edge.keep = backup
        await edge.start()
        await edge.wait(MINUTE_MS)
        assert "two_writers" in edge.latches
        assert (orders_of(edge), edge.held()) == (sent, held)
        assert any(alert.level == "critical" for alert in edge.alerts)

        assert (await edge.order(Release())).state is ControlState.ACCEPTED
        for coin in COINS:
            await edge.order(AcceptDrift(account="main", coin=coin))
        await edge.wait(MINUTE_MS)
        assert edge.held() == held
        for wallet, coin in zip(LEADERS.values(), COINS, strict=True):
            edge.trade(wallet, coin, -edge.exchange.truth().accounts[wallet].positions[coin].size)
        await edge.wait(10 * SECOND_MS)
        placed = orders_of(edge)
        assert len(placed) == len(set(placed))

    Edge(1, msgspec.structs.replace(policy_of(multiplier=D("0.1")), max_drawdown=None)).play(before)
