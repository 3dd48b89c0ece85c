"""A worker whose own clock is wrong trades, and closes everything, in the exchange's time."""

import pytest

from fadearena.model.event import Kill
from fadearena.model.record import OrderUpdate
from fadearena.model.units import MINUTE_MS, SECOND_MS, Usd
from fadearena.ports.control import ControlState
from tests.support.edge import LEADERS, Edge, policy_of

ANN, *_ = LEADERS.values()


@pytest.mark.parametrize("ahead_ms", [MINUTE_MS, pytest.param(-MINUTE_MS, marks=pytest.mark.slow)])
def test_a_wrong_clock_keeps_nothing_open(ahead_ms: int) -> None:
    """Orders leave by the socket, none is kept back or expires, and a flatten is confirmed."""
    edge = Edge(11, policy_of())
    edge.ahead_ms = ahead_ms

    async def story(edge: Edge) -> None:
        await edge.wait(MINUTE_MS)  # the very first events bear our own time, and the core's never goes back
        await edge.meet((ANN, "BTC"))
        edge.trade(ANN, "BTC", edge.lots("BTC", Usd(20_000)))
        await edge.wait(5 * SECOND_MS)
        assert set(edge.held()) == {"BTC"}
        assert (await edge.order(Kill(flatten=True))).state is ControlState.ACCEPTED
        await edge.wait(15 * SECOND_MS)
        assert edge.held() == {}
        assert edge.state == "halted"
        assert edge.world is not None
        carried = edge.world.signed._actor._exchange.carried
        assert carried["socket"] > carried["http"] == carried["fallback"] == 0
        statuses = {record.status for record in edge.records if isinstance(record, OrderUpdate)}
        assert statuses == {"pending", "submitted", "filled"}

    edge.play(story)
